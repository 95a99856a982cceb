// PolicyText.swift: policy documents as text: what may come in, how it is shown, and what tells one text from another.
import LatchkeyCrypto

/// A policy document: 1 to 131,072 characters of Latin-1, kept and shown letter by letter.
public struct PolicyText: ConstrainedText {
    /// The member's name in messages.
    public static let member = "policyDocument"
    /// The allowed lengths.
    public static let lengths = 1...131_072
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        // In UTF-8 the bytes up to 0xC3 are those of U+0000 to U+00FF.
        text.allSatisfy { ($0 >= 0x20 && $0 < 0xC4) || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    /// Writes the text as a single value, percent-encoded where the encoder asks for it.
    public func encode(to encoder: any Encoder) throws {
        let isEscaped = encoder.userInfo[.escapesDocuments] as? Bool ?? false
        var container = encoder.singleValueContainer()
        try container.encode(isEscaped ? percentEncoded : text)
    }

    /// How many characters count towards a quota: all but white space.
    var countedLength: Int {
        text.unicodeScalars.count { $0 != " " && $0 != "\n" && $0 != "\r" && $0 != "\t" }
    }

    /// The text with all but RFC 3986's unreserved characters as `%XX`.
    private var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            if byte.isASCIIDigit || byte.isASCIILetter || "-._~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

extension CodingUserInfoKey {
    /// Whether policy documents are written percent-encoded (RFC 3986), as AWS has them in its XML answers.
    public static var escapesDocuments: CodingUserInfoKey {
        guard let key = CodingUserInfoKey(rawValue: "Latchkey.escapesDocuments") else {
            preconditionFailure("any text names a key")
        }
        return key
    }
}

/// What tells a policy document from every other: the SHA-256 digest of its text.
///
/// It never changes its meaning, so what was made of a document may be kept under it for ever.
struct DocumentID: Hashable, Sendable {
    let digest: [UInt8]

    init(digest: [UInt8]) { self.digest = digest }

    init(of text: PolicyText) { digest = Digest.hash(Array(text.text.utf8), with: .sha256) }
}
