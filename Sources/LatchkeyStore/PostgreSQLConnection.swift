// PostgreSQLConnection.swift: one connection to PostgreSQL and its transactions.

internal import CLatchkeyPQ
import Glibc

/// One connection to a store in PostgreSQL.
///
/// Changes take turns over all processes: a transaction that writes first locks the table of migrations, before it sees
/// anything, so it sees all that was committed before it, and nobody changes anything until it ends. That is what
/// SQLite's `BEGIN IMMEDIATE` is; every rule that is read and every consequence that is written hold together, and no
/// compare-and-set can be lost. (The audit trail links each entry to the one before: changes could not run beside each
/// other anyhow.) `SERIALIZABLE` stands guard over writers that are not latchkey's. A reading sees the state after one of
/// these commits, which is all that a serial order of transactions asks of it: `REPEATABLE READ` gives that.
///
/// Each commit leaves its number in the writer's row of the table `commits`. When the connection is lost while a commit
/// is under way, a new connection waits for the lock, by which time the old transaction has ended one way or the other,
/// and looks whether the number is there.
final class PostgreSQLConnection: Connection {
    private let location: PostgreSQLLocation
    private let access: Access
    private var wire: PostgreSQLWire
    private var cache: [StatementKey: PostgreSQLStatement] = [:]
    private var prepared = 0
    private var cursors = 0
    /// Commands that go out with the next statement, in the same round trip.
    private var deferred: [String] = []
    private var isInTransaction = false
    /// Why the whole transaction is gone, if it is.
    private var loss: StoreError?
    /// Why the server takes no statement until the last savepoint is undone, if it does not.
    private var failure: StoreError?
    /// What names this writer among all.
    private let writer =
        String(UInt64.random(in: .min ... .max), radix: 16)
        + String(UInt64.random(in: .min ... .max), radix: 16)
    private var commits = 0
    private var hasDeferrable: Bool?
    /// Whether the schema is being made or changed, when there may be no table to lock yet.
    var isMigrating = false {
        didSet { hasDeferrable = nil }
    }

    /// The schema within the database in which everything of latchkey's is.
    static let schema = "latchkey"

    /// How long to look for the fate of a commit, in milliseconds: longer than a server keeps a transaction whose client
    /// is gone.
    private static let fatePatience = 25_000

    init(_ location: PostgreSQLLocation, _ access: Access) throws(StoreError) {
        self.location = location
        self.access = access
        wire = try Self.connect(location)
    }

    private static func connect(_ location: PostgreSQLLocation) throws(StoreError) -> PostgreSQLWire {
        let wire = try PostgreSQLWire(location)
        do throws(StoreError) {
            let facts = try wire.query(
                """
                SET search_path = latchkey, pg_temp;
                SET statement_timeout = '30s'; SET lock_timeout = '10s';
                SET idle_in_transaction_session_timeout = '10s';
                SET standard_conforming_strings = on; SET jit = off; SET client_min_messages = error;
                SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), pg_is_in_recovery()
                """
            )
            guard facts.text(0, 0) == "UTF8" else {
                throw .cannotOpen("the database `\(location.name)` is not in UTF-8: make one with ENCODING 'UTF8'")
            }
            guard facts.text(0, 2) == "f" else {
                throw .unreachable("`\(location.name)` is a standby: name the primary server")
            }
            // An answer is given only to what lasts.
            if facts.text(0, 1) == "off" { try wire.query("SET synchronous_commit = on") }
        } catch {
            wire.close()
            throw error
        }
        return wire
    }

    func close() {
        cache.removeAll()
        if access == .write, commits > 0, wire.isOpen {
            // Tidiness alone; a row that stays is taken away by another writer later.
            _ = try? wire.query("DELETE FROM commits WHERE writer = '\(writer)'")
        }
        wire.close()
    }

    private func reconnect() throws(StoreError) {
        cache.removeAll()
        let fresh = try Self.connect(location)
        wire.close()
        wire = fresh
        (deferred, isInTransaction, failure) = ([], false, nil)
    }

    // MARK: Transactions

    func begin(_ access: Access) throws(StoreError) {
        (loss, failure, deferred) = (nil, nil, [])
        (wire.isReading, wire.patience) = (access == .read, PostgreSQLWire.usualPatience)
        switch access {
        case .read: deferred = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
        case .write:
            do throws(StoreError) {
                try beginWriting()
            } catch {
                if wire.isOpen { _ = try? wire.query("ROLLBACK") }
                throw error
            }
        }
        isInTransaction = true
    }

    private func beginWriting() throws(StoreError) {
        guard isMigrating else {
            try wire.query("BEGIN ISOLATION LEVEL SERIALIZABLE; LOCK TABLE migrations IN SHARE ROW EXCLUSIVE MODE")
            return
        }
        // The number is latchkey's own: "LKEY".
        try wire.query("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1280000345)")
        if try tableExists("migrations") { try wire.query("LOCK TABLE migrations IN SHARE ROW EXCLUSIVE MODE") }
    }

    func commit() throws(StoreError) {
        try requireTransaction()
        if let failure {
            rollBack()
            throw failure
        }
        if wire.isReading {
            isInTransaction = false
            // A reading that asked for nothing was never begun.
            if deferred.first?.utf8.starts(with: "BEGIN".utf8) != true { try wire.query("COMMIT") }
            return
        }
        commits += 1
        do throws(StoreError) {
            let mark = isMigrating ? [] : [mark]
            let answer = try wire.query((deferred + mark + ["COMMIT"]).joined(separator: "; "))
            isInTransaction = false
            guard answer.command == "COMMIT" else { throw .refused("the commit ended in \(answer.command)") }
        } catch .unreachable(let words) {
            (isInTransaction, deferred) = (false, [])
            if isMigrating { throw .unreachable(words) }
            guard try wasCommitted() else { throw .unreachable(words) }
        } catch {
            rollBack()
            throw error
        }
    }

    /// One clock for all: the clocks of two nodes may differ by days.
    private static let serverTime = "extract(epoch FROM now())::bigint"

    /// What a transaction leaves behind so that its fate can be looked up.
    private var mark: String {
        """
        INSERT INTO commits (writer, number, time) VALUES ('\(writer)', \(commits), \(Self.serverTime)) \
        ON CONFLICT (writer) DO UPDATE SET number = excluded.number, time = excluded.time
        """
    }

    /// Finds out whether the last commit, during which the connection was lost, was carried out.
    private func wasCommitted() throws(StoreError) -> Bool {
        let start = Moment.now
        while true {
            do throws(StoreError) {
                try reconnect()
                try wire.query("BEGIN; LOCK TABLE migrations IN SHARE ROW EXCLUSIVE MODE")
                let found = try wire.query("SELECT number FROM commits WHERE writer = '\(writer)'")
                try wire.query("ROLLBACK")
                return found.text(0, 0) == "\(commits)"
            } catch {
                guard Moment.now.milliseconds(since: start) < Self.fatePatience else { throw .uncertain }
                usleep(.random(in: 50_000...150_000))
            }
        }
    }

    /// Takes the limits of time off the present transaction.
    func allowLongWork() throws(StoreError) {
        wire.patience = PostgreSQLWire.longPatience
        try run(text: "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
    }

    /// Forgets writers that have ended without a word.
    func forgetOldWriters() throws(StoreError) {
        try wire.query("DELETE FROM commits WHERE time < \(Self.serverTime) - 86400")
    }

    func rollBack() {
        defer { (isInTransaction, deferred, failure) = (false, [], nil) }
        guard isInTransaction, wire.isOpen, deferred.first?.utf8.starts(with: "BEGIN".utf8) != true else { return }
        do throws(StoreError) { try wire.query("ROLLBACK") } catch { loss = loss ?? error }
    }

    func requireTransaction() throws(StoreError) {
        if let loss { throw loss }
        guard isInTransaction else { throw .misuse("there is no transaction") }
    }

    func settleConstraints() throws(StoreError) {
        try requireTransaction()
        // The body of a change may have swallowed the error; its change cannot stand.
        if let failure { throw failure }
        if try mayDefer() {
            try attempt { () throws(StoreError) in
                try flush()
                try wire.query("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            }
        }
    }

    /// Whether the schema has a rule that waits for the end of a transaction.
    private func mayDefer() throws(StoreError) -> Bool {
        if let hasDeferrable { return hasDeferrable }
        let found = try attempt { () throws(StoreError) in
            try flush()
            return try wire.query(
                "SELECT 1 FROM pg_catalog.pg_constraint WHERE condeferrable AND connamespace = 'latchkey'::regnamespace"
            )
        }
        hasDeferrable = found.rowCount > 0
        return found.rowCount > 0
    }

    // MARK: Savepoints

    func setSavepoint() throws(StoreError) {
        try requireTransaction()
        if let failure { throw failure }
        deferred.append("SAVEPOINT here")
    }

    func releaseSavepoint() throws(StoreError) {
        try requireTransaction()
        if let failure { throw failure }
        // Nothing was done since: the server need not hear of it.
        if deferred.last == "SAVEPOINT here" {
            deferred.removeLast()
        } else {
            deferred.append("RELEASE SAVEPOINT here")
        }
    }

    func undoSavepoint() {
        guard loss == nil, isInTransaction else { return }
        if deferred.last == "SAVEPOINT here" {
            deferred.removeLast()
            return
        }
        do throws(StoreError) {
            let commands = deferred + ["ROLLBACK TO SAVEPOINT here", "RELEASE SAVEPOINT here"]
            deferred = []
            try wire.query(commands.joined(separator: "; "))
            failure = nil
        } catch {
            loss = error
        }
    }

    // MARK: Statements

    func statement(_ sql: StaticString) throws(StoreError) -> any Statement {
        if let failure { throw failure }
        guard let key = StatementKey(sql) else { throw .misuse("a statement of one character") }
        if let known = cache[key] { return known }
        let statement = try sql.withCharacters { text throws(StoreError) in try prepare(text) }
        cache[key] = statement
        return statement
    }

    func statement(text: String) throws(StoreError) -> any Statement {
        if let failure { throw failure }
        return try text.utf8CString.withUnsafeBufferPointer { (buffer) throws(StoreError) in
            guard let start = buffer.baseAddress else { throw .misuse("no text") }
            return try prepare(start)
        }
    }

    func scan(_ sql: String) throws(StoreError) -> any Statement {
        cursors += 1
        return try PostgreSQLCursor(sql, cursors, on: self)
    }

    private func prepare(_ text: UnsafePointer<CChar>) throws(StoreError) -> PostgreSQLStatement {
        prepared += 1
        let name = "s\(prepared)"
        let description = try attempt { () throws(StoreError) in
            // A text that the server refuses ends everything since the last savepoint: it has to be there.
            try flush()
            return try wire.prepare(name, text)
        }
        return PostgreSQLStatement(name, description, on: self)
    }

    var cachedStatements: Int { cache.count }

    /// Runs a prepared statement.
    func execute(_ name: String, _ parameters: PostgreSQLParameters) throws(StoreError) -> PostgreSQLResult {
        if let loss { throw loss }
        if let failure { throw failure }
        return try attempt { () throws(StoreError) in
            defer { deferred = [] }
            return try wire.execute(name, parameters, after: deferred)
        }
    }

    /// Sends what waits.
    private func flush() throws(StoreError) {
        guard !deferred.isEmpty else { return }
        let commands = deferred.joined(separator: "; ")
        deferred = []
        try wire.query(commands)
    }

    /// Runs `body` and notes what an error means for the transaction.
    private func attempt<R>(_ body: () throws(StoreError) -> R) throws(StoreError) -> R {
        do throws(StoreError) {
            return try body()
        } catch {
            guard isInTransaction else { throw error }
            switch error {
            case .unreachable, .conflict: loss = loss ?? error
            default: failure = failure ?? error
            }
            throw error
        }
    }

    func run(script: StaticString) throws(StoreError) {
        guard script.hasPointerRepresentation else { throw .misuse("a script of one character") }
        try attempt { () throws(StoreError) in
            try flush()
            try wire.query(Self.translated(script.description))
        }
    }

    /// Runs commands of the driver's own.
    func run(text: String) throws(StoreError) {
        _ = try attempt { () throws(StoreError) in
            try flush()
            return try wire.query(text)
        }
    }

    /// Runs a query and returns the rows in binary.
    func rows(text: String) throws(StoreError) -> PostgreSQLResult {
        try attempt { () throws(StoreError) in
            try flush()
            return try wire.rows(text)
        }
    }

    /// Gives columns of text the order of their bytes, which the dialect promises: a database may have any other.
    static func translated(_ script: String) -> String {
        var result = ""
        var word = ""
        var isQuoted = false
        for character in script + "\n" {
            if character == "'" { isQuoted.toggle() }
            if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
                continue
            }
            result += word == "TEXT" && !isQuoted && !result.hasSuffix("AS ") ? "TEXT COLLATE \"C\"" : word
            word = ""
            result.append(character)
        }
        return result
    }

    func hasTable(_ name: StaticString) throws(StoreError) -> Bool {
        if let failure { throw failure }
        return try attempt { () throws(StoreError) in
            try flush()
            return try tableExists(name.description)
        }
    }

    private func tableExists(_ name: String) throws(StoreError) -> Bool {
        try wire.query("SELECT to_regclass('latchkey.\(name)') IS NOT NULL").text(0, 0) == "t"
    }
}

extension StaticString {
    /// Calls `body` with the text, which ends with a NUL.
    fileprivate func withCharacters<R>(
        _ body: (UnsafePointer<CChar>) throws(StoreError) -> R
    ) throws(StoreError) -> R {
        guard hasPointerRepresentation else { throw .misuse("a statement of one character") }
        return try body(UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self))
    }
}
