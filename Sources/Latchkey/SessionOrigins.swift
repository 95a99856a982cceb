// SessionOrigins.swift: through whom each temporary credential came into being, so that ending one link ends what hangs on it.
import LatchkeyOTP
import LatchkeyStore

extension State {
    /// Keeps through whom the credential came: as its maker's credential did, and then through the role, if one was taken.
    borrowing func insertOrigins(
        of credential: TemporaryCredential,
        _ session: LentSession?,
        _ call: Call
    ) throws(Fault) {
        var count = 0
        var began = call.now
        if case .temporary(let id, let issued) = call.caller.credential {
            began = issued
            count = try run(
                """
                INSERT INTO credential_origins (credential, place, principal, name, issued, lent)
                SELECT $1, place, principal, name, issued, lent FROM credential_origins WHERE credential = $2
                """,
                credential.id.text,
                id.text
            )
        }
        if count == 0 {
            try insertOrigin(of: credential, 0, session?.source ?? credential.owner, "", began, lent: nil)
            count = 1
        }
        if let session, session.kind == .role {
            let id = credential.id
            try insertOrigin(of: credential, count, credential.owner, session.name, call.now, lent: id)
        }
    }

    private borrowing func insertOrigin(
        of credential: TemporaryCredential,
        _ place: Int,
        _ principal: String,
        _ name: String,
        _ issued: UnixTime,
        lent: AccessKeyID?
    ) throws(Fault) {
        try run(
            """
            INSERT INTO credential_origins (credential, place, principal, name, issued, lent)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            credential.id.text,
            place,
            principal,
            name,
            issued.seconds,
            lent?.text
        )
    }

    /// Ends all that came through the user or role: of one session's name, or issued before a moment, if these are given.
    ///
    /// - Returns: How many credentials ended.
    @discardableResult
    borrowing func endSessions(
        through principal: String,
        named name: String? = nil,
        before moment: UnixTime? = nil
    ) throws(Fault) -> Int {
        try run(
            """
            DELETE FROM temporary_credentials WHERE id IN (
                SELECT credential FROM credential_origins
                WHERE principal = $1 AND name = COALESCE($2, name) AND issued < COALESCE($3, issued + 1)
            )
            """,
            principal,
            name,
            moment?.seconds
        )
    }

    /// Ends the role's sessions whose makers its trust policy no longer lets in, with all that came through them.
    ///
    /// Each is asked about again as it was when it was made.
    borrowing func endDistrustedSessions(of role: StoredRole) throws(Fault) {
        let ids: [(String)] = try rows("SELECT id FROM temporary_credentials WHERE owner = $1 ORDER BY id", role.id)
        for id in ids {
            guard let credential = try temporaryCredential(AccessKeyID(checked: id)), let text = credential.session
            else {
                continue
            }
            let session = try LentSession(kept: text)
            if let maker = session.maker, try trusts(role, maker, session) { continue }
            try run("DELETE FROM temporary_credentials WHERE id = $1", id)
            try run(
                """
                DELETE FROM temporary_credentials
                WHERE id IN (SELECT credential FROM credential_origins WHERE lent = $1)
                """,
                id
            )
        }
    }
}
