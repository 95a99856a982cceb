// RecoveryCode.swift: the codes on paper that stand in for a lost device.
internal import LatchkeyCrypto

/// A recovery code: 80 random bits, written as four groups of Crockford's Base32, such as `7K2M-9QXA-RT4D-HV6C`.
///
/// Crockford's alphabet leaves out I, L, O and U, so that what is read off paper cannot be mistaken: O is taken for 0, and I and L
/// for 1. It is a secret: keep a salted hash of ``bytes``, show ``text`` once; it does not print itself.
public struct RecoveryCode: Sendable {
    /// The bytes of a code.
    public static let length = 10
    private static let characters = 16
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The ten bytes of the code, the same for every spelling: what is hashed.
    public let bytes: [UInt8]

    /// A new code from the system's generator.
    public static func random() -> RecoveryCode {
        RecoveryCode(SecureRandom.bytes(count: length))
    }

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads a code as people type it: in any case, with or without blanks and dashes, O for 0, I and L for 1.
    ///
    /// - Throws: `OTPError.malformedRecoveryCode` if `typed` is not 16 such characters.
    public init(typed: String) throws(OTPError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.length)
        var pending: UInt32 = 0
        var bits = 0
        var count = 0
        for scalar in typed.unicodeScalars where !Self.isSeparator(scalar) {
            guard let value = Self.value(of: scalar) else {
                throw .malformedRecoveryCode(
                    scalar == "U" || scalar == "u"
                        ? "the letter U is in none; look again whether it is a V"
                        : "it has letters A to Z without U, digits 0 to 9 and dashes only"
                )
            }
            count += 1
            guard count <= Self.characters else { break }
            pending = pending << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(bits)))
            }
        }
        guard count == Self.characters else {
            throw .malformedRecoveryCode("it has 16 letters and digits, dashes not counted; type all of it")
        }
        self.bytes = bytes
    }

    /// The code as it is shown: four groups of four, capitals.
    public var text: String {
        var text: [UInt8] = []
        text.reserveCapacity(Self.characters + 3)
        var pending: UInt32 = 0
        var bits = 0
        var count = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                if count > 0, count % 4 == 0 { text.append(UInt8(ascii: "-")) }
                text.append(Self.alphabet[Int(pending >> UInt32(bits) & 31)])
                count += 1
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        // Dashes too that a text program put for the plain one.
        switch scalar {
        case " ", "\t", "\r", "\n", "-", "\u{a0}", "\u{2010}"..."\u{2015}", "\u{2212}": true
        default: false
        }
    }

    private static func value(of scalar: Unicode.Scalar) -> UInt8? {
        guard var byte = UInt8(exactly: scalar.value), byte < 0x80 else { return nil }
        if (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) { byte &-= 0x20 }
        switch byte {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return alphabet.firstIndex(of: byte).map { UInt8($0) }
        }
    }
}

extension RecoveryCode: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Not the code: what is printed by accident ends up in a log.
    public var description: String { "RecoveryCode(hidden)" }

    /// Not the code.
    public var debugDescription: String { description }

    /// Not the code.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
