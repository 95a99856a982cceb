// Migration.swift: the steps by which a store's schema came to be, and how they are applied.

import Glibc

/// One step of a schema.
///
/// The list of steps only ever grows at its end; a published step is never edited.
public struct Migration: Sendable {
    /// The step's number: positive and larger than the number before.
    public let number: Int
    /// What the step does: texts of one or more statements each, in the dialect of `Database`.
    public let sql: [StaticString]

    /// Describes a step.
    public init(number: Int, sql: StaticString...) {
        self.number = number
        self.sql = sql
    }
}

/// The whole list of steps that this program knows.
struct Schema: Sendable {
    let migrations: [Migration]

    init(_ migrations: [Migration]) throws(StoreError) {
        var last = 0
        for migration in migrations {
            guard migration.number > last else { throw .misuse("migrations are not numbered upwards") }
            last = migration.number
        }
        self.migrations = migrations
    }

    /// Returns the steps that are still to be done when `applied` are done.
    ///
    /// - Throws: `StoreError.newerSchema` if a step is done that this program does not know.
    func pending(after applied: [Int]) throws(StoreError) -> ArraySlice<Migration> {
        guard applied.count <= migrations.count, zip(applied, migrations).allSatisfy({ $0 == $1.number }) else {
            guard (applied.last ?? 0) <= (migrations.last?.number ?? 0) else { throw .newerSchema }
            throw .cannotOpen("the store has another history than this latchkey knows: use the one that made it")
        }
        return migrations.dropFirst(applied.count)
    }

    /// Brings the store up to date, each step in a transaction of its own: a crash leaves a step done or not done.
    ///
    /// What is done is read again inside every transaction, so that processes which open a store at once take turns.
    /// `first` runs in the transaction that makes the table of steps.
    func apply(on connection: any Connection, first: () throws(StoreError) -> Void) throws(StoreError) {
        var complete = false
        while !complete {
            try connection.begin(.write)
            do throws(StoreError) {
                if try !Self.exists(on: connection) {
                    try first()
                    try connection.run(
                        script: "CREATE TABLE migrations (number BIGINT PRIMARY KEY, applied BIGINT NOT NULL)"
                    )
                }
                let pending = try pending(after: Self.applied(on: connection))
                if let next = pending.first {
                    for sql in next.sql { try connection.run(script: sql) }
                    let statement = try connection.statement("INSERT INTO migrations (number, applied) VALUES ($1, $2)")
                    defer { statement.finish() }
                    try statement.start([next.number, Int(time(nil))])
                    while try statement.next() {}
                    try connection.settleConstraints()
                }
                complete = pending.count <= 1
                try connection.requireTransaction()
            } catch {
                connection.rollBack()
                throw error
            }
            try connection.commit()
        }
    }

    private static func exists(on connection: any Connection) throws(StoreError) -> Bool {
        try connection.hasTable("migrations")
    }

    /// The numbers of the steps done, in order.
    static func applied(on connection: any Connection) throws(StoreError) -> [Int] {
        let statement = try connection.statement("SELECT number FROM migrations ORDER BY number")
        defer { statement.finish() }
        try statement.start([])
        var numbers: [Int] = []
        while try statement.next() { numbers.append(try Int(sqlValue: statement.value(at: 0))) }
        return numbers
    }
}
