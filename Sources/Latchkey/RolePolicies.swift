// RolePolicies.swift: the inline policies of roles.
import LatchkeyStore

/// The actions on inline policies of roles.
let rolePolicyActions: [any Action.Type] = [
    PutRolePolicy.self, GetRolePolicy.self, DeleteRolePolicy.self, ListRolePolicies.self,
]

/// Gives a role an inline policy, or another document to the one of that name, case apart.
///
/// Fails with `LimitExceeded` when the role's inline policies would together be longer than 10,240 characters, white space
/// not counted, and with `MalformedPolicyDocument`.
public struct PutRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName
    /// The policy's name.
    public var policyName: PolicyName
    /// The document.
    public var policyDocument: PolicyText

    /// Makes the action.
    public init(roleName: RoleName, policyName: PolicyName, policyDocument: PolicyText) {
        self.roleName = roleName
        self.policyName = policyName
        self.policyDocument = policyDocument
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.putInlinePolicy(
            policyName,
            policyDocument,
            on: try state.changeableHolder(roleName, in: call.account)
        )
        return Nothing()
    }
}

/// Shows an inline policy of a role.
public struct GetRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The role.
    public var roleName: RoleName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(roleName: RoleName, policyName: PolicyName) {
        self.roleName = roleName
        self.policyName = policyName
    }

    /// The policy.
    public struct Output: Codable, Sendable {
        /// The role.
        public var roleName: RoleName
        /// The policy's name.
        public var policyName: PolicyName
        /// The document.
        public var policyDocument: PolicyText
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let holder = try state.holder(roleName, in: call.account)
        let policy = try state.inlinePolicy(policyName, of: holder)
        return Output(
            roleName: RoleName(checked: holder.name),
            policyName: policy.name,
            policyDocument: policy.text
        )
    }
}

/// Takes an inline policy from a role.
public struct DeleteRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(roleName: RoleName, policyName: PolicyName) {
        self.roleName = roleName
        self.policyName = policyName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.deleteInlinePolicy(policyName, of: try state.changeableHolder(roleName, in: call.account))
        return Nothing()
    }
}

/// Lists the names of a role's inline policies, case apart, in pages.
public struct ListRolePolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The role.
    public var roleName: RoleName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(roleName: RoleName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.roleName = roleName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of names.
    public typealias Output = PolicyNamePage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> PolicyNamePage {
        let permissions = try state.permissions(of: try state.holder(roleName, in: call.account))
        return try PolicyNamePage(permissions.inline.map(\.name), after: marker, maxItems, state.vault)
    }
}
