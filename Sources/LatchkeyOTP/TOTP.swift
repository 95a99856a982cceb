// TOTP.swift: codes of the time (RFC 6238).
public import LatchkeyCrypto

/// A key whose codes are numbered by periods of time since a first moment (RFC 6238).
public struct TOTP: ~Copyable, Sendable {
    /// A period of time, numbered from 0 at the key's first moment.
    public struct Step: Hashable, Comparable, Sendable {
        /// T of RFC 6238 section 4.2.
        public var number: UInt64

        /// Makes the step of that number.
        public init(number: UInt64) {
            self.number = number
        }

        /// Whether `left` comes first.
        public static func < (left: Step, right: Step) -> Bool {
            left.number < right.number
        }
    }

    /// How long a code is shown, in seconds.
    public var period: Int64 { clock.period }
    /// T0: when step 0 began, in seconds since 1970.
    public var epoch: Int64 { clock.epoch }
    /// The hash inside the HMAC.
    public var algorithm: HashAlgorithm { hotp.algorithm }
    /// How many digits a code has: 6 to 10.
    public var digits: Int { hotp.digits }
    private let hotp: HOTP
    private let clock: StepClock

    /// Makes the key ready for use; `secret` may go afterwards.
    ///
    /// - Parameters:
    ///   - secret: The shared key, of any length but zero; it is never stretched or cut.
    ///   - algorithm: The hash; many apps know SHA-1 only, and say nothing.
    ///   - digits: 6 to 10; many apps know 6 only.
    ///   - period: X, in seconds, 1 or more; many apps know 30 only.
    ///   - epoch: T0, in seconds since 1970; any, a future one included.
    /// - Throws: `OTPError.emptySecret`, `OTPError.digits`, `OTPError.period`.
    public init(
        secret: borrowing Secret,
        algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        epoch: Int64 = 0
    ) throws(OTPError) {
        let clock = try StepClock(period: period, epoch: epoch)
        let hotp = try HOTP(secret: secret, algorithm: algorithm, digits: digits)
        self.clock = clock
        self.hotp = hotp
    }

    /// The step that `now` lies in.
    ///
    /// - Throws: `OTPError.beforeEpoch` if it lies before step 0.
    public borrowing func step(at now: UnixTime) throws(OTPError) -> Step {
        try clock.step(at: now)
    }

    /// The code that a right clock shows at `now`.
    ///
    /// - Throws: `OTPError.beforeEpoch`.
    public borrowing func code(at now: UnixTime) throws(OTPError) -> OneTimeCode {
        code(of: try step(at: now))
    }

    /// The code of `step`.
    public borrowing func code(of step: Step) -> OneTimeCode {
        hotp.code(at: step.number)
    }

    /// The code of `step` as a number, which has lost its leading zeros: for comparing, not for showing.
    public borrowing func value(of step: Step) -> UInt32 {
        hotp.value(at: step.number)
    }

    /// Writes the digits of the code of `step`, in ASCII, to the front of `buffer`, without allocating.
    ///
    /// - Precondition: `buffer` has room for ``digits`` bytes.
    public borrowing func write(codeOf step: Step, into buffer: inout MutableSpan<UInt8>) {
        hotp.write(codeAt: step.number, into: &buffer)
    }

    /// How many seconds the code of `now` will still be shown: 1 to ``period``.
    ///
    /// - Throws: `OTPError.beforeEpoch`.
    public borrowing func secondsLeft(at now: UnixTime) throws(OTPError) -> Int64 {
        try clock.secondsLeft(at: now)
    }

    /// When `step` begins; the last moment there is if it lies beyond.
    public borrowing func start(of step: Step) -> UnixTime {
        clock.start(of: step)
    }

    /// Returns the step that `code` matches, if any within `window` steps of `now` and later than `spent`.
    ///
    /// Compares every candidate in constant time, so the answer's delay does not tell which step matched. Should two steps
    /// of the window share the code, it answers the later, which spends both. Store the step, by compare-and-set, before
    /// granting anything: RFC 6238 section 5.2 forbids a second success.
    ///
    /// - Parameters:
    ///   - code: What the person typed; one of another number of digits matches nothing.
    ///   - now: The server's time.
    ///   - window: How many steps before and after are good too; negative finds nothing.
    ///   - spent: The last step that was accepted for this key; no step up to it is ever answered.
    /// - Returns: The step to store, or nil for a wrong code, a spent one included.
    /// - Throws: `OTPError.beforeEpoch` if the key has no code at `now` yet.
    public borrowing func match(
        _ code: OneTimeCode,
        at now: UnixTime,
        window: Int = 1,
        after spent: Step?
    ) throws(OTPError) -> Step? {
        guard let range = try clock.steps(around: now, within: window) else { return nil }
        return hotp.latest(code, in: range, above: spent?.number).map { Step(number: $0) }
    }

    /// Returns the step of `second`, if `first` and `second` are the codes of two neighbouring steps, both within `steps`
    /// of `now` and later than `spent`.
    ///
    /// For devices whose clock has run away; the same rules of time and storing as for ``match(_:at:window:after:)``.
    /// One code typed twice is accepted only if two neighbouring steps really have the same code.
    ///
    /// - Throws: `OTPError.beforeEpoch` if the key has no code at `now` yet.
    public borrowing func resync(
        _ first: OneTimeCode,
        _ second: OneTimeCode,
        at now: UnixTime,
        within steps: Int,
        after spent: Step?
    ) throws(OTPError) -> Step? {
        guard let range = try clock.steps(around: now, within: steps) else { return nil }
        return hotp.pair(first, second, in: range, above: spent?.number, last: true).map { Step(number: $0) }
    }
}
