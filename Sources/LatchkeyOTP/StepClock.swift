// StepClock.swift: time cut into steps (RFC 6238 section 4.2).

/// Cuts time into steps of one length from a first moment; exact over all of 64 bits.
struct StepClock {
    let period: Int64
    let epoch: Int64

    init(period: Int64, epoch: Int64) throws(OTPError) {
        guard period >= 1 else { throw .period(period) }
        self.period = period
        self.epoch = epoch
    }

    func step(at now: UnixTime) throws(OTPError) -> TOTP.Step {
        TOTP.Step(number: try elapsed(at: now) / UInt64(period))
    }

    func secondsLeft(at now: UnixTime) throws(OTPError) -> Int64 {
        period - Int64(try elapsed(at: now) % UInt64(period))
    }

    func start(of step: TOTP.Step) -> UnixTime {
        let (offset, isBeyond) = step.number.multipliedReportingOverflow(by: UInt64(period))
        // From the epoch up there are as many seconds as this, which the difference of any two 64-bit times fits.
        let room = UInt64(bitPattern: .max &- epoch)
        guard !isBeyond, offset <= room else { return UnixTime(.max) }
        return UnixTime(epoch &+ Int64(bitPattern: offset))
    }

    /// The steps up to `distance` before and after that of `now`; none if `distance` is negative.
    func steps(around now: UnixTime, within distance: Int) throws(OTPError) -> ClosedRange<UInt64>? {
        let present = try step(at: now).number
        guard distance >= 0 else { return nil }
        return neighbours(of: present, within: UInt64(min(distance, HOTP.widestSearch)))
    }

    /// Seconds since the epoch; never negative, and up to 2^64 - 1.
    private func elapsed(at now: UnixTime) throws(OTPError) -> UInt64 {
        guard now.seconds >= epoch else { throw .beforeEpoch(epoch: UnixTime(epoch)) }
        return UInt64(bitPattern: now.seconds &- epoch)
    }
}
