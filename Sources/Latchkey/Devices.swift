// Devices.swift: a device as it is kept, and the check of a code against it: match, spend, count.
public import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// How far off a device's clock was when it was last resynchronised.
let deviceAnchors = Migration(
    number: 6,
    sql: "ALTER TABLE mfa_devices ADD COLUMN anchor BIGINT NOT NULL DEFAULT 0"
)

/// How a device makes its codes.
public struct DeviceParameters: Codable, Sendable, Equatable {
    /// What moves a device on: time or a button.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        /// RFC 6238.
        case totp
        /// RFC 4226.
        case hotp
    }

    /// What moves the device on.
    public var kind: Kind
    /// The hash.
    public var algorithm: HashAlgorithm
    /// 6 to 8 digits.
    public var digits: Int
    /// Seconds a step, of time-based devices.
    public var period: Int64

    /// Makes parameters; what phones understand without asking unless said otherwise.
    public init(kind: Kind = .totp, algorithm: HashAlgorithm = .sha1, digits: Int = 6, period: Int64 = 30) {
        self.kind = kind
        self.algorithm = algorithm
        self.digits = digits
        self.period = period
    }

    /// Fails when a phone could not follow: other than 6 to 8 digits, or a period outside 5 to 300 seconds.
    func check() throws(Fault) {
        guard (6...8).contains(digits) else { throw .invalidInput("a device shows 6 to 8 digits, not \(digits)") }
        guard (5...300).contains(period) else {
            throw .invalidInput("a device's period is 5 to 300 seconds, not \(period)")
        }
    }
}

/// A device as it is kept.
///
/// The seed stays sealed until a code is checked.
struct Device {
    let serial: SerialNumber
    let account: AccountID
    let name: String
    let created: UnixTime
    let parameters: DeviceParameters
    let sealedSeed: [UInt8]
    let label: String
    let issuer: String?
    let pendingFor: String?
    let pendingUntil: UnixTime?
    let owner: String?
    let enabled: UnixTime?
    /// The last step or counter that was spent; -1 before the first.
    let lastStep: Int64
    /// How many steps the device's clock was off when last seen.
    let drift: Int64
    /// How many steps it was off when it was last resynchronised: the window lies around that.
    ///
    /// Nothing else moves the window, so that it is always of one width and in a place that somebody chose.
    let anchor: Int64
    let failures: Int64
    let retryAt: UnixTime
    /// Why no code of the device counts any more, if so: `failures` or `restored`.
    let disabled: String?

    /// The key of the device's row: a serial that a maker has printed on a device is unique in its account only.
    var row: String { Self.row(of: serial, in: account) }

    static func row(of serial: SerialNumber, in account: AccountID) -> String {
        serial.isVirtual ? serial.text : "\(account):\(serial)"
    }

    /// What the seed is sealed to: while the device waits for its first code, to the user for whom it waits as well, as no seal
    /// lies over the row yet.
    var sealedRow: String { Self.sealedRow(row, pendingFor: pendingFor) }

    static func sealedRow(_ row: String, pendingFor user: String?) -> String {
        user.map { "\(row) for \($0)" } ?? row
    }

    /// The fields in the order in which a seal lies over them.
    func adding(to message: Message) -> Message {
        message.adding(row).adding(created.seconds).adding(parameters.kind.rawValue)
            .adding(parameters.algorithm.rawValue).adding(Int64(parameters.digits)).adding(parameters.period)
            .adding(sealedSeed).adding(owner).adding(enabled?.seconds).adding(lastStep).adding(anchor)
            .adding(failures).adding(retryAt.seconds).adding(disabled)
    }
}

/// What a code was found to be.
enum CodeVerdict {
    /// The code of this step, `offset` steps from the present one.
    case accepted(step: Int64, offset: Int64)
    /// The reason, for the audit trail.
    case refused(String)
}

extension State {
    private typealias DeviceRow = (
        String, String, String, Int64, String, String, Int64, Int64, [UInt8], String, String?, String?, Int64?, String?,
        Int64?, Int64, Int64, Int64, Int64, String?, Int64
    )

    /// The enabled devices of a principal, by serial.
    borrowing func devices(of owner: Principal) throws(Fault) -> [Device] {
        let rows: [DeviceRow] = try rows(
            """
            SELECT serial, account, name, created, kind, algorithm, digits, period, seed, label, issuer, pending_for,
                pending_until, owner, enabled, last_step, drift, failures, retry_at, disabled, anchor
            FROM mfa_devices WHERE owner = $1 ORDER BY serial
            """,
            owner.id
        )
        return try rows.map { row throws(Fault) in try device(row) }
    }

    /// The device with that serial, enabled or not.
    borrowing func findDevice(_ serial: SerialNumber, in account: AccountID) throws(Fault) -> Device? {
        let row: DeviceRow? = try row(
            """
            SELECT serial, account, name, created, kind, algorithm, digits, period, seed, label, issuer, pending_for,
                pending_until, owner, enabled, last_step, drift, failures, retry_at, disabled, anchor
            FROM mfa_devices WHERE serial = $1 AND account = $2
            """,
            Device.row(of: serial, in: account),
            account.text
        )
        guard let row else { return nil }
        return try device(row)
    }

    /// All devices of an account, by serial without regard to case.
    borrowing func allDevices(in account: AccountID) throws(Fault) -> [Device] {
        let rows: [DeviceRow] = try rows(
            """
            SELECT serial, account, name, created, kind, algorithm, digits, period, seed, label, issuer, pending_for,
                pending_until, owner, enabled, last_step, drift, failures, retry_at, disabled, anchor
            FROM mfa_devices WHERE account = $1 ORDER BY folded
            """,
            account.text
        )
        return try rows.map { row throws(Fault) in try device(row) }
    }

    private borrowing func device(_ row: DeviceRow) throws(Fault) -> Device {
        guard let kind = DeviceParameters.Kind(rawValue: row.4), let algorithm = HashAlgorithm(rawValue: row.5),
            let digits = Int(exactly: row.6)
        else { throw .damaged("a device") }
        return Device(
            serial: SerialNumber(checked: row.0.hasPrefix("\(row.1):") ? String(row.0.dropFirst(13)) : row.0),
            account: AccountID(checked: row.1),
            name: row.2,
            created: UnixTime(row.3),
            parameters: DeviceParameters(kind: kind, algorithm: algorithm, digits: digits, period: row.7),
            sealedSeed: row.8,
            label: row.9,
            issuer: row.10,
            pendingFor: row.11,
            pendingUntil: row.12.map { UnixTime($0) },
            owner: row.13,
            enabled: row.14.map { UnixTime($0) },
            lastStep: row.15,
            drift: row.16,
            anchor: row.20,
            failures: row.17,
            retryAt: UnixTime(row.18),
            disabled: row.19
        )
    }

    /// Opens the device's seed: for this call only.
    borrowing func seed(of device: Device) throws(Fault) -> Secret {
        try open(device.sealedSeed, column: "mfa_devices.seed", row: device.sealedRow)
    }

    // MARK: Checking a code

    /// Says which step of the device the code matches, later than the last spent one.
    borrowing func match(_ text: String, _ device: Device, at now: UnixTime) throws(Fault) -> CodeVerdict {
        guard let code = try? OneTimeCode(text, digits: device.parameters.digits) else {
            return .refused("malformed_code")
        }
        let seed = try seed(of: device)
        do throws(OTPError) {
            switch device.parameters.kind {
            case .totp: return try device.matchTOTP(code, seed, at: now, window: settings.window)
            case .hotp: return try device.matchHOTP(code, seed)
            }
        } catch {
            return .refused("clock")
        }
    }

    /// Checks a code of one of the principal's devices and spends it.
    ///
    /// What is counted stays counted when this refuses.
    ///
    /// The replay guard is the UPDATE: whoever moves the last step past this one first has won, on every server. With several
    /// devices a wrong code counts against each that heard it.
    borrowing func spend(
        _ text: String,
        _ devices: [Device],
        at now: UnixTime
    ) throws(Fault) -> (device: Device, offset: Int64)? {
        var reason = "no_device"
        var heard: [Device] = []
        for device in devices {
            if device.disabled != nil {
                reason = "device_disabled"
                continue
            }
            if isWaiting(until: device.retryAt, at: now) {
                reason = "throttled"
                continue
            }
            heard.append(device)
            switch try match(text, device, at: now) {
            case .refused(let why): reason = why
            case .accepted(let step, let offset):
                if try advance(device, to: step, drift: offset) { return (device, offset) }
                reason = "replayed_code"
            }
        }
        for device in heard { try countFailure(device, at: now) }
        notes.refusal = reason
        return nil
    }

    /// Moves the device's last step forward; false when it stands there already.
    borrowing func advance(_ device: Device, to step: Int64, drift: Int64) throws(Fault) -> Bool {
        try run(
            """
            UPDATE mfa_devices SET last_step = $1, drift = $2, failures = 0, retry_at = 0
            WHERE serial = $3 AND last_step < $1
            """,
            step,
            drift,
            device.row
        ) == 1
    }

    /// Counts a wrong code; at the limit the device counts no more until it is resynchronised or enrolled anew.
    borrowing func countFailure(_ device: Device, at now: UnixTime) throws(Fault) {
        let failures = device.failures &+ 1
        try run(
            "UPDATE mfa_devices SET failures = $1, retry_at = $2, disabled = $3 WHERE serial = $4",
            failures,
            now.adding(seconds: settings.delay(after: failures)).seconds,
            failures >= Int64(settings.codeLimit) ? "failures" : nil,
            device.row
        )
        if failures >= Int64(settings.codeLimit) {
            notes.details.append((name: "disabled", value: device.serial.text))
        }
    }
}

extension Device {
    /// How far ahead of its counter a button-driven device may be (RFC 4226 section 7.4).
    static let lookAhead = 10

    /// The last spent step, if any was.
    var spent: TOTP.Step? { lastStep < 0 ? nil : TOTP.Step(number: UInt64(lastStep)) }

    func totp(_ seed: borrowing Secret) throws(OTPError) -> TOTP {
        try TOTP(
            secret: seed,
            algorithm: parameters.algorithm,
            digits: parameters.digits,
            period: parameters.period
        )
    }

    func hotp(_ seed: borrowing Secret) throws(OTPError) -> HOTP {
        try HOTP(secret: seed, algorithm: parameters.algorithm, digits: parameters.digits)
    }

    /// The counter that a button-driven device is expected to show next.
    var nextCounter: UInt64 { UInt64(bitPattern: lastStep &+ 1) }

    fileprivate func matchTOTP(
        _ code: OneTimeCode,
        _ seed: borrowing Secret,
        at now: UnixTime,
        window: Int
    ) throws(OTPError) -> CodeVerdict {
        let totp = try totp(seed)
        let present = try totp.step(at: now)
        let shown = now.adding(seconds: anchor &* parameters.period)
        if let step = try totp.match(code, at: shown, window: window, after: spent) { return .accepted(step, present) }
        // For the audit trail only: outside, a spent code and a wrong one sound alike.
        let isSpent = try totp.match(code, at: shown, window: window, after: nil) != nil
        return .refused(isSpent ? "replayed_code" : "wrong_code")
    }

    fileprivate func matchHOTP(_ code: OneTimeCode, _ seed: borrowing Secret) throws(OTPError) -> CodeVerdict {
        let hotp = try hotp(seed)
        guard let counter = hotp.match(code, from: nextCounter, lookAhead: Self.lookAhead),
            let step = Int64(exactly: counter)
        else { return .refused("wrong_code") }
        return .accepted(step: step, offset: step - Int64(nextCounter))
    }
}

extension CodeVerdict {
    static func accepted(_ step: TOTP.Step, _ present: TOTP.Step) -> CodeVerdict {
        guard let number = Int64(exactly: step.number), let now = Int64(exactly: present.number) else {
            return .refused("clock")
        }
        return .accepted(step: number, offset: number - now)
    }
}
