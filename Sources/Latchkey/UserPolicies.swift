// UserPolicies.swift: the inline policies of users.
import LatchkeyStore

/// The actions on inline policies of users.
let userPolicyActions: [any Action.Type] = [
    PutUserPolicy.self, GetUserPolicy.self, DeleteUserPolicy.self, ListUserPolicies.self,
]

/// Gives a user an inline policy, or another document to the one of that name, case apart.
///
/// Fails with `LimitExceeded` when the user's inline policies would together be longer than 2,048 characters, white space
/// not counted, and with `MalformedPolicyDocument`.
public struct PutUserPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName
    /// The policy's name.
    public var policyName: PolicyName
    /// The document.
    public var policyDocument: PolicyText

    /// Makes the action.
    public init(userName: UserName, policyName: PolicyName, policyDocument: PolicyText) {
        self.userName = userName
        self.policyName = policyName
        self.policyDocument = policyDocument
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.putInlinePolicy(policyName, policyDocument, on: try state.holder(userName, in: call.account))
        return Nothing()
    }
}

/// Shows an inline policy of a user.
public struct GetUserPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The user.
    public var userName: UserName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(userName: UserName, policyName: PolicyName) {
        self.userName = userName
        self.policyName = policyName
    }

    /// The policy.
    public struct Output: Codable, Sendable {
        /// The user.
        public var userName: UserName
        /// The policy's name.
        public var policyName: PolicyName
        /// The document.
        public var policyDocument: PolicyText
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let holder = try state.holder(userName, in: call.account)
        let policy = try state.inlinePolicy(policyName, of: holder)
        return Output(
            userName: UserName(checked: holder.name),
            policyName: policy.name,
            policyDocument: policy.text
        )
    }
}

/// Takes an inline policy from a user.
public struct DeleteUserPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName
    /// The policy's name.
    public var policyName: PolicyName

    /// Makes the action.
    public init(userName: UserName, policyName: PolicyName) {
        self.userName = userName
        self.policyName = policyName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.deleteInlinePolicy(policyName, of: try state.holder(userName, in: call.account))
        return Nothing()
    }
}

/// Lists the names of a user's inline policies, case apart, in pages.
public struct ListUserPolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user.
    public var userName: UserName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of names.
    public typealias Output = PolicyNamePage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> PolicyNamePage {
        let permissions = try state.permissions(of: try state.holder(userName, in: call.account))
        return try PolicyNamePage(permissions.inline.map(\.name), after: marker, maxItems, state.vault)
    }
}
