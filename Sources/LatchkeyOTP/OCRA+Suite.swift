// OCRA+Suite.swift: which computation two sides have agreed upon (RFC 6287 section 6).
public import LatchkeyCrypto

extension OCRA {
    /// A computation by name, such as `OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1`.
    ///
    /// The name itself goes into every response, byte by byte, so only capitals are taken and nothing is made nicer.
    public struct Suite: Hashable, Sendable {
        /// What a question is made of.
        public enum Format: String, Hashable, Sendable {
            /// Printable ASCII, which goes into the response as it is.
            case alphanumeric = "A"
            /// Decimal digits: one number, whose leading zeros mean nothing.
            case numeric = "N"
            /// Hexadecimal digits of either case.
            case hexadecimal = "H"
        }

        /// The name.
        public let text: String
        /// The hash inside the HMAC.
        public let algorithm: HashAlgorithm
        /// How many digits a response has: 4 to 10, or 0 for the whole HMAC in hexadecimal.
        public let digits: Int
        /// Whether a counter goes into the response.
        public let hasCounter: Bool
        /// What a question is made of.
        public let format: Format
        /// The most characters of one side's question: 4 to 64.
        public let questionLength: Int
        /// The hash of the PIN, if a PIN goes into the response.
        public let pin: HashAlgorithm?
        /// The bytes of the session's data, if they go into the response.
        public let sessionLength: Int?
        /// The seconds of a step, if the time goes into the response.
        public let timeStep: Int64?

        /// Reads a suite's name.
        ///
        /// Where RFC 6287 section 6.3 names a default it may be left out: `Q` is `QN08`, `P` is `PSHA1`, `S` is `S064`, `T` is `T1M`.
        ///
        /// - Throws: `OTPError.malformedSuite`, which says what was expected.
        public init(_ text: String) throws(OTPError) {
            guard text.utf8.count <= 128 else { throw .malformedSuite("no suite is longer than 128 characters") }
            var reader = ASCIIReader(text)
            guard reader.take("OCRA-1:") else { throw .malformedSuite("it begins with `OCRA-1:`") }
            guard reader.take("HOTP-"), let algorithm = reader.algorithm() else {
                throw .malformedSuite("after `OCRA-1:` comes `HOTP-SHA1`, `HOTP-SHA256` or `HOTP-SHA512`")
            }
            guard
                reader.take("-"), let digits = reader.count(), digits == 0 || (4...10).contains(digits),
                reader.take(":")
            else { throw .malformedSuite("after the hash come `-`, the digits of a response (0 or 4 to 10) and `:`") }
            let hasCounter = reader.take("C-")
            guard reader.take("Q") else { throw .malformedSuite("the inputs begin with `Q`, or `C-Q` with a counter") }
            var format = Format.numeric
            var length = 8
            if !reader.isAtEnd, reader.next != UInt8(ascii: "-") {
                guard
                    let letter = reader.byte(), let given = Format(rawValue: String(UnicodeScalar(letter))),
                    let number = reader.digits(2), (4...64).contains(number)
                else { throw .malformedSuite("after `Q` come A, N or H and two digits from 04 to 64") }
                format = given
                length = Int(number)
            }
            var pin: HashAlgorithm?
            if reader.take("-P") {
                pin = reader.isAtEndOfInput ? .sha1 : reader.algorithm()
                guard pin != nil else { throw .malformedSuite("after `P` comes `SHA1`, `SHA256` or `SHA512`") }
            }
            var sessionLength: Int?
            if reader.take("-S") {
                sessionLength = reader.isAtEndOfInput ? 64 : reader.digits(3).map { Int($0) }
                guard let sessionLength, sessionLength > 0 else {
                    throw .malformedSuite("after `S` come three digits from 001 to 999")
                }
            }
            var timeStep: Int64?
            if reader.take("-T") {
                timeStep = reader.isAtEndOfInput ? 60 : reader.timeStep()
                guard timeStep != nil else {
                    throw .malformedSuite("after `T` come 1 to 59 and `S` or `M`, or 1 to 48 and `H`")
                }
            }
            guard reader.isAtEnd else {
                throw .malformedSuite("after the question come only `-P`, `-S` and `-T`, in this order")
            }
            self.text = text
            self.algorithm = algorithm
            self.digits = digits
            self.hasCounter = hasCounter
            self.format = format
            questionLength = length
            self.pin = pin
            self.sessionLength = sessionLength
            self.timeStep = timeStep
        }
    }
}

extension OCRA.Suite: CustomStringConvertible {
    /// The name.
    public var description: String { text }
}

extension ASCIIReader {
    /// Whether the input that was begun says nothing more, so that its default counts.
    fileprivate var isAtEndOfInput: Bool { isAtEnd || next == UInt8(ascii: "-") }

    fileprivate mutating func algorithm() -> HashAlgorithm? {
        if take("SHA1") { return .sha1 }
        if take("SHA256") { return .sha256 }
        if take("SHA512") { return .sha512 }
        return nil
    }

    /// A number of one or two digits without a leading zero.
    fileprivate mutating func count() -> Int? {
        if take("0") { return next.flatMap(Self.digit) == nil ? 0 : nil }
        guard let value = number(), value < 100 else { return nil }
        return Int(value)
    }

    /// G of RFC 6287 section 6.3, as erratum 3729 has it: no step of zero hours.
    fileprivate mutating func timeStep() -> Int64? {
        guard let count = count(), count > 0, let unit = byte() else { return nil }
        switch unit {
        case UInt8(ascii: "S") where count < 60: return Int64(count)
        case UInt8(ascii: "M") where count < 60: return Int64(count) * 60
        case UInt8(ascii: "H") where count <= 48: return Int64(count) * 3600
        default: return nil
        }
    }
}
