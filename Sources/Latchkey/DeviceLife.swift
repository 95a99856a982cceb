// DeviceLife.swift: a device from its seed to its end: made, enabled, resynchronised, taken away, deleted.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A device to be made.
struct NewDevice {
    let serial: SerialNumber
    let name: VirtualMFADeviceName
    let parameters: DeviceParameters
    let label: String
    let issuer: String?
    let pendingFor: Principal?
    let pendingUntil: UnixTime?
}

extension State {
    /// How many devices a user may have at once, root included.
    static let mostDevices = 8
    /// How far a time-based device may have run away, in steps either way, and still be found: 12 hours of 30 seconds.
    private static let resyncSteps = 1_440
    /// How far a button-driven device may have run ahead and still be found.
    private static let resyncCounters = 1_000
    /// How many bytes a new seed has: 160 bits (RFC 4226 section 4, R6).
    private static let seedLength = 20

    /// The device with that serial; fails with `NoSuchEntity`.
    borrowing func device(_ serial: SerialNumber, in account: AccountID) throws(Fault) -> Device {
        guard let device = try findDevice(serial, in: account) else { throw .noSuchDevice(serial) }
        return device
    }

    /// Makes a device with a random seed and answers its URI, the one time that the seed is seen.
    borrowing func insert(_ new: NewDevice, at now: UnixTime) throws(Fault) -> KeyURI {
        let seed = Secret.random(count: Self.seedLength)
        try insert(new, seed, in: try accountOf(new.serial), at: now)
        return try uri(new.parameters, seed, label: new.label, issuer: new.issuer)
    }

    /// Makes a device with a seed that is there already; the codes up to `lastStep` are spent.
    borrowing func insert(
        _ new: NewDevice,
        _ seed: borrowing Secret,
        in account: AccountID,
        lastStep: Int64 = -1,
        at now: UnixTime
    ) throws(Fault) {
        let row = Device.row(of: new.serial, in: account)
        let taken: (String)? = try self.row(
            "SELECT serial FROM mfa_devices WHERE account = $1 AND folded = $2",
            account.text,
            new.serial.folded
        )
        guard taken == nil else {
            throw .entityAlreadyExists("MFADevice entity at the same path and name already exists.")
        }
        try run(
            """
            INSERT INTO mfa_devices (
                serial, account, name, folded, created, kind, algorithm, digits, period, seed, label, issuer,
                pending_for, pending_until, last_step, drift, failures, retry_at
            ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 0, 0)
            """,
            row,
            account.text,
            new.name.text,
            new.serial.folded,
            now.seconds,
            new.parameters.kind.rawValue,
            new.parameters.algorithm.rawValue,
            new.parameters.digits,
            new.parameters.period,
            try seal(
                seed,
                column: "mfa_devices.seed",
                row: Device.sealedRow(row, pendingFor: new.pendingFor?.id)
            ),
            new.label,
            new.issuer,
            new.pendingFor?.id,
            new.pendingUntil?.seconds,
            lastStep
        )
    }

    /// The URI that a phone scans.
    borrowing func uri(
        _ parameters: DeviceParameters,
        _ seed: borrowing Secret,
        label: String,
        issuer: String?
    ) throws(Fault) -> KeyURI {
        do throws(OTPError) {
            return try KeyURI(
                type: parameters.kind == .totp ? .totp : .hotp,
                issuer: issuer,
                account: label,
                secret: seed,
                algorithm: parameters.algorithm,
                digits: parameters.digits,
                period: parameters.period,
                counter: 0
            )
        } catch {
            throw .invalidInput(error.description)
        }
    }

    private borrowing func accountOf(_ serial: SerialNumber) throws(Fault) -> AccountID {
        let fields = serial.text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count > 4, let account = String(fields[4]) else { throw .noSuchDevice(serial) }
        return try AccountID(account)
    }

    /// Binds a device to its user and spends the code that proved it.
    borrowing func enable(_ device: Device, for user: Principal, spending step: Int64, at now: UnixTime) throws(Fault) {
        guard !device.isRestored else { throw .restoredDevice(device.serial) }
        let seed = try seal(try seed(of: device), column: "mfa_devices.seed", row: device.row)
        try changeCredentials(of: user) { credentials throws(Fault) in
            guard credentials.devices.count < Self.mostDevices else {
                throw .tooManyDevices
            }
            let changed = try run(
                """
                UPDATE mfa_devices SET owner = $1, enabled = $2, last_step = $3, failures = 0, retry_at = 0,
                    disabled = NULL, pending_for = NULL, pending_until = NULL, anchor = 0, seed = $4
                WHERE serial = $5 AND owner IS NULL AND last_step < $3
                """,
                user.id,
                now.seconds,
                step,
                seed,
                device.row
            )
            guard changed == 1 else {
                throw .entityTemporarilyUnmodifiable("The device is being changed: try again with the next codes.")
            }
        }
        // A half-done sign-in that was not asked for a code must not be finished without one.
        try endSessions(of: user)
    }

    /// The later step of two consecutive codes near the present one, if they are that and neither is spent.
    borrowing func consecutive(
        _ first: String,
        _ second: String,
        _ device: Device,
        at now: UnixTime
    ) throws(Fault)
        -> Int64?
    {
        try find(first, second, device, at: now, steps: settings.window + 1, counters: Device.lookAhead)
    }

    /// Finds a device that has run away.
    ///
    /// Wrong codes are counted as at a login.
    borrowing func resync(_ device: Device, _ first: String, _ second: String, at now: UnixTime) throws(Fault) -> Bool {
        guard !device.isRestored else { throw .restoredDevice(device.serial) }
        guard !isWaiting(until: device.retryAt, at: now) else { return false }
        let step = try find(
            first,
            second,
            device,
            at: now,
            steps: Self.resyncSteps,
            counters: Self.resyncCounters
        )
        guard let step else {
            try countFailure(device, at: now)
            return false
        }
        let offset = device.parameters.kind == .totp ? step - now.seconds / max(1, device.parameters.period) : 0
        return try run(
            """
            UPDATE mfa_devices
            SET last_step = $1, anchor = $2, drift = $2, failures = 0, retry_at = 0, disabled = NULL
            WHERE serial = $3 AND last_step < $1
            """,
            step,
            offset,
            device.row
        ) == 1
    }

    private borrowing func find(
        _ first: String,
        _ second: String,
        _ device: Device,
        at now: UnixTime,
        steps: Int,
        counters: Int
    ) throws(Fault) -> Int64? {
        let digits = device.parameters.digits
        guard let first = try? OneTimeCode(first, digits: digits), let second = try? OneTimeCode(second, digits: digits)
        else { return nil }
        let seed = try seed(of: device)
        do throws(OTPError) {
            switch device.parameters.kind {
            case .totp:
                let totp = try device.totp(seed)
                let step = try totp.resync(first, second, at: now, within: steps, after: device.spent)
                return step.flatMap { Int64(exactly: $0.number) }
            case .hotp:
                let hotp = try device.hotp(seed)
                let counter = hotp.resync(first, second, from: device.nextCounter, lookAhead: counters)
                return counter.flatMap { Int64(exactly: $0) }
            }
        } catch {
            return nil
        }
    }

    /// Takes a device from its user.
    ///
    /// A password that was long enough only together with a device must then be changed.
    borrowing func deactivate(_ device: Device, of owner: Principal) throws(Fault) {
        try changeCredentials(of: owner) { credentials throws(Fault) in
            try run("UPDATE mfa_devices SET owner = NULL, enabled = NULL WHERE serial = $1", device.row)
            guard credentials.devices.count == 1 else { return }
            try run("UPDATE passwords SET must_change = 1 WHERE owner = $1 AND short = 1", owner.id)
        }
        try endSessions(of: owner)
    }

    /// Deletes a device that is nobody's.
    borrowing func delete(_ device: Device) throws(Fault) {
        try setTags([], of: device.row)
        try run("DELETE FROM mfa_devices WHERE serial = $1 AND owner IS NULL", device.row)
    }
}

extension Device {
    /// Whether a backup was restored under a button-driven device: codes that were used since would be good again, two of them
    /// in a row as well.
    fileprivate var isRestored: Bool { disabled == "restored" }
}

extension Fault {
    fileprivate static func restoredDevice(_ serial: SerialNumber) -> Fault {
        .invalidInput(
            "A backup was restored since MFA device \(serial) was last used: take it away, and enrol or register it anew."
        )
    }
}
