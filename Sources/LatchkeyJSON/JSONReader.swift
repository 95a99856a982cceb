// JSONReader.swift: the strict reader of JSON text (RFC 8259): bytes to values, or the place and reason of a refusal.

extension JSON {
    /// Reads a whole JSON text.
    ///
    /// Refused are, beyond what the grammar refuses: a byte order mark, two members of one name, more than 512 nested
    /// arrays and objects, bytes that are not UTF-8, and half of a surrogate pair.
    public init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8.span)
    }

    /// Reads a whole JSON text from its UTF-8 bytes, as strictly.
    public init(parsing bytes: [UInt8]) throws(JSONError) {
        try self.init(parsing: bytes.span)
    }

    /// Reads a whole JSON text from its UTF-8 bytes, as strictly, without copying them.
    public init(parsing bytes: Span<UInt8>) throws(JSONError) {
        do throws(SyntaxFault) {
            self = try JSONReader.document(bytes)
        } catch {
            let place = TextPlace(of: error.offset, in: bytes)
            throw JSONError(line: place.line, column: place.column, reason: error.reason.rawValue)
        }
    }
}

/// Why reading stopped: small, because it travels on the hot path's error channel.
package struct SyntaxFault: Error {
    package enum Reason: String, Sendable {
        case byteOrderMark = "a byte order mark stands before the text: remove it"
        case ended = "the text ends too early"
        case trailing = "something follows the value"
        case expectedValue = "expected a value"
        case expectedName = "expected a member's name in double quotes"
        case expectedColon = "expected `:` after the member's name"
        case expectedMore = "expected `,` or the closing bracket"
        case badLiteral = "expected `true`, `false` or `null`"
        case badNumber = "this is not a number (leading zero, missing digits or a stray sign)"
        case badEscape = "this escape is unknown: JSON has \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u0000"
        case loneSurrogate = "this \\u escape is half of a surrogate pair"
        case control = "a control character must be written as an escape"
        case notUTF8 = "these bytes are not UTF-8"
        case duplicate = "this member's name stands twice in one object"
        case tooDeep = "more than 512 arrays and objects are nested"
    }

    package let offset: Int
    package let reason: Reason

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

package enum JSONReader {
    static let deepest = 512

    package static func document(_ bytes: Span<UInt8>) throws(SyntaxFault) -> JSON {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw SyntaxFault(.byteOrderMark, at: 0)
        }
        var at = 0
        let value = try value(bytes, &at, depth: 0)
        skipBlanks(bytes, &at)
        if at < bytes.count { throw SyntaxFault(.trailing, at: at) }
        return value
    }

    package static func value(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(SyntaxFault) -> JSON {
        skipBlanks(bytes, &at)
        guard at < bytes.count else { throw SyntaxFault(.ended, at: at) }
        switch bytes[at] {
        case UInt8(ascii: "\""): return .string(try string(bytes, &at))
        case UInt8(ascii: "{"): return try object(bytes, &at, depth: depth)
        case UInt8(ascii: "["): return try array(bytes, &at, depth: depth)
        case UInt8(ascii: "t"): return try literal("true", .bool(true), bytes, &at)
        case UInt8(ascii: "f"): return try literal("false", .bool(false), bytes, &at)
        case UInt8(ascii: "n"): return try literal("null", .null, bytes, &at)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes, &at)
        default: throw SyntaxFault(.expectedValue, at: at)
        }
    }

    // MARK: - Arrays and objects

    private static func array(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(SyntaxFault) -> JSON {
        if depth >= deepest { throw SyntaxFault(.tooDeep, at: at) }
        at += 1
        var elements: [JSON] = []
        if closes(UInt8(ascii: "]"), bytes, &at) { return .array(elements) }
        repeat {
            elements.append(try value(bytes, &at, depth: depth + 1))
        } while try goesOn(until: UInt8(ascii: "]"), bytes, &at)
        return .array(elements)
    }

    private static func object(_ bytes: Span<UInt8>, _ at: inout Int, depth: Int) throws(SyntaxFault) -> JSON {
        if depth >= deepest { throw SyntaxFault(.tooDeep, at: at) }
        at += 1
        var object = JSON.Object()
        if closes(UInt8(ascii: "}"), bytes, &at) { return .object(object) }
        object.reserve(8)
        repeat {
            let start = try beginName(bytes, &at)
            let name = try string(bytes, &at)
            if object.holds(name) { throw SyntaxFault(.duplicate, at: start) }
            try colon(bytes, &at)
            object.appendNew(name, try value(bytes, &at, depth: depth + 1))
        } while try goesOn(until: UInt8(ascii: "}"), bytes, &at)
        return .object(object)
    }

    package static func beginName(_ bytes: Span<UInt8>, _ at: inout Int) throws(SyntaxFault) -> Int {
        skipBlanks(bytes, &at)
        guard at < bytes.count else { throw SyntaxFault(.ended, at: at) }
        guard bytes[at] == UInt8(ascii: "\"") else { throw SyntaxFault(.expectedName, at: at) }
        return at
    }

    package static func colon(_ bytes: Span<UInt8>, _ at: inout Int) throws(SyntaxFault) {
        skipBlanks(bytes, &at)
        guard at < bytes.count else { throw SyntaxFault(.ended, at: at) }
        guard bytes[at] == UInt8(ascii: ":") else { throw SyntaxFault(.expectedColon, at: at) }
        at += 1
    }

    /// Tells whether the bracket closes at once, and passes it.
    package static func closes(_ bracket: UInt8, _ bytes: Span<UInt8>, _ at: inout Int) -> Bool {
        skipBlanks(bytes, &at)
        guard at < bytes.count, bytes[at] == bracket else { return false }
        at += 1
        return true
    }

    /// Passes the comma before another item (true) or the closing bracket (false).
    package static func goesOn(
        until bracket: UInt8,
        _ bytes: Span<UInt8>,
        _ at: inout Int
    ) throws(SyntaxFault) -> Bool {
        skipBlanks(bytes, &at)
        guard at < bytes.count else { throw SyntaxFault(.ended, at: at) }
        let byte = bytes[at]
        guard byte == UInt8(ascii: ",") || byte == bracket else { throw SyntaxFault(.expectedMore, at: at) }
        at += 1
        return byte != bracket
    }

    // MARK: - Literals, numbers, strings

    private static func literal(
        _ word: StaticString,
        _ value: JSON,
        _ bytes: Span<UInt8>,
        _ at: inout Int
    ) throws(SyntaxFault) -> JSON {
        let fits = word.withUTF8Buffer { word in
            at + word.count <= bytes.count && word.indices.allSatisfy { bytes[at + $0] == word[$0] }
        }
        guard fits else { throw SyntaxFault(.badLiteral, at: at) }
        at += word.utf8CodeUnitCount
        return value
    }

    private static func number(_ bytes: Span<UInt8>, _ at: inout Int) throws(SyntaxFault) -> JSON {
        let (end, valid) = JSONNumber.end(in: bytes, from: at)
        guard valid else { throw SyntaxFault(end < bytes.count ? .badNumber : .ended, at: end) }
        let text = try text(bytes, at, end)
        at = end
        return .number(text)
    }

    /// Reads the string that begins at `at`, which is a double quote.
    package static func string(_ bytes: Span<UInt8>, _ at: inout Int) throws(SyntaxFault) -> String {
        let start = at + 1
        var end = start
        var escaped = false
        while true {
            guard end < bytes.count else { throw SyntaxFault(.ended, at: end) }
            let byte = bytes[end]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                end += 1
            } else if byte < 0x20 {
                throw SyntaxFault(.control, at: end)
            }
            end += 1
        }
        let text = try escaped ? unescaped(bytes, start, end) : text(bytes, start, end)
        at = end + 1
        return text
    }

    /// The text of some bytes, as they are.
    private static func text(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(SyntaxFault) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes.extracting(start..<end)))
        } catch {
            throw SyntaxFault(.notUTF8, at: start + error.byteOffsets.lowerBound)
        }
    }

    private static func unescaped(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) throws(SyntaxFault) -> String {
        _ = try text(bytes, start, end)  // refuses what is not UTF-8; escapes below add only whole scalars
        var plain: [UInt8] = []
        plain.reserveCapacity(end - start)
        var at = start
        while at < end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                plain.append(byte)
                continue
            }
            // The scan for the closing quote stepped over one byte after each backslash, so one is there.
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain.append(escape)
            case UInt8(ascii: "b"): plain.append(0x08)
            case UInt8(ascii: "f"): plain.append(0x0C)
            case UInt8(ascii: "n"): plain.append(0x0A)
            case UInt8(ascii: "r"): plain.append(0x0D)
            case UInt8(ascii: "t"): plain.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = try scalar(bytes, &at, end)
                if let encoded = UTF8.encode(scalar) { plain.append(contentsOf: encoded) }
            default: throw SyntaxFault(.badEscape, at: at - 2)
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }

    /// Reads what follows `\u`, and the second half of a surrogate pair.
    private static func scalar(
        _ bytes: Span<UInt8>,
        _ at: inout Int,
        _ end: Int
    ) throws(SyntaxFault) -> Unicode.Scalar {
        let start = at - 2
        let first = try hex(bytes, &at, end, escape: start)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, at + 2 <= end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u")
        else { throw SyntaxFault(.loneSurrogate, at: start) }
        let escape = at
        at += 2
        let second = try hex(bytes, &at, end, escape: escape)
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw SyntaxFault(.loneSurrogate, at: start) }
        return scalar
    }

    private static func hex(
        _ bytes: Span<UInt8>,
        _ at: inout Int,
        _ end: Int,
        escape: Int
    ) throws(SyntaxFault) -> UInt32 {
        guard at + 4 <= end else { throw SyntaxFault(.badEscape, at: escape) }
        var value: UInt32 = 0
        for index in at..<at + 4 {
            let byte = bytes[index]
            let letter = (byte | 0x20) &- UInt8(ascii: "a")
            let digit: UInt8
            if JSONNumber.isDigit(byte) {
                digit = byte &- UInt8(ascii: "0")
            } else if letter < 6 {
                digit = letter + 10
            } else {
                throw SyntaxFault(.badEscape, at: escape)
            }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }

    @inline(__always)
    package static func skipBlanks(_ bytes: Span<UInt8>, _ at: inout Int) {
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): at += 1
            default: return
            }
        }
    }
}
