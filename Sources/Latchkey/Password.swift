// Password.swift: passwords: how a new one is checked and hashed, how one is compared, how it is kept.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

extension SecretText {
    /// The most code points that a password may have.
    static let longestPassword = 128

    /// Whether the text is too long to be hashed as a password.
    ///
    /// Said before any hashing and before any look-up, so that long input costs nothing and tells nothing.
    var isTooLong: Bool {
        // No normalisation makes a text of so many bytes short enough: it need not even be done.
        text.utf8.count > Self.longestPassword * 36
            || UnicodeText.nfc(text).unicodeScalars.count > Self.longestPassword
    }
}

/// A new password that met all rules, hashed.
public struct NewPassword: Sendable {
    let hash: String
    let isShort: Bool
}

/// The least length for a user who is asked for a second factor as well (NIST SP 800-63B-4 section 3.1.1.2).
private let floorWithDevice = 8

extension Authority {
    /// Checks a new password against every rule and hashes it.
    ///
    /// The rules that need the old hashes run on the hashing threads too.
    func prepare(
        _ password: SecretText,
        for owner: Principal,
        policy: PasswordPolicy?,
        hasDevice: Bool,
        history: [String] = [],
        alias: String? = nil
    ) async throws(Fault) -> NewPassword {
        let floor = hasDevice ? min(floorWithDevice, settings.passwordFloor) : settings.passwordFloor
        let rules = PasswordRules(
            minimumLength: max(floor, policy?.minimumPasswordLength ?? 0),
            policy: policy,
            words: [owner.name.text, "latchkey", owner.account.text] + (alias.map { [$0] } ?? [])
        )
        try rules.check(password)
        let peppered = Key(try vault.peppered(password.text, owner: owner.id, purpose: "password"))
        let cost = settings.passwordCost
        let hash = try await world.hashing.run { () -> Result<String, Fault> in
            Result { () throws(Fault) in
                for old in history where PasswordHash.matches(peppered.secret, old) {
                    throw .passwordPolicyViolation(
                        "Password should not be one of the last \(history.count) that were used: choose another"
                    )
                }
                do throws(CryptoError) {
                    return try PasswordHash.hash(peppered.secret, cost: cost).text
                } catch {
                    throw Fault(error)
                }
            }
        }
        return NewPassword(
            hash: hash,
            isShort: UnicodeText.nfc(password.text).unicodeScalars.count < settings.passwordFloor
        )
    }

    /// Checks a new password for a principal who is there already, with the account's policy and the password's history.
    func prepare(_ password: SecretText, for name: UserName, _ call: Call) async throws(Fault) -> NewPassword {
        let (owner, policy, hasDevice, history, alias) = try await read { state throws(Fault) in
            let owner = try state.principal(name, in: call.account)
            let policy = try state.passwordPolicy(of: call.account)
            let credentials = try state.credentials(of: owner)
            return (
                owner, policy, credentials.asksForCode,
                try state.oldHashes(of: owner, credentials, count: policy?.passwordReusePrevention ?? 0),
                try state.alias(of: call.account)
            )
        }
        return try await prepare(
            password,
            for: owner,
            policy: policy,
            hasDevice: hasDevice,
            history: history,
            alias: alias
        )
    }
}

/// What a password was found to be.
struct PasswordCheck: Sendable {
    /// The hash that it was held against; `nil` when there is none.
    let stored: String?
    let isRight: Bool
    /// The same password at the present cost, if the stored hash is of a lower one.
    let rehashed: String?
}

extension Authority {
    /// Holds a password against the one that is kept.
    ///
    /// A user who does not exist, has no password, is throttled at present, or whose credentials do not fit their seal costs
    /// exactly one hash as well, so that time tells nothing.
    func checkPassword(
        _ password: SecretText,
        of name: UserName,
        in account: AccountID,
        at now: UnixTime
    ) async throws(Fault) -> PasswordCheck {
        let (owner, stored) = try await read { state throws(Fault) -> (String, String?) in
            guard let principal = try state.findSoundPrincipal(name, in: account) else { return ("nobody", nil) }
            let credentials = try state.soundCredentials(of: principal)
            let isThrottled = try state.isThrottled(.password(principal), at: now)
            return (principal.id, isThrottled ? nil : credentials?.password?.hash)
        }
        let peppered = Key(try vault.peppered(password.text, owner: owner, purpose: "password"))
        let cost = settings.passwordCost
        return try await world.hashing.run { () -> Result<PasswordCheck, Fault> in
            let isRight = PasswordHash.matches(peppered.secret, stored ?? PasswordHash.nobody(cost))
            guard let stored, isRight else {
                return .success(PasswordCheck(stored: stored, isRight: false, rehashed: nil))
            }
            var rehashed: String?
            if let old = try? PasswordHash(stored), old.needsRehash(cost) {
                rehashed = try? PasswordHash.hash(peppered.secret, cost: cost).text
            }
            return .success(PasswordCheck(stored: stored, isRight: true, rehashed: rehashed))
        }
    }
}

extension PasswordHash {
    /// A hash that belongs to no password, at the present cost.
    static func nobody(_ cost: Cost) -> String {
        let salt = String(repeating: "A", count: 22)
        let digest = String(repeating: "A", count: 43)
        return "$argon2id$v=19$m=\(cost.memory),t=\(cost.passes),p=1$\(salt)$\(digest)"
    }

    /// Whether the password belongs to a stored hash; a stored text that is no hash belongs to none.
    static func matches(_ password: borrowing Secret, _ stored: String) -> Bool {
        guard let hash = try? PasswordHash(stored) else { return false }
        return hash.matches(password)
    }
}

extension State {
    /// The hashes that a new password must not match: the present one and the ones before it, `count` in all.
    borrowing func oldHashes(of owner: Principal, _ credentials: Credentials, count: Int) throws(Fault) -> [String] {
        guard count > 0 else { return [] }
        let older: [(String)] = try rows(
            "SELECT hash FROM password_history WHERE owner = $1 ORDER BY number DESC LIMIT $2",
            owner.id,
            count
        )
        return Array(((credentials.password.map { [$0.hash] } ?? []) + older).prefix(count))
    }

    /// Sets the principal's password.
    ///
    /// The old one goes into the history, which keeps what any policy may ask for.
    ///
    /// Every session of the principal ends: whoever knew the old password is out.
    borrowing func setPassword(
        _ password: NewPassword,
        mustChange: Bool,
        of owner: Principal,
        at now: UnixTime
    ) throws(Fault) {
        try changeCredentials(of: owner) { credentials throws(Fault) in
            if let old = credentials.password { try remember(old, of: owner) }
            try run(
                """
                INSERT INTO passwords (owner, hash, created, changed, must_change, short)
                VALUES ($1, $2, $3, $3, $4, $5)
                ON CONFLICT (owner) DO UPDATE SET hash = $2, changed = $3, must_change = $4, short = $5
                """,
                owner.id,
                password.hash,
                now.seconds,
                mustChange,
                password.isShort
            )
        }
        try resetThrottle(.password(owner))
        try endSessions(of: owner)
    }

    private borrowing func remember(_ old: StoredPassword, of owner: Principal) throws(Fault) {
        try run(
            """
            INSERT INTO password_history (owner, number, hash)
            VALUES ($1, (SELECT coalesce(max(number), 0) + 1 FROM password_history WHERE owner = $1), $2)
            """,
            owner.id,
            old.hash
        )
        try run(
            """
            DELETE FROM password_history WHERE owner = $1
                AND number <= (SELECT max(number) FROM password_history WHERE owner = $1) - $2
            """,
            owner.id,
            PasswordPolicy.longestHistory
        )
    }

    /// Takes the principal's password away, its history included.
    borrowing func removePassword(of owner: Principal) throws(Fault) {
        try changeCredentials(of: owner) { _ throws(Fault) in
            try run("DELETE FROM passwords WHERE owner = $1", owner.id)
            try run("DELETE FROM password_history WHERE owner = $1", owner.id)
        }
        try resetThrottle(.password(owner))
        try endSessions(of: owner)
    }
}
