// SQLValue.swift: the values that a column may hold, and how Swift's types become and come from them.

/// One value of a row or of a `$n` parameter.
///
/// The dialect has three types: `BIGINT`, `TEXT` and `BYTEA`. A `Bool` is a `BIGINT` of 0 or 1.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    /// The kind of value, in words for an error; never the value.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .integer: "an integer"
        case .text: "text"
        case .bytes: "bytes"
        }
    }
}

/// A type whose values can be given for a `$n` parameter.
public protocol SQLBindable {
    /// What is stored for this value.
    var sqlValue: SQLValue { get }
}

/// A type whose values can be read from a column.
public protocol SQLReadable {
    /// Reads a column's value.
    ///
    /// - Throws: `StoreError.unexpectedValue` if the value is of another kind; `StoreError` adds the column's name.
    init(sqlValue: SQLValue) throws(StoreError)
}

extension SQLValue {
    /// The error that says what was expected of this value.
    func unexpected(_ expected: String) -> StoreError { .unexpectedValue("expected \(expected), found \(kind)") }
}

extension SQLValue: SQLBindable, SQLReadable {
    /// The value itself.
    public var sqlValue: SQLValue { self }
    /// Takes the value as it is.
    public init(sqlValue: SQLValue) { self = sqlValue }
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    /// Makes NULL.
    public init(nilLiteral: ()) { self = .null }
    /// Makes an integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// Makes text.
    public init(stringLiteral value: String) { self = .text(value) }
}

extension Int64: SQLBindable, SQLReadable {
    /// A `BIGINT`.
    public var sqlValue: SQLValue { .integer(self) }
    /// Reads a `BIGINT`.
    public init(sqlValue: SQLValue) throws(StoreError) {
        guard case .integer(let value) = sqlValue else { throw sqlValue.unexpected("an integer") }
        self = value
    }
}

extension Int: SQLBindable, SQLReadable {
    /// A `BIGINT`.
    public var sqlValue: SQLValue { .integer(Int64(self)) }
    /// Reads a `BIGINT`.
    public init(sqlValue: SQLValue) throws(StoreError) {
        guard case .integer(let value) = sqlValue, let exact = Int(exactly: value) else {
            throw sqlValue.unexpected("an integer")
        }
        self = exact
    }
}

extension Bool: SQLBindable, SQLReadable {
    /// A `BIGINT` of 0 or 1.
    public var sqlValue: SQLValue { .integer(self ? 1 : 0) }
    /// Reads a `BIGINT` that must be 0 or 1.
    public init(sqlValue: SQLValue) throws(StoreError) {
        switch sqlValue {
        case .integer(0): self = false
        case .integer(1): self = true
        case .integer: throw .unexpectedValue("expected 0 or 1, found another integer")
        default: throw sqlValue.unexpected("0 or 1")
        }
    }
}

extension String: SQLBindable, SQLReadable {
    /// A `TEXT`.
    public var sqlValue: SQLValue { .text(self) }
    /// Reads a `TEXT`.
    public init(sqlValue: SQLValue) throws(StoreError) {
        guard case .text(let value) = sqlValue else { throw sqlValue.unexpected("text") }
        self = value
    }
}

extension [UInt8]: SQLBindable, SQLReadable {
    /// A `BYTEA`.
    public var sqlValue: SQLValue { .bytes(self) }
    /// Reads a `BYTEA`.
    public init(sqlValue: SQLValue) throws(StoreError) {
        guard case .bytes(let value) = sqlValue else { throw sqlValue.unexpected("bytes") }
        self = value
    }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    /// NULL for `nil`.
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
}

extension Optional: SQLReadable where Wrapped: SQLReadable {
    /// Reads NULL as `nil`.
    public init(sqlValue: SQLValue) throws(StoreError) {
        if case .null = sqlValue { self = nil } else { self = try Wrapped(sqlValue: sqlValue) }
    }
}
