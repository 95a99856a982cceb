// Transaction.swift: the one way to read and change a store.

/// A transaction under way.
///
/// It lives as long as the body that it was given to; it cannot be copied, and used later it throws
/// `StoreError.misuse`. Everything in it is synchronous: nothing can come between reading a rule and writing its
/// consequence.
///
/// SQL is a `StaticString`, so that nothing from outside can enter it; values are given for `$1`, `$2`, … The text's
/// address keys the cache of prepared statements.
public struct Transaction: ~Copyable {
    private let lease: Lease

    init(_ lease: Lease) { self.lease = lease }

    /// Runs one statement and returns how many rows it inserted, updated or deleted.
    ///
    /// - Throws: `StoreError.constraint` if a rule of the schema is broken.
    @discardableResult
    public func run(_ sql: StaticString, _ values: (any SQLBindable)...) throws(StoreError) -> Int {
        try run(sql, binding: values)
    }

    /// Runs one statement with a list of values, and returns how many rows it inserted, updated or deleted.
    @discardableResult
    public func run(_ sql: StaticString, binding values: [any SQLBindable]) throws(StoreError) -> Int {
        let statement = try lease.statement(sql)
        defer { statement.finish() }
        try statement.start(values)
        while try statement.next() {}
        return statement.changedRows
    }

    /// Runs one statement and returns its rows, each column read as the type that the caller names.
    ///
    /// - Throws: `StoreError.unexpectedValue` if a column holds something else, NULL included; `StoreError.misuse` if
    ///   the statement has another number of columns.
    public func rows<each T: SQLReadable>(
        _ sql: StaticString,
        _ values: (any SQLBindable)...
    ) throws(StoreError) -> [(repeat each T)] {
        try rows(sql, binding: values)
    }

    /// Runs one statement with a list of values, and returns its rows.
    public func rows<each T: SQLReadable>(
        _ sql: StaticString,
        binding values: [any SQLBindable]
    ) throws(StoreError) -> [(repeat each T)] {
        let statement = try lease.statement(sql)
        defer { statement.finish() }
        try statement.start(values)
        var rows: [(repeat each T)] = []
        while try statement.next() {
            var columns = try Columns(of: statement, for: (repeat each T).self)
            rows.append((repeat try columns.next((each T).self)))
        }
        return rows
    }

    /// Runs one statement and returns its only row, or `nil` if there is none.
    ///
    /// - Throws: `StoreError.misuse` if there is a second row: write `LIMIT 1` where one of many is meant.
    public func row<each T: SQLReadable>(
        _ sql: StaticString,
        _ values: (any SQLBindable)...
    ) throws(StoreError) -> (repeat each T)? {
        try row(sql, binding: values)
    }

    /// Runs one statement with a list of values, and returns its only row, or `nil` if there is none.
    public func row<each T: SQLReadable>(
        _ sql: StaticString,
        binding values: [any SQLBindable]
    ) throws(StoreError) -> (repeat each T)? {
        let statement = try lease.statement(sql)
        defer { statement.finish() }
        try statement.start(values)
        guard try statement.next() else { return nil }
        var columns = try Columns(of: statement, for: (repeat each T).self)
        let row = (repeat try columns.next((each T).self))
        guard try !statement.next() else { throw .misuse("more than one row where one was asked for") }
        return row
    }

    /// Runs `body` so that everything it changed is undone if it throws.
    ///
    /// The error goes on to the caller. Savepoints may be nested.
    public func savepoint<R: ~Copyable>(_ body: () throws -> R) throws -> R {
        let connection = try lease.connection()
        try connection.setSavepoint()
        do {
            let result = try body()
            try connection.requireTransaction()
            try connection.releaseSavepoint()
            return result
        } catch {
            connection.undoSavepoint()
            throw error
        }
    }
}

/// The right to use a connection, taken back when the body of a transaction ends.
final class Lease {
    private var held: (any Connection)?

    init(_ connection: any Connection) { held = connection }

    func connection() throws(StoreError) -> any Connection {
        guard let held else { throw .misuse("a transaction was used after its end") }
        try held.requireTransaction()
        return held
    }

    func statement(_ sql: StaticString) throws(StoreError) -> any Statement {
        // Beginning, ending and settings are the store's own business.
        guard sql.startsQuery else { throw .misuse("not a SELECT, INSERT, UPDATE, DELETE or WITH") }
        return try connection().statement(sql)
    }

    func revoke() { held = nil }
}

extension StaticString {
    /// Whether the text begins as a statement about rows does.
    fileprivate var startsQuery: Bool {
        guard hasPointerRepresentation, utf8CodeUnitCount > 6 else { return false }
        return withUTF8Buffer { text in
            switch (text[0], text[1], text[2]) {
            case (UInt8(ascii: "S"), UInt8(ascii: "E"), UInt8(ascii: "L")),
                (UInt8(ascii: "I"), UInt8(ascii: "N"), UInt8(ascii: "S")),
                (UInt8(ascii: "U"), UInt8(ascii: "P"), UInt8(ascii: "D")),
                (UInt8(ascii: "D"), UInt8(ascii: "E"), UInt8(ascii: "L")),
                (UInt8(ascii: "W"), UInt8(ascii: "I"), UInt8(ascii: "T")):
                true
            default: false
            }
        }
    }
}

/// Reads the columns of a row from left to right.
private struct Columns {
    let statement: any Statement
    var index = 0

    init<each T>(of statement: any Statement, for types: (repeat each T).Type) throws(StoreError) {
        var expected = 0
        for _ in repeat (each T).self { expected += 1 }
        guard statement.columnCount == expected else {
            throw .misuse("\(expected) columns asked of a statement that has \(statement.columnCount)")
        }
        self.statement = statement
    }

    mutating func next<T: SQLReadable>(_ type: T.Type) throws(StoreError) -> T {
        defer { index += 1 }
        do {
            return try T(sqlValue: statement.value(at: index))
        } catch .unexpectedValue(let reason) {
            throw .unexpectedValue("column `\(statement.name(at: index))`: \(reason)")
        }
    }
}
