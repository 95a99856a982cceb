// SecondStep.swift: what follows a right password: the challenge, the second proof, and the session.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// What was brought to prove the second factor, as far as it could be worked out outside a transaction.
public struct SecondProof: Sendable {
    var code: SecretText?
    /// The digest of the recovery code that was brought.
    var recovery: [UInt8]?
    var newPassword: Result<NewPassword, Fault>?
    /// Whether a code of either kind was brought, right or wrong.
    var isGiven = false
}

/// A challenge as it is kept.
struct StoredChallenge {
    let id: [UInt8]
    let owner: Principal
}

extension Authority {
    /// Does the slow part of a second proof: the recovery code's digest, the new password's hash.
    func prove(
        code: SecretText?,
        recoveryCode: SecretText?,
        newPassword: SecretText?,
        _ name: UserName,
        _ call: Call
    ) async throws(Fault) -> SecondProof {
        var proof = SecondProof(code: code, isGiven: code != nil || recoveryCode != nil)
        if let recoveryCode { proof.recovery = try await digest(ofRecoveryCode: recoveryCode, of: name, call) }
        if let newPassword {
            do throws(Fault) {
                proof.newPassword = .success(try await prepare(newPassword, for: name, call))
            } catch {
                if error.isInternal { throw error }
                proof.newPassword = .failure(error)
            }
        }
        return proof
    }
}

extension State {
    private static let challengeLife: Int64 = 300
    private static let answersPerChallenge: Int64 = 5

    /// Makes a challenge for whoever brought the right password.
    borrowing func challenge(_ owner: Principal, recoveryCodesLeft: Int?, at now: UnixTime) throws(Fault) -> Challenge {
        try run("DELETE FROM challenges WHERE expires <= $1", now.seconds)
        let ticket = SecureRandom.bytes(count: 32)
        let id = try vault.tokenDigest(ticket, purpose: "challenge")
        let expires = now.adding(seconds: Self.challengeLife)
        try run(
            "INSERT INTO challenges (id, owner, expires, tries, seal) VALUES ($1, $2, $3, 0, $4)",
            id,
            owner.id,
            expires.seconds,
            try challengeSeal(id, owner.id, expires.seconds)
        )
        return Challenge(
            ticket: SecretText(Base64URL.encode(ticket)),
            expires: expires,
            recoveryCodesLeft: recoveryCodesLeft
        )
    }

    /// The challenge of that ticket, if it lives.
    borrowing func findChallenge(
        _ ticket: SecretText,
        in account: AccountID,
        at now: UnixTime
    ) throws(Fault) -> StoredChallenge? {
        guard let bytes = try? Base64URL.decode(ticket.text, .strict), bytes.count == 32 else { return nil }
        let id = try vault.tokenDigest(bytes, purpose: "challenge")
        let found: (String, Int64, [UInt8])? = try row("SELECT owner, expires, seal FROM challenges WHERE id = $1", id)
        guard let (owner, expires, seal) = found, now.seconds < expires,
            constantTimeEqual(seal, try challengeSeal(id, owner, expires)),
            let principal = try refusingDamage(
                as: Fault.challengeEnded,
                { () throws(Fault) in try findPrincipal(id: owner, in: account) }
            )
        else { return nil }
        return StoredChallenge(id: id, owner: principal)
    }

    /// Counts an answer; false when the challenge has heard as many as it hears.
    borrowing func countAnswer(_ challenge: StoredChallenge) throws(Fault) -> Bool {
        try run(
            "UPDATE challenges SET tries = tries + 1 WHERE id = $1 AND tries < $2",
            challenge.id,
            Self.answersPerChallenge
        ) == 1
    }

    /// Ends a challenge.
    borrowing func end(_ challenge: StoredChallenge) throws(Fault) {
        try run("DELETE FROM challenges WHERE id = $1", challenge.id)
    }

    private borrowing func challengeSeal(_ id: [UInt8], _ owner: String, _ expires: Int64) throws(Fault) -> [UInt8] {
        try vault.rowSeal(Message().adding("challenge").adding(id).adding(owner).adding(expires))
    }

    // MARK: After the password

    /// Whether the password must be changed before a session begins; fails with `PasswordExpired` when only an administrator
    /// can still do that.
    borrowing func mustChange(_ password: StoredPassword, of user: Principal, at now: UnixTime) throws(Fault) -> Bool {
        guard !user.isRoot, let policy = try passwordPolicy(of: user.account), let days = policy.maxPasswordAge,
            now.seconds(since: password.changed) >= Int64(days) * 86_400
        else { return password.mustChange }
        if policy.hardExpiry ?? false {
            throw Fault(
                code: "PasswordExpired",
                status: 403,
                message: "the password has expired: ask an administrator for a new one",
                reason: "expired"
            )
        }
        return true
    }

    /// Keeps the same password at a higher cost.
    borrowing func rehash(_ hash: String, of user: Principal) throws(Fault) {
        try changeCredentials(of: user) { _ throws(Fault) in
            _ = try run("UPDATE passwords SET hash = $1 WHERE owner = $2", hash, user.id)
        }
    }

    /// Takes the second proof, if one is asked for, and begins the session: one transaction spends the code, sets the new
    /// password and gives the session.
    borrowing func completeSignIn(
        of user: Principal,
        _ proof: SecondProof,
        mustChange: Bool,
        _ call: Call
    ) throws(Fault) -> SignInOutput {
        // Where nothing asks for a new password the account's policy says who may change theirs: see `ChangePassword`.
        guard mustChange || proof.newPassword == nil else {
            throw .invalidInput("the password need not be changed: sign in without a new one")
        }
        // A new password that breaks a rule is said before the code is spent on it.
        let newPassword = try proof.newPassword?.get()
        let failed = try changeCredentials(of: user) { credentials throws(Fault) -> Int64? in
            guard credentials.asksForCode else { return 0 }
            if let recovery = proof.recovery {
                return try redeem(recovery, credentials, at: call.now) ? 0 : nil
            }
            guard let code = proof.code,
                let spent = try spend(code.text, credentials.devices, at: call.now)
            else { return nil }
            notes.factors.append(spent.device.parameters.kind.rawValue)
            return spent.device.failures
        }
        guard let failed else { throw .signInRefused(notes.refusal ?? "wrong_code") }
        if let newPassword { try setPassword(newPassword, mustChange: false, of: user, at: call.now) }
        let session = try beginSession(of: user, mfa: notes.factors.count > 1, call)
        return SignInOutput(session: session, failedCodes: failed > 0 ? Int(failed) : nil)
    }
}
