// TrustAnchorNames.swift: the words of trust anchors: their names, certificates' serial numbers, revocation lists.

/// The name of a trust anchor: 1 to 255 letters, digits, blanks, `_` or `-`; equal without regard to case.
public struct TrustAnchorName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "name"
    /// The allowed lengths.
    public static let lengths = 1...255
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[ a-zA-Z0-9-_]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy {
            $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "_")
                || $0 == UInt8(ascii: "-")
        }
    }
}

/// The serial number of a certificate in hexadecimal digits, with or without colons between, as OpenSSL shows it.
public struct CertificateSerialNumber: ConstrainedText {
    /// The member's name in messages.
    public static let member = "serialNumber"
    /// The allowed lengths: RFC 5280 allows 20 bytes.
    public static let lengths = 1...60
    /// The constraint's pattern.
    public static let pattern = "[0-9a-fA-F:]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isASCIIDigit || (0x61...0x66).contains($0 | 0x20) || $0 == UInt8(ascii: ":") }
    }

    /// The number's digits in one spelling: small letters, whole bytes, no zeros before them.
    var digits: String {
        let digits = String(decoding: folded.utf8.filter { $0 != UInt8(ascii: ":") }.drop { $0 == 0x30 }, as: UTF8.self)
        return digits.utf8.count % 2 == 0 ? digits : "0" + digits
    }
}

/// A certificate revocation list as PEM text.
public struct RevocationListText: MaterialText {
    /// The member's name in messages.
    public static let member = "revocationList"
    /// The allowed lengths: 300,000 bytes, as AWS takes them, are that many characters of PEM at most.
    public static let lengths = 1...410_000
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}
