// OneTimeCode.swift: a code as a person types it and an app shows it.

/// A one-time code: a text of exactly so many digits, leading zeros included, or a Steam Guard code of five characters.
///
/// Equal codes have equal texts. `==` is for tests and tables: a guess is compared by `match`, in constant time.
public struct OneTimeCode: Hashable, Sendable {
    /// What a code is written with.
    enum Alphabet: UInt8, Sendable {
        case decimal, steam
    }

    /// The code as a number: decimal, or in base 26 for Steam Guard.
    let value: UInt64

    /// The number of characters.
    public let digits: Int

    let alphabet: Alphabet

    /// How many digits a code may have: fewer are guessed too soon, and 31 bits of a digest fill no more than ten.
    public static let digitRange = 6...10

    /// Reads a code of exactly `digits` ASCII digits; nothing is trimmed, and no other script's digits are taken.
    ///
    /// - Throws: `OTPError.malformedCode` if `text` is anything else, `OTPError.digits` if `digits` is not 6 to 10.
    public init(_ text: String, digits: Int) throws(OTPError) {
        guard Self.digitRange.contains(digits) else { throw .digits(digits) }
        var value: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            guard count < digits, let digit = ASCIIReader.digit(byte) else { throw .malformedCode(digits: digits) }
            value = value * 10 + UInt64(digit)
            count += 1
        }
        guard count == digits else { throw .malformedCode(digits: digits) }
        self.init(value: value, digits: digits)
    }

    /// Makes the code that shows `value`, which must be below 10 to the power of `digits`.
    init(value: UInt64, digits: Int) {
        self.value = value
        self.digits = digits
        alphabet = .decimal
    }

    /// Makes the Steam Guard code that shows `value`, which must be below 26 to the power of 5.
    init(steam value: UInt64) {
        self.value = value
        digits = SteamGuard.length
        alphabet = .steam
    }

    /// The code as it is shown.
    public var text: String {
        // Of 15 bytes or fewer, so that the text lies inside the value and nothing is allocated.
        String(unsafeUninitializedCapacity: digits) { buffer in
            switch alphabet {
            case .decimal:
                var rest = value
                for index in stride(from: digits - 1, through: 0, by: -1) {
                    buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
            case .steam:
                SteamGuard.write(value, into: buffer)
            }
            return digits
        }
    }
}

extension OneTimeCode: CustomStringConvertible {
    /// The code as it is shown: codes are made to be shown, and are worth nothing soon.
    public var description: String { text }
}
