// HOTP.swift: codes of a counter (RFC 4226).
public import LatchkeyCrypto

/// A key whose codes are numbered by a counter (RFC 4226).
///
/// It keeps the keyed state of its HMAC, so a code costs two compressions of the hash and no allocation.
public struct HOTP: ~Copyable, Sendable {
    /// The hash inside the HMAC.
    public let algorithm: HashAlgorithm
    /// How many digits a code has: 6 to 10.
    public let digits: Int
    private let hmac: HMAC

    /// The most counters that one call looks at; a wider search is cut to this.
    public static let widestSearch = 100_000

    /// Makes the key ready for use; `secret` may go afterwards.
    ///
    /// - Parameters:
    ///   - secret: The shared key, of any length but zero; it is never stretched or cut.
    ///   - algorithm: The hash: SHA-1 in RFC 4226 and in nearly every app.
    ///   - digits: 6 to 10. Few apps show other than 6 and 8; the tenth digit is only ever 0, 1 or 2.
    /// - Throws: `OTPError.emptySecret`, `OTPError.digits`.
    public init(
        secret: borrowing Secret,
        algorithm: HashAlgorithm = .sha1,
        digits: Int = 6
    ) throws(OTPError) {
        guard OneTimeCode.digitRange.contains(digits) else { throw .digits(digits) }
        guard secret.count > 0 else { throw .emptySecret }
        self.algorithm = algorithm
        self.digits = digits
        hmac = HMAC(algorithm, key: secret)
    }

    /// The code of `counter`.
    public borrowing func code(at counter: UInt64) -> OneTimeCode {
        OneTimeCode(value: UInt64(value(at: counter)), digits: digits)
    }

    /// The code of `counter` as a number, which has lost its leading zeros: for comparing, not for showing.
    public borrowing func value(at counter: UInt64) -> UInt32 {
        // By constants, which become multiplications: the time of a division would tell something of the code.
        let number = truncated(at: counter)
        return switch digits {
        case 6: number % 1_000_000
        case 7: number % 10_000_000
        case 8: number % 100_000_000
        case 9: number % 1_000_000_000
        default: number  // 31 bits have ten digits at most.
        }
    }

    /// Writes the digits of the code of `counter`, in ASCII, to the front of `buffer`, without allocating.
    ///
    /// - Precondition: `buffer` has room for ``digits`` bytes.
    public borrowing func write(codeAt counter: UInt64, into buffer: inout MutableSpan<UInt8>) {
        precondition(buffer.count >= digits, "the buffer is shorter than the code")
        var rest = value(at: counter)
        var index = digits
        while index > 0 {
            index -= 1
            buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }

    /// The counter that `code` belongs to, if it is one of `counter` and the `lookAhead` after it (RFC 4226 section 7.2).
    ///
    /// Compares every candidate in constant time and answers the least that matches. Store its successor before granting
    /// anything, and store nothing on a failure.
    ///
    /// - Parameters:
    ///   - code: What the person typed; one of another number of digits matches nothing.
    ///   - counter: The next counter that is not spent.
    ///   - lookAhead: How many more to look at, for presses of the button that were never typed; negative finds nothing.
    /// - Returns: The counter whose successor is to be stored, or nil for a wrong code.
    public borrowing func match(_ code: OneTimeCode, from counter: UInt64, lookAhead: Int) -> UInt64? {
        guard let range = Self.range(from: counter, lookAhead: lookAhead) else { return nil }
        return earliest(code, in: range)
    }

    /// The counter of `second`, if `first` and `second` are neighbours among `counter` and the `lookAhead` after it
    /// (RFC 4226 section 7.4).
    ///
    /// - Parameters:
    ///   - first: The code of some counter, not before `counter`.
    ///   - second: The code that the device showed next.
    ///   - counter: The next counter that is not spent: resynchronising never goes back.
    ///   - lookAhead: How far the device may have run ahead; wide, because two codes are hard to guess.
    /// - Returns: The counter whose successor is to be stored, or nil if the codes are no such neighbours.
    public borrowing func resync(
        _ first: OneTimeCode,
        _ second: OneTimeCode,
        from counter: UInt64,
        lookAhead: Int
    ) -> UInt64? {
        guard let range = Self.range(from: counter, lookAhead: lookAhead) else { return nil }
        return pair(first, second, in: range, above: nil, last: false)
    }
}

extension HOTP: CodeSource {
    borrowing func writes(_ code: OneTimeCode) -> Bool {
        code.alphabet == .decimal && code.digits == digits
    }

    /// The 31 bits of the digest of `counter`, before they are cut to digits.
    @inline(__always)
    borrowing func truncated(at counter: UInt64) -> UInt32 {
        var digest = InlineArray<64, UInt8>(repeating: 0)
        hmac.write(codeOf: counter, into: &digest)
        return truncation(of: digest.span.extracting(first: algorithm.digestLength))
    }

    private static func range(from counter: UInt64, lookAhead: Int) -> ClosedRange<UInt64>? {
        guard lookAhead >= 0 else { return nil }
        let (last, overflow) = counter.addingReportingOverflow(UInt64(min(lookAhead, widestSearch)))
        return counter...(overflow ? .max : last)
    }
}

/// The 31 bits that RFC 4226 section 5.3 takes out of `digest`, at the place that its last byte, and no other, names.
@inline(__always)
func truncation(of digest: Span<UInt8>) -> UInt32 {
    let offset = Int(digest[digest.count - 1] & 0x0f)
    return UInt32(digest[offset] & 0x7f) << 24 | UInt32(digest[offset + 1]) << 16
        | UInt32(digest[offset + 2]) << 8 | UInt32(digest[offset + 3])
}
