// OCRA.swift: responses to challenges (RFC 6287).
public import LatchkeyCrypto

/// A key that answers questions (RFC 6287).
public struct OCRA: ~Copyable, Sendable {
    /// What goes into a response, and what comes out.
    public let suite: Suite
    private let hmac: HMAC

    /// Makes the key ready for use; `secret` may go afterwards.
    ///
    /// - Throws: `OTPError.emptySecret`.
    public init(suite: Suite, secret: borrowing Secret) throws(OTPError) {
        guard secret.count > 0 else { throw .emptySecret }
        self.suite = suite
        hmac = HMAC(suite.algorithm, key: secret)
    }

    /// Answers a question.
    ///
    /// In a mutual exchange (RFC 6287 section 7.2) the question is both sides' challenges, one after the other, in the order
    /// of who is to be proved; it may be twice as long as the suite's limit for that. An input must be given if, and only
    /// if, the suite names it.
    ///
    /// - Parameters:
    ///   - question: Characters of the suite's format.
    ///   - counter: The next counter.
    ///   - pin: The PIN or password as it is typed; its digest goes into the response.
    ///   - session: The data of the session, at most the suite's length; shorter data stands at the right.
    ///   - time: The moment, not before 1970.
    /// - Returns: The digits of the response, or the whole HMAC in small hexadecimal digits for a suite of 0 digits.
    /// - Throws: `OTPError.challenge`, which says which input is missing, unwanted or malformed.
    public borrowing func response(
        to question: String,
        counter: UInt64? = nil,
        pin: borrowing Secret? = nil,
        session: [UInt8]? = nil,
        time: UnixTime? = nil
    ) throws(OTPError) -> String {
        // The buffer holds a digest of the PIN, which is short enough to be found by trying: it is wiped, and has room for
        // everything from the start, so that growing leaves no copy behind.
        var message: [UInt8] = []
        message.reserveCapacity(suite.text.utf8.count + 1 + 8 + 128 + 64 + (suite.sessionLength ?? 0) + 8)
        defer { wipe(&message) }
        message.append(contentsOf: suite.text.utf8)
        message.append(0)
        try append(counter, to: &message)
        try append(question: question, to: &message)
        try append(pin: pin, to: &message)
        try append(session: session, to: &message)
        try append(time, to: &message)
        let digest = hmac.code(for: message)
        guard suite.digits > 0 else { return Hex.encode(digest) }
        let value = UInt64(truncation(of: digest.span))
        return Self.text(of: value, digits: suite.digits)
    }

    /// Tells whether `response` answers the question, in constant time; the inputs are those of
    /// ``response(to:counter:pin:session:time:)``.
    ///
    /// - Throws: `OTPError.challenge`, if an input is wrong; a wrong response is not.
    public borrowing func accepts(
        _ response: String,
        to question: String,
        counter: UInt64? = nil,
        pin: borrowing Secret? = nil,
        session: [UInt8]? = nil,
        time: UnixTime? = nil
    ) throws(OTPError) -> Bool {
        let right = try self.response(to: question, counter: counter, pin: pin, session: session, time: time)
        return constantTimeEqual(Array(response.utf8), Array(right.utf8))
    }
}

extension OCRA {
    private borrowing func append(_ counter: UInt64?, to message: inout [UInt8]) throws(OTPError) {
        guard (counter != nil) == suite.hasCounter else {
            throw .challenge(
                suite.hasCounter ? "the suite needs a counter; give one" : "the suite has no counter; give none"
            )
        }
        if let counter { Self.append(counter, to: &message) }
    }

    private borrowing func append(question: String, to message: inout [UInt8]) throws(OTPError) {
        let characters = Array(question.utf8)
        let longest = 2 * suite.questionLength
        guard (1...longest).contains(characters.count) else {
            throw .challenge("the question must have 1 to \(suite.questionLength) characters, twice that if mutual")
        }
        var field: [UInt8]
        switch suite.format {
        case .alphanumeric:
            guard characters.allSatisfy({ (0x20...0x7e).contains($0) }) else {
                throw .challenge("the question must be printable ASCII, as the suite says")
            }
            field = characters
        case .numeric:
            guard let nibbles = Self.hexadecimal(ofDecimal: characters) else {
                throw .challenge("the question must be digits 0 to 9, as the suite says")
            }
            field = Self.packed(nibbles)
        case .hexadecimal:
            var nibbles: [UInt8] = []
            for character in characters {
                guard let nibble = Self.nibble(character) else {
                    throw .challenge("the question must be hexadecimal digits, as the suite says")
                }
                nibbles.append(nibble)
            }
            field = Self.packed(nibbles)
        }
        field.append(contentsOf: repeatElement(0, count: 128 - field.count))
        message.append(contentsOf: field)
    }

    private borrowing func append(pin: borrowing Secret?, to message: inout [UInt8]) throws(OTPError) {
        guard let algorithm = suite.pin else {
            switch pin {
            case .none: return
            case .some: throw .challenge("the suite has no PIN; give none")
            }
        }
        switch pin {
        case .none: throw .challenge("the suite needs a PIN; give one")
        case .some(let pin): pin.withBytes { message.append(contentsOf: Digest.hash($0, with: algorithm)) }
        }
    }

    private borrowing func append(session: [UInt8]?, to message: inout [UInt8]) throws(OTPError) {
        guard let length = suite.sessionLength else {
            guard session == nil else { throw .challenge("the suite has no session data; give none") }
            return
        }
        guard let session else { throw .challenge("the suite needs session data; give it") }
        guard session.count <= length else {
            throw .challenge("the session data may have \(length) bytes, not \(session.count)")
        }
        message.append(contentsOf: repeatElement(0, count: length - session.count))
        message.append(contentsOf: session)
    }

    private borrowing func append(_ time: UnixTime?, to message: inout [UInt8]) throws(OTPError) {
        guard let step = suite.timeStep else {
            guard time == nil else { throw .challenge("the suite has no time; give none") }
            return
        }
        guard let time else { throw .challenge("the suite needs a time; give one") }
        guard let seconds = UInt64(exactly: time.seconds) else { throw .beforeEpoch(epoch: UnixTime(0)) }
        Self.append(seconds / UInt64(step), to: &message)
    }

    private static func append(_ number: UInt64, to message: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { message.append(contentsOf: $0) }
    }

    /// The last `digits` decimal digits of `value`.
    private static func text(of value: UInt64, digits: Int) -> String {
        var rest = value
        var text: [UInt8] = []
        for _ in 0..<digits {
            text.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        return String(decoding: text.reversed(), as: UTF8.self)
    }
}

// How a question becomes bytes: nibble by nibble from the left, zeros to the right, which is where others go wrong.
extension OCRA {
    /// The hexadecimal digits of a decimal number of any length, one at least, no zero in front.
    static func hexadecimal(ofDecimal characters: [UInt8]) -> [UInt8]? {
        var nibbles: [UInt8] = [0]  // The least significant first.
        for character in characters {
            guard let digit = ASCIIReader.digit(character) else { return nil }
            var carry = digit
            for index in nibbles.indices {
                let value = nibbles[index] * 10 + carry
                nibbles[index] = value & 15
                carry = value >> 4
            }
            if carry > 0 { nibbles.append(carry) }
        }
        return nibbles.reversed()
    }

    /// Two nibbles a byte, the first on the left; an odd last one stands on the left of its byte.
    private static func packed(_ nibbles: [UInt8]) -> [UInt8] {
        stride(from: 0, to: nibbles.count, by: 2)
            .map { index in
                nibbles[index] << 4 | (index + 1 < nibbles.count ? nibbles[index + 1] : 0)
            }
    }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
