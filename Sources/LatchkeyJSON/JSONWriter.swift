// JSONWriter.swift: values to JSON text, compact or for people, that no terminal takes for a command.

extension JSON {
    /// The value in one line without blanks, members in their order.
    public var text: String { String(decoding: bytes(), as: UTF8.self) }

    /// The value over several lines, indented by two blanks a level, without a line feed at the end.
    public var prettyText: String { String(decoding: bytes(pretty: true), as: UTF8.self) }

    /// The UTF-8 bytes of the value's text.
    public func bytes(pretty: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes, pretty: pretty)
        return bytes
    }

    /// Appends the UTF-8 bytes of the value's text.
    ///
    /// Beyond what RFC 8259 demands, everything that moves a terminal's cursor, breaks a line or turns the writing
    /// direction is written as an escape: C0, DEL, C1, U+2028, U+2029 and the bidirectional controls.
    public func write(to bytes: inout [UInt8], pretty: Bool = false) {
        JSONWriter.write(self, to: &bytes, pretty: pretty, depth: 0)
    }
}

extension JSON: CustomStringConvertible {
    /// The value in one line.
    public var description: String { text }
}

enum JSONWriter {
    static func write(_ value: JSON, to bytes: inout [UInt8], pretty: Bool, depth: Int) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(true): bytes.append(contentsOf: "true".utf8)
        case .bool(false): bytes.append(contentsOf: "false".utf8)
        case .number(let text) where JSONNumber.isNumber(text): bytes.append(contentsOf: text.utf8)
        case .number(let text), .string(let text): string(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                separate(place, depth, pretty, to: &bytes)
                write(element, to: &bytes, pretty: pretty, depth: depth + 1)
            }
            if pretty, !elements.isEmpty { newLine(depth, to: &bytes) }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (place, member) in object.members.enumerated() {
                separate(place, depth, pretty, to: &bytes)
                string(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if pretty { bytes.append(UInt8(ascii: " ")) }
                write(member.value, to: &bytes, pretty: pretty, depth: depth + 1)
            }
            if pretty, !object.members.isEmpty { newLine(depth, to: &bytes) }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func separate(_ place: Int, _ depth: Int, _ pretty: Bool, to bytes: inout [UInt8]) {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        if pretty { newLine(depth + 1, to: &bytes) }
    }

    private static func newLine(_ depth: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 2))
    }

    // MARK: - Strings

    private static func string(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        if isPlain(text) {
            bytes.append(contentsOf: text.utf8)
        } else {
            for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Tells whether a text goes out as it is: printable ASCII without quotes and backslashes.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            if byte &- 0x20 >= 0x5F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
        }
        return true
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        switch scalar.value {
        case 0x22, 0x5C:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
            escape(scalar.value, to: &bytes)
        default:
            if let encoded = UTF8.encode(scalar) { bytes.append(contentsOf: encoded) }
        }
    }

    private static func escape(_ unit: UInt32, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"\u"#.utf8)
        for shift in [12, 8, 4, 0] as [UInt32] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
