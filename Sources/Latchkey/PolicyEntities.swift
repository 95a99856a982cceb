// PolicyEntities.swift: users, groups and roles as those who hold a policy.
import LatchkeyStore

/// Kinds of entities, as listings are filtered by them.
public enum EntityType: String, Codable, CaseIterable, Sendable {
    /// Users.
    case user = "User"
    /// Roles.
    case role = "Role"
    /// Groups.
    case group = "Group"
    /// Managed policies of the account's own.
    case localManagedPolicy = "LocalManagedPolicy"
    /// Predefined managed policies.
    case awsManagedPolicy = "AWSManagedPolicy"
}

/// A group that holds a policy.
public struct PolicyGroup: Codable, Sendable, Equatable {
    /// The name.
    public let groupName: GroupName
    /// The identifier.
    public let groupId: String
}

/// A user who holds a policy.
public struct PolicyUser: Codable, Sendable, Equatable {
    /// The name.
    public let userName: UserName
    /// The identifier.
    public let userId: String
}

/// A role that holds a policy.
public struct PolicyRole: Codable, Sendable, Equatable {
    /// The name.
    public let roleName: RoleName
    /// The identifier.
    public let roleId: String
}

/// A role's name: 1 to 64 letters, digits or `_+=,.@-`; equal without regard to case.
public struct RoleName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "roleName"
    /// The allowed lengths.
    public static let lengths = 1...64
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// Whoever holds a policy.
struct PolicyEntity {
    let kind: PolicyHolder.Kind
    let id: String
    let name: String
    let path: String

    /// Where the entity stands in a list: by kind, then by name.
    var position: String { "\(kind.rawValue)/\(name.asciiLowercased)" }
}

extension State {
    /// The groups that hold the policy, as `usage` if it is given.
    borrowing func groups(
        holding policy: StoredPolicy,
        _ usage: AttachmentUsage?,
        _ account: AccountID
    ) throws(Fault) -> [PolicyEntity] {
        let found: [(String, String, String)] = try rows(
            """
            SELECT DISTINCT id, name, path FROM attachments JOIN groups ON groups.id = holder
            WHERE policy = $1 AND attachments.account = $2 AND usage = COALESCE($3, usage)
            """,
            policy.id,
            account.text,
            usage?.rawValue
        )
        return found.map { PolicyEntity(kind: .group, id: $0, name: $1, path: $2) }
    }

    /// The users who hold the policy, as `usage` if it is given.
    borrowing func users(
        holding policy: StoredPolicy,
        _ usage: AttachmentUsage?,
        _ account: AccountID
    ) throws(Fault) -> [PolicyEntity] {
        let found: [(String, String, String)] = try rows(
            """
            SELECT DISTINCT id, name, path FROM attachments JOIN users ON users.id = holder
            WHERE policy = $1 AND attachments.account = $2 AND usage = COALESCE($3, usage)
            """,
            policy.id,
            account.text,
            usage?.rawValue
        )
        return found.map { PolicyEntity(kind: .user, id: $0, name: $1, path: $2) }
    }

    /// The roles that hold the policy, as `usage` if it is given.
    borrowing func roles(
        holding policy: StoredPolicy,
        _ usage: AttachmentUsage?,
        _ account: AccountID
    ) throws(Fault) -> [PolicyEntity] {
        let found: [(String, String, String)] = try rows(
            """
            SELECT DISTINCT id, name, path FROM attachments JOIN roles ON roles.id = holder
            WHERE policy = $1 AND attachments.account = $2 AND usage = COALESCE($3, usage)
            """,
            policy.id,
            account.text,
            usage?.rawValue
        )
        return found.map { PolicyEntity(kind: .role, id: $0, name: $1, path: $2) }
    }
}
