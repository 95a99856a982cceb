// Call.swift: one call of one action: who calls, for which account, from where, and when.
public import LatchkeyOTP

/// Who calls, as far as it has been proved.
public struct Caller: Sendable, Equatable {
    /// What was proved.
    public enum Identity: Sendable, Equatable {
        /// Nobody: only actions at the door are open.
        case anonymous
        /// Whoever may read the store and its master key, named by the operating system's user name.
        case local(String)
        /// The account's root user.
        case root
        /// An IAM user.
        case user(Principal)
        /// Somebody who took a role.
        case assumedRole(RoleSession)
        /// Somebody for whom a user vouches.
        case federated(FederatedSession)
    }

    /// What was proved.
    public let identity: Identity
    /// The account that the caller belongs to; `nil` for nobody.
    public let account: AccountID?
    /// When the caller last proved a second factor, if at all.
    public let mfa: UnixTime?
    /// What the caller proved it with.
    public let credential: Credential

    /// What a call is proved with.
    public enum Credential: Sendable, Equatable {
        /// Nothing but access to the store, or nothing at all.
        case none
        /// The token of a session that a login began.
        case session(SessionID)
        /// A long-term access key.
        case accessKey(AccessKeyID)
        /// A temporary credential, and when it was issued.
        case temporary(AccessKeyID, issued: UnixTime)
        /// The key of a certificate, which nobody has been asked to trust yet.
        case certificate(HeldCertificate)
    }

    /// A session without its token: its row, when it began, and when it ends.
    public struct SessionID: Sendable, Equatable {
        let bytes: [UInt8]
        let began: UnixTime
        let expires: UnixTime
    }

    /// Nobody.
    public static let anonymous = Caller(identity: .anonymous, account: nil, mfa: nil)

    /// Nobody who is known, but whoever holds the key of a certificate.
    ///
    /// Whoever says so has held a signature over this very call against it.
    public static func holder(of certificate: HeldCertificate) -> Caller {
        Caller(identity: .anonymous, account: nil, mfa: nil, credential: .certificate(certificate))
    }

    /// Whoever may read the store, acting as root of `account`.
    public static func local(_ name: String, account: AccountID) -> Caller {
        Caller(identity: .local(name), account: account, mfa: nil)
    }

    init(identity: Identity, account: AccountID?, mfa: UnixTime?, credential: Credential = .none) {
        self.identity = identity
        self.account = account
        self.mfa = mfa
        self.credential = credential
    }

    /// A root user or user who proved who they are.
    init(_ principal: Principal, mfa: UnixTime?, by credential: Credential) {
        self.init(
            identity: principal.isRoot ? .root : .user(principal),
            account: principal.account,
            mfa: mfa,
            credential: credential
        )
    }

    /// Whether policies cannot limit the caller.
    var isRoot: Bool {
        switch identity {
        case .root, .local: true
        case .anonymous, .user, .assumedRole, .federated: false
        }
    }

    /// How the audit trail names the caller.
    public var auditName: String {
        switch identity {
        case .anonymous: "anonymous"
        case .local(let name): "local:\(name)"
        case .root: "arn:aws:iam::\(account?.text ?? ""):root"
        case .user(let principal): principal.arn.text
        case .assumedRole(let session): session.arn.text
        case .federated(let session): session.arn.text
        }
    }
}

/// One call: everything that an action may know of its surroundings.
public struct Call: Sendable {
    /// Who calls.
    public let caller: Caller
    /// The account that the call is about.
    public let account: AccountID
    /// The request's identifier, for the answer and the audit trail.
    public let id: String
    /// The one present second of this call.
    public let now: UnixTime
    /// Where the call came from: an address, or `local`.
    public let peer: String
    /// How the call came, for the conditions of policies.
    public let carriage: Carriage

    /// How a call came: what the wire tells besides who and where.
    public struct Carriage: Sendable, Equatable {
        /// Whether the client's own connection was protected by TLS.
        public var isSecure: Bool
        /// The `User-Agent`, if one was sent.
        public var userAgent: String?
        /// The `Referer`, if one was sent.
        public var referer: String?
        /// The region that the request was signed for.
        public var region: String?

        /// Describes how a call came.
        public init(
            isSecure: Bool = false,
            userAgent: String? = nil,
            referer: String? = nil,
            region: String? = nil
        ) {
            self.isSecure = isSecure
            self.userAgent = userAgent
            self.referer = referer
            self.region = region
        }
    }

    /// Makes a call.
    public init(
        caller: Caller,
        account: AccountID,
        id: String,
        now: UnixTime,
        peer: String,
        carriage: Carriage = Carriage()
    ) {
        self.caller = caller
        self.account = account
        self.id = id
        self.now = now
        self.peer = peer
        self.carriage = carriage
    }
}
