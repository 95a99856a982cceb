// SQLiteStatement.swift: one prepared statement of an SQLite connection.

internal import CLatchkeySQLite

/// One prepared statement.
final class SQLiteStatement: Statement {
    private let handle: OpaquePointer
    private unowned let connection: SQLiteConnection
    /// SQLite's index of `$1`, `$2`, …: it counts by first appearance in the text.
    private let parameters: [Int32]
    private let changesRows: Bool
    private var changesBefore: Int64 = 0
    private(set) var changedRows = 0
    let columnCount: Int

    convenience init(_ sql: StaticString, on connection: SQLiteConnection) throws(StoreError) {
        try self.init(text: UnsafeBufferPointer(start: sql.utf8Start, count: sql.utf8CodeUnitCount), on: connection)
    }

    init(text: UnsafeBufferPointer<UInt8>, on connection: SQLiteConnection) throws(StoreError) {
        var prepared: OpaquePointer?
        var isWhole = true
        let code = text.withMemoryRebound(to: CChar.self) { text in
            var rest: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(
                connection.handle,
                text.baseAddress,
                Int32(clamping: text.count),
                UInt32(SQLITE_PREPARE_PERSISTENT),
                &prepared,
                &rest
            )
            if let rest, let start = text.baseAddress { isWhole = rest - start == text.count }
            return code
        }
        guard code == SQLITE_OK else { throw connection.failure(code) }
        guard let prepared, isWhole else {
            sqlite3_finalize(prepared)
            throw .misuse("not one statement")
        }
        handle = prepared
        self.connection = connection
        let count = sqlite3_bind_parameter_count(prepared)
        parameters = (0..<count).map { sqlite3_bind_parameter_index(prepared, "$\($0 + 1)") }
        changesRows = sqlite3_stmt_readonly(prepared) == 0
        columnCount = Int(sqlite3_column_count(prepared))
        guard !parameters.contains(0) else { throw .misuse("parameters other than $1 to $\(count)") }
    }

    deinit { sqlite3_finalize(handle) }

    func start(_ values: [any SQLBindable]) throws(StoreError) {
        guard !changesRows || connection.mayChange else { throw .misuse("a change inside a reading") }
        guard values.count == parameters.count else {
            throw .misuse("\(values.count) values given to a statement that takes \(parameters.count)")
        }
        for (value, index) in zip(values, parameters) {
            let code = try bind(value.sqlValue, at: index)
            if code != SQLITE_OK { throw connection.failure(code) }
        }
        changedRows = 0
        if changesRows { changesBefore = sqlite3_total_changes64(connection.handle) }
    }

    private func bind(_ value: SQLValue, at index: Int32) throws(StoreError) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let integer): return sqlite3_bind_int64(handle, index, integer)
        case .text(var text):
            guard !text.utf8.contains(0) else { throw .unexpectedValue("text with a NUL cannot be stored") }
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) { bytes in
                    latchkey_sqlite_bind_text(handle, index, bytes.baseAddress, UInt64(bytes.count))
                }
            }
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { latchkey_sqlite_bind_bytes(handle, index, $0.baseAddress, UInt64($0.count)) }
        }
    }

    func next() throws(StoreError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            if changesRows && sqlite3_total_changes64(connection.handle) != changesBefore {
                changedRows = Int(sqlite3_changes64(connection.handle))
            }
            return false
        default: throw connection.failure(code)
        }
    }

    func value(at column: Int) throws(StoreError) -> SQLValue {
        let column = Int32(column)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_NULL: return .null
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(handle, column)
            let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .unexpectedValue("text that is not UTF-8")
            }
            return .text(text)
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(handle, column)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
            return .bytes(Array(bytes))
        default: throw .unexpectedValue("a fractional number")
        }
    }

    /// The lines of a text column of a file that may be damaged, safe to print.
    func lines(at column: Int) -> [String] {
        guard let start = sqlite3_column_text(handle, Int32(column)) else { return ["?"] }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column))))
        return bytes.split(separator: UInt8(ascii: "\n")).map { SQLiteConnection.printable($0.prefix(400)) }
    }

    func name(at column: Int) -> String {
        sqlite3_column_name(handle, Int32(column)).map { String(cString: $0) } ?? "\(column + 1)"
    }

    func finish() {
        sqlite3_reset(handle)
        if !parameters.isEmpty { sqlite3_clear_bindings(handle) }
    }
}
