// SQLiteCopy.swift: copies of a store: made while it is in use, and put in its place.

internal import CLatchkeySQLite
import Glibc

extension SQLiteDriver {
    func backUp(to path: String, _: Schema) throws(StoreError) {
        let target = try SQLiteFile(relative: path)
        try target.requireNothingThere()
        try file.inspect()
        let source = try SQLiteConnection(file, .read, waiting: patience)
        defer { source.close() }
        let copy = try TemporaryCopy(beside: target)
        try copy.fill(from: source)
        try copy.verify()
        try copy.become(target)
    }

    /// Makes a new store in a file: `fill` is given it with the tables of `schema`.
    static func make(
        _ path: String,
        _ schema: Schema,
        _ fill: (SQLiteConnection) throws(StoreError) -> Void
    ) throws(StoreError) {
        let target = try SQLiteFile(relative: path)
        try target.requireNothingThere()
        let copy = try TemporaryCopy(beside: target)
        try copy.write { (connection) throws(StoreError) in
            try bringUpToDate(connection, schema)
            try fill(connection)
        }
        try copy.verify()
        try copy.become(target)
    }

    /// Calls `body` with a copy of a backup that was checked and brought up to date.
    static func withBackup(_ path: String, _ schema: Schema, _ body: (SQLiteConnection) throws -> Void) throws {
        let backup = try SQLiteFile(relative: path)
        guard try backup.exists() else { throw noBackup(at: path) }
        let copy = try TemporaryCopy(beside: backup)
        do {
            let source = try SQLiteConnection(backup, .archive, waiting: 1_000)
            defer { source.close() }
            try copy.fill(from: source)
        }
        let connection = try copy.connect()
        defer { connection.close() }
        try requireSound(connection, path)
        try bringUpToDate(connection, schema)
        try body(connection)
    }

    private static func noBackup(at path: String) -> StoreError {
        .cannotOpen("there is no backup at `\(path)`: name another file")
    }

    /// Refuses a backup that is no store or is damaged.
    private static func requireSound(_ connection: SQLiteConnection, _ path: String) throws(StoreError) {
        guard try !requireMark(connection) else { throw StoreError.notAStore(path) }
        if let finding = try damage(connection).first {
            throw StoreError.cannotOpen("the backup `\(path)` is damaged (\(finding)): use another")
        }
    }

    func restore(from path: String, _ schema: Schema, _ body: (any Connection) throws -> Void) throws {
        let backup = try SQLiteFile(relative: path)
        guard try backup.exists() else { throw Self.noBackup(at: path) }
        try file.makeDirectory()
        let isReplacing = try file.exists()
        if isReplacing { try file.inspect() } else { try file.requireNothingThere() }
        let source = try SQLiteConnection(backup, .archive, waiting: patience)
        defer { source.close() }
        let copy = try TemporaryCopy(beside: file)
        try copy.fill(from: source)
        try prepare(copy, of: path, schema, body)
        if isReplacing { try overwrite(with: copy) } else { try copy.become(file) }
    }

    /// Makes a copy of a backup what the store is to become.
    private func prepare(
        _ copy: borrowing TemporaryCopy,
        of backup: String,
        _ schema: Schema,
        _ body: (any Connection) throws -> Void
    ) throws {
        let connection = try copy.connect()
        defer { connection.close() }
        try Self.requireSound(connection, backup)
        try Self.bringUpToDate(connection, schema)
        try connection.begin(.write)
        do {
            try body(connection)
            try connection.requireTransaction()
        } catch {
            connection.rollBack()
            throw error
        }
        try connection.commit()
        try connection.turnToSingleFile()
    }

    /// Writes the pages of a copy over those of the store, in one transaction, while nobody else has it open.
    ///
    /// Renaming the copy would be wrong: a process that waits for the lock would go on with a file without a name, and
    /// its log would be taken for the new file's.
    private func overwrite(with copy: borrowing TemporaryCopy) throws(StoreError) {
        let source = try SQLiteConnection(copy.file, .archive, waiting: patience)
        defer { source.close() }
        let target = try SQLiteConnection(file, .write, waiting: min(patience, 1_000))
        defer { target.close() }
        do throws(StoreError) {
            try target.run(script: "PRAGMA locking_mode = EXCLUSIVE")
            // The lock stays when the transaction ends.
            try target.command("BEGIN EXCLUSIVE")
            try target.command("COMMIT")
        } catch {
            switch error {
            case .corrupt, .notAStore:
                throw .cannotOpen(
                    "`\(file.path)` is no store or too damaged to be written over: stop every latchkey, move it away "
                        + "together with `-wal` and `-shm` beside it, and restore again"
                )
            default: throw error
            }
        }
        _ = try Self.requireMark(target)
        try source.copyPages(to: target)
    }
}

/// A whole copy of a store under a name of its own, gone when it is let go of.
private struct TemporaryCopy: ~Copyable {
    let file: SQLiteFile

    /// Makes an empty file in the directory of `target`.
    init(beside target: SQLiteFile) throws(StoreError) { file = try target.makeTemporary() }

    /// Copies what `source` sees.
    func fill(from source: SQLiteConnection) throws(StoreError) {
        try write { (connection) throws(StoreError) in try source.copyPages(to: connection) }
    }

    /// Lets `body` write the copy.
    func write(_ body: (SQLiteConnection) throws(StoreError) -> Void) throws(StoreError) {
        let connection = try connect()
        defer { connection.close() }
        try body(connection)
        try connection.turnToSingleFile()
    }

    deinit { file.remove() }

    /// Opens the copy; it must be one file again, and closed, before it is used otherwise.
    func connect() throws(StoreError) -> SQLiteConnection { try SQLiteConnection(file, .write, waiting: 0) }

    /// Looks whether the copied pages make sense.
    func verify() throws(StoreError) {
        let connection = try connect()
        defer { connection.close() }
        if let finding = try SQLiteDriver.damage(connection).first { throw .corrupt(finding) }
    }

    /// Takes the name of a file that is not there, once everything is durable.
    func become(_ target: SQLiteFile) throws(StoreError) {
        try file.synchronize()
        try target.requireNothingThere()
        try file.takeName(of: target)
    }
}

extension SQLiteConnection {
    /// Copies every page as it is at one moment.
    func copyPages(to target: SQLiteConnection) throws(StoreError) {
        guard let backup = sqlite3_backup_init(target.handle, "main", handle, "main") else {
            throw target.failure(sqlite3_extended_errcode(target.handle))
        }
        // In one step: between steps others may write, and every time the copy would begin anew.
        let step = sqlite3_backup_step(backup, -1)
        let end = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, end == SQLITE_OK else {
            throw Self.error(step == SQLITE_DONE || step == SQLITE_OK ? end : step, target.handle, path)
        }
    }
}
