// Base32.swift: the text form of one-time-password secrets (RFC 4648 § 6).

/// Base32: `A`–`Z` and `2`–`7`, five bits a digit.
///
/// Written in upper case, without padding unless asked, as the Key URI format wants it. The strict reader takes upper
/// case only, padding whole or none, and zero left-over bits; the forgiving one also any case, any padding at the end,
/// blanks, line breaks and `-` between groups, and drops left-over bits. Neither takes `0`, `1`, `8` or `9`.
public enum Base32 {
    /// Returns `bytes` as text.
    public static func encode(_ bytes: [UInt8], padded: Bool = false) -> String {
        Base32Digits.text(of: bytes.span, padded: padded)
    }

    /// Returns `secret` as text, to be shown once; the text itself cannot be wiped.
    public static func encode(_ secret: borrowing Secret) -> String {
        secret.withBytes { Base32Digits.text(of: $0, padded: false) }
    }

    /// Returns the bytes that `text` stands for.
    public static func decode(_ text: String, _ mode: DecodingMode) throws(TextEncodingError) -> [UInt8] {
        try Base32Digits.bytes(of: text, mode)
    }

    /// Returns the secret that `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it: an empty HMAC key would be anyone's.
    public static func decodeSecret(_ text: String) throws(TextEncodingError) -> Secret {
        try Base32Digits.secret(of: text)
    }

    /// Returns the secret that the ASCII `text`, read forgivingly, stands for.
    ///
    /// - Throws: `TextEncodingError.empty` if there is no byte in it.
    public static func decodeSecret(_ text: borrowing Secret) throws(TextEncodingError) -> Secret {
        try text.withBytes { (text: Span<UInt8>) throws(TextEncodingError) in try Base32Digits.secret(of: text) }
    }
}

private enum Base32Digits: BitEncoding {
    static var name: String { "Base32" }
    static var bits: Int { 5 }
    static var group: Int { 8 }
    static var strictPadding: StrictPadding { .optional }

    static func digit(_ value: UInt8) -> UInt8 {
        value < 26 ? UInt8(ascii: "A") &+ value : UInt8(ascii: "2") &+ (value &- 26)
    }

    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "2")...UInt8(ascii: "7"): digit - UInt8(ascii: "2") + 26
        case UInt8(ascii: "a")...UInt8(ascii: "z") where mode == .forgiving: digit - UInt8(ascii: "a")
        default: nil
        }
    }

    static func isSeparator(_ character: UInt8) -> Bool {
        isBlank(character) || character == UInt8(ascii: "-")
    }

    static func hint(for character: UInt8) -> String? {
        switch character {
        case UInt8(ascii: "0"): "`0` is not used in Base32, did you mean `O`?"
        case UInt8(ascii: "1"): "`1` is not used in Base32, did you mean `I` or `L`?"
        case UInt8(ascii: "8"): "`8` is not used in Base32, did you mean `B`?"
        case UInt8(ascii: "9"): "`9` is not used in Base32, whose figures are `2` to `7`"
        default: nil
        }
    }
}
