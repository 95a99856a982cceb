// Credentials.swift: all that a principal can prove who they are with, read and sealed as one.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A principal's password, devices and recovery codes.
///
/// One keyed seal lies over all rows together. So a writer of the database without the keys can neither plant a row, nor bring
/// an old one back, nor lower a spent step: the seal no longer fits, and the sign-in is refused. What no seal inside the
/// store can show is that all of it, seals included, is older than it was: keep the audit trail's head elsewhere for that.
struct Credentials {
    let owner: Principal
    var password: StoredPassword?
    var devices: [Device]
    var recovery: RecoverySet?

    /// The devices that a code is asked of: enabled ones, whether or not too many failures have disabled them since.
    var asksForCode: Bool { !devices.isEmpty }
}

/// A password as it is kept.
struct StoredPassword {
    let hash: String
    let created: UnixTime
    let changed: UnixTime
    /// Whether the next sign-in must change it.
    let mustChange: Bool
    /// Whether it is shorter than what a user without a device needs.
    let isShort: Bool
    let lastUsed: UnixTime?
}

/// A set of recovery codes as it is kept.
struct RecoverySet {
    let salt: [UInt8]
    let created: UnixTime
    let failures: Int64
    let retryAt: UnixTime
    let codes: [(number: Int64, hash: [UInt8], used: UnixTime?)]

    var left: Int { codes.count { $0.used == nil } }
}

extension State {
    /// The principal's credentials; fails with `StoreDamaged` when they do not fit their seal.
    borrowing func credentials(of owner: Principal) throws(Fault) -> Credentials {
        do throws(Fault) {
            let credentials = try readCredentials(of: owner)
            let stored: ([UInt8])? = try row("SELECT seal FROM credential_seals WHERE owner = $1", owner.id)
            let isEmpty = credentials.password == nil && credentials.devices.isEmpty && credentials.recovery == nil
            if stored == nil && isEmpty { return credentials }
            if let stored, constantTimeEqual(stored, try vault.rowSeal(credentials.message)) { return credentials }
        } catch  where error.isDamage {
            // Rows that cannot even be read are told like those that do not fit.
        }
        throw .damaged("the credentials of \(owner.name)")
    }

    /// The principal's credentials; `nil` when they do not fit their seal: nothing can be proved by those.
    borrowing func soundCredentials(of owner: Principal) throws(Fault) -> Credentials? {
        do throws(Fault) {
            return try credentials(of: owner)
        } catch  where error.isDamage {
            return nil
        }
    }

    /// The principal of that name; `nil` when there is none, or when the row does not fit its seal.
    borrowing func findSoundPrincipal(_ name: UserName, in account: AccountID) throws(Fault) -> Principal? {
        do throws(Fault) {
            return try findPrincipal(name, in: account)
        } catch  where error.isDamage {
            return nil
        }
    }

    /// Checks the seal, lets `body` change rows of the principal's credentials, and seals them anew.
    borrowing func changeCredentials<Answer>(
        of owner: Principal,
        _ body: (Credentials) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        let answer = try body(try credentials(of: owner))
        let changed = try readCredentials(of: owner)
        try run(
            """
            INSERT INTO credential_seals (owner, seal) VALUES ($1, $2)
            ON CONFLICT (owner) DO UPDATE SET seal = $2
            """,
            owner.id,
            try vault.rowSeal(changed.message)
        )
        return answer
    }

    private borrowing func readCredentials(of owner: Principal) throws(Fault) -> Credentials {
        Credentials(
            owner: owner,
            password: try readPassword(of: owner),
            devices: try devices(of: owner),
            recovery: try readRecoverySet(of: owner)
        )
    }

    private borrowing func readPassword(of owner: Principal) throws(Fault) -> StoredPassword? {
        let found: (String, Int64, Int64, Bool, Bool, Int64?)? = try row(
            "SELECT hash, created, changed, must_change, short, last_used FROM passwords WHERE owner = $1",
            owner.id
        )
        guard let (hash, created, changed, mustChange, isShort, lastUsed) = found else { return nil }
        return StoredPassword(
            hash: hash,
            created: UnixTime(created),
            changed: UnixTime(changed),
            mustChange: mustChange,
            isShort: isShort,
            lastUsed: lastUsed.map { UnixTime($0) }
        )
    }

    private borrowing func readRecoverySet(of owner: Principal) throws(Fault) -> RecoverySet? {
        let found: ([UInt8], Int64, Int64, Int64)? = try row(
            "SELECT salt, created, failures, retry_at FROM recovery_sets WHERE owner = $1",
            owner.id
        )
        guard let (salt, created, failures, retryAt) = found else { return nil }
        let codes: [(Int64, [UInt8], Int64?)] = try rows(
            "SELECT number, hash, used FROM recovery_codes WHERE owner = $1 ORDER BY number",
            owner.id
        )
        return RecoverySet(
            salt: salt,
            created: UnixTime(created),
            failures: failures,
            retryAt: UnixTime(retryAt),
            codes: codes.map { (number: $0, hash: $1, used: $2.map { UnixTime($0) }) }
        )
    }
}

extension Credentials {
    /// What the seal lies over.
    ///
    /// When a password was last used is a convenience and stays outside.
    fileprivate var message: Message {
        var message = Message().adding("credentials").adding(owner.id)
        if let password {
            message = message.adding("password").adding(password.hash).adding(password.created.seconds)
                .adding(password.changed.seconds).adding(password.mustChange ? 1 : 0).adding(password.isShort ? 1 : 0)
        }
        for device in devices { message = device.adding(to: message.adding("device")) }
        if let recovery {
            message = message.adding("recovery").adding(recovery.salt).adding(recovery.created.seconds)
                .adding(recovery.failures).adding(recovery.retryAt.seconds)
            for code in recovery.codes {
                message = message.adding(code.number).adding(code.hash).adding(code.used?.seconds)
            }
        }
        return message
    }
}

extension Fault {
    /// Whether stored bytes did not fit their seal.
    var isDamage: Bool { code == "StoreDamaged" }
}

/// Does a part of a sign-in; what does not fit its seal is refused like any wrong answer, and audited as what it is.
///
/// `latchkey store check` names the damage to whoever keeps the store; at the door it is nobody's business.
func refusingDamage<Answer>(
    as refusal: (String) -> Fault,
    _ body: () throws(Fault) -> Answer
) throws(Fault) -> Answer {
    do throws(Fault) {
        return try body()
    } catch  where error.isDamage {
        throw refusal("seal")
    }
}
