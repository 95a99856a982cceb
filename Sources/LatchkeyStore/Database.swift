// Database.swift: a store that is open, in which all that lasts is read and changed.

/// An open store.
///
/// All SQL is written once for every kind of database, in this dialect: parameters `$1`, `$2`, …; the types `TEXT`,
/// `BIGINT` and `BYTEA`; `ON CONFLICT`, `RETURNING`, partial and expression indexes, recursive common table
/// expressions; strings in single quotes only; `LIKE` tells cases apart. No serial or JSON columns, no `FOR UPDATE`,
/// no `now()`, no NUL in text. Several processes may have the same store open.
public final class Database: Sendable {
    private let driver: any Driver
    private let writer: Writer
    private let readers: Readers

    private init(driver: any Driver, schema: Schema) async throws(StoreError) {
        self.driver = driver
        writer = try await Writer(driver: driver, schema: schema)
        readers = Readers(driver: driver)
    }

    /// Opens the store at `location` and brings its schema up to date.
    ///
    /// The file of an SQLite store must be a regular file that only its owner may read (mode 0600), not a symbolic
    /// link, in a directory where strangers cannot exchange it. A crash at any moment leaves every migration done or
    /// not done, and the next opening goes on from there.
    ///
    /// - Parameters:
    ///   - location: `sqlite:PATH`.
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
        let driver = try SQLiteDriver(location: location, create: create)
        return try await Database(driver: driver, schema: Schema(migrations))
    }

    /// Reads a store that is not open, whatever its schema, and changes nothing: for a look before it is opened.
    ///
    /// - Throws: `StoreError.missing` and the like, or what `body` throws.
    public static func peek<R: Sendable>(
        at location: String,
        _ body: @escaping @Sendable (consuming Transaction) throws -> R
    ) async throws -> R {
        let driver = try SQLiteDriver(location: location, create: false)
        let readers = Readers(driver: driver, limit: 1)
        do {
            let result = try await read(from: readers, body)
            await readers.close()
            return result
        } catch {
            await readers.close()
            throw error
        }
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
    public func write<R: Sendable>(_ body: @escaping @Sendable (consuming Transaction) throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            writer.submit(
                WriteJob(
                    run: { connection in
                        let result = Self.attempt(body, on: connection, settling: true)
                        return WriteJob.Attempt(succeeded: (try? result.get()) != nil) { loss in
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
        try await Self.read(from: readers, body)
    }

    private static func read<R: Sendable>(
        from readers: Readers,
        _ body: @escaping @Sendable (consuming Transaction) throws -> R
    ) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            readers.submit(
                ReadJob(
                    run: { connection in
                        continuation.resume(with: attempt(body, on: connection, settling: false))
                    },
                    refuse: { continuation.resume(throwing: $0) }
                )
            )
        }
    }

    /// Looks for damage: reads every page and follows every reference.
    ///
    /// Returns one sentence for each finding, none if the store is sound.
    public func check() async throws(StoreError) -> [String] {
        let driver = driver
        return try await StoreThread.run { () throws(StoreError) in try driver.check() }
    }

    /// Writes a copy of the store as it is at one moment to a new file of mode 0600, while work goes on.
    ///
    /// The file appears under its name only when it is whole and durable; it needs no other file beside it.
    ///
    /// - Throws: `StoreError.cannotOpen` if there is something at `path` already.
    public func backup(to path: String) async throws(StoreError) {
        let driver = driver
        try await StoreThread.run { () throws(StoreError) in try driver.backUp(to: path) }
    }

    /// Ends the work with the store: what was asked for is still done, what comes later throws `StoreError.closed`.
    public func close() async {
        await readers.close()
        await writer.close()
    }

    /// How many changes were answered, and in how many commits.
    var statistics: Writer.Statistics { writer.statistics }

    private static func attempt<R>(
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
