// SQLiteConnection.swift: one connection to SQLite and its transactions.

internal import CLatchkeySQLite
import Glibc

/// One connection to an SQLite file.
final class SQLiteConnection: Connection {
    let handle: OpaquePointer
    private let file: SQLiteFile
    private let use: Use
    private let patience: LockPatience
    private var cache: [StatementKey: SQLiteStatement] = [:]
    private var isInTransaction = false
    private var isReading = false
    /// Why SQLite gave up the transaction on its own, if it did.
    private var loss: StoreError?
    /// How many pages the log held after the last commit.
    fileprivate var logPages = 0

    /// What a connection is for.
    enum Use {
        /// Reading a store that is in use.
        case read
        /// Changing a store.
        case write
        /// Reading a file that nobody changes, perhaps where nothing can be written.
        case archive
    }

    /// Opens a file that is there; never makes one.
    init(_ file: SQLiteFile, _ use: Use, waiting milliseconds: Int) throws(StoreError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code =
            if use == .archive && !file.hasCompanions {
                // Alone, it can be read where nothing can be written, and no lock or log is left beside it.
                sqlite3_open_v2(file.uri + "?immutable=1", &opened, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nil)
            } else if use == .archive {
                sqlite3_open_v2(file.path, &opened, flags | SQLITE_OPEN_READWRITE, nil)
            } else {
                // Links in the path's directories are the owner's own; one in the file's place may be a trap.
                sqlite3_open_v2(try file.resolved(), &opened, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nil)
            }
        guard let opened, code == SQLITE_OK else {
            let error = opened.map { Self.error(code, $0, file.path) } ?? .io("out of memory")
            sqlite3_close_v2(opened)
            throw error
        }
        handle = opened
        self.file = file
        self.use = use
        patience = LockPatience(milliseconds: milliseconds)
        do throws(StoreError) {
            try configure()
        } catch {
            close()
            throw error
        }
    }

    private func configure() throws(StoreError) {
        // SQLite opens what it may not write for reading alone, without a word.
        guard use == .archive || sqlite3_db_readonly(handle, "main") == 0 else { throw .readOnly }
        sqlite3_busy_handler(handle, awaitOtherProcess, Unmanaged.passUnretained(patience).toOpaque())
        sqlite3_wal_hook(handle, noteLogPages, Unmanaged.passUnretained(self).toOpaque())
        // What a damaged or planted schema could do stays harmless, and "text" in double quotes is an error as in SQL.
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DEFENSIVE, 1)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DQS_DML, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_DQS_DDL, 0)
        latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 64 << 20)
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
        if !mayChange { try run(script: "PRAGMA query_only = ON") }
    }

    /// The file's path, for an error.
    var path: String { file.path }

    func close() {
        cache.removeAll()
        // The last connection of all copies the log into the file and removes it.
        sqlite3_close_v2(handle)
    }

    /// Closes without copying the log into the file, as the last connection otherwise does: for a file that was only
    /// looked at.
    func leave() {
        if file.hasLog { latchkey_sqlite_set_option(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1) }
        close()
    }

    /// Whether statements may change rows now.
    var mayChange: Bool { use == .write && !isReading }

    // MARK: Transactions

    func begin(_ access: Access) throws(StoreError) {
        loss = nil
        switch access {
        case .read: try command("BEGIN DEFERRED")
        case .write: try command("BEGIN IMMEDIATE")
        }
        isInTransaction = true
        isReading = access == .read
    }

    func commit() throws(StoreError) {
        do throws(StoreError) {
            try command("COMMIT")
            (isInTransaction, isReading) = (false, false)
        } catch {
            rollBack()
            throw error
        }
    }

    func rollBack() {
        (isInTransaction, isReading) = (false, false)
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

    // MARK: Savepoints

    // A name may be used again inside itself: the innermost one is meant, in SQLite as in PostgreSQL.
    func setSavepoint() throws(StoreError) { try command("SAVEPOINT here") }

    func releaseSavepoint() throws(StoreError) { try command("RELEASE SAVEPOINT here") }

    func undoSavepoint() {
        do throws(StoreError) {
            try requireTransaction()
            try command("ROLLBACK TO SAVEPOINT here")
            try command("RELEASE SAVEPOINT here")
        } catch {
            rollBack()
        }
    }

    /// Runs one statement that has neither parameters nor rows.
    func command(_ sql: StaticString) throws(StoreError) {
        let statement = try statement(sql)
        defer { statement.finish() }
        try statement.start([])
        while try statement.next() {}
    }

    // MARK: Statements

    func statement(_ sql: StaticString) throws(StoreError) -> any Statement { try prepared(sql) }

    func prepared(_ sql: StaticString) throws(StoreError) -> SQLiteStatement {
        guard let key = StatementKey(sql) else { throw .misuse("a statement of one character") }
        if let known = cache[key] { return known }
        let statement = try SQLiteStatement(sql, on: self)
        cache[key] = statement
        return statement
    }

    var cachedStatements: Int { cache.count }

    func statement(text: String) throws(StoreError) -> any Statement {
        try Array(text.utf8)
            .withUnsafeBufferPointer { (bytes) throws(StoreError) in
                try SQLiteStatement(text: bytes, on: self)
            }
    }

    func scan(_ sql: String) throws(StoreError) -> any Statement {
        let statement = try statement(text: sql)
        try statement.start([])
        return statement
    }

    func tableNames() throws(StoreError) -> [String] {
        let statement = try prepared(
            """
            SELECT name FROM sqlite_schema
            WHERE type = 'table' AND name <> 'migrations' AND substr(name, 1, 7) <> 'sqlite_'
            """
        )
        defer { statement.finish() }
        try statement.start([])
        var names: [String] = []
        while try statement.next() { names.append(try String(sqlValue: statement.value(at: 0))) }
        return names
    }

    /// Nothing limits how long work in a file may take.
    func allowLongWork() {}

    func run(script: StaticString) throws(StoreError) {
        guard script.hasPointerRepresentation else { throw .misuse("a script of one character") }
        // A static string ends with a NUL.
        let text = UnsafeRawPointer(script.utf8Start).assumingMemoryBound(to: CChar.self)
        let code = sqlite3_exec(handle, text, nil, nil, nil)
        if code != SQLITE_OK { throw failure(code) }
    }

    func hasTable(_ name: StaticString) throws(StoreError) -> Bool {
        let statement = try prepared("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1")
        defer { statement.finish() }
        try statement.start([name.description])
        return try statement.next()
    }

    /// The first column of the first row.
    func value<T: SQLReadable>(_ sql: StaticString, as type: T.Type = T.self) throws(StoreError) -> T {
        let statement = try prepared(sql)
        defer { statement.finish() }
        try statement.start([])
        guard try statement.next() else { throw .corrupt("an answer is missing") }
        return try T(sqlValue: statement.value(at: 0))
    }

    // MARK: The log

    /// Makes the file one that is written through a log, so that readers and the writer do not wait for each other.
    func turnToLog() throws(StoreError) {
        guard try value("PRAGMA journal_mode = WAL") == "wal" else {
            throw .cannotOpen("the file system of `\(path)` lacks shared memory: put the store on a local disk")
        }
    }

    /// Makes the file one that needs no other beside it.
    func turnToSingleFile() throws(StoreError) {
        guard try value("PRAGMA journal_mode = DELETE") == "delete" else { throw .busy }
    }

    /// Copies the log into the file when it has grown, waiting for readers only when it has grown much.
    func trimLog() {
        guard logPages >= 1_000 else { return }
        checkpoint(logPages < 16_000 ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART)
    }

    /// Copies the log into the file and empties it, so that what was deleted is gone from both; false if somebody
    /// still reads from it.
    func emptyLog() -> Bool {
        patience.isSuspended = true
        defer { patience.isSuspended = false }
        guard checkpoint(SQLITE_CHECKPOINT_TRUNCATE) == SQLITE_OK else { return false }
        logPages = 0
        return true
    }

    /// Whether the log holds pages.
    var hasLog: Bool { logPages > 0 }

    @discardableResult
    private func checkpoint(_ mode: Int32) -> Int32 {
        var inLog: Int32 = 0
        var copied: Int32 = 0
        let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &inLog, &copied)
        // A log that was copied whole is begun anew by the next commit, which tells its new length.
        if code == SQLITE_OK && inLog == copied { logPages = min(logPages, 1) }
        return code
    }

    // MARK: Errors

    /// The error for a code that SQLite returned; notes when SQLite gave up the transaction.
    func failure(_ code: Int32) -> StoreError {
        let error = Self.error(code, handle, path)
        if isInTransaction && sqlite3_get_autocommit(handle) != 0 && loss == nil { loss = error }
        return error
    }
}

/// How long a connection waits for another process, and since when.
///
/// SQLite's own waiting grows to a tenth of a second, so that a writer that is never idle can starve another process;
/// this one looks again every millisecond or two.
private final class LockPatience {
    let milliseconds: Int
    var isSuspended = false
    private var start = Moment.now

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// Waits a moment; false if that has been done long enough.
    func wait(tries: Int32) -> Bool {
        if isSuspended { return false }
        if tries == 0 { start = .now }
        guard Moment.now.milliseconds(since: start) < milliseconds else { return false }
        usleep(tries < 10 ? 200 : UInt32.random(in: 1_000...2_000))
        return true
    }
}

/// A reading of the clock that only goes forward.
struct Moment {
    private let milliseconds: Int

    static var now: Moment {
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        return Moment(milliseconds: Int(clock.tv_sec) &* 1_000 &+ Int(clock.tv_nsec) / 1_000_000)
    }

    func milliseconds(since earlier: Moment) -> Int { milliseconds &- earlier.milliseconds }
}

/// What SQLite calls while another process holds a lock; a plain function, which no actor can claim.
private func awaitOtherProcess(_ context: UnsafeMutableRawPointer?, _ tries: Int32) -> Int32 {
    guard let context else { return 0 }
    return Unmanaged<LockPatience>.fromOpaque(context).takeUnretainedValue().wait(tries: tries) ? 1 : 0
}

/// What SQLite calls after a commit to the log.
private func noteLogPages(
    _ context: UnsafeMutableRawPointer?,
    _ handle: OpaquePointer?,
    _ name: UnsafePointer<CChar>?,
    _ pages: Int32
) -> Int32 {
    guard let context else { return SQLITE_OK }
    Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
    return SQLITE_OK
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
