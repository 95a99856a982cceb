// Sessions.swift: what a login gives: a token for a time, kept as a keyed digest and ended in one statement.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// What a login gives to whoever proved who they are.
public struct Session: Codable, Sendable, CustomReflectable {
    /// The secret that stands for the login; 256 random bits in Base64 for URLs.
    ///
    /// The store keeps only a keyed digest of it.
    public let token: String
    /// Who logged in.
    public let arn: ARN
    /// The account.
    public let account: AccountID
    /// The user's name, or `root`.
    public let userName: UserName
    /// When the token ends.
    public let expires: UnixTime
    /// When a second factor was proved; missing when none was asked for.
    public let mfa: UnixTime?

    /// Nothing to look into: the token is a secret.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension State {
    /// Begins a session of the principal.
    borrowing func beginSession(of owner: Principal, mfa: Bool, _ call: Call) throws(Fault) -> Session {
        try run("DELETE FROM sessions WHERE expires <= $1", call.now.seconds)
        let token = SecureRandom.bytes(count: 32)
        let id = try vault.tokenDigest(token, purpose: "session")
        let expires = call.now.adding(seconds: settings.sessionLife)
        let mfaTime = mfa ? call.now : nil
        try run(
            """
            INSERT INTO sessions (id, account, owner, created, expires, mfa, address, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            id,
            owner.account.text,
            owner.id,
            call.now.seconds,
            expires.seconds,
            mfaTime?.seconds,
            call.peer,
            try sessionSeal(id, owner.account.text, owner.id, call.now.seconds, expires.seconds, mfaTime?.seconds)
        )
        return Session(
            token: Base64URL.encode(token),
            arn: owner.arn,
            account: owner.account,
            userName: owner.name,
            expires: expires,
            mfa: mfaTime
        )
    }

    /// Who holds the token, if it is of a session that lives.
    borrowing func sessionCaller(_ token: String, at now: UnixTime) throws(Fault) -> Caller? {
        guard let bytes = try? Base64URL.decode(token, .strict), bytes.count == 32 else { return nil }
        let id = try vault.tokenDigest(bytes, purpose: "session")
        let found: (String, String, Int64, Int64, Int64?, [UInt8])? = try row(
            "SELECT account, owner, created, expires, mfa, seal FROM sessions WHERE id = $1",
            id
        )
        guard let (account, owner, created, expires, mfa, seal) = found else { return nil }
        guard constantTimeEqual(seal, try sessionSeal(id, account, owner, created, expires, mfa)) else {
            throw .damaged("a session")
        }
        guard now.seconds < expires else { return nil }
        guard let principal = try findPrincipal(id: owner, in: AccountID(checked: account)) else { return nil }
        let session = Caller.SessionID(bytes: id, began: UnixTime(created), expires: UnixTime(expires))
        return Caller(principal, mfa: mfa.map { UnixTime($0) }, by: .session(session))
    }

    /// Ends one session, and what was lent by it.
    borrowing func end(_ session: Caller.SessionID) throws(Fault) {
        try run("DELETE FROM temporary_credentials WHERE parent_session = $1", session.bytes)
        try run("DELETE FROM sessions WHERE id = $1", session.bytes)
    }

    /// Ends the principal's sessions that began before a moment, and what was lent by them.
    borrowing func endSessions(of owner: Principal, before moment: UnixTime) throws(Fault) {
        try run(
            """
            DELETE FROM temporary_credentials
            WHERE parent_session IN (SELECT id FROM sessions WHERE owner = $1 AND created < $2)
            """,
            owner.id,
            moment.seconds
        )
        try run("DELETE FROM sessions WHERE owner = $1 AND created < $2", owner.id, moment.seconds)
        try endSessions(through: owner.id, before: moment)
    }

    /// Ends every session of the principal, and every sign-in that is half done.
    borrowing func endSessions(of owner: Principal) throws(Fault) {
        try run(
            "DELETE FROM temporary_credentials WHERE parent_session IN (SELECT id FROM sessions WHERE owner = $1)",
            owner.id
        )
        try run("DELETE FROM sessions WHERE owner = $1", owner.id)
        try run("DELETE FROM challenges WHERE owner = $1", owner.id)
    }

    private borrowing func sessionSeal(
        _ id: [UInt8],
        _ account: String,
        _ owner: String,
        _ created: Int64,
        _ expires: Int64,
        _ mfa: Int64?
    ) throws(Fault) -> [UInt8] {
        try vault.rowSeal(
            Message().adding("session").adding(id).adding(account).adding(owner).adding(created).adding(expires)
                .adding(mfa)
        )
    }
}

extension Authority {
    /// Who holds the session's token; fails with `SessionEnded` when it is unknown, ended or too old.
    public func caller(ofSession token: String) async throws(Fault) -> Caller {
        let now = world.now()
        let caller = try await read { state throws(Fault) in try state.sessionCaller(token, at: now) }
        guard let caller else { throw .sessionEnded }
        return caller
    }
}
