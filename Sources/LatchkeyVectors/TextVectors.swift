// TextVectors.swift: vectors of bytes as text (RFC 4648), and of secrets as people type them.

internal import LatchkeyCrypto

/// The encodings a file may name.
enum TextEncodingName: String, Codable, Sendable {
    case base16, base32, base64, base64url

    func encode(_ bytes: [UInt8], _ style: TextStyle?) throws -> String {
        switch self {
        case .base16: Hex.encode(bytes, uppercase: style == .uppercase)
        case .base32: Base32.encode(bytes, padded: style == .padded)
        case .base64: Base64.encode(bytes)
        case .base64url: Base64URL.encode(bytes)
        }
    }

    func decode(_ text: String, _ mode: DecodingMode) throws -> [UInt8] {
        switch self {
        case .base16: try Hex.decode(text, mode)
        case .base32: try Base32.decode(text, mode)
        case .base64: try Base64.decode(text, mode)
        case .base64url: try Base64URL.decode(text, mode)
        }
    }
}

/// A spelling that an encoder is asked for, where it has more than one.
enum TextStyle: String, Codable, Sendable {
    case uppercase, padded
}

/// Bytes to text and strictly back, or text to bytes.
struct TextEncodingVector: VectorKind {
    static let name = "text-encoding"

    let encoding: TextEncodingName
    let question: Question

    enum Question {
        case encode(HexBytes, TextStyle?)
        case decode(String, DecodingMode)
    }

    struct Answer: Codable {
        /// What the bytes are written as; of a text that is decoded, nothing.
        let text: String?
        /// The bytes that the text stands for, or those that the written text is strictly read back to.
        let bytes: HexBytes
    }

    private enum Key: String, CodingKey { case encoding, bytes, style, text, forgiving }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        encoding = try container.decode(TextEncodingName.self, forKey: .encoding)
        if container.contains(.bytes) {
            question = .encode(
                try container.decode(HexBytes.self, forKey: .bytes),
                try container.decodeIfPresent(TextStyle.self, forKey: .style)
            )
        } else {
            question = .decode(
                try container.decode(String.self, forKey: .text),
                try container.decode(Bool.self, forKey: .forgiving) ? .forgiving : .strict
            )
        }
    }

    func answer() throws -> Answer {
        switch question {
        case .encode(let bytes, let style):
            let text = try encoding.encode(bytes.bytes, style)
            // Digits in capitals are a style of writing only; the strict reader may want small ones.
            return Answer(
                text: text,
                bytes: HexBytes(try encoding.decode(text, style == .uppercase ? .forgiving : .strict))
            )
        case .decode(let text, let mode):
            return Answer(text: nil, bytes: HexBytes(try encoding.decode(text, mode)))
        }
    }
}

/// A secret as a person types it: Base32, in any spelling that means it.
struct SecretTextVector: VectorKind {
    static let name = "secret-text"

    let text: String

    struct Answer: Codable {
        let secret: HexBytes
        /// The secret as it is shown: capitals, no padding.
        let shown: String
    }

    func answer() throws -> Answer {
        let secret = try Base32.decodeSecret(text)
        return Answer(secret: HexBytes(secret), shown: Base32.encode(secret))
    }
}
