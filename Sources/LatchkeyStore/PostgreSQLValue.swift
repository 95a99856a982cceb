// PostgreSQLValue.swift: values in PostgreSQL's binary form.

internal import CLatchkeyPQ

/// The types of PostgreSQL that the dialect meets, by their numbers in its catalogue.
private enum PostgreSQLType {
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let name: UInt32 = 19
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let unknown: UInt32 = 705
    static let varchar: UInt32 = 1_043
    static let numeric: UInt32 = 1_700
}

/// The parameters of one execution.
struct PostgreSQLParameters {
    private var bytes: [UInt8] = []
    /// Where each value begins; `nil` for NULL.
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    init() {}

    /// Puts values in the form of the types that the server expects.
    init(_ values: [any SQLBindable], types: [UInt32]) throws(StoreError) {
        guard values.count == types.count else {
            throw .misuse("\(values.count) values given to a statement that takes \(types.count)")
        }
        for (value, type) in zip(values, types) { try add(value.sqlValue, type) }
    }

    private mutating func add(_ value: SQLValue, _ type: UInt32) throws(StoreError) {
        let start = bytes.count
        switch (value, type) {
        case (.null, _):
            starts.append(nil)
            lengths.append(0)
            return
        case (.integer(let integer), PostgreSQLType.int8): add(integer)
        case (.integer(let integer), PostgreSQLType.int4):
            guard let small = Int32(exactly: integer) else { throw Self.tooLarge }
            add(small)
        case (.integer(let integer), PostgreSQLType.int2):
            guard let small = Int16(exactly: integer) else { throw Self.tooLarge }
            add(small)
        case (.text(let text), PostgreSQLType.text), (.text(let text), PostgreSQLType.varchar),
            (.text(let text), PostgreSQLType.name):
            guard !text.utf8.contains(0) else { throw .unexpectedValue("text with a NUL cannot be stored") }
            bytes += text.utf8
        case (.bytes(let value), PostgreSQLType.bytes): bytes += value
        default: throw .unexpectedValue("\(value.kind) where the statement takes another type (\(type))")
        }
        guard let length = Int32(exactly: bytes.count - start) else {
            throw .unexpectedValue("a value is too long to be stored")
        }
        starts.append(start)
        lengths.append(length)
    }

    private static let tooLarge = StoreError.unexpectedValue("a number is too large for its place")

    private mutating func add(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.bigEndian) { bytes += $0 }
    }

    /// Calls `body` with what libpq takes.
    func withPointers<R>(
        _ body: (_ values: [UnsafePointer<CChar>?], _ lengths: [Int32], _ formats: [Int32]) -> R
    ) -> R {
        // One byte more: an empty value needs an address too.
        (bytes + [0])
            .withUnsafeBytes { all in
                let base = all.baseAddress?.assumingMemoryBound(to: CChar.self)
                let values = starts.map { start in start.flatMap { offset in base.map { $0 + offset } } }
                return body(values, lengths, [Int32](repeating: 1, count: lengths.count))
            }
    }
}

extension PostgreSQLResult {
    /// The value of a field that was sent in binary.
    func value(_ row: Int, _ column: Int) throws(StoreError) -> SQLValue {
        let (row, column) = (Int32(clamping: row), Int32(clamping: column))
        if calls.is_null(handle, row, column) != 0 { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: calls.value(handle, row, column),
            count: Int(calls.length(handle, row, column))
        )
        switch calls.column_type(handle, column) {
        case PostgreSQLType.int8, PostgreSQLType.int4, PostgreSQLType.int2: return .integer(Self.integer(bytes))
        case PostgreSQLType.bool: return .integer(bytes.first == 0 ? 0 : 1)
        case PostgreSQLType.bytes: return .bytes(Array(bytes))
        case PostgreSQLType.text, PostgreSQLType.varchar, PostgreSQLType.name, PostgreSQLType.unknown:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .unexpectedValue("text that is not UTF-8")
            }
            return .text(text)
        // What `sum` makes of whole numbers.
        case PostgreSQLType.numeric: return .integer(try Self.wholeNumber(bytes))
        default: throw .unexpectedValue("a type that the dialect does not have")
        }
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
        let negative = bytes.first.map { $0 & 0x80 != 0 } ?? false
        return bytes.reduce(negative ? -1 : 0) { $0 << 8 | Int64($1) }
    }

    /// Reads a `numeric`: digits to the base of 10,000 behind a head of four 16-bit numbers.
    private static func wholeNumber(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> Int64 {
        guard bytes.count >= 8, bytes.count % 2 == 0 else { throw .unexpectedValue("a number that cannot be read") }
        func word(_ index: Int) -> Int { Int(bytes[2 * index]) << 8 | Int(bytes[2 * index + 1]) }
        let (count, weight, sign) = (word(0), Int(Int16(truncatingIfNeeded: word(1))), word(2))
        guard bytes.count == 8 + 2 * count, sign == 0 || sign == 0x4000, count <= weight + 1, weight < 5 else {
            throw .unexpectedValue(count > weight + 1 ? "a fractional number" : "a number that is too large")
        }
        // Counted downwards: there is one negative number more than positive ones.
        var total: Int64 = 0
        for place in 0..<max(0, weight + 1) {
            let digit = place < count ? Int64(word(4 + place)) : 0
            let (shifted, overflow) = total.multipliedReportingOverflow(by: 10_000)
            let (sum, carry) = shifted.subtractingReportingOverflow(digit)
            guard !overflow, !carry else { throw .unexpectedValue("a number that is too large") }
            total = sum
        }
        guard sign == 0 else { return total }
        guard total != .min else { throw .unexpectedValue("a number that is too large") }
        return -total
    }
}
