// RoleAttachments.swift: managed policies that hang on roles, as grants and as the bound of what these can grant.
import LatchkeyStore

/// The actions on managed policies of roles.
let roleAttachmentActions: [any Action.Type] = [
    AttachRolePolicy.self, DetachRolePolicy.self, ListAttachedRolePolicies.self, PutRolePermissionsBoundary.self,
    DeleteRolePermissionsBoundary.self,
]

/// Attaches a managed policy to a role; one that is attached already stays so.
///
/// Fails with `LimitExceeded` when there are ten.
public struct AttachRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(roleName: RoleName, policyArn: ARN) {
        self.roleName = roleName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.attachablePolicy(policyArn, in: call.account)
        try state.attach(policy, to: try state.changeableHolder(roleName, in: call.account))
        return Nothing()
    }
}

/// Detaches a managed policy from a role.
///
/// Fails with `NoSuchEntity` if it is not attached.
public struct DetachRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(roleName: RoleName, policyArn: ARN) {
        self.roleName = roleName
        self.policyArn = policyArn
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.policy(policyArn, in: call.account)
        try state.detach(policy, from: try state.changeableHolder(roleName, in: call.account))
        return Nothing()
    }
}

/// Lists the managed policies that are attached to a role by name, case apart, in pages.
public struct ListAttachedRolePolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The role.
    public var roleName: RoleName
    /// Only policies whose path begins so.
    public var pathPrefix: PolicyPath?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(roleName: RoleName, pathPrefix: PolicyPath? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.roleName = roleName
        self.pathPrefix = pathPrefix
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of policies.
    public typealias Output = AttachedPolicyPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> AttachedPolicyPage {
        let attached = try state.permissions(of: try state.holder(roleName, in: call.account)).attached
        return try AttachedPolicyPage(attached, at: pathPrefix, after: marker, maxItems, state.vault)
    }
}

/// Bounds what a role's policies can grant by a managed policy, in the place of another one.
///
/// Fails with `NoSuchEntity` if there is no such policy.
public struct PutRolePermissionsBoundary: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName
    /// The policy.
    public var permissionsBoundary: ARN

    /// Makes the action.
    public init(roleName: RoleName, permissionsBoundary: ARN) {
        self.roleName = roleName
        self.permissionsBoundary = permissionsBoundary
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.attachablePolicy(permissionsBoundary, in: call.account)
        try state.setBoundary(policy, of: try state.changeableHolder(roleName, in: call.account))
        return Nothing()
    }
}

/// Takes the bound from a role.
///
/// Fails with `NoSuchEntity` if there is none.
public struct DeleteRolePermissionsBoundary: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The role.
    public var roleName: RoleName

    /// Makes the action.
    public init(roleName: RoleName) { self.roleName = roleName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let holder = try state.changeableHolder(roleName, in: call.account)
        guard try state.permissions(of: holder).boundary != nil else {
            throw .noSuchEntity("The role with name \(roleName) has no permissions boundary.")
        }
        try state.setBoundary(nil, of: holder)
        return Nothing()
    }
}
