// PostgreSQLCursor.swift: the rows of a long query, some at a time.

/// A query whose rows are fetched as they are asked for; it lives inside one transaction.
final class PostgreSQLCursor: Statement {
    private let connection: PostgreSQLConnection
    private let name: String
    private var page: PostgreSQLResult
    private var row = -1
    let columnCount: Int
    let changedRows = 0

    private static let rowsAPage = 500

    init(_ sql: String, _ number: Int, on connection: PostgreSQLConnection) throws(StoreError) {
        self.connection = connection
        name = "c\(number)"
        try connection.run(text: "DECLARE \(name) NO SCROLL CURSOR FOR \(sql)")
        page = try connection.rows(text: "FETCH \(Self.rowsAPage) FROM \(name)")
        columnCount = page.columnCount
    }

    func start(_ values: [any SQLBindable]) throws(StoreError) { throw .misuse("a cursor takes no values") }

    func next() throws(StoreError) -> Bool {
        row += 1
        if row < page.rowCount { return true }
        guard page.rowCount == Self.rowsAPage else { return false }
        page = try connection.rows(text: "FETCH \(Self.rowsAPage) FROM \(name)")
        row = 0
        return page.rowCount > 0
    }

    func value(at column: Int) throws(StoreError) -> SQLValue {
        guard row >= 0, row < page.rowCount, column < columnCount else { throw .misuse("no such row") }
        return try page.value(row, column)
    }

    func name(at column: Int) -> String { page.columnName(column) ?? "\(column + 1)" }

    func finish() { _ = try? connection.run(text: "CLOSE \(name)") }
}
