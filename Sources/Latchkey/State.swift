// State.swift: the account's state inside one transaction: the only place where rules meet the store.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// One transaction's view of the store, with the keys that its sealed columns need.
///
/// Everything is synchronous: no `await` can stand between reading a rule and writing its consequence.
public struct State: ~Copyable {
    let transaction: Transaction
    let vault: Vault
    let settings: Settings
    let compiled: CompiledPolicies
    let notes = Notes()

    init(_ transaction: consuming Transaction, vault: Vault, settings: Settings, compiled: CompiledPolicies) {
        self.transaction = transaction
        self.vault = vault
        self.settings = settings
        self.compiled = compiled
    }

    /// Runs a statement and answers how many rows it changed.
    @discardableResult
    borrowing func run(_ sql: StaticString, _ values: (any SQLBindable)...) throws(Fault) -> Int {
        do throws(StoreError) { return try transaction.run(sql, binding: values) } catch { throw Fault(error) }
    }

    /// Reads all rows of a query.
    borrowing func rows<each Column: SQLReadable>(
        _ sql: StaticString,
        _ values: (any SQLBindable)...
    ) throws(Fault) -> [(repeat each Column)] {
        do throws(StoreError) { return try transaction.rows(sql, binding: values) } catch { throw Fault(error) }
    }

    /// Reads the first row of a query, if there is one.
    borrowing func row<each Column: SQLReadable>(
        _ sql: StaticString,
        _ values: (any SQLBindable)...
    ) throws(Fault) -> (repeat each Column)? {
        do throws(StoreError) { return try transaction.row(sql, binding: values) } catch { throw Fault(error) }
    }

    /// Undoes what `body` wrote if it throws.
    borrowing func savepoint<Answer>(_ body: (borrowing State) throws(Fault) -> Answer) throws(Fault) -> Answer {
        do {
            return try transaction.savepoint { try body(self) }
        } catch {
            throw Fault(any: error)
        }
    }

    /// Seals a secret for one column of one row.
    ///
    /// Under the newest data key of this very transaction: another process may have rotated since, and what is known here may
    /// come from a transaction that was never committed.
    borrowing func seal(_ secret: borrowing Secret, column: String, row: String) throws(Fault) -> [UInt8] {
        let newest: (Int64, [UInt8])? = try self.row("SELECT id, wrapped FROM data_keys ORDER BY id DESC LIMIT 1")
        if let newest, let keys = vault.dataKeys(ifNewest: newest.0, newest.1) {
            return try vault.seal(secret, column: column, row: row, under: keys)
        }
        // Not what is known afterwards: a reading of an older state may load at the same time.
        return try vault.seal(secret, column: column, row: row, under: try vault.load(transaction))
    }

    /// Opens what was sealed for this column of this row, and for no other.
    borrowing func open(_ sealed: [UInt8], column: String, row: String) throws(Fault) -> Secret {
        if vault.holdsKey(of: sealed) {
            do throws(Fault) { return try vault.open(sealed, column: column, row: row) } catch {
                // The key of that number may be another one by now.
            }
        }
        try vault.load(transaction)
        return try vault.open(sealed, column: column, row: row)
    }
}

/// What a call has to say to the audit trail beyond its outcome.
final class Notes {
    /// Whom or what the call was about.
    var subject: String?
    /// What was proved: `password`, `totp`, `recovery`.
    var factors: [String] = []
    /// Why a code did not count, in one word.
    var refusal: String?
    /// Further facts, in the order in which they were noted.
    var details: [(name: String, value: String)] = []
}

extension Fault {
    /// The store failed: nothing was done.
    init(_ error: StoreError) {
        switch error {
        case .busy, .full, .unreachable, .conflict:
            self.init(code: "ServiceUnavailable", status: 503, message: error.description, reason: "store")
        case .overloaded:
            self.init(code: "Throttling", status: 503, message: error.description, reason: "queue")
        // No column of ours ever held another kind of value: the row was written by somebody else.
        case .unexpectedValue:
            self = .damaged("a row")
        case .missing:
            self.init(code: "StoreNotInitialised", status: 500, message: error.description, reason: "missing")
        default:
            self.init(code: "ServiceFailure", status: 500, message: error.description, reason: "store")
        }
    }

    /// Any error that comes out of the store's transactions.
    init(any error: any Error) {
        switch error {
        case let fault as Fault: self = fault
        case let error as StoreError: self.init(error)
        case let error as CryptoError: self.init(error)
        default: self = .serviceFailure("something failed that should not: please report it")
        }
    }

    /// A seal, a key or a hash failed: the store was changed from outside, or the key is another.
    init(_ error: CryptoError) {
        self.init(code: "ServiceFailure", status: 500, message: error.description, reason: "crypto")
    }
}
