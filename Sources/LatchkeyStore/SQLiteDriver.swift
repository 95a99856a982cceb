// SQLiteDriver.swift: how a store in one SQLite file is opened, checked and kept tidy.

internal import CLatchkeySQLite
import Glibc

/// A store in one SQLite file.
struct SQLiteDriver: Driver {
    let file: SQLiteFile
    let create: Bool
    /// How long another process may keep the store, in milliseconds.
    let patience: Int
    let idleSeconds: Int
    let readerLimit = 4

    /// Marks the file as Latchkey's in its header ("LKEY").
    static let mark: Int64 = 0x4C4B_4559

    init(location: String, create: Bool, patience: Int = 10_000, idleSeconds: Int = 5) throws(StoreError) {
        file = try SQLiteFile(location: location)
        self.create = create
        self.patience = patience
        self.idleSeconds = idleSeconds
    }

    func open(_ schema: Schema, examine: (any Connection) throws -> Void) throws -> any Connection {
        if create { try file.create() }
        let start = Moment.now
        while true {
            do {
                return try attemptToOpen(schema, examine)
            } catch StoreError.busy where Moment.now.milliseconds(since: start) < patience {
                // Some of SQLite's locks are not waited for: two that turn a new file to a log at once, for one.
                usleep(.random(in: 1_000...5_000))
            }
        }
    }

    private func attemptToOpen(_ schema: Schema, _ examine: (any Connection) throws -> Void) throws -> any Connection {
        try file.inspect()
        let connection = try SQLiteConnection(file, .write, waiting: patience)
        do {
            // Look before anything changes: a stranger's file or a newer store stays as it was.
            let isCurrent = try Self.look(through: connection) { isEmpty in
                guard !isEmpty else {
                    guard create else { throw StoreError.missing(file.path) }
                    return false
                }
                let pending = try schema.pending(after: Schema.applied(on: connection))
                try examine(connection)
                return pending.isEmpty
            }
            try connection.turnToLog()
            if !isCurrent { try Self.bringUpToDate(connection, schema) }
            return connection
        } catch {
            connection.leave()
            throw error
        }
    }

    func look(_ body: (any Connection) throws -> Void) throws {
        try file.inspect()
        let connection = try SQLiteConnection(file, .read, waiting: patience)
        defer { connection.leave() }
        try Self.look(through: connection) { isEmpty in
            guard !isEmpty else { throw StoreError.missing(file.path) }
            try body(connection)
        }
    }

    /// Runs `body` in a reading of one state of a file that is Latchkey's; it is told whether the file is empty yet.
    private static func look<R>(through connection: SQLiteConnection, _ body: (_ isEmpty: Bool) throws -> R) throws -> R
    {
        try connection.begin(.read)
        defer { connection.rollBack() }
        let result = try body(requireMark(connection))
        try connection.requireTransaction()
        return result
    }

    func connect(_ access: Access) throws(StoreError) -> any Connection {
        try file.inspect()
        return try SQLiteConnection(file, access == .read ? .read : .write, waiting: patience)
    }

    /// Returns whether the file holds nothing yet; throws if it holds what is not Latchkey's.
    ///
    /// Belongs inside a transaction: between its two questions another process may make the store.
    static func requireMark(_ connection: SQLiteConnection) throws(StoreError) -> Bool {
        let found: Int64 = try connection.value("PRAGMA application_id")
        if found == mark { return false }
        guard found == 0, try connection.value("SELECT count(*) FROM sqlite_schema") == 0 else {
            throw .notAStore(connection.path)
        }
        return true
    }

    static func bringUpToDate(_ connection: SQLiteConnection, _ schema: Schema) throws(StoreError) {
        try schema.apply(on: connection) { () throws(StoreError) in
            // The mark, in the same transaction as the first table.
            try connection.run(script: "PRAGMA application_id = 0x4C4B4559")
        }
    }

    func check() throws(StoreError) -> [String] {
        try file.inspect()
        let connection = try SQLiteConnection(file, .read, waiting: patience)
        defer { connection.close() }
        return try Self.findings(connection)
    }

    /// What SQLite's checks of pages, and if those are sound of references, say; nothing if all is well.
    private static func findings(_ connection: SQLiteConnection) throws(StoreError) -> [String] {
        let damage = try damage(connection)
        guard damage.isEmpty else { return damage }
        var findings: [String] = []
        let references = try connection.prepared("PRAGMA foreign_key_check")
        defer { references.finish() }
        try references.start([])
        while findings.count < 100, try references.next() {
            let (table, parent) = (references.lines(at: 0).joined(), references.lines(at: 2).joined())
            findings.append("a row of `\(table)` refers to a row of `\(parent)` that is not there")
        }
        return findings
    }

    /// What SQLite's check of pages and indexes says, nothing if all is well.
    static func damage(_ connection: SQLiteConnection) throws(StoreError) -> [String] {
        do throws(StoreError) {
            var findings: [String] = []
            let integrity = try connection.prepared("PRAGMA integrity_check(100)")
            defer { integrity.finish() }
            try integrity.start([])
            while try integrity.next() {
                // One row may hold several lines, below a headline with the file's name in SQLite.
                findings += integrity.lines(at: 0).filter { $0 != "ok" && !$0.hasPrefix("***") }
            }
            return findings
        } catch .corrupt(let reason) {
            return [reason]
        } catch .notAStore {
            return ["the file's head is damaged"]
        }
    }

    func tidy(_ connection: any Connection, _ moment: Leisure) -> Bool {
        guard let connection = connection as? SQLiteConnection, connection.hasLog else { return false }
        switch moment {
        case .betweenBatches:
            connection.trimLog()
            return true
        case .idle:
            return !connection.emptyLog()
        }
    }
}
