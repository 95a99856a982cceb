// Database.swift: a store that is open, in which all that lasts is read and changed.

import Synchronization

/// An open store.
///
/// All SQL is written once for every kind of database, in this dialect: parameters `$1`, `$2`, …; the types `TEXT`,
/// `BIGINT` and `BYTEA`; `ON CONFLICT`, `RETURNING`, partial and expression indexes, recursive common table
/// expressions; strings in single quotes only; `LIKE` tells cases apart. No serial or JSON columns, no `FOR UPDATE`,
/// no `now()`, no NUL in text. Several processes may have the same store open.
public final class Database: Sendable {
    private let driver: any Driver
    private let schema: Schema
    private let writer: Writer
    private let readers: Readers

    private init(
        driver: any Driver,
        schema: Schema,
        examine: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        self.driver = driver
        self.schema = schema
        writer = try await Writer(driver: driver, schema: schema, examine: examine)
        readers = Readers(driver: driver, limit: driver.readerLimit)
    }

    deinit {
        // In this order, as in `close`: the last connection of all tidies up, two that end at once may both leave it.
        let (readers, writer) = (readers, writer)
        Task {
            await readers.close()
            await writer.close()
        }
    }

    /// Opens the store at `location` and brings its schema up to date.
    ///
    /// The file of an SQLite store must be a regular file that only its owner may read (mode 0600), not a symbolic
    /// link, in a directory where strangers cannot exchange it. A crash at any moment leaves every migration done or
    /// not done, and the next opening goes on from there.
    ///
    /// - Parameters:
    ///   - location: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.
    ///   - migrations: All steps of the schema, from the first.
    ///   - create: Whether a missing store is made, with mode 0600, its missing directories with 0700.
    /// - Returns: The store, ready for work.
    /// - Throws: `StoreError.missing`, `.cannotOpen`, `.notAStore`, `.newerSchema`, `.busy` after ten seconds, or what
    ///   the disk said.
    public static func open(
        _ location: String,
        migrations: [Migration],
        create: Bool
    ) async throws(StoreError) -> Database {
        try await open(driver(for: location, create: create), migrations: migrations)
    }

    /// Opens the store at `location`, but first lets `examine` read it as it is and refuse it.
    ///
    /// `examine` runs before anything is written, on whatever schema the store has: if it throws, not a byte of the
    /// store was changed. It does not run on a store that is only being made, and may run again if another process is
    /// in the way.
    ///
    /// - Returns: The store, and what `examine` returned, `nil` if it did not run.
    /// - Throws: What `open` without it throws, and what `examine` throws.
    public static func open<R: Sendable>(
        _ location: String,
        migrations: [Migration],
        create: Bool,
        examine: @escaping @Sendable (consuming Transaction) throws -> R
    ) async throws -> (Database, R?) {
        let driver = try driver(for: location, create: create)
        let found = Found<R>()
        let database = try await Database(driver: driver, schema: Schema(migrations)) { connection in
            let value = try attempt(examine, on: connection, settling: false).get()
            found.value.withLock { $0 = value }
        }
        return (database, found.value.withLock { $0 })
    }

    /// The driver for a place.
    static func driver(for location: String, create: Bool) throws(StoreError) -> any Driver {
        let location = try StoreLocation(location)
        if location.isPostgreSQL { return try PostgreSQLDriver(location, create: create) }
        return try SQLiteDriver(location: location.text, create: create)
    }

    /// Opens a store through a driver of the caller's.
    static func open(_ driver: any Driver, migrations: [Migration]) async throws(StoreError) -> Database {
        let schema = try Schema(migrations)
        do {
            return try await Database(driver: driver, schema: schema) { _ in }
        } catch let error as StoreError {
            throw error
        } catch {
            throw .misuse("an unforeseen error while opening")
        }
    }

    /// Reads a store that is not open, whatever its schema, and changes nothing: for a look before it is opened.
    ///
    /// - Throws: `StoreError.missing` and the like, or what `body` throws.
    public static func peek<R: Sendable>(
        at location: String,
        _ body: @escaping @Sendable (consuming Transaction) throws -> R
    ) async throws -> R {
        let driver = try driver(for: location, create: false)
        let outcome: Result<R, any Error> = try await StoreThread.run { () throws(StoreError) in
            Result {
                var seen: Result<R, any Error> = .failure(StoreError.missing(location))
                try driver.look { seen = attempt(body, on: $0, settling: false) }
                return try seen.get()
            }
        }
        return try outcome.get()
    }

    /// Changes the store: runs `body` in a transaction, and returns what it returned once that is durable.
    ///
    /// Changes that wait together share one commit; if `body` throws, what it did is undone, nobody else's work is,
    /// and its error is thrown here. If the commit fails nothing happened and that error is thrown. Once asked for, a
    /// change is carried out whether or not the task that waits for it is cancelled meanwhile: an attempt to log in
    /// must count even if its client hangs up.
    ///
    /// `body` runs on the store's thread and must not wait for anything; it may be run again after a conflict, so it
    /// must have no effect but through the transaction.
    @discardableResult
    public func write<R: Sendable>(_ body: @escaping @Sendable (consuming Transaction) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            writer.submit(
                WriteJob(
                    run: { connection in
                        let result = Self.attempt(body, on: connection, settling: true)
                        return WriteJob.Attempt(succeeded: result.isSuccess) { loss in
                            continuation.resume(with: loss.map { .failure($0) } ?? result)
                        }
                    },
                    refuse: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Reads the store: runs `body` in a transaction that sees one state of it, the latest that was committed.
    ///
    /// Readings run beside each other and beside changes. A statement that would change something throws
    /// `StoreError.misuse`.
    public func read<R: Sendable>(_ body: @escaping @Sendable (consuming Transaction) throws -> R) async throws -> R {
        if let seat = readers.seat {
            var result: Result<R, any Error>?
            defer { seat.finish() }
            if let loss = try seat.read({ result = Self.attempt(body, on: $0, settling: false) }) { throw loss }
            guard let result else { throw StoreError.misuse("a reading that did not run") }
            return try result.get()
        }
        return try await withCheckedThrowingContinuation { continuation in
            readers.submit(
                ReadJob(
                    run: { connection in
                        let result = Self.attempt(body, on: connection, settling: false)
                        return { loss in continuation.resume(with: loss.map { .failure($0) } ?? result) }
                    },
                    refuse: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Where tasks run that read often: what they read there they read in place, on threads that may wait for a disk.
    ///
    /// Such a task must not wait for anything else without suspending: the threads are few.
    public var executor: any TaskExecutor { readers }

    /// Looks for damage: reads every page and follows every reference.
    ///
    /// Returns one sentence for each finding, none if the store is sound.
    public func check() async throws(StoreError) -> [String] {
        let driver = driver
        return try await StoreThread.run { () throws(StoreError) in try driver.check() }
    }

    /// Writes a copy of the store as it is at one moment to a new file of mode 0600, while work goes on.
    ///
    /// It is an SQLite file whatever kind of database the store is in.
    /// The file appears under its name only when it is whole and durable; it needs no other file beside it.
    ///
    /// - Throws: `StoreError.cannotOpen` if there is something at `path` already.
    public func backup(to path: String) async throws(StoreError) {
        let (driver, schema) = (driver, schema)
        try await StoreThread.run { () throws(StoreError) in try driver.backUp(to: path, schema) }
    }

    /// Puts a copy that `backup` made in the place of the store at `location`.
    ///
    /// The copy is checked, brought up to date and given to `body`, which may change it (put up what must never go
    /// back); only then does it take the store's place, in one step: a crash leaves the old store or the new one as
    /// `body` left it. A store in a file that is there is written over under SQLite's own lock, never renamed, so that no
    /// process can go on with a file that has lost its name.
    ///
    /// - Throws: `StoreError.busy` if anybody, this process included, has the store open; `.cannotOpen` if the copy or
    ///   the place is unfit; `.newerSchema`; and what `body` throws. The store is then as it was.
    public static func restore(
        from path: String,
        to location: String,
        migrations: [Migration],
        _ body: @escaping @Sendable (consuming Transaction) throws -> Void = { _ in }
    ) async throws {
        let schema = try Schema(migrations)
        try await restore(from: path, with: driver(for: location, create: true), schema, body)
    }

    static func restore(
        from path: String,
        with driver: any Driver,
        _ schema: Schema,
        _ body: @escaping @Sendable (consuming Transaction) throws -> Void
    ) async throws {
        let outcome: Result<Void, any Error> = try await StoreThread.run { () throws(StoreError) in
            Result {
                try driver.restore(from: path, schema) { connection in
                    try attempt(body, on: connection, settling: true).get()
                }
            }
        }
        try outcome.get()
    }

    /// Ends the work with the store: what was asked for is still done, what comes later throws `StoreError.closed`.
    public func close() async {
        await readers.close()
        await writer.close()
    }

    /// How many changes wait for their turn.
    var waitingChanges: Int { writer.waiting }

    /// How many changes were answered, and in how many commits.
    var statistics: Writer.Statistics { writer.statistics }

    static func attempt<R>(
        _ body: (consuming Transaction) throws -> R,
        on connection: any Connection,
        settling: Bool
    ) -> Result<R, any Error> {
        let lease = Lease(connection)
        defer { lease.revoke() }
        do {
            let transaction = Transaction(lease)
            let value = try body(transaction)
            if settling { try connection.settleConstraints() }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }
}

/// What an examination found, on its way from the store's thread.
private final class Found<R: Sendable>: Sendable {
    let value = Mutex<R?>(nil)
}

extension Result {
    fileprivate var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
