// Base64.swift: bytes as text in files, headers and tokens (RFC 4648 §§ 4 and 5).

/// Base64 with `+` and `/`, written with padding.
///
/// The strict reader demands the padding, zero left-over bits and no blank, so that one text stands for the bytes;
/// the forgiving one takes blanks, any padding at the end, and drops left-over bits.
public enum Base64 {
    /// Returns `bytes` as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        Base64Digits.text(of: bytes.span, padded: true)
    }

    /// Returns `secret` as text; the text itself cannot be wiped.
    public static func encode(_ secret: borrowing Secret) -> String {
        secret.withBytes { Base64Digits.text(of: $0, padded: true) }
    }

    /// Returns the bytes that `text` stands for.
    public static func decode(_ text: String, _ mode: DecodingMode) throws(TextEncodingError) -> [UInt8] {
        try Base64Digits.bytes(of: text, mode)
    }

    /// Returns the secret that `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it.
    public static func decodeSecret(_ text: String) throws(TextEncodingError) -> Secret {
        try Base64Digits.secret(of: text)
    }

    /// Returns the secret that the ASCII `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it.
    public static func decodeSecret(_ text: borrowing Secret) throws(TextEncodingError) -> Secret {
        try text.withBytes { (text: Span<UInt8>) throws(TextEncodingError) in try Base64Digits.secret(of: text) }
    }
}

/// Base64 with `-` and `_`, written without padding, as in URLs and JSON Web Tokens (RFC 7515 § 2).
///
/// The strict reader refuses padding, blanks and left-over bits; the forgiving one takes them.
public enum Base64URL {
    /// Returns `bytes` as text.
    public static func encode(_ bytes: [UInt8]) -> String {
        Base64URLDigits.text(of: bytes.span, padded: false)
    }

    /// Returns the bytes that `text` stands for.
    public static func decode(_ text: String, _ mode: DecodingMode) throws(TextEncodingError) -> [UInt8] {
        try Base64URLDigits.bytes(of: text, mode)
    }
}

private enum Base64Digits: BitEncoding {
    static var name: String { "Base64" }
    static var bits: Int { 6 }
    static var group: Int { 4 }
    static var strictPadding: StrictPadding { .required }

    static func digit(_ value: UInt8) -> UInt8 {
        common(value) ?? (value == 62 ? UInt8(ascii: "+") : UInt8(ascii: "/"))
    }

    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8? {
        switch digit {
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: commonValue(of: digit)
        }
    }
}

private enum Base64URLDigits: BitEncoding {
    static var name: String { "Base64URL" }
    static var bits: Int { 6 }
    static var group: Int { 4 }

    static func digit(_ value: UInt8) -> UInt8 {
        common(value) ?? (value == 62 ? UInt8(ascii: "-") : UInt8(ascii: "_"))
    }

    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8? {
        switch digit {
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: commonValue(of: digit)
        }
    }
}

/// The digit of a value below 62, which both alphabets share.
private func common(_ value: UInt8) -> UInt8? {
    switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + (value - 26)
    case 52..<62: UInt8(ascii: "0") + (value - 52)
    default: nil
    }
}

private func commonValue(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    default: nil
    }
}
