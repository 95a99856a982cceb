// SQLiteDriver.swift: how a store in one SQLite file is opened, checked and copied.

internal import CLatchkeySQLite

/// A store in one SQLite file.
struct SQLiteDriver: Driver {
    let file: SQLiteFile
    let create: Bool

    /// Marks the file as Latchkey's in its header ("LKEY").
    static let applicationID: Int64 = 0x4C4B_4559

    init(location: String, create: Bool) throws(StoreError) {
        file = try SQLiteFile(location: location)
        self.create = create
    }

    func open(_ schema: Schema) throws(StoreError) -> any Connection {
        if create { try file.create() }
        try file.inspect()
        let connection = try SQLiteConnection(path: file.path, access: .write)
        do throws(StoreError) {
            try prepare(connection, schema)
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    /// Looks before it changes anything: a stranger's file or a newer store stays as it was.
    private func prepare(_ connection: SQLiteConnection, _ schema: Schema) throws(StoreError) {
        let mark = try connection.integer("PRAGMA application_id")
        let isEmpty = try connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        guard mark == Self.applicationID || (mark == 0 && isEmpty) else { throw .notAStore(file.path) }
        guard create || !isEmpty else { throw .missing(file.path) }
        let applied = try isEmpty ? [] : Schema.applied(on: connection)
        let pending = try schema.pending(after: applied)
        try connection.turnToWAL()
        guard isEmpty || !pending.isEmpty else { return }
        try schema.apply(on: connection) { () throws(StoreError) in
            // 0x4C4B4559, in the same transaction as the first table.
            try connection.run(script: "PRAGMA application_id = 1280001369")
        }
    }

    func connect(_ access: Access) throws(StoreError) -> any Connection {
        try file.inspect()
        return try SQLiteConnection(path: file.path, access: access)
    }

    func check() throws(StoreError) -> [String] {
        let connection = try SQLiteConnection(path: file.path, access: .read)
        defer { connection.close() }
        do throws(StoreError) {
            return try connection.findings()
        } catch .corrupt(let reason) {
            return [reason]
        }
    }

    func backUp(to path: String) throws(StoreError) { throw .misuse("not yet") }

    func tidy(_ connection: any Connection, closing: Bool) {
        guard let connection = connection as? SQLiteConnection else { return }
        connection.checkpoint(closing: closing)
    }
}
