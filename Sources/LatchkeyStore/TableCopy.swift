// TableCopy.swift: the rows of a store taken over into another, of whatever kind, and compared afterwards.

/// How many rows of a table were copied.
public struct CopiedTable: Codable, Sendable, Equatable {
    /// The table.
    public let name: String
    /// Its rows.
    public let rows: Int
}

/// A copy of all tables from one transaction into another.
struct TableCopy {
    private let source: any Connection
    private let target: any Connection
    /// In an order in which every row comes after those that it refers to.
    private let tables: [String]

    /// Fails if either store has other tables than the schema makes.
    init(from source: any Connection, to target: any Connection, _ schema: Schema) throws(StoreError) {
        (self.source, self.target) = (source, target)
        tables = schema.tables
        for connection in [source, target] {
            guard try Set(connection.tableNames()) == Set(tables) else {
                throw .cannotOpen("the two stores do not have the same tables: bring both up to date")
            }
        }
    }

    /// Fails if there is a row in the target.
    func requireEmptyTarget(_ name: String) throws(StoreError) {
        for table in tables {
            let rows = try target.scan("SELECT 1 FROM \(table) LIMIT 1")
            defer { rows.finish() }
            if try rows.next() { throw .cannotOpen("`\(name)` holds a store already: name an empty place") }
        }
    }

    /// Removes all rows of the target.
    func emptyTarget() throws(StoreError) {
        for table in tables.reversed() {
            let statement = try target.statement(text: "DELETE FROM \(table)")
            defer { statement.finish() }
            try statement.start([])
            while try statement.next() {}
        }
    }

    /// Copies every row, reads both sides again and compares them value by value.
    func run() throws(StoreError) -> [CopiedTable] {
        var copied: [CopiedTable] = []
        for table in tables {
            let columns = try columnNames(of: table)
            let rows = try copy(table, columns)
            try compare(table, columns)
            copied.append(CopiedTable(name: table, rows: rows))
        }
        return copied
    }

    private func columnNames(of table: String) throws(StoreError) -> [String] {
        func names(_ connection: any Connection) throws(StoreError) -> [String] {
            let statement = try connection.statement(text: "SELECT * FROM \(table) LIMIT 0")
            defer { statement.finish() }
            return (0..<statement.columnCount).map { statement.name(at: $0) }
        }
        let columns = try names(source)
        guard try Set(names(target)) == Set(columns) else {
            throw .cannotOpen("the table `\(table)` does not have the same columns on both sides")
        }
        return columns.map { "\"\($0)\"" }
    }

    private func copy(_ table: String, _ columns: [String]) throws(StoreError) -> Int {
        let batch = max(1, min(100, 20_000 / columns.count))
        let rows = try source.scan("SELECT \(columns.joined(separator: ", ")) FROM \(table)")
        defer { rows.finish() }
        var values: [SQLValue] = []
        var count = 0
        let whole = try insertion(table, columns, rows: batch)
        while try rows.next() {
            for column in 0..<columns.count { values.append(try rows.value(at: column)) }
            count += 1
            if values.count == batch * columns.count {
                try insert(values, with: whole)
                values = []
            }
        }
        if !values.isEmpty {
            try insert(values, with: insertion(table, columns, rows: values.count / columns.count))
        }
        return count
    }

    private func insertion(_ table: String, _ columns: [String], rows: Int) throws(StoreError) -> any Statement {
        let tuples = (0..<rows)
            .map { row in
                let places = (1...columns.count).map { "$\(row * columns.count + $0)" }
                return "(" + places.joined(separator: ", ") + ")"
            }
        return try target.statement(
            text: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(tuples.joined(separator: ", "))"
        )
    }

    private func insert(_ values: [SQLValue], with statement: any Statement) throws(StoreError) {
        defer { statement.finish() }
        try statement.start(values)
        while try statement.next() {}
    }

    /// Reads both tables in the same order and compares every value.
    private func compare(_ table: String, _ columns: [String]) throws(StoreError) {
        let order = columns.map { "\($0) NULLS FIRST" }.joined(separator: ", ")
        let sql = "SELECT \(columns.joined(separator: ", ")) FROM \(table) ORDER BY \(order)"
        let (left, right) = (try source.scan(sql), try target.scan(sql))
        defer {
            left.finish()
            right.finish()
        }
        while true {
            let (more, alsoMore) = (try left.next(), try right.next())
            guard more == alsoMore else { throw Self.difference(table) }
            if !more { return }
            for column in 0..<columns.count {
                // By bytes: Swift's own comparison takes two spellings of a letter for one.
                guard try left.value(at: column).isIdentical(to: right.value(at: column)) else {
                    throw Self.difference(table)
                }
            }
        }
    }

    private static func difference(_ table: String) -> StoreError {
        .io("the copy of the table `\(table)` is not what was copied")
    }
}

extension SQLValue {
    /// Whether two values are the same to the last byte.
    func isIdentical(to other: SQLValue) -> Bool {
        switch (self, other) {
        case (.text(let text), .text(let other)): text.utf8.elementsEqual(other.utf8)
        default: self == other
        }
    }
}

extension Schema {
    /// The tables that the steps make, in that order: a table's rows refer to tables that were made before it.
    var tables: [String] {
        var names: [String] = []
        for sql in migrations.flatMap(\.sql) {
            let words = sql.description.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") })
            for index in words.indices.dropLast(2) where words[index + 1] == "TABLE" {
                let isConditional = words[index + 2] == "IF"
                let place = index + 2 + (isConditional ? (words[index] == "CREATE" ? 3 : 2) : 0)
                guard place < words.count else { continue }
                switch words[index] {
                case "CREATE": if !names.contains(String(words[place])) { names.append(String(words[place])) }
                case "DROP": names.removeAll { $0 == words[place] }
                default: break
                }
            }
        }
        return names
    }
}

extension Database {
    /// Copies a whole store to a place where there is none, which may be a database of another kind.
    ///
    /// Both are brought up to date. Nobody can change the source while it is copied; the target is there as a whole or not
    /// at all. Everything is read back and compared before `body`, which may look at the copy and refuse it, and before
    /// the commit.
    ///
    /// - Returns: The tables and how many rows each has.
    /// - Throws: `StoreError.missing` without a source, `.cannotOpen` if the target holds anything; what `body` throws.
    public static func copy(
        from origin: String,
        to destination: String,
        migrations: [Migration],
        _ body: @escaping @Sendable (consuming Transaction) throws -> Void
    ) async throws -> [CopiedTable] {
        let schema = try Schema(migrations)
        let (from, to) = (try driver(for: origin, create: false), try driver(for: destination, create: true))
        let name = try StoreLocation(destination).name
        let outcome: Result<[CopiedTable], any Error> = try await StoreThread.run { () throws(StoreError) in
            Result {
                let source = try from.open(schema) { _ in }
                defer { source.close() }
                let target = try to.open(schema) { _ in }
                defer { target.close() }
                try source.begin(.write)
                defer { source.rollBack() }
                try target.begin(.write)
                do {
                    try source.allowLongWork()
                    try target.allowLongWork()
                    let copy = try TableCopy(from: source, to: target, schema)
                    try copy.requireEmptyTarget(name)
                    let tables = try copy.run()
                    try attempt(body, on: target, settling: true).get()
                    try source.requireTransaction()
                    try target.commit()
                    return tables
                } catch {
                    target.rollBack()
                    throw error
                }
            }
        }
        return try outcome.get()
    }
}
