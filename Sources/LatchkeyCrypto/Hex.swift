// Hex.swift: bytes as pairs of hexadecimal digits (RFC 4648 § 8).

/// Hexadecimal, written in lower case unless asked.
///
/// Both readers take either case; the forgiving one also blanks, line breaks, `:` and `-` between digits.
public enum Hex {
    /// Returns `bytes` as text.
    public static func encode(_ bytes: [UInt8], uppercase: Bool = false) -> String {
        uppercase ? UpperHexDigits.text(of: bytes.span, padded: false) : HexDigits.text(of: bytes.span, padded: false)
    }

    /// Returns `secret` as text; the text itself cannot be wiped.
    public static func encode(_ secret: borrowing Secret) -> String {
        secret.withBytes { HexDigits.text(of: $0, padded: false) }
    }

    /// Returns the bytes that `text` stands for.
    public static func decode(_ text: String, _ mode: DecodingMode) throws(TextEncodingError) -> [UInt8] {
        try HexDigits.bytes(of: text, mode)
    }

    /// Returns the secret that `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it.
    public static func decodeSecret(_ text: String) throws(TextEncodingError) -> Secret {
        try HexDigits.secret(of: text)
    }

    /// Returns the secret that the ASCII `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it.
    public static func decodeSecret(_ text: borrowing Secret) throws(TextEncodingError) -> Secret {
        try text.withBytes { (text: Span<UInt8>) throws(TextEncodingError) in try HexDigits.secret(of: text) }
    }
}

private enum HexDigits: BitEncoding {
    static var name: String { "hexadecimal" }
    static var bits: Int { 4 }

    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + (value - 10)
    }

    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    static func isSeparator(_ character: UInt8) -> Bool {
        isBlank(character) || character == UInt8(ascii: "-") || character == UInt8(ascii: ":")
    }
}

private enum UpperHexDigits: BitEncoding {
    static var name: String { HexDigits.name }
    static var bits: Int { HexDigits.bits }

    static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + (value - 10)
    }

    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8? {
        HexDigits.value(of: digit, mode)
    }
}
