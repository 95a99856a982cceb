// GroupPolicies.swift: the inline policies of groups.
import LatchkeyStore

/// The actions on inline policies of groups.
let groupPolicyActions: [any Action.Type] = [
    PutGroupPolicy.self, GetGroupPolicy.self, DeleteGroupPolicy.self, ListGroupPolicies.self,
]

/// Gives a group an inline policy, or another document to the one of that name, case apart.
///
/// Fails with `LimitExceeded` when the group's inline policies would together be longer than 5,120 characters, white space
/// not counted, and with `MalformedPolicyDocument`.
public struct PutGroupPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The group.
    public var groupName: GroupName
    /// The policy's name.
    public var policyName: PolicyName
    /// The document.
    public var policyDocument: PolicyText

    /// Makes the action.
    public init(groupName: GroupName, policyName: PolicyName, policyDocument: PolicyText) {
        self.groupName = groupName
        self.policyName = policyName
        self.policyDocument = policyDocument
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.putInlinePolicy(policyName, policyDocument, on: try state.holder(groupName, in: call.account))
        return Nothing()
    }
}

/// Shows an inline policy of a group.
public struct GetGroupPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The group.
    public var groupName: GroupName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(groupName: GroupName, policyName: PolicyName) {
        self.groupName = groupName
        self.policyName = policyName
    }

    /// The policy.
    public struct Output: Codable, Sendable {
        /// The group.
        public var groupName: GroupName
        /// The policy's name.
        public var policyName: PolicyName
        /// The document.
        public var policyDocument: PolicyText
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let holder = try state.holder(groupName, in: call.account)
        let policy = try state.inlinePolicy(policyName, of: holder)
        return Output(
            groupName: GroupName(checked: holder.name),
            policyName: policy.name,
            policyDocument: policy.text
        )
    }
}

/// Takes an inline policy from a group.
public struct DeleteGroupPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The group.
    public var groupName: GroupName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(groupName: GroupName, policyName: PolicyName) {
        self.groupName = groupName
        self.policyName = policyName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.deleteInlinePolicy(policyName, of: try state.holder(groupName, in: call.account))
        return Nothing()
    }
}

/// Lists the names of a group's inline policies, case apart, in pages.
public struct ListGroupPolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The group.
    public var groupName: GroupName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(groupName: GroupName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.groupName = groupName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of names.
    public typealias Output = PolicyNamePage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> PolicyNamePage {
        let permissions = try state.permissions(of: try state.holder(groupName, in: call.account))
        return try PolicyNamePage(permissions.inline.map(\.name), after: marker, maxItems, state.vault)
    }
}
