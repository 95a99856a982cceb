// RoleSessions.swift: who someone is who took a role, or whom a user vouches for: names, ARNs, tags, and the policies that were passed.
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyStore

/// A role as it is lent to someone.
public struct RoleSession: Sendable, Equatable {
    let role: StoredRole
    let lent: LentSession

    /// The role's identifier: `AROA` and 17 characters.
    public var roleID: String { role.id }
    /// The role's ARN, with its path.
    public var roleARN: ARN { role.arn }
    /// The account that the role belongs to.
    public var account: AccountID { role.account }
    /// The session's name.
    public var name: String { lent.name }
    /// Who the session stands for, if that was said.
    public var sourceIdentity: String? { lent.sourceIdentity }
    /// The session's ARN; the role's path is not in it.
    public var arn: ARN { Self.arn(of: role, lent.name) }
    /// What `aws:userid` and `GetCallerIdentity` say: the role's identifier and the session's name.
    public var userID: String { "\(role.id):\(lent.name)" }

    static func arn(of role: StoredRole, _ session: String) -> ARN {
        ARN(checked: "arn:aws:sts::\(role.account):assumed-role/\(role.name)/\(session)")
    }
}

/// Somebody for whom a user, or root, vouches under a name.
public struct FederatedSession: Sendable, Equatable {
    let issuer: Principal
    let lent: LentSession

    /// The account.
    public var account: AccountID { issuer.account }
    /// The name.
    public var name: String { lent.name }
    /// The ARN.
    public var arn: ARN { Self.arn(lent.name, in: issuer.account) }
    /// What `aws:userid` and `GetCallerIdentity` say: the account and the name.
    public var userID: String { "\(issuer.account):\(lent.name)" }

    static func arn(_ name: String, in account: AccountID) -> ARN {
        ARN(checked: "arn:aws:sts::\(account):federated-user/\(name)")
    }
}

/// What a temporary credential says besides whose it is and when it ends, where more than a user's own rights were lent.
struct LentSession: Codable, Equatable, Sendable {
    enum Kind: String, Codable, CaseIterable {
        /// Somebody took a role.
        case role
        /// A user vouches for somebody.
        case federated
    }

    let kind: Kind
    let name: String
    var sourceIdentity: String?
    /// The session's own tags, those that it inherited among them.
    var tags: [Tag] = []
    /// The keys, in small letters, of tags that go on to every session that is made by this one.
    var transitiveKeys: [String] = []
    /// The text of the session policy.
    var policy: String?
    var managedPolicies: [ManagedSessionPolicy] = []
    /// Who first proved who they are, with a key or a login: identifier and account.
    let source: String
    let sourceAccount: String
    /// Who took the role.
    var maker: Maker?
    /// The ARN of the provider that vouched for whoever took the role.
    var provider: String?
    /// Whether the role was taken with a certificate, and so for the service that asks in its holder's name.
    var isByCertificate: Bool?
    /// The certificate that everything began with.
    var certificate: ProvedCertificate?

    /// Whoever took the role, as they were then: the ARN, and the identifier of the user or role.
    struct Maker: Codable, Equatable, Sendable {
        let arn: String
        let id: String
        /// What policies could ask about the call.
        let context: [Key]

        struct Key: Codable, Equatable, Sendable {
            let name: String
            var value: String?
            var values: [String]?
        }
    }

    /// The session as it is kept.
    func text() throws(Fault) -> String {
        do throws(JSONError) { return try JSON(encoding: self).text } catch {
            throw .serviceFailure("a session cannot be written down")
        }
    }

    init(kept text: String) throws(Fault) {
        do throws(JSONError) { self = try JSON.decode(from: Array(text.utf8)) } catch {
            throw .damaged("a temporary credential")
        }
    }

    init(_ kind: Kind, name: String, source: String, sourceAccount: String) {
        self.kind = kind
        self.name = name
        self.source = source
        self.sourceAccount = sourceAccount
    }
}

/// A managed policy that was passed for a session: by its identifier, so that a namesake is another one.
struct ManagedSessionPolicy: Codable, Equatable, Sendable {
    let id: String
    let arn: String
}

extension Caller {
    /// The session of a role or of a federated user that the caller is.
    var lent: LentSession? {
        switch identity {
        case .assumedRole(let session): session.lent
        case .federated(let session): session.lent
        case .anonymous, .local, .root, .user: nil
        }
    }
}

extension UserName {
    /// The name that nobody has.
    static let nobody = UserName(checked: "")
}
