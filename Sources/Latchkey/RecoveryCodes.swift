// RecoveryCodes.swift: codes for the day the device is gone: hashed, each good once, void when renewed.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The actions on recovery codes.
let recoveryActions: [any Action.Type] = [RenewRecoveryCodes.self, CountRecoveryCodes.self]

/// Makes a new set of recovery codes; the old set is void.
///
/// The codes are shown this once.
public struct RenewRecoveryCodes: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user, or `root`.
    public var userName: UserName
    /// How many: 1 to 20, 10 unless given.
    public var count: Int?

    /// Makes the action.
    public init(userName: UserName, count: Int? = nil) {
        self.userName = userName
        self.count = count
    }

    /// The codes, 80 random bits each.
    public struct Output: Codable, Sendable {
        /// The codes in groups of four.
        public var recoveryCodes: [SecretText]
    }

    /// The new set, hashed on the hashing threads.
    public struct Evidence: Sendable {
        let salt: [UInt8]
        let codes: [SecretText]
        let digests: [[UInt8]]
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence {
        let count = count ?? 10
        guard (1...20).contains(count) else { throw .invalidInput("a set has 1 to 20 recovery codes, not \(count)") }
        let owner = try await authority.read { [userName] state throws(Fault) in
            try state.principal(userName, in: call.account)
        }
        let salt = SecureRandom.bytes(count: 16)
        let codes = (0..<count).map { _ in RecoveryCode.random() }
        var digests: [[UInt8]] = []
        for code in codes { digests.append(try await authority.digest(of: code, salt: salt, owner: owner)) }
        return Evidence(salt: salt, codes: codes.map { SecretText($0.text) }, digests: digests)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ set: Evidence) throws(Fault) -> Output {
        let user = try state.principal(userName, in: call.account)
        guard try state.credentials(of: user).asksForCode else {
            throw .invalidInput(
                "user \(user.name) has no device that a recovery code could stand for: enroll one first"
            )
        }
        try state.changeCredentials(of: user) { _ throws(Fault) in
            try state.deleteRecoveryCodes(of: user)
            try state.run(
                "INSERT INTO recovery_sets (owner, salt, created, failures, retry_at) VALUES ($1, $2, $3, 0, 0)",
                user.id,
                set.salt,
                call.now.seconds
            )
            for (number, digest) in set.digests.enumerated() {
                try state.run(
                    "INSERT INTO recovery_codes (owner, number, hash) VALUES ($1, $2, $3)",
                    user.id,
                    number,
                    digest
                )
            }
        }
        return Output(recoveryCodes: set.codes)
    }
}

/// Says how many recovery codes are left.
public struct CountRecoveryCodes: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The user, or `root`.
    public var userName: UserName

    /// Makes the action.
    public init(userName: UserName) { self.userName = userName }

    /// How many are left, of how many.
    public struct Output: Codable, Sendable {
        /// Codes that are not used yet.
        public var left: Int
        /// Codes in the set; 0 when none was made.
        public var total: Int
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.principal(userName, in: call.account)
        let set = try state.credentials(of: user).recovery
        return Output(left: set?.left ?? 0, total: set?.codes.count ?? 0)
    }
}

extension Authority {
    /// The digest of a typed recovery code under the salt of the user's set; what cannot be a code gets one that fits none.
    func digest(ofRecoveryCode typed: SecretText, of name: UserName, _ call: Call) async throws(Fault) -> [UInt8] {
        let (owner, salt) = try await read { state throws(Fault) in
            let owner = try state.principal(name, in: call.account)
            return (owner, try state.credentials(of: owner).recovery?.salt)
        }
        guard let salt, let code = try? RecoveryCode(typed: typed.text) else { return [] }
        return try await digest(of: code, salt: salt, owner: owner)
    }

    /// A code has 80 bits, so it is hashed as a password is (NIST SP 800-63B-4 section 3.1.2.2); one salt a set lets one hash
    /// be held against all of its codes.
    fileprivate func digest(of code: RecoveryCode, salt: [UInt8], owner: Principal) async throws(Fault) -> [UInt8] {
        let peppered = Key(try vault.peppered(code.text, owner: owner.id, purpose: "recovery"))
        let cost = settings.passwordCost
        return try await world.hashing.run { () -> Result<[UInt8], Fault> in
            do throws(CryptoError) {
                let digest = try KeyDerivation.argon2id(password: peppered.secret, salt: salt, cost: cost, count: 32)
                return .success(digest.withBytes { bytes in bytes.withUnsafeBytes { Array($0) } })
            } catch {
                return .failure(Fault(error))
            }
        }
    }
}

extension State {
    /// Uses up the recovery code of that digest; false when there is none, or too many tries failed.
    borrowing func redeem(_ digest: [UInt8], _ credentials: Credentials, at now: UnixTime) throws(Fault) -> Bool {
        let owner = credentials.owner
        guard let set = credentials.recovery, set.failures < Int64(settings.codeLimit) else {
            notes.refusal = "no_recovery_codes"
            return false
        }
        guard !isWaiting(until: set.retryAt, at: now) else {
            notes.refusal = "throttled"
            return false
        }
        // Every code is compared, so that the time does not tell which one it was.
        var match: (number: Int64, isUsed: Bool)?
        for code in set.codes where constantTimeEqual(code.hash, digest) { match = (code.number, code.used != nil) }
        if let match, !match.isUsed {
            let won = try run(
                "UPDATE recovery_codes SET used = $1 WHERE owner = $2 AND number = $3 AND used IS NULL",
                now.seconds,
                owner.id,
                match.number
            )
            if won == 1 {
                try run("UPDATE recovery_sets SET failures = 0, retry_at = 0 WHERE owner = $1", owner.id)
                notes.factors.append("recovery")
                notes.details.append((name: "recovery_codes_left", value: "\(set.left - 1)"))
                return true
            }
        }
        let failures = set.failures &+ 1
        try run(
            "UPDATE recovery_sets SET failures = $1, retry_at = $2 WHERE owner = $3",
            failures,
            now.adding(seconds: settings.delay(after: failures)).seconds,
            owner.id
        )
        notes.refusal = match == nil ? "wrong_recovery_code" : "used_recovery_code"
        return false
    }

    /// Makes every recovery code of the principal void.
    borrowing func removeRecoveryCodes(of owner: Principal) throws(Fault) {
        try changeCredentials(of: owner) { _ throws(Fault) in try deleteRecoveryCodes(of: owner) }
    }

    fileprivate borrowing func deleteRecoveryCodes(of owner: Principal) throws(Fault) {
        try run("DELETE FROM recovery_codes WHERE owner = $1", owner.id)
        try run("DELETE FROM recovery_sets WHERE owner = $1", owner.id)
    }
}
