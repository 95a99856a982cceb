// SessionVectors.swift: vectors that only a whole authority answers: what a credential may call, and what claims are asked as.

public import LatchkeyJSON

/// A kind whose question is put to an authority, which is above this room: the cases are read here, and run by who has one.
protocol HostedKind: VectorKind {}

extension HostedKind {
    func answer() throws -> Answer { throw VectorRefusal(.denied, "noAuthority") }
}

/// What may be called with a credential.
public struct SessionVector: HostedKind {
    static let name = "session"

    /// How the credential was come by.
    public enum Credential: String, Decodable, Sendable, CaseIterable {
        /// The root user's access key.
        case rootKey = "root-key"
        /// What `GetSessionToken` gave the root user.
        case rootSession = "root-session"
        /// … after a code.
        case rootSessionMFA = "root-session-mfa"
        /// What `GetFederationToken` gave the root user.
        case rootFederation = "root-federation"
        /// A user's access key.
        case userKey = "user-key"
        /// A user's login by password.
        case login
        /// What `GetSessionToken` gave a user.
        case session
        /// … after a code.
        case sessionMFA = "session-mfa"
        /// What `GetFederationToken` gave a user.
        case federation
        /// What `AssumeRole` gave a user; the agent's too, where it has a key.
        case role
        /// What `AssumeRole` gave a session of a role.
        case chain
        /// What `AssumeRoleWithWebIdentity` gave somebody; the agent's too, where it has a platform's token.
        case webIdentity = "web-identity"
    }

    /// How the credential was come by.
    public let credential: Credential
    /// The policy of the user or role behind it; without one there is none.
    public let identityPolicy: JSON?
    /// The permissions boundary of that user or role.
    public let permissionsBoundary: JSON?
    /// The policy that was passed when the credential was made.
    public let sessionPolicy: JSON?
    /// The actions that are called, one after the other, by their names.
    public let calls: [String]

    struct Answer: Codable {
        let allowed: [String]
        /// What this kind of credential calls in no case, whatever the policies say.
        let forbidden: [String]
        /// What the policies deny.
        let denied: [String]
    }
}

/// What a token's claims are called in a trust policy.
public struct ClaimKeysVector: HostedKind {
    static let name = "claim-keys"

    /// The provider's URL.
    public let issuer: String
    /// The client identifiers that the provider is registered with.
    public let clients: [String]
    /// The claims, as a good signature proves them.
    public let claims: JSON
    /// The time, in seconds since 1970.
    public let at: Int64

    struct Answer: Codable {
        /// Every key with its values, in the order of the keys; one value is a text, several are a list.
        let keys: JSON
    }
}
