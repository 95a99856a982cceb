// PostgreSQLStatement.swift: one prepared statement of a PostgreSQL connection.

internal import CLatchkeyPQ

/// One prepared statement; the server keeps it until the connection ends.
final class PostgreSQLStatement: Statement {
    private let name: String
    private unowned let connection: PostgreSQLConnection
    private let description: PostgreSQLResult
    private let types: [UInt32]
    private var result: PostgreSQLResult?
    private var row = -1
    let columnCount: Int
    private(set) var changedRows = 0

    init(_ name: String, _ description: PostgreSQLResult, on connection: PostgreSQLConnection) {
        self.name = name
        self.connection = connection
        self.description = description
        let calls = description.calls
        types = (0..<calls.parameter_count(description.handle)).map { calls.parameter_type(description.handle, $0) }
        columnCount = description.columnCount
    }

    func start(_ values: [any SQLBindable]) throws(StoreError) {
        let result = try connection.execute(name, PostgreSQLParameters(values, types: types))
        self.result = result
        row = -1
        // The server counts the rows of a SELECT too, which changed nothing.
        let isChange = !result.command.utf8.starts(with: "SELECT".utf8)
        changedRows = isChange ? result.calls.command_rows(result.handle).flatMap { Int(String(cString: $0)) } ?? 0 : 0
    }

    func next() throws(StoreError) -> Bool {
        guard let result else { throw .misuse("a statement that was not started") }
        row += 1
        return row < result.rowCount
    }

    func value(at column: Int) throws(StoreError) -> SQLValue {
        guard let result, row >= 0, row < result.rowCount, column < columnCount else { throw .misuse("no such row") }
        return try result.value(row, column)
    }

    func name(at column: Int) -> String { description.columnName(column) ?? "\(column + 1)" }

    func finish() { result = nil }
}
