// Principal.swift: who can prove who they are: an account's root user or an IAM user, as the store knows them.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// A root user or an IAM user.
public struct Principal: Sendable, Equatable {
    /// The user's identifier (`AIDA…`), or for root the account's number.
    public let id: String
    /// The user's name, or `root`.
    public let name: UserName
    /// The user's path.
    public let path: Path
    /// The account.
    public let account: AccountID
    /// When the user was made.
    public let created: UnixTime

    /// Whether this is the account's root user.
    public var isRoot: Bool { id == account.text }

    /// The ARN.
    public var arn: ARN {
        ARN(checked: isRoot ? "arn:aws:iam::\(account):root" : "arn:aws:iam::\(account):user\(path)\(name)")
    }
}

extension State {
    /// The principal of that name, if there is one.
    borrowing func findPrincipal(_ name: UserName, in account: AccountID) throws(Fault) -> Principal? {
        if name.isRoot {
            let created: (Int64)? = try row("SELECT created FROM accounts WHERE id = $1", account.text)
            return created.map {
                Principal(id: account.text, name: .root, path: .root, account: account, created: UnixTime($0))
            }
        }
        let found: (String, String, String, Int64)? = try row(
            "SELECT id, name, path, created FROM users WHERE account = $1 AND folded = $2",
            account.text,
            name.folded
        )
        guard let (id, name, path, created) = found else { return nil }
        return Principal(
            id: id,
            name: UserName(checked: name),
            path: Path(checked: path),
            account: account,
            created: UnixTime(created)
        )
    }

    /// The principal of that name; fails with `NoSuchEntity`.
    borrowing func principal(_ name: UserName, in account: AccountID) throws(Fault) -> Principal {
        guard let principal = try findPrincipal(name, in: account) else { throw .noSuchUser(name) }
        return principal
    }

    /// The principal with that identifier, if there still is one.
    borrowing func findPrincipal(id: String, in account: AccountID) throws(Fault) -> Principal? {
        if id == account.text { return try findPrincipal(.root, in: account) }
        let found: (String)? = try row("SELECT name FROM users WHERE id = $1 AND account = $2", id, account.text)
        guard let found else { return nil }
        return try findPrincipal(UserName(checked: found), in: account)
    }

    /// The user whom an action is about: the one that is named, or else the caller.
    borrowing func subject(_ name: UserName?, _ call: Call) throws(Fault) -> Principal {
        if let name { return try principal(name, in: call.account) }
        switch call.caller.identity {
        case .user(let principal): return try self.principal(principal.name, in: call.account)
        case .root, .local: return try principal(.root, in: call.account)
        case .anonymous: throw .accessDenied("name the user")
        case .assumedRole, .federated:
            throw .validation("Must specify userName when calling with non-User credentials.")
        }
    }
}

extension Fault {
    static func noSuchUser(_ name: UserName) -> Fault { .noSuchEntity("The user with name \(name) cannot be found.") }
}

/// Identifiers of AWS's form: a prefix that tells the kind, and random Base32.
enum UniqueID {
    /// A user's identifier: `AIDA` and 17 characters.
    static func user() -> String { make("AIDA") }

    /// An identifier of `count` characters in all that begins with the kind's prefix.
    static func make(_ prefix: String, count: Int = 21) -> String {
        prefix + Base32.encode(SecureRandom.bytes(count: 20)).prefix(max(0, count - prefix.utf8.count))
    }
}
