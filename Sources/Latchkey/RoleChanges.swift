// RoleChanges.swift: what changes about a role that stays the same one: what it is for, how long it is lent, and whom it trusts.
import LatchkeyStore

/// The actions that change a role.
let roleChangeActions: [any Action.Type] = [
    UpdateRole.self, UpdateRoleDescription.self, UpdateAssumeRolePolicy.self,
]

/// Changes what a role is for and how long its sessions may last; sessions that live keep their end.
public struct UpdateRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var roleName: RoleName
    /// What it is for; as before unless given.
    public var description: RoleDescription?
    /// The most seconds that a session may last; as before unless given.
    public var maxSessionDuration: MaxSessionDuration?

    /// Makes the action.
    public init(
        roleName: RoleName,
        description: RoleDescription? = nil,
        maxSessionDuration: MaxSessionDuration? = nil
    ) {
        self.roleName = roleName
        self.description = description
        self.maxSessionDuration = maxSessionDuration
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var role = try state.role(roleName, in: call.account)
        // Of a service's own role anyone may say what it is for, and nothing more.
        if maxSessionDuration != nil && role.service != nil { throw .protectedRole(role.name) }
        if let description { role.description = description.text }
        if let maxSessionDuration { role.longest = maxSessionDuration.count }
        try state.update(role)
        return Nothing()
    }
}

/// Changes what a role is for.
public struct UpdateRoleDescription: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var roleName: RoleName
    /// What it is for.
    public var description: RoleDescription

    /// Makes the action.
    public init(roleName: RoleName, description: RoleDescription) {
        self.roleName = roleName
        self.description = description
    }

    /// The changed role.
    public struct Output: Codable, Sendable {
        /// The role.
        public var role: Role
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var role = try state.role(roleName, in: call.account)
        role.description = description.text
        try state.update(role)
        return Output(role: try state.shown(role))
    }
}

/// Gives a role another trust policy; sessions of those whom it no longer lets in end at once.
///
/// Fails with `MalformedPolicyDocument` if it is not one or names a principal that does not exist, with `LimitExceeded` if it is
/// too long, and with `UnmodifiableEntity` for a service-linked role.
public struct UpdateAssumeRolePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The name.
    public var roleName: RoleName
    /// Who may take it.
    public var policyDocument: PolicyText

    /// Makes the action.
    public init(roleName: RoleName, policyDocument: PolicyText) {
        self.roleName = roleName
        self.policyDocument = policyDocument
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var role = try state.changeableRole(roleName, in: call.account)
        try policyDocument.checkTrust()
        role.trust = try state.resolvingPrincipals(of: policyDocument)
        try state.update(role)
        try state.endDistrustedSessions(of: role)
        return Nothing()
    }
}
