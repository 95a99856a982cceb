// SQLiteError.swift: SQLite's result codes as errors of the store.

internal import CLatchkeySQLite
import Glibc

extension SQLiteConnection {
    /// The error for a code that SQLite returned.
    static func error(_ code: Int32, _ handle: OpaquePointer, _ path: String) -> StoreError {
        let words = words(of: handle)
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy
        case SQLITE_FULL: return .full
        case SQLITE_READONLY, SQLITE_PERM: return .readOnly
        case SQLITE_CORRUPT: return .corrupt(words)
        case SQLITE_NOTADB: return .notAStore(path)
        case SQLITE_CANTOPEN: return .cannotOpen("`\(path)` cannot be opened (\(words)): check it and its directory")
        case SQLITE_IOERR, SQLITE_PROTOCOL, SQLITE_NOLFS: return .io("\(words), \(code)")
        case SQLITE_NOMEM: return .io("out of memory")
        case SQLITE_TOOBIG: return .unexpectedValue("a value is too long to be stored")
        case SQLITE_MISMATCH: return .unexpectedValue("a value of the wrong type for its column")
        case SQLITE_CONSTRAINT: return .constraint(.init(kind: constraintKind(code), description: words))
        case SQLITE_MISUSE, SQLITE_RANGE: return .misuse(words)
        default: return .refused(words)
        }
    }

    private static func constraintKind(_ code: Int32) -> StoreError.Constraint.Kind {
        // The extended codes are macros of SQLITE_CONSTRAINT | (n << 8).
        switch code >> 8 {
        case 1: .check
        case 3: .foreignKey
        case 5: .notNull
        case 6, 8, 10: .unique
        default: .other
        }
    }

    /// What SQLite says of its last error.
    private static func words(of handle: OpaquePointer) -> String {
        sqlite3_errmsg(handle)
            .map { words in
                printable(UnsafeRawBufferPointer(start: words, count: strnlen(words, 400)))
            } ?? "no words"
    }

    /// Text from a file that may be damaged, safe to print: names in it can hold anything.
    static func printable(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable ? $0 : "?" }))
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
