// RoleSessions.swift: a role as it is lent to someone: who they are now, and what they may do.
import LatchkeyStore

/// A session of a role.
public struct RoleSession: Sendable, Equatable {
    /// The role's identifier.
    public let roleID: String

    /// The ARN of a role's session; the role's path is not in it.
    static func arn(of role: StoredRole, _ session: String) -> ARN {
        ARN(checked: "arn:aws:sts::\(role.account):assumed-role/\(role.name)/\(session)")
    }
}
