// TemporaryCredentials.swift: rights lent for a time: an access key with a token that expires to the second.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// Temporary credentials, as AWS hands them out.
public struct TemporaryCredentials: Codable, Sendable {
    /// The identifier: `ASIA` and 16 characters.
    public let accessKeyId: AccessKeyID
    /// The secret: 40 characters.
    public let secretAccessKey: SecretText
    /// The token that goes with every request.
    public let sessionToken: SecretText
    /// When they end; the last second in which they work is the one before.
    public let expiration: UnixTime
}

/// A temporary credential as it is kept.
///
/// The secret is sealed and the token is a keyed digest, so the database alone signs nothing. It lives no longer than what it
/// was lent by: a deleted or inactive key, an ended session or a deleted user ends it with the next request.
struct TemporaryCredential {
    let id: AccessKeyID
    let account: AccountID
    let owner: String
    let parentKey: AccessKeyID?
    let parentSession: [UInt8]?
    let created: UnixTime
    let expires: UnixTime
    let mfa: UnixTime?
    let sealedSecret: [UInt8]
    let token: [UInt8]
    /// What was lent, where it is more than the owner's own rights.
    let session: String?

    static let prefix = "ASIA"
    static let column = "temporary_credentials.secret"
    static let tokenPurpose = "temporary credential"

    fileprivate var message: Message {
        let message = Message().adding("temporary_credential").adding(id.text).adding(account.text).adding(owner)
            .adding(parentKey?.text).adding(parentSession.map { Hex.encode($0) }).adding(created.seconds)
            .adding(expires.seconds).adding(mfa?.seconds).adding(token)
        // Credentials that were there before there were sessions keep their seals.
        return session.map { message.adding($0) } ?? message
    }
}

extension State {
    /// The temporary credential of that identifier; fails with `StoreDamaged` when the row does not fit its seal.
    borrowing func temporaryCredential(_ id: AccessKeyID) throws(Fault) -> TemporaryCredential? {
        typealias Row = (
            String, String, String?, [UInt8]?, Int64, Int64, Int64?, [UInt8], [UInt8], String?, [UInt8]
        )
        let found: Row? = try row(
            """
            SELECT account, owner, parent_key, parent_session, created, expires, mfa, secret, token, session, seal
            FROM temporary_credentials WHERE id = $1
            """,
            id.text
        )
        guard let found else { return nil }
        let credential = TemporaryCredential(
            id: id,
            account: AccountID(checked: found.0),
            owner: found.1,
            parentKey: found.2.map { AccessKeyID(checked: $0) },
            parentSession: found.3,
            created: UnixTime(found.4),
            expires: UnixTime(found.5),
            mfa: found.6.map { UnixTime($0) },
            sealedSecret: found.7,
            token: found.8,
            session: found.9
        )
        guard constantTimeEqual(found.10, try vault.rowSeal(credential.message)) else {
            throw .damaged("a temporary credential")
        }
        return credential
    }

    /// Lends the owner's rights for `duration` seconds: a user's own, or with a `session` a role's or some of a user's.
    borrowing func lend(
        of owner: String,
        in account: AccountID,
        for duration: Int64,
        mfa: UnixTime?,
        session: LentSession? = nil,
        _ call: Call
    ) throws(Fault) -> TemporaryCredentials {
        try run("DELETE FROM temporary_credentials WHERE expires <= $1", call.now.seconds)
        let id = AccessKeyID(checked: UniqueID.make(TemporaryCredential.prefix, count: 20))
        let secret = SecretText(Base64.encode(SecureRandom.bytes(count: 30)))
        let token = SecureRandom.bytes(count: 48)
        let parent = try parent(of: call)
        let end = [parent.end, session?.certificate.map { UnixTime($0.notAfter) }].compactMap { $0 }
        let credential = TemporaryCredential(
            id: id,
            account: account,
            owner: owner,
            parentKey: parent.key,
            parentSession: parent.session,
            created: call.now,
            expires: end.reduce(call.now.adding(seconds: duration)) { min($0, $1) },
            mfa: mfa,
            sealedSecret: try seal(Secret(Array(secret.text.utf8)), column: TemporaryCredential.column, row: id.text),
            token: try vault.tokenDigest(token, purpose: TemporaryCredential.tokenPurpose),
            session: try session?.text()
        )
        try insert(credential)
        try insertOrigins(of: credential, session, call)
        return TemporaryCredentials(
            accessKeyId: id,
            secretAccessKey: secret,
            sessionToken: SecretText(Base64.encode(token)),
            expiration: credential.expires
        )
    }

    /// The key or login that everything began with, and when that ends.
    ///
    /// What a temporary credential lends hangs on the same key or login as the credential, so that a chain is as long as its first
    /// link.
    private borrowing func parent(
        of call: Call
    ) throws(Fault) -> (key: AccessKeyID?, session: [UInt8]?, end: UnixTime?) {
        switch call.caller.credential {
        case .none, .certificate: return (nil, nil, nil)
        case .accessKey(let id): return (id, nil, nil)
        case .session(let session): return (nil, session.bytes, session.expires)
        case .temporary(let id, _):
            guard let credential = try temporaryCredential(id) else { throw .invalidClientToken("ended") }
            guard let session = credential.parentSession else { return (credential.parentKey, nil, nil) }
            let end: (Int64)? = try row("SELECT expires FROM sessions WHERE id = $1", session)
            return (credential.parentKey, session, end.map { UnixTime($0) } ?? call.now)
        }
    }

    private borrowing func insert(_ credential: TemporaryCredential) throws(Fault) {
        try run(
            """
            INSERT INTO temporary_credentials
                (id, account, owner, parent_key, parent_session, created, expires, mfa, secret, token, session, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            credential.id.text,
            credential.account.text,
            credential.owner,
            credential.parentKey?.text,
            credential.parentSession,
            credential.created.seconds,
            credential.expires.seconds,
            credential.mfa?.seconds,
            credential.sealedSecret,
            credential.token,
            credential.session,
            try vault.rowSeal(credential.message)
        )
    }

    /// Whether the token is the credential's: whole, and in the one spelling in which it was given out.
    borrowing func fits(_ token: String, _ credential: TemporaryCredential) throws(Fault) -> Bool {
        guard let bytes = try? Base64.decode(token, .strict), Base64.encode(bytes).utf8.elementsEqual(token.utf8)
        else { return false }
        let digest = try vault.tokenDigest(bytes, purpose: TemporaryCredential.tokenPurpose)
        return constantTimeEqual(digest, credential.token)
    }

    /// Whether what the credential was lent by still stands: the key or login, and whoever proved who they are with it.
    borrowing func stands(_ credential: TemporaryCredential, _ session: LentSession?) throws(Fault) -> Bool {
        let source = session?.source ?? credential.owner
        if let parent = credential.parentKey {
            guard let key = try accessKey(parent), key.isActive, key.owner == source else { return false }
        }
        if let parent = credential.parentSession {
            let found: (Int64)? = try row("SELECT created FROM sessions WHERE id = $1", parent)
            guard found != nil else { return false }
        }
        guard let session else { return true }
        if session.source.utf8.starts(with: StoredOIDCProvider.idPrefix.utf8) {
            return try hasOIDCProvider(id: source, in: AccountID(checked: session.sourceAccount))
        }
        if session.source.utf8.starts(with: StoredTrustAnchor.idPrefix.utf8) {
            return try findTrustAnchor(id: source, in: AccountID(checked: session.sourceAccount))?.isActive ?? false
        }
        return try findPrincipal(id: source, in: AccountID(checked: session.sourceAccount)) != nil
    }

    /// Ends everything that was lent to the principal, and through it to others.
    borrowing func endTemporaryCredentials(of owner: Principal) throws(Fault) {
        try run("DELETE FROM temporary_credentials WHERE owner = $1", owner.id)
        try endSessions(through: owner.id)
    }
}
