import LatchkeyCrypto
// Accounts.swift: accounts and their root users: making a store with its first account, opening it, and finding accounts.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on accounts.
let accountActions: [any Action.Type] = [CreateAccount.self]

/// An account: a closed house with a root user of its own.
public struct Account: Codable, Sendable, Equatable {
    /// The account's number.
    public let id: AccountID
    /// The account's alias, if it has one.
    public let alias: AccountAlias?
    /// When the account was made.
    public let created: UnixTime
}

extension Authority {
    /// Opens the store at `location`, checks that the master key is its own before anything is written, and brings its tables
    /// up to date.
    public static func open(
        _ location: String,
        masterKey: MasterKeySource,
        world: World,
        settings: Settings
    ) async throws(Fault) -> Authority {
        do {
            // A look first: a wrong master key must not change a byte.
            let vault = try await Database.peek(at: location) { transaction in
                try Vault.open(transaction, source: masterKey)
            }
            let database = try await Database.open(location, migrations: migrations, create: false)
            return Authority(database: database, vault: vault, world: world, settings: settings)
        } catch {
            throw Fault(any: error)
        }
    }

    /// Makes a store at `location` with its keys but no account; one that is there already is opened instead.
    public static func create(
        _ location: String,
        masterKey: MasterKeySource,
        world: World,
        settings: Settings
    ) async throws(Fault) -> Authority {
        _ = try masterKey.keys()
        do throws(Fault) {
            return try await open(location, masterKey: masterKey, world: world, settings: settings)
        } catch  where error == .storeNotInitialised || error.reason == "missing" {
            // There is none yet, or one whose making was cut short.
        }
        do {
            let database = try await Database.open(location, migrations: migrations, create: true)
            let vault = try await database.write { transaction in
                let install: ([UInt8])? = try transaction.row("SELECT value FROM meta WHERE name = 'install'")
                if install != nil { return try Vault.open(transaction, source: masterKey) }
                return try Vault.create(transaction, source: masterKey)
            }
            return Authority(database: database, vault: vault, world: world, settings: settings)
        } catch {
            throw Fault(any: error)
        }
    }

    /// Ends the store's threads and connections.
    public func close() async { await database.close() }

    /// All accounts, by number.
    public func accounts() async throws(Fault) -> [Account] {
        try await read { state throws(Fault) in
            let rows: [(String, String?, Int64)] = try state.rows("SELECT id, alias, created FROM accounts ORDER BY id")
            return rows.map { id, alias, created in
                Account(
                    id: AccountID(checked: id),
                    alias: alias.map { AccountAlias(checked: $0) },
                    created: UnixTime(created)
                )
            }
        }
    }

    /// The account of that number or alias; without a name, the store's only account.
    public func account(_ name: String?) async throws(Fault) -> Account {
        let all = try await accounts()
        guard let name else {
            guard let only = all.first else { throw .storeNotInitialised }
            if all.count == 1 { return only }
            throw .invalidInput("the store holds \(all.count) accounts: name one with --account")
        }
        guard let found = all.first(where: { $0.id.text == name || $0.alias?.text == name }) else {
            throw .noSuchEntity("there is no account `\(name.escapedForDisplay)` in this store")
        }
        return found
    }
}

/// Creates an account and its root user, with root's first password.
///
/// Fails with `EntityAlreadyExists` if the number or the alias is taken, and with `PasswordPolicyViolation`.
public struct CreateAccount: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The account's number.
    public var accountId: AccountID
    /// The account's alias, unique in the store.
    public var alias: AccountAlias?
    /// Root's password; without one root cannot sign in until it is given one.
    public var rootPassword: SecretText?

    /// Makes the action.
    public init(accountId: AccountID, alias: AccountAlias? = nil, rootPassword: SecretText? = nil) {
        self.accountId = accountId
        self.alias = alias
        self.rootPassword = rootPassword
    }

    /// The new account.
    public struct Output: Codable, Sendable {
        /// The account.
        public var account: Account
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .root(of: accountId) }

    /// Does the slow part, outside any transaction.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> NewPassword? {
        // A root over the network could take the number of somebody whom another account's roles trust.
        guard case .local = call.caller.identity else {
            throw .accessDenied("Accounts are made on the store itself: use `latchkey init`.", reason: "not_local")
        }
        guard let rootPassword else { return nil }
        let root = Principal(id: accountId.text, name: .root, path: .root, account: accountId, created: call.now)
        return try await authority.prepare(rootPassword, for: root, policy: nil, hasDevice: false)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ evidence: NewPassword?) throws(Fault) -> Output {
        let taken: (Int64)? = try state.row(
            "SELECT created FROM accounts WHERE id = $1 OR alias = $2",
            accountId.text,
            alias?.text
        )
        guard taken == nil else {
            throw .entityAlreadyExists("Account \(accountId), or one with that alias, already exists.")
        }
        try state.run(
            "INSERT INTO accounts (id, alias, created) VALUES ($1, $2, $3)",
            accountId.text,
            alias?.text,
            call.now.seconds
        )
        if let evidence {
            let root = try state.principal(.root, in: accountId)
            try state.setPassword(evidence, mustChange: false, of: root, at: call.now)
        }
        return Output(account: Account(id: accountId, alias: alias, created: call.now))
    }
}

extension State {
    /// The account's alias, if it has one.
    borrowing func alias(of account: AccountID) throws(Fault) -> String? {
        let alias: (String?)? = try row("SELECT alias FROM accounts WHERE id = $1", account.text)
        return alias ?? nil
    }
}
