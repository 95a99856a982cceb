// Authentication.swift: who signed a request: the key is found, its secret lent to the check, and the caller made.
public import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// What a signed request claims about the key that it was signed with.
public struct KeyClaim: Sendable {
    /// The key's identifier.
    public var accessKeyID: String
    /// The session token, if the request carries one.
    public var sessionToken: String?
    /// The service that the request was signed for.
    public var service: String
    /// The region that the request was signed for.
    public var region: String

    /// Describes a claim.
    public init(accessKeyID: String, sessionToken: String?, service: String, region: String) {
        self.accessKeyID = accessKeyID
        self.sessionToken = sessionToken
        self.service = service
        self.region = region
    }
}

extension Authority {
    /// Who signed a request.
    ///
    /// `verify` holds the signature against the secret, which does not leave it, and throws the refusal if they differ. An
    /// unknown key costs the same check against a secret of nobody, and its refusal never shows what `verify` found.
    ///
    /// - Throws: What `verify` throws; `InvalidClientTokenId` for a key or token that is unknown, inactive, deleted, or missing
    ///   its other half; `ExpiredToken` for a temporary credential that has ended.
    public func authenticate(
        _ claim: KeyClaim,
        at now: UnixTime,
        peer: String,
        id: String,
        verify: @escaping @Sendable (borrowing Secret) throws(Fault) -> Void
    ) async throws(Fault) -> Caller {
        let found: Result<SignedBy, Fault>
        do throws(Fault) {
            found = .success(
                try await read { state throws(Fault) in try state.signer(claim, at: now, verify) }
            )
        } catch {
            if error.isInternal { throw error }
            found = .failure(error)
        }
        switch found {
        case .success(let signer):
            if let key = signer.staleKey {
                try await write { state throws(Fault) in
                    try state.noteUse(of: key, service: claim.service, region: claim.region, at: now)
                }
            }
            if let role = signer.staleRole {
                try await write { state throws(Fault) in
                    try state.noteUse(ofRole: role, region: claim.region, at: now)
                }
            }
            return signer.caller
        case .failure(let fault):
            try await record(fault, claim, at: now, peer: peer, id: id)
            throw fault
        }
    }

    /// Leaves an entry about a signature that did not count: it says which key, if there is such a one.
    private func record(
        _ fault: Fault,
        _ claim: KeyClaim,
        at now: UnixTime,
        peer: String,
        id: String
    ) async throws(Fault) {
        try await write { state throws(Fault) in
            let key = try? AccessKeyID(claim.accessKeyID)
            let account = try key.flatMap { key throws(Fault) in try state.account(ofKey: key) }
            // A key that nobody has belongs to no account; what was typed there may be anything.
            guard let key, let account else { return }
            state.notes.subject = key.text
            let call = Call(caller: .anonymous, account: account, id: id, now: now, peer: peer)
            try state.record("Authenticate", call, fault)
        }
    }
}

/// What was found out about a request's signer.
private struct SignedBy: Sendable {
    let caller: Caller
    /// The key whose last use is to be noted, because the last note is old.
    var staleKey: AccessKeyID?
    /// The role whose last use is to be noted.
    var staleRole: String?
}

extension State {
    /// How old the note of a key's last use may grow, in seconds.
    private static let noteLife: Int64 = 900

    fileprivate borrowing func signer(
        _ claim: KeyClaim,
        at now: UnixTime,
        _ verify: (borrowing Secret) throws(Fault) -> Void
    ) throws(Fault) -> SignedBy {
        guard let id = try? AccessKeyID(claim.accessKeyID) else { throw try refuse(verify, "unknown_key") }
        if id.text.hasPrefix(TemporaryCredential.prefix) { return try temporarySigner(id, claim, at: now, verify) }
        guard let key = try accessKey(id) else { throw try refuse(verify, "unknown_key") }
        try verify(try open(key.sealedSecret, column: StoredAccessKey.column, row: id.text))
        guard key.isActive else { throw .invalidClientToken("inactive_key") }
        // A token beside a long-term key is somebody else's, or somebody's mistake.
        guard claim.sessionToken == nil else { throw .invalidClientToken("token_with_key") }
        guard let owner = try findPrincipal(id: key.owner, in: key.account) else {
            throw .invalidClientToken("deleted_user")
        }
        let isStale = key.lastUse.map { now.seconds(since: $0.time) >= Self.noteLife } ?? true
        return SignedBy(caller: Caller(owner, mfa: nil, by: .accessKey(id)), staleKey: isStale ? id : nil)
    }

    private borrowing func temporarySigner(
        _ id: AccessKeyID,
        _ claim: KeyClaim,
        at now: UnixTime,
        _ verify: (borrowing Secret) throws(Fault) -> Void
    ) throws(Fault) -> SignedBy {
        guard let credential = try temporaryCredential(id) else { throw try refuse(verify, "unknown_key") }
        try verify(try open(credential.sealedSecret, column: TemporaryCredential.column, row: id.text))
        guard let token = claim.sessionToken, try fits(token, credential) else {
            throw .invalidClientToken("wrong_token")
        }
        guard now < credential.expires else { throw .expiredToken }
        let session = try credential.session.map { text throws(Fault) in try LentSession(kept: text) }
        guard try stands(credential, session), let identity = try identity(of: credential, session) else {
            throw .invalidClientToken("ended")
        }
        var signer = SignedBy(
            caller: Caller(
                identity: identity,
                account: credential.account,
                mfa: credential.mfa,
                credential: .temporary(id, issued: credential.created)
            )
        )
        if case .assumedRole(let session) = identity,
            session.role.lastUse.map({ now.seconds(since: $0.time) >= Self.noteLife }) ?? true
        {
            signer.staleRole = session.roleID
        }
        return signer
    }

    /// Who the credential makes of whoever holds it; `nil` when the user or role is gone.
    private borrowing func identity(
        of credential: TemporaryCredential,
        _ session: LentSession?
    ) throws(Fault) -> Caller.Identity? {
        if let session, session.kind == .role {
            guard let role = try findRole(id: credential.owner) else { return nil }
            return .assumedRole(RoleSession(role: role, lent: session))
        }
        guard let owner = try findPrincipal(id: credential.owner, in: credential.account) else { return nil }
        if let session { return .federated(FederatedSession(issuer: owner, lent: session)) }
        return owner.isRoot ? .root : .user(owner)
    }

    /// Does the work of a check that cannot succeed, and says only that the key is invalid.
    private borrowing func refuse(
        _ verify: (borrowing Secret) throws(Fault) -> Void,
        _ reason: String
    ) throws(Fault) -> Fault {
        // Sealed and opened as a real one is: the same work, for a secret of nobody.
        let nobody = try seal(.random(count: 40), column: StoredAccessKey.column, row: "")
        let secret = try open(nobody, column: StoredAccessKey.column, row: "")
        try? verify(secret)
        return .invalidClientToken(reason)
    }

    /// The account of a key or temporary credential, if there is such a one.
    borrowing func account(ofKey id: AccessKeyID) throws(Fault) -> AccountID? {
        let found: (String)? = try row(
            """
            SELECT account FROM access_keys WHERE id = $1
            UNION ALL SELECT account FROM temporary_credentials WHERE id = $1
            """,
            id.text
        )
        return found.map { AccountID(checked: $0) }
    }
}

extension Fault {
    /// A key or token that is not, or no longer, anyone's.
    static func invalidClientToken(_ reason: String) -> Fault {
        Fault(
            code: "InvalidClientTokenId",
            status: 403,
            message: "The security token included in the request is invalid.",
            reason: reason
        )
    }

    /// A temporary credential that has ended.
    static let expiredToken = Fault(
        code: "ExpiredToken",
        status: 403,
        message: "The security token included in the request is expired",
        reason: "expired"
    )
}
