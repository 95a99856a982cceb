// PasswordPolicies.swift: the account's password policy: what an administrator adds to the floor under every password.
import LatchkeyStore

/// The actions on the account's password policy.
let passwordPolicyActions: [any Action.Type] = [
    UpdateAccountPasswordPolicy.self, GetAccountPasswordPolicy.self, DeleteAccountPasswordPolicy.self,
]

/// An account's password policy.
///
/// Composition rules and expiry are AWS's, kept when an administrator sets them and off otherwise: NIST SP 800-63B-4
/// advises against both. The length can raise the floor and never lower it.
public struct PasswordPolicy: Codable, Sendable, Equatable {
    /// 6 to 128.
    public var minimumPasswordLength: Int
    /// Whether one of `!@#$%^&*()_+-=[]{}|'` is required.
    public var requireSymbols: Bool
    /// Whether a digit is required.
    public var requireNumbers: Bool
    /// Whether a capital is required.
    public var requireUppercaseCharacters: Bool
    /// Whether a small letter is required.
    public var requireLowercaseCharacters: Bool
    /// Whether users may change their own passwords without a policy that says so.
    public var allowUsersToChangePassword: Bool
    /// Whether passwords end.
    public var expirePasswords: Bool
    /// Days after which a password ends: 1 to 1,095.
    public var maxPasswordAge: Int?
    /// How many of the last passwords cannot be used again: 1 to 24.
    public var passwordReusePrevention: Int?
    /// Whether a password that ended can only be renewed by an administrator.
    public var hardExpiry: Bool?

    static let longestHistory = 24
}

/// Sets the account's password policy.
///
/// What is not given goes back to its default, as in AWS.
public struct UpdateAccountPasswordPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// 6 to 128; 6 unless given.
    public var minimumPasswordLength: Int?
    /// Off unless given.
    public var requireSymbols: Bool?
    /// Off unless given.
    public var requireNumbers: Bool?
    /// Off unless given.
    public var requireUppercaseCharacters: Bool?
    /// Off unless given.
    public var requireLowercaseCharacters: Bool?
    /// Off unless given.
    public var allowUsersToChangePassword: Bool?
    /// 1 to 1,095 days; never unless given.
    public var maxPasswordAge: Int?
    /// 1 to 24; none unless given.
    public var passwordReusePrevention: Int?
    /// Off unless given.
    public var hardExpiry: Bool?

    /// Makes the action.
    public init(
        minimumPasswordLength: Int? = nil,
        requireSymbols: Bool? = nil,
        requireNumbers: Bool? = nil,
        requireUppercaseCharacters: Bool? = nil,
        requireLowercaseCharacters: Bool? = nil,
        allowUsersToChangePassword: Bool? = nil,
        maxPasswordAge: Int? = nil,
        passwordReusePrevention: Int? = nil,
        hardExpiry: Bool? = nil
    ) {
        self.minimumPasswordLength = minimumPasswordLength
        self.requireSymbols = requireSymbols
        self.requireNumbers = requireNumbers
        self.requireUppercaseCharacters = requireUppercaseCharacters
        self.requireLowercaseCharacters = requireLowercaseCharacters
        self.allowUsersToChangePassword = allowUsersToChangePassword
        self.maxPasswordAge = maxPasswordAge
        self.passwordReusePrevention = passwordReusePrevention
        self.hardExpiry = hardExpiry
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try Self.check(minimumPasswordLength, 6...128, "minimumPasswordLength")
        try Self.check(maxPasswordAge, 1...1_095, "maxPasswordAge")
        try Self.check(passwordReusePrevention, 1...PasswordPolicy.longestHistory, "passwordReusePrevention")
        try state.run(
            """
            INSERT INTO password_policies (
                account, minimum_length, require_symbols, require_numbers, require_uppercase, require_lowercase,
                users_may_change, max_age, reuse_prevention, hard_expiry
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (account) DO UPDATE SET
                minimum_length = $2, require_symbols = $3, require_numbers = $4, require_uppercase = $5,
                require_lowercase = $6, users_may_change = $7, max_age = $8, reuse_prevention = $9, hard_expiry = $10
            """,
            call.account.text,
            minimumPasswordLength ?? 6,
            requireSymbols ?? false,
            requireNumbers ?? false,
            requireUppercaseCharacters ?? false,
            requireLowercaseCharacters ?? false,
            allowUsersToChangePassword ?? false,
            maxPasswordAge,
            passwordReusePrevention,
            hardExpiry
        )
        return Nothing()
    }

    private static func check(_ value: Int?, _ range: ClosedRange<Int>, _ member: String) throws(Fault) {
        guard let value, !range.contains(value) else { return }
        let limit =
            value < range.lowerBound
            ? "greater than or equal to \(range.lowerBound)" : "less than or equal to \(range.upperBound)"
        throw .validation(
            "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy constraint: "
                + "Member must have value \(limit)"
        )
    }
}

/// Shows the account's password policy.
///
/// Fails with `NoSuchEntity` when none is set.
public struct GetAccountPasswordPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read

    /// Makes the action.
    public init() {}

    /// The policy.
    public struct Output: Codable, Sendable {
        /// The policy.
        public var passwordPolicy: PasswordPolicy
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        Output(passwordPolicy: try state.setPasswordPolicy(of: call.account))
    }
}

/// Takes the account's password policy away: the floor remains.
///
/// Fails with `NoSuchEntity` when none is set.
public struct DeleteAccountPasswordPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write

    /// Makes the action.
    public init() {}

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        _ = try state.setPasswordPolicy(of: call.account)
        try state.run("DELETE FROM password_policies WHERE account = $1", call.account.text)
        return Nothing()
    }
}

extension State {
    /// The policy that was set; fails with `NoSuchEntity` when none is.
    fileprivate borrowing func setPasswordPolicy(of account: AccountID) throws(Fault) -> PasswordPolicy {
        guard let policy = try passwordPolicy(of: account) else {
            throw .noSuchEntity("The Password Policy with domain name \(account) cannot be found.")
        }
        return policy
    }

    /// The account's password policy, if one is set.
    borrowing func passwordPolicy(of account: AccountID) throws(Fault) -> PasswordPolicy? {
        let found: (Int, Bool, Bool, Bool, Bool, Bool, Int?, Int?, Bool?)? = try row(
            """
            SELECT minimum_length, require_symbols, require_numbers, require_uppercase, require_lowercase,
                users_may_change, max_age, reuse_prevention, hard_expiry
            FROM password_policies WHERE account = $1
            """,
            account.text
        )
        return found.map { row in
            PasswordPolicy(
                minimumPasswordLength: row.0,
                requireSymbols: row.1,
                requireNumbers: row.2,
                requireUppercaseCharacters: row.3,
                requireLowercaseCharacters: row.4,
                allowUsersToChangePassword: row.5,
                expirePasswords: row.6 != nil,
                maxPasswordAge: row.6,
                passwordReusePrevention: row.7,
                hardExpiry: row.8
            )
        }
    }
}
