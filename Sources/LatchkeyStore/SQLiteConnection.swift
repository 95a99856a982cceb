// SQLiteConnection.swift: one connection to SQLite, its transactions and its prepared statements.

internal import CLatchkeySQLite
import Glibc

/// One connection to an SQLite file.
final class SQLiteConnection: Connection {
    /// How long a connection waits for another process, in milliseconds.
    static let patience: Int32 = 10_000

    let handle: OpaquePointer
    private let path: String
    private let access: Access
    private var cache: [StatementKey: SQLiteStatement] = [:]
    private var isInTransaction = false
    /// Why SQLite gave up the transaction on its own, if it did.
    private var loss: StoreError?

    init(path: String, access: Access) throws(StoreError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened, code == SQLITE_OK else {
            let error = opened.map { Self.error(code, $0, path) } ?? .io("no memory")
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        self.path = path
        self.access = access
        sqlite3_busy_timeout(handle, Self.patience)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        do throws(StoreError) {
            try run(
                script: """
                    PRAGMA synchronous = FULL;
                    PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cell_size_check = ON;
                    PRAGMA case_sensitive_like = ON;
                    PRAGMA journal_size_limit = 16777216;
                    """
            )
            if case .read = access { try run(script: "PRAGMA query_only = ON") }
        } catch {
            close()
            throw error
        }
    }

    func close() {
        cache.removeAll()
        sqlite3_close_v2(handle)
    }

    // MARK: Transactions

    func begin(_ access: Access) throws(StoreError) {
        loss = nil
        switch access {
        case .read: try run(script: "BEGIN DEFERRED")
        case .write: try run(script: "BEGIN IMMEDIATE")
        }
        isInTransaction = true
    }

    func commit() throws(StoreError) {
        do throws(StoreError) {
            try run(script: "COMMIT")
            isInTransaction = false
        } catch {
            rollBack()
            throw error
        }
    }

    func rollBack() {
        isInTransaction = false
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    func requireTransaction() throws(StoreError) {
        if let loss { throw loss }
        guard isInTransaction, sqlite3_get_autocommit(handle) == 0 else {
            throw .misuse("there is no transaction")
        }
    }

    func settleConstraints() throws(StoreError) {
        var open: Int32 = 0
        var highest: Int32 = 0
        sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0)
        guard open == 0 else {
            throw .constraint(.init(kind: .foreignKey, description: "FOREIGN KEY constraint failed"))
        }
    }

    /// Copies the log into the file: when it has grown, or wholly when the store is closed.
    func checkpoint(closing: Bool) {
        sqlite3_wal_checkpoint_v2(
            handle,
            nil,
            closing ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
            nil,
            nil
        )
    }

    /// Makes the file one that is written through a log, so that readers and the writer do not wait for each other.
    func turnToWAL() throws(StoreError) {
        guard try text("PRAGMA journal_mode = WAL") == "wal" else {
            throw .cannotOpen("the file system of `\(path)` lacks shared memory: put the store on a local disk")
        }
    }

    // MARK: Statements

    func statement(_ sql: StaticString) throws(StoreError) -> any Statement { try prepared(sql) }

    private func prepared(_ sql: StaticString) throws(StoreError) -> SQLiteStatement {
        guard let key = StatementKey(sql) else { throw .misuse("a statement of one character") }
        if let known = cache[key] { return known }
        let statement = try SQLiteStatement(sql, on: self)
        cache[key] = statement
        return statement
    }

    var cachedStatements: Int { cache.count }

    func run(script: StaticString) throws(StoreError) {
        guard script.hasPointerRepresentation else { throw .misuse("a script of one character") }
        let code = script.withUTF8Buffer { text in
            // A static string ends with a NUL.
            sqlite3_exec(handle, UnsafeRawPointer(text.baseAddress)?.assumingMemoryBound(to: CChar.self), nil, nil, nil)
        }
        if code != SQLITE_OK { throw failure(code) }
    }

    func hasTable(_ name: StaticString) throws(StoreError) -> Bool {
        let statement = try prepared("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1")
        defer { statement.finish() }
        try statement.start([name.description])
        return try statement.next()
    }

    func integer(_ sql: StaticString) throws(StoreError) -> Int64 {
        let statement = try prepared(sql)
        defer { statement.finish() }
        try statement.start([])
        guard try statement.next() else { throw .corrupt("an answer is missing") }
        return try Int64(sqlValue: statement.value(at: 0))
    }

    func text(_ sql: StaticString) throws(StoreError) -> String {
        let statement = try prepared(sql)
        defer { statement.finish() }
        try statement.start([])
        guard try statement.next() else { throw .corrupt("an answer is missing") }
        return try String(sqlValue: statement.value(at: 0))
    }

    /// What the integrity check and the check of references say, nothing if all is well.
    func findings() throws(StoreError) -> [String] {
        var findings: [String] = []
        let integrity = try prepared("PRAGMA integrity_check(100)")
        defer { integrity.finish() }
        try integrity.start([])
        while try integrity.next() {
            let line = try String(sqlValue: integrity.value(at: 0))
            if line != "ok" { findings.append(line) }
        }
        let references = try prepared("PRAGMA foreign_key_check")
        defer { references.finish() }
        try references.start([])
        while try references.next() {
            let table = try String(sqlValue: references.value(at: 0))
            let parent = try String(sqlValue: references.value(at: 2))
            findings.append("a row of `\(table)` refers to a row of `\(parent)` that is not there")
        }
        return findings
    }

    // MARK: Errors

    /// The error for a code that SQLite returned; notes when SQLite gave up the transaction.
    func failure(_ code: Int32) -> StoreError {
        let error = Self.error(code, handle, path)
        if isInTransaction && sqlite3_get_autocommit(handle) != 0 && loss == nil { loss = error }
        return error
    }

    static func error(_ code: Int32, _ handle: OpaquePointer, _ path: String) -> StoreError {
        let words = String(cString: sqlite3_errmsg(handle))
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy
        case SQLITE_FULL: return .full
        case SQLITE_READONLY, SQLITE_PERM: return .readOnly
        case SQLITE_CORRUPT: return .corrupt(words)
        case SQLITE_NOTADB: return .notAStore(path)
        case SQLITE_CANTOPEN: return .cannotOpen("`\(path)` cannot be opened: \(words)")
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL, SQLITE_NOLFS: return .io(words)
        case SQLITE_TOOBIG: return .unexpectedValue("a value is too long to be stored")
        case SQLITE_CONSTRAINT: return .constraint(.init(kind: constraintKind(code), description: words))
        case SQLITE_MISUSE, SQLITE_RANGE: return .misuse(words)
        default: return .refused(words)
        }
    }

    private static func constraintKind(_ code: Int32) -> StoreError.Constraint.Kind {
        // The extended codes: SQLITE_CONSTRAINT | (n << 8).
        switch code >> 8 {
        case 1: .check
        case 3: .foreignKey
        case 5: .notNull
        case 6, 8, 10: .unique
        default: .other
        }
    }
}

/// A static text's place in memory, which names it among the prepared statements.
struct StatementKey: Hashable {
    private let address: UnsafePointer<UInt8>
    private let count: Int

    init?(_ sql: StaticString) {
        guard sql.hasPointerRepresentation else { return nil }
        address = sql.utf8Start
        count = sql.utf8CodeUnitCount
    }
}
