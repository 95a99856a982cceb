// PostgreSQLError.swift: PostgreSQL's error codes as errors of the store.

internal import CLatchkeyPQ
import Glibc

/// What a server answered to one statement; gone when it is let go of.
final class PostgreSQLResult {
    let calls: latchkey_pq
    let handle: OpaquePointer

    init(_ handle: OpaquePointer, _ calls: latchkey_pq) { (self.handle, self.calls) = (handle, calls) }

    deinit { calls.clear(handle) }

    var status: Int { Int(calls.result_status(handle)) }

    /// Whether the statement did its work.
    var succeeded: Bool {
        [LATCHKEY_PQ_COMMAND_OK, LATCHKEY_PQ_TUPLES_OK, LATCHKEY_PQ_EMPTY_QUERY].contains(status)
    }

    var isSync: Bool { status == LATCHKEY_PQ_PIPELINE_SYNC }

    /// Whether the statement was skipped because one before it failed.
    var wasSkipped: Bool { status == LATCHKEY_PQ_PIPELINE_ABORTED }

    /// What was done, `COMMIT` or `UPDATE 3` for example.
    var command: String { calls.command_status(handle).map { String(cString: $0) } ?? "" }

    var columnCount: Int { Int(calls.column_count(handle)) }

    func columnName(_ column: Int) -> String? {
        calls.column_name(handle, Int32(clamping: column)).map { String(cString: $0) }
    }

    var rowCount: Int { Int(calls.row_count(handle)) }

    /// A field of the text form, as `query` gets it.
    func text(_ row: Int, _ column: Int) -> String? {
        guard row < rowCount, calls.is_null(handle, Int32(row), Int32(column)) == 0,
            let start = calls.value(handle, Int32(row), Int32(column))
        else { return nil }
        return String(cString: start)
    }

    private func field(_ code: Character) -> String {
        guard let ascii = code.asciiValue, let words = calls.result_error_field(handle, Int32(ascii)) else { return "" }
        return Self.printable(words)
    }

    /// A server's words on one line, safe to print.
    static func printable(_ words: UnsafePointer<CChar>) -> String {
        let bytes = UnsafeRawBufferPointer(start: words, count: strnlen(words, 400))
        let lines = bytes.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\t") })
        return lines.map { SQLiteConnection.printable($0) }.joined(separator: " ")
    }

    /// The error that the statement ended in.
    ///
    /// Only the first line of the server's words is used: values stand in the details.
    func error(whileReading isReading: Bool) -> StoreError {
        let (state, words) = (field("C"), field("M"))
        switch state {
        case "40001", "40P01": return .conflict
        case "55P03", "57014": return .busy
        case "25006": return isReading ? .misuse("a change inside a reading") : .readOnly
        case "23505": return .constraint(.init(kind: .unique, description: words))
        case "23503": return .constraint(.init(kind: .foreignKey, description: words))
        case "23502": return .constraint(.init(kind: .notNull, description: words))
        case "23514": return .constraint(.init(kind: .check, description: words))
        case "42601", "42P02", "42P18": return .misuse(words)
        // A statement that was prepared here is not there, or one that was not is.
        case "26000", "42P05":
            return .cannotOpen(
                "something between here and the database lends one connection to several: let it pool sessions, not transactions"
            )
        case "42501": return .cannotOpen("the database's user lacks a right (\(words)): grant it")
        case "53100": return .full
        case "53300", "25P03", "": return .unreachable(words.isEmpty ? "no words" : words)
        case "54000": return .unexpectedValue("a value is too long to be stored")
        case "XX001", "XX002": return .corrupt(words)
        default: break
        }
        switch state.prefix(2) {
        case "08": return .unreachable(words)
        case "57": return .unreachable(words)
        case "22": return .unexpectedValue("a value of the wrong type for its column (\(state))")
        case "23": return .constraint(.init(kind: .other, description: words))
        case "53", "58": return .io(words)
        default: return .refused(words)
        }
    }
}
