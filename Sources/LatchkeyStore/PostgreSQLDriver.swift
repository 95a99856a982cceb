// PostgreSQLDriver.swift: how a store in a PostgreSQL database is opened and checked.

/// A store in a PostgreSQL database.
struct PostgreSQLDriver: Driver {
    let location: PostgreSQLLocation
    let create: Bool
    let patience: Int
    let idleSeconds = 60
    let readerLimit = 4

    init(_ location: StoreLocation, create: Bool, patience: Int = 10_000) throws(StoreError) {
        self.location = try PostgreSQLLocation(location)
        self.create = create
        self.patience = patience
    }

    func open(_ schema: Schema, examine: (any Connection) throws -> Void) throws -> any Connection {
        let connection = try PostgreSQLConnection(location, .write)
        do {
            // Look before anything changes: a stranger's schema or a newer store stays as it was.
            let isCurrent = try look(through: connection) { isEmpty in
                guard !isEmpty else {
                    guard create else { throw StoreError.missing(location.name) }
                    return false
                }
                let pending = try schema.pending(after: Schema.applied(on: connection))
                try examine(connection)
                return pending.isEmpty
            }
            if !isCurrent { try bringUpToDate(connection, schema) }
            try connection.forgetOldWriters()
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    private func bringUpToDate(_ connection: PostgreSQLConnection, _ schema: Schema) throws(StoreError) {
        connection.isMigrating = true
        defer { connection.isMigrating = false }
        try schema.apply(on: connection) { () throws(StoreError) in
            if try connection.rows(text: "SELECT to_regnamespace('latchkey') IS NULL").value(0, 0) == .integer(1) {
                try connection.run(text: "CREATE SCHEMA latchkey")
            }
            try connection.run(
                text: "CREATE TABLE commits (writer TEXT PRIMARY KEY, number BIGINT NOT NULL, time BIGINT NOT NULL)"
            )
        }
    }

    func look(_ body: (any Connection) throws -> Void) throws {
        let connection = try PostgreSQLConnection(location, .read)
        defer { connection.close() }
        try look(through: connection) { isEmpty in
            guard !isEmpty else { throw StoreError.missing(location.name) }
            try body(connection)
        }
    }

    /// Runs `body` in a reading of one state; it is told whether there is nothing of latchkey's yet.
    private func look<R>(
        through connection: PostgreSQLConnection,
        _ body: (_ isEmpty: Bool) throws -> R
    ) throws -> R {
        try connection.begin(.read)
        defer { connection.rollBack() }
        let hasMigrations = try connection.hasTable("migrations")
        if !hasMigrations, try count(connection, "pg_class WHERE relnamespace = to_regnamespace('latchkey')") != 0 {
            throw StoreError.notAStore(location.name)
        }
        let result = try body(!hasMigrations)
        try connection.requireTransaction()
        return result
    }

    private func count(_ connection: PostgreSQLConnection, _ what: String) throws(StoreError) -> Int {
        try Int(sqlValue: connection.rows(text: "SELECT count(*) FROM pg_catalog.\(what)").value(0, 0))
    }

    func connect(_ access: Access) throws(StoreError) -> any Connection { try PostgreSQLConnection(location, access) }

    func check() throws(StoreError) -> [String] {
        let connection = try PostgreSQLConnection(location, .read)
        defer { connection.close() }
        return try PostgreSQLExamination(connection).findings()
    }

    func tidy(_ connection: any Connection, _ moment: Leisure) -> Bool { false }
}
