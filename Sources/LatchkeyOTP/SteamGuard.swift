// SteamGuard.swift: the codes of Steam's authenticator.
public import LatchkeyCrypto

/// A key of Steam Guard: TOTP with SHA-1 and 30 seconds, shown as five characters of an alphabet of 26.
public struct SteamGuard: ~Copyable, Sendable {
    /// The characters of a code.
    public static let length = 5
    /// The letters and digits that are hard to mistake for each other, in the order of their values.
    public static let alphabet = "23456789BCDFGHJKMNPQRTVWXY"
    private static let letters: InlineArray<26, UInt8> = {
        var letters = InlineArray<26, UInt8>(repeating: 0)
        for (index, byte) in alphabet.utf8.enumerated() where index < 26 { letters[index] = byte }
        return letters
    }()
    /// 26 to the power of ``length``.
    static var modulus: UInt32 { 11_881_376 }
    private let hotp: HOTP
    private let clock: StepClock

    /// Makes the key ready for use; `secret` may go afterwards.
    ///
    /// Steam's own `shared_secret` is Base64, the secret of a URI is Base32: decode accordingly.
    ///
    /// - Throws: `OTPError.emptySecret`.
    public init(secret: borrowing Secret) throws(OTPError) {
        let clock = try StepClock(period: 30, epoch: 0)
        let hotp = try HOTP(secret: secret)
        self.clock = clock
        self.hotp = hotp
    }

    /// The step that `now` lies in.
    ///
    /// - Throws: `OTPError.beforeEpoch` if it lies before 1970.
    public borrowing func step(at now: UnixTime) throws(OTPError) -> TOTP.Step {
        try clock.step(at: now)
    }

    /// The code that a right clock shows at `now`.
    ///
    /// - Throws: `OTPError.beforeEpoch` if it lies before 1970.
    public borrowing func code(at now: UnixTime) throws(OTPError) -> OneTimeCode {
        code(of: try step(at: now))
    }

    /// The code of `step`.
    public borrowing func code(of step: TOTP.Step) -> OneTimeCode {
        OneTimeCode(steam: UInt64(value(at: step.number)))
    }

    /// How many seconds the code of `now` will still be shown: 1 to 30.
    ///
    /// - Throws: `OTPError.beforeEpoch` if it lies before 1970.
    public borrowing func secondsLeft(at now: UnixTime) throws(OTPError) -> Int64 {
        try clock.secondsLeft(at: now)
    }

    /// Returns the step that `code` matches; the rules of ``TOTP/match(_:at:window:after:)``.
    ///
    /// - Throws: `OTPError.beforeEpoch` if `now` lies before 1970.
    public borrowing func match(
        _ code: OneTimeCode,
        at now: UnixTime,
        window: Int = 1,
        after spent: TOTP.Step?
    ) throws(OTPError) -> TOTP.Step? {
        guard let range = try clock.steps(around: now, within: window) else { return nil }
        return latest(code, in: range, above: spent?.number).map { TOTP.Step(number: $0) }
    }
}

extension SteamGuard: CodeSource {
    borrowing func value(at counter: UInt64) -> UInt32 {
        hotp.truncated(at: counter) % Self.modulus
    }

    borrowing func writes(_ code: OneTimeCode) -> Bool {
        code.alphabet == .steam
    }

    /// Writes the characters of the code whose number is `value`, the least significant first.
    static func write(_ value: UInt64, into buffer: UnsafeMutableBufferPointer<UInt8>) {
        var rest = value
        for index in 0..<length {
            buffer[index] = letters[Int(rest % 26)]
            rest /= 26
        }
    }

    /// The number of the code that `text` shows.
    fileprivate static func value(of text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        guard bytes.count == length else { return nil }
        var value: UInt64 = 0
        for byte in bytes.reversed() {
            guard let digit = letters.indices.first(where: { letters[$0] == byte }) else { return nil }
            value = value * 26 + UInt64(digit)
        }
        return value
    }
}

extension OneTimeCode {
    /// Reads a Steam Guard code: exactly five characters of its alphabet, capitals as the app shows them.
    ///
    /// - Throws: `OTPError.malformedSteamCode` if `text` is anything else.
    public init(steam text: String) throws(OTPError) {
        guard let value = SteamGuard.value(of: text) else { throw .malformedSteamCode }
        self.init(steam: value)
    }
}
