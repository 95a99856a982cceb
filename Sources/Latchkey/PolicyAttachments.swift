// PolicyAttachments.swift: attaching managed policies to users and groups, and detaching them.
import LatchkeyStore

/// The actions that attach and detach.
let policyAttachmentActions: [any Action.Type] = [
    AttachUserPolicy.self, DetachUserPolicy.self, AttachGroupPolicy.self, DetachGroupPolicy.self,
]

/// Attaches a managed policy to a user; one that is attached already stays so.
///
/// Fails with `LimitExceeded` when there are ten.
public struct AttachUserPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(userName: UserName, policyArn: ARN) {
        self.userName = userName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.attachablePolicy(policyArn, in: call.account)
        try state.attach(policy, to: try state.holder(userName, in: call.account))
        return Nothing()
    }
}

/// Detaches a managed policy from a user.
///
/// Fails with `NoSuchEntity` if it is not attached.
public struct DetachUserPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(userName: UserName, policyArn: ARN) {
        self.userName = userName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.policy(policyArn, in: call.account)
        try state.detach(policy, from: try state.holder(userName, in: call.account))
        return Nothing()
    }
}

/// Attaches a managed policy to a group; one that is attached already stays so.
///
/// Fails with `LimitExceeded` when there are ten.
public struct AttachGroupPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The group.
    public var groupName: GroupName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(groupName: GroupName, policyArn: ARN) {
        self.groupName = groupName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.attachablePolicy(policyArn, in: call.account)
        try state.attach(policy, to: try state.holder(groupName, in: call.account))
        return Nothing()
    }
}

/// Detaches a managed policy from a group.
///
/// Fails with `NoSuchEntity` if it is not attached.
public struct DetachGroupPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The group.
    public var groupName: GroupName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(groupName: GroupName, policyArn: ARN) {
        self.groupName = groupName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.policy(policyArn, in: call.account)
        try state.detach(policy, from: try state.holder(groupName, in: call.account))
        return Nothing()
    }
}

extension State {
    /// Attaches the policy to the holder; fails with `LimitExceeded`.
    borrowing func attach(_ policy: StoredPolicy, to holder: PolicyHolder) throws(Fault) {
        try changePermissions(of: holder) { present throws(Fault) in
            if present.attached.contains(where: { $0.id == policy.id }) { return }
            guard present.attached.count < Quota.attachedPolicies else {
                throw .limitExceeded(
                    "Cannot exceed quota for PoliciesPer\(holder.kind.word): \(Quota.attachedPolicies)"
                )
            }
            try insertAttachment(of: policy, .policy, to: holder)
        }
    }

    /// Detaches the policy from the holder; fails with `NoSuchEntity`.
    borrowing func detach(_ policy: StoredPolicy, from holder: PolicyHolder) throws(Fault) {
        try changePermissions(of: holder) { _ throws(Fault) in
            guard try deleteAttachments(of: policy.id, .policy, from: holder) == 1 else {
                throw .noSuchEntity("Policy \(policy.arn) was not found.")
            }
        }
    }

    /// Adds the row of an attachment; only inside `changePermissions`.
    borrowing func insertAttachment(
        of policy: StoredPolicy,
        _ usage: AttachmentUsage,
        to holder: PolicyHolder
    ) throws(Fault) {
        try run(
            "INSERT INTO attachments (holder, policy, usage, account) VALUES ($1, $2, $3, $4)",
            holder.id,
            policy.id,
            usage.rawValue,
            holder.account.text
        )
    }

    /// Deletes the row of an attachment; only inside `changePermissions`.
    borrowing func deleteAttachments(
        of policy: String,
        _ usage: AttachmentUsage,
        from holder: PolicyHolder
    ) throws(Fault) -> Int {
        try run(
            "DELETE FROM attachments WHERE holder = $1 AND policy = $2 AND usage = $3",
            holder.id,
            policy,
            usage.rawValue
        )
    }
}

extension PolicyHolder.Kind {
    /// The kind as AWS writes it in the names of quotas.
    fileprivate var word: String {
        switch self {
        case .user: "User"
        case .group: "Group"
        case .role: "Role"
        }
    }
}
