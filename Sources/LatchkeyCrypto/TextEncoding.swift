// TextEncoding.swift: what Base32, Base64 and hexadecimal have in common (RFC 4648).

internal import CLatchkeyOpenSSL

/// How a text of bytes is read.
public enum DecodingMode: Sendable {
    /// Only the canonical spelling, up to what the encoding's page says about padding and case.
    case strict

    /// What people type and other programs write: any case where letters stand for the same digit, blanks and
    /// line breaks anywhere, padding or none, and bits left over in the last digit dropped.
    case forgiving
}

/// Why a text is not the bytes it should be; positions count characters from 1, and no digit of the text is repeated.
@nonexhaustive
public enum TextEncodingError: Error, Equatable {
    /// The character at `position` is no digit of the encoding; `hint` says what may have been meant.
    case badCharacter(encoding: String, position: Int, hint: String?)

    /// No whole number of bytes has this number of digits.
    case impossibleLength(encoding: String, digits: Int)

    /// A `=` stands before the end, or their number is wrong.
    case badPadding(encoding: String)

    /// The last digit carries bits that belong to no byte (RFC 4648 § 3.5).
    case leftoverBits(encoding: String)

    /// There is nothing where a secret should be.
    case empty
}

extension TextEncodingError: CustomStringConvertible {
    /// One sentence for a person, without a part of the secret in it.
    public var description: String {
        switch self {
        case .badCharacter(let encoding, let position, let hint):
            "character \(position) is not a \(encoding) digit; \(hint ?? "check the text for typing errors")"
        case .impossibleLength(let encoding, let digits):
            "\(digits) digits cannot be \(encoding); check that nothing is missing at the end"
        case .badPadding(let encoding):
            "the `=` signs do not end the \(encoding) text as they should; remove them or copy the text whole"
        case .leftoverBits(let encoding):
            "the last \(encoding) digit carries bits of no byte; check that the text was copied whole"
        case .empty:
            "the secret is empty; give the one that the service showed"
        }
    }
}

/// An encoding whose digits hold a whole number of bits.
protocol BitEncoding {
    static var name: String { get }

    /// Bits a digit: 4, 5 or 6.
    static var bits: Int { get }

    /// Digits, padding included, of a full group.
    static var group: Int { get }

    static var strictPadding: StrictPadding { get }

    static func digit(_ value: UInt8) -> UInt8
    static func value(of digit: UInt8, _ mode: DecodingMode) -> UInt8?

    /// Whether the forgiving reader steps over `character`.
    static func isSeparator(_ character: UInt8) -> Bool
    static func hint(for character: UInt8) -> String?
}

/// What a strict reader wants after the last digit.
enum StrictPadding {
    case required, optional, forbidden
}

extension BitEncoding {
    static var group: Int { 1 }
    static var strictPadding: StrictPadding { .forbidden }
    static func hint(for character: UInt8) -> String? { nil }
    static func isSeparator(_ character: UInt8) -> Bool { isBlank(character) }

    static func isBlank(_ character: UInt8) -> Bool {
        character == 0x20 || (0x09...0x0d).contains(character)
    }

    static func text(of bytes: Span<UInt8>, padded: Bool) -> String {
        let digits = (bytes.count * 8 + bits - 1) / bits
        let length = padded ? (digits + group - 1) / group * group : digits
        return String(unsafeUninitializedCapacity: length) { text in
            var position = 0
            var pending: UInt32 = 0
            var pendingBits = 0
            for index in bytes.indices {
                pending = pending << 8 | UInt32(bytes[index])
                pendingBits += 8
                while pendingBits >= bits {
                    pendingBits -= bits
                    text[position] = digit(UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits)) & mask)
                    position += 1
                }
            }
            if pendingBits > 0 {
                text[position] = digit(UInt8(truncatingIfNeeded: pending << UInt32(bits - pendingBits)) & mask)
                position += 1
            }
            for index in position..<length { text[index] = UInt8(ascii: "=") }
            return length
        }
    }

    static func bytes(of text: String, _ mode: DecodingMode) throws(TextEncodingError) -> [UInt8] {
        let utf8 = Array(text.utf8)
        var bytes = [UInt8](repeating: 0, count: utf8.count * bits / 8)
        var span = bytes.mutableSpan
        let count = try decode(utf8.span, mode, into: &span)
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    static func secret(of text: Span<UInt8>) throws(TextEncodingError) -> Secret {
        var room = [UInt8](repeating: 0, count: text.count * bits / 8)
        defer { wipe(&room) }
        var span = room.mutableSpan
        let count = try decode(text, .forgiving, into: &span)
        guard count > 0 else { throw .empty }
        return Secret(room.span.extracting(first: count))
    }

    static func secret(of text: String) throws(TextEncodingError) -> Secret {
        var utf8 = Array(text.utf8)
        defer { wipe(&utf8) }
        return try secret(of: utf8.span)
    }

    private static var mask: UInt8 { 1 << UInt8(bits) - 1 }

    /// Writes the bytes that `text` stands for into `output`, which has room for all digits, and counts them.
    private static func decode(
        _ text: Span<UInt8>,
        _ mode: DecodingMode,
        into output: inout MutableSpan<UInt8>
    ) throws(TextEncodingError) -> Int {
        var count = 0
        var digits = 0
        var padding = 0
        var pending: UInt32 = 0
        var pendingBits = 0
        var position = 0
        for index in text.indices {
            let character = text[index]
            // Positions are for people: a continuation byte of UTF-8 is no character of its own.
            if character & 0xc0 != 0x80 { position += 1 }
            if mode == .forgiving, isSeparator(character) { continue }
            if character == UInt8(ascii: "="), group > 1 {
                padding += 1
                continue
            }
            guard let value = value(of: character, mode) else {
                throw .badCharacter(encoding: name, position: position, hint: hint(for: character))
            }
            guard padding == 0 else { throw .badPadding(encoding: name) }
            digits += 1
            pending = pending << UInt32(bits) | UInt32(value)
            pendingBits += bits
            if pendingBits >= 8 {
                pendingBits -= 8
                output[count] = UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits))
                count += 1
            }
        }
        guard pendingBits < bits else { throw .impossibleLength(encoding: name, digits: digits) }
        guard mode == .strict else { return count }
        guard pending & (1 << UInt32(pendingBits) - 1) == 0 else { throw .leftoverBits(encoding: name) }
        let missing = (group - digits % group) % group
        let isRight =
            switch strictPadding {
            case .required: padding == missing
            case .optional: padding == missing || padding == 0
            case .forbidden: padding == 0
            }
        guard isRight else { throw .badPadding(encoding: name) }
        return count
    }
}
