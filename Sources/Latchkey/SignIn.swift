// SignIn.swift: the login flow's actions: a password and a code together, or one after the other.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions of the login flow.
let signInActions: [any Action.Type] = [SignIn.self, AnswerChallenge.self, VerifyOneTimeCode.self]

/// What a sign-in comes to.
public struct SignInOutput: Codable, Sendable {
    /// The session; missing while something is still asked for.
    public var session: Session?
    /// What to answer with a code; missing when the sign-in is done, or when no device asks for one.
    public var challenge: Challenge?
    /// Whether the next step must bring a new password too.
    public var passwordChangeRequired: Bool?
    /// How many wrong codes were offered since the last right one, if any: somebody else may know the password.
    public var failedCodes: Int?
}

/// The second step of a sign-in: asked for after a right password, and for five minutes.
public struct Challenge: Codable, Sendable {
    /// The ticket to bring back with the code.
    public let ticket: SecretText
    /// When it ends.
    public let expires: UnixTime
    /// How many recovery codes are left, if there is a set.
    public let recoveryCodesLeft: Int?
}

/// Signs a user or root in.
///
/// One step: password and code together. Two steps: the password alone gives a challenge when the user has a device, and
/// `AnswerChallenge` ends it. Unknown user, wrong password, wrong code and too many tries are one answer in one time.
public struct SignIn: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The user's name, or `root`.
    public var userName: UserName
    /// The password.
    public var password: SecretText
    /// The device's code.
    public var code: SecretText?
    /// A recovery code, in the device's stead.
    public var recoveryCode: SecretText?
    /// A new password, where one is asked for.
    public var newPassword: SecretText?

    /// Makes the action.
    public init(
        userName: UserName,
        password: SecretText,
        code: SecretText? = nil,
        recoveryCode: SecretText? = nil,
        newPassword: SecretText? = nil
    ) {
        self.userName = userName
        self.password = password
        self.code = code
        self.recoveryCode = recoveryCode
        self.newPassword = newPassword
    }

    /// The session, or what is still asked for.
    public typealias Output = SignInOutput

    /// What the hashing threads found out.
    public struct Evidence: Sendable {
        let password: PasswordCheck
        let proof: SecondProof
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence {
        guard !password.isTooLong else { throw .signInRefused("password_too_long") }
        let check = try await authority.checkPassword(password, of: userName, in: call.account, at: call.now)
        guard check.isRight else { return Evidence(password: check, proof: SecondProof()) }
        do throws(Fault) {
            let proof = try await authority.prove(
                code: code,
                recoveryCode: recoveryCode,
                newPassword: newPassword,
                userName,
                call
            )
            return Evidence(password: check, proof: proof)
        } catch  where error.isDamage {
            throw .signInRefused("seal")
        }
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ evidence: Evidence) throws(Fault) -> SignInOutput {
        guard let user = try state.findSoundPrincipal(userName, in: call.account) else {
            try state.countFailure(.unknown(userName), at: call.now)
            // Which of the two it was, for the audit trail only.
            _ = try refusingDamage(as: Fault.signInRefused) { () throws(Fault) in
                try state.findPrincipal(userName, in: call.account)
            }
            throw .signInRefused("unknown_user")
        }
        state.notes.subject = user.arn.text
        guard try !state.isThrottled(.password(user), at: call.now) else { throw .signInRefused("throttled") }
        guard let credentials = try state.soundCredentials(of: user) else {
            try state.countFailure(.password(user), at: call.now)
            throw .signInRefused("seal")
        }
        let check = evidence.password
        // A password that was changed between the hashing and now is as wrong as any.
        guard check.isRight, let stored = credentials.password, check.stored == stored.hash else {
            try state.countFailure(.password(user), at: call.now)
            throw .signInRefused(credentials.password == nil ? "no_password" : "wrong_password")
        }
        try state.resetThrottle(.password(user))
        state.notes.factors.append("password")
        if let rehashed = check.rehashed { try state.rehash(rehashed, of: user) }
        try state.run("UPDATE passwords SET last_used = $1 WHERE owner = $2", call.now.seconds, user.id)
        let mustChange = try state.mustChange(stored, of: user, at: call.now)
        let isOneStep = evidence.proof.isGiven || !credentials.asksForCode
        if isOneStep && !(mustChange && evidence.proof.newPassword == nil) {
            return try refusingDamage(as: Fault.signInRefused) { () throws(Fault) in
                try state.completeSignIn(of: user, evidence.proof, mustChange: mustChange, call)
            }
        }
        // Nobody is signed in yet, which the trail has to tell from a sign-in by password alone.
        state.notes.details.append((name: "asked", value: credentials.asksForCode ? "code" : "new_password"))
        guard credentials.asksForCode else { return SignInOutput(passwordChangeRequired: true) }
        return SignInOutput(
            challenge: try state.challenge(user, recoveryCodesLeft: credentials.recovery?.left, at: call.now),
            passwordChangeRequired: mustChange ? true : nil
        )
    }
}

/// Ends a sign-in that a challenge began: with a device's code, or a recovery code.
///
/// A challenge hears five answers in five minutes; after that the password is asked for again.
public struct AnswerChallenge: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The challenge's ticket.
    public var ticket: SecretText
    /// The device's code.
    public var code: SecretText?
    /// A recovery code, in the device's stead.
    public var recoveryCode: SecretText?
    /// A new password, where one is asked for.
    public var newPassword: SecretText?

    /// Makes the action.
    public init(
        ticket: SecretText,
        code: SecretText? = nil,
        recoveryCode: SecretText? = nil,
        newPassword: SecretText? = nil
    ) {
        self.ticket = ticket
        self.code = code
        self.recoveryCode = recoveryCode
        self.newPassword = newPassword
    }

    /// The session, or what is still asked for.
    public typealias Output = SignInOutput

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> SecondProof {
        let user = try await authority.read { [ticket] state throws(Fault) in
            try state.findChallenge(ticket, in: call.account, at: call.now)?.owner
        }
        guard let user else { throw .challengeEnded("unknown_challenge") }
        do throws(Fault) {
            return try await authority.prove(
                code: code,
                recoveryCode: recoveryCode,
                newPassword: newPassword,
                user.name,
                call
            )
        } catch  where error.isDamage {
            throw .codeRefused("seal")
        }
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ proof: SecondProof) throws(Fault) -> SignInOutput {
        guard let challenge = try state.findChallenge(ticket, in: call.account, at: call.now) else {
            throw .challengeEnded("unknown_challenge")
        }
        let user = challenge.owner
        state.notes.subject = user.arn.text
        guard try state.countAnswer(challenge) else {
            try state.end(challenge)
            throw .challengeEnded("too_many_answers")
        }
        guard let credentials = try state.soundCredentials(of: user) else { throw .codeRefused("seal") }
        guard let password = credentials.password else {
            try state.end(challenge)
            throw .challengeEnded("no_password")
        }
        let mustChange = try state.mustChange(password, of: user, at: call.now)
        if mustChange && proof.newPassword == nil {
            state.notes.details.append((name: "asked", value: "new_password"))
            return SignInOutput(passwordChangeRequired: true)
        }
        state.notes.factors.append("password")
        do throws(Fault) {
            let output = try refusingDamage(as: Fault.signInRefused) { () throws(Fault) in
                try state.completeSignIn(of: user, proof, mustChange: mustChange, call)
            }
            try state.end(challenge)
            return output
        } catch  where error == .signInRefused("") {
            // The password was right: here it may be said that it is the code that is not.
            throw .codeRefused(error.reason ?? "wrong_code")
        }
    }
}

/// Checks a code of an enrolled user and spends it: for services that ask for the password themselves.
public struct VerifyOneTimeCode: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The user.
    public var userName: UserName
    /// The device's code.
    public var code: SecretText
    /// The device; any of the user's unless given.
    public var serialNumber: SerialNumber?

    /// Makes the action.
    public init(userName: UserName, code: SecretText, serialNumber: SerialNumber? = nil) {
        self.userName = userName
        self.code = code
        self.serialNumber = serialNumber
    }

    /// Which device the code was of.
    public struct Output: Codable, Sendable {
        /// The user.
        public var userName: UserName
        /// The device.
        public var serialNumber: SerialNumber
        /// How many steps the code was off: below zero for an older one.
        public var offset: Int64
        /// How many wrong codes were offered since the last right one, if any.
        public var failedCodes: Int?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.principal(userName, in: call.account)
        let spent = try refusingDamage(as: Fault.codeRefused) { () throws(Fault) in
            try state.changeCredentials(of: user) { credentials throws(Fault) in
                let devices = credentials.devices.filter { serialNumber == nil || $0.serial == serialNumber }
                guard !devices.isEmpty else {
                    throw .noSuchEntity(
                        "User \(user.name) has no such MFA device: enroll one with `latchkey enroll \(user.name)`"
                    )
                }
                return try state.spend(code.text, devices, at: call.now)
            }
        }
        guard let spent else { throw .codeRefused(state.notes.refusal ?? "wrong_code") }
        state.notes.factors.append(spent.device.parameters.kind.rawValue)
        return Output(
            userName: user.name,
            serialNumber: spent.device.serial,
            offset: spent.offset,
            failedCodes: spent.device.failures > 0 ? Int(spent.device.failures) : nil
        )
    }
}
