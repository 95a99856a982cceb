// LoginProfiles.swift: the password of a user, as AWS's login profile, and the change of one's own.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on passwords.
let loginProfileActions: [any Action.Type] = [
    CreateLoginProfile.self, GetLoginProfile.self, UpdateLoginProfile.self, DeleteLoginProfile.self,
    ChangePassword.self,
]

/// That a user has a password.
public struct LoginProfile: Codable, Sendable, Equatable {
    /// The user.
    public let userName: UserName
    /// When the user first got a password.
    public let createDate: UnixTime
    /// Whether the next sign-in must change it.
    public let passwordResetRequired: Bool
}

/// Gives a user a password.
///
/// Fails with `EntityAlreadyExists` if there is one.
public struct CreateLoginProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The password.
    public var password: SecretText
    /// Whether the first sign-in must change it.
    public var passwordResetRequired: Bool?

    /// Makes the action.
    public init(userName: UserName?, password: SecretText, passwordResetRequired: Bool? = nil) {
        self.userName = userName
        self.password = password
        self.passwordResetRequired = passwordResetRequired
    }

    /// The new profile.
    public struct Output: Codable, Sendable {
        /// The profile.
        public var loginProfile: LoginProfile
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> NewPassword {
        try await authority.prepare(password, for: userName ?? call.callerName, call)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ new: NewPassword) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        guard try state.credentials(of: user).password == nil else {
            throw .entityAlreadyExists("Login Profile for user \(user.name) already exists.")
        }
        let mustChange = passwordResetRequired ?? false
        try state.setPassword(new, mustChange: mustChange, of: user, at: call.now)
        return Output(
            loginProfile: LoginProfile(userName: user.name, createDate: call.now, passwordResetRequired: mustChange)
        )
    }
}

/// Shows whether a user has a password.
public struct GetLoginProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The user; the caller unless given.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName?) { self.userName = userName }

    /// The profile.
    public struct Output: Codable, Sendable {
        /// The profile.
        public var loginProfile: LoginProfile
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let password = try state.password(of: user)
        return Output(
            loginProfile: LoginProfile(
                userName: user.name,
                createDate: password.created,
                passwordResetRequired: password.mustChange
            )
        )
    }
}

/// Gives a user another password, or asks for a change at the next sign-in.
public struct UpdateLoginProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user.
    public var userName: UserName
    /// The new password; unchanged unless given.
    public var password: SecretText?
    /// Whether the next sign-in must change it; unchanged unless given, off with a new password.
    public var passwordResetRequired: Bool?

    /// Makes the action.
    public init(userName: UserName, password: SecretText? = nil, passwordResetRequired: Bool? = nil) {
        self.userName = userName
        self.password = password
        self.passwordResetRequired = passwordResetRequired
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> NewPassword? {
        guard let password else { return nil }
        return try await authority.prepare(password, for: userName, call)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ new: NewPassword?) throws(Fault) -> Nothing {
        let user = try state.principal(userName, in: call.account)
        let present = try state.password(of: user)
        if let new {
            try state.setPassword(new, mustChange: passwordResetRequired ?? false, of: user, at: call.now)
        } else if let mustChange = passwordResetRequired, mustChange != present.mustChange {
            try state.changeCredentials(of: user) { _ throws(Fault) in
                _ = try state.run("UPDATE passwords SET must_change = $1 WHERE owner = $2", mustChange, user.id)
            }
        }
        return Nothing()
    }
}

/// Takes a user's password away, and every session with it.
public struct DeleteLoginProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName?) { self.userName = userName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.subject(userName, call)
        _ = try state.password(of: user)
        try state.removePassword(of: user)
        return Nothing()
    }
}

/// Changes the caller's own password.
///
/// The old one is asked for and counts as a login attempt. The account's policy says whether users may.
public struct ChangePassword: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The present password.
    public var oldPassword: SecretText
    /// The new one.
    public var newPassword: SecretText

    /// Makes the action.
    public init(oldPassword: SecretText, newPassword: SecretText) {
        self.oldPassword = oldPassword
        self.newPassword = newPassword
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the hashing threads found out.
    public enum Evidence: Sendable {
        /// The old password is wrong.
        case wrong
        /// The old password fits this stored hash; the new one is hashed, or refused.
        case right(stored: String?, Result<NewPassword, Fault>)
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(call.callerName, in: call.account) }

    /// Whether the account's policy lets every user do this.
    public func isGranted(_ call: Call, _ state: borrowing State) throws(Fault) -> Bool {
        try state.passwordPolicy(of: call.account)?.allowUsersToChangePassword ?? false
    }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence {
        guard case .user(let user) = call.caller.identity else {
            throw .invalidUserType("Only IAM users may change their own password: use UpdateLoginProfile for root.")
        }
        guard !oldPassword.isTooLong else { return .wrong }
        let check = try await authority.checkPassword(oldPassword, of: user.name, in: call.account, at: call.now)
        guard check.isRight else { return .wrong }
        do throws(Fault) {
            return .right(
                stored: check.stored,
                .success(try await authority.prepare(newPassword, for: user.name, call))
            )
        } catch {
            return .right(stored: check.stored, .failure(error))
        }
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ evidence: Evidence) throws(Fault) -> Nothing {
        let user = try state.subject(nil, call)
        guard try !state.isThrottled(.password(user), at: call.now) else {
            throw .accessDenied("The old password is not right, or too many tries failed.", reason: "throttled")
        }
        // Damage is told as what it is, not as a wrong password.
        let present = try state.credentials(of: user).password
        // A password that was changed between the hashing and now is as wrong as any.
        guard case .right(let stored, let prepared) = evidence, let present, present.hash == stored else {
            try state.countFailure(.password(user), at: call.now)
            throw .accessDenied("The old password is not right, or too many tries failed.", reason: "wrong_password")
        }
        try state.setPassword(prepared.get(), mustChange: false, of: user, at: call.now)
        return Nothing()
    }
}

extension State {
    /// The user's password as it is kept; fails with `NoSuchEntity`.
    borrowing func password(of user: Principal) throws(Fault) -> StoredPassword {
        guard let password = try credentials(of: user).password else {
            var fault = Fault.noSuchEntity("Login Profile for User \(user.name) cannot be found.")
            fault.reason = "no_profile"
            throw fault
        }
        return password
    }
}
