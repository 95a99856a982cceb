// PostgreSQLCopy.swift: backups of a store in PostgreSQL, which are SQLite files like any other, and stores put back from them.

extension PostgreSQLDriver {
    func backUp(to path: String, _ schema: Schema) throws(StoreError) {
        let connection = try PostgreSQLConnection(location, .read)
        defer { connection.close() }
        try connection.begin(.read)
        defer { connection.rollBack() }
        try connection.allowLongWork()
        try SQLiteDriver.make(path, schema) { (file: SQLiteConnection) throws(StoreError) in
            try file.begin(.write)
            do throws(StoreError) {
                _ = try TableCopy(from: connection, to: file, schema).run()
                try connection.requireTransaction()
                try file.commit()
            } catch {
                file.rollBack()
                throw error
            }
        }
    }

    func restore(from path: String, _ schema: Schema, _ body: (any Connection) throws -> Void) throws {
        try SQLiteDriver.withBackup(path, schema) { source in
            let target = try open(schema) { _ in }
            defer { target.close() }
            try target.begin(.write)
            do {
                guard let connection = target as? PostgreSQLConnection, try connection.isAlone() else {
                    throw StoreError.busy
                }
                try target.allowLongWork()
                try source.begin(.read)
                defer { source.rollBack() }
                let copy = try TableCopy(from: source, to: target, schema)
                try copy.emptyTarget()
                _ = try copy.run()
                try body(target)
                try target.requireTransaction()
                try target.commit()
            } catch {
                target.rollBack()
                throw error
            }
        }
    }
}

extension PostgreSQLConnection {
    /// Whether no other latchkey is connected to the database.
    func isAlone() throws(StoreError) -> Bool {
        let others = try rows(
            text: """
                SELECT count(*) FROM pg_catalog.pg_stat_activity
                WHERE datname = current_database() AND application_name = 'latchkey' AND pid <> pg_backend_pid()
                """
        )
        return try others.value(0, 0) == .integer(0)
    }

    func tableNames() throws(StoreError) -> [String] {
        let found = try rows(
            text: """
                SELECT relname FROM pg_catalog.pg_class WHERE relkind = 'r' AND relnamespace = 'latchkey'::regnamespace
                    AND relname NOT IN ('migrations', 'commits')
                """
        )
        var names: [String] = []
        for row in 0..<found.rowCount { names.append(try String(sqlValue: found.value(row, 0))) }
        return names
    }
}
