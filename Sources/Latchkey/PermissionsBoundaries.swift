// PermissionsBoundaries.swift: a managed policy as the bound of what a user's other policies can grant.
import LatchkeyStore

/// The actions on boundaries.
let permissionsBoundaryActions: [any Action.Type] = [
    PutUserPermissionsBoundary.self, DeleteUserPermissionsBoundary.self,
]

/// A boundary as it is shown with its user.
public struct AttachedPermissionsBoundary: Codable, Sendable, Equatable {
    /// What it is, which is always a policy.
    public let permissionsBoundaryType: PermissionsBoundaryType
    /// The policy.
    public let permissionsBoundaryArn: ARN

    init(_ policy: ARN) {
        permissionsBoundaryType = .policy
        permissionsBoundaryArn = policy
    }
}

/// What a boundary is.
public enum PermissionsBoundaryType: String, Codable, CaseIterable, Sendable {
    /// A managed policy.
    case policy = "PermissionsBoundaryPolicy"
}

/// Bounds what a user's policies can grant by a managed policy, in the place of another one.
///
/// Fails with `NoSuchEntity` if there is no such policy.
public struct PutUserPermissionsBoundary: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName
    /// The policy.
    public var permissionsBoundary: ARN

    /// Makes the action.
    public init(userName: UserName, permissionsBoundary: ARN) {
        self.userName = userName
        self.permissionsBoundary = permissionsBoundary
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.attachablePolicy(permissionsBoundary, in: call.account)
        try state.setBoundary(policy, of: try state.holder(userName, in: call.account))
        return Nothing()
    }
}

/// Takes the bound from a user.
///
/// Fails with `NoSuchEntity` if there is none.
public struct DeleteUserPermissionsBoundary: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The user.
    public var userName: UserName

    /// Makes the action.
    public init(userName: UserName) { self.userName = userName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let holder = try state.holder(userName, in: call.account)
        guard try state.permissions(of: holder).boundary != nil else {
            throw .noSuchEntity("The user with name \(userName) has no permissions boundary.")
        }
        try state.setBoundary(nil, of: holder)
        return Nothing()
    }
}

extension State {
    /// Sets, replaces or takes away the holder's boundary.
    borrowing func setBoundary(_ policy: StoredPolicy?, of holder: PolicyHolder) throws(Fault) {
        try changePermissions(of: holder) { present throws(Fault) in
            if let old = present.boundary { _ = try deleteAttachments(of: old.id, .boundary, from: holder) }
            if let policy { try insertAttachment(of: policy, .boundary, to: holder) }
        }
    }

    /// The principal's boundary, as it is shown.
    borrowing func boundary(of principal: Principal) throws(Fault) -> AttachedPermissionsBoundary? {
        try permissions(of: PolicyHolder(principal)).boundary.map { AttachedPermissionsBoundary($0.arn) }
    }
}
