// Enrollment.swift: a person's enrolment: begin, confirm with a code, and be told what the phone got wrong.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions of a person's enrolment.
let enrollmentActions: [any Action.Type] = [
    BeginEnrollment.self, ShowEnrollment.self, ConfirmEnrollment.self, ListDevices.self,
]

/// An enrolment that waits for its code: all that a phone needs.
public struct Enrollment: Codable, Sendable {
    /// The device's serial.
    public let serialNumber: SerialNumber
    /// The user.
    public let userName: UserName
    /// Who shows codes, in the app's list.
    public let issuer: String?
    /// How the device makes its codes.
    public let parameters: DeviceParameters
    /// The `otpauth:` URI to scan.
    public let uri: SecretText
    /// The seed as Base32 text, for typing.
    public let secret: SecretText
    /// When the enrolment lapses.
    public let expires: UnixTime

    private static let life: Int64 = 3_600
    static func end(from now: UnixTime) -> UnixTime { now.adding(seconds: life) }
}

/// Begins an enrolment: makes a device that counts for nothing until a code of it is brought.
public struct BeginEnrollment: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user, or `root`.
    public var userName: UserName
    /// The device's name; `phone-1` and so on unless given.
    public var deviceName: VirtualMFADeviceName?
    /// How the device makes its codes; as every app does unless given: SHA-1, six digits, 30 seconds.
    public var parameters: DeviceParameters?
    /// What the app shows as the issuer; the setting, the account's alias or `Latchkey` unless given.
    public var issuer: String?

    /// Makes the action.
    public init(
        userName: UserName,
        deviceName: VirtualMFADeviceName? = nil,
        parameters: DeviceParameters? = nil,
        issuer: String? = nil
    ) {
        self.userName = userName
        self.deviceName = deviceName
        self.parameters = parameters
        self.issuer = issuer
    }

    /// The enrolment, with the seed.
    public struct Output: Codable, Sendable {
        /// The enrolment.
        public var enrollment: Enrollment
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let parameters = parameters ?? DeviceParameters()
        try parameters.check()
        let user = try state.principal(userName, in: call.account)
        try state.deleteLapsedEnrollments(at: call.now)
        guard try state.devices(of: user).count < State.mostDevices else { throw .tooManyDevices }
        let path = try Path("/\(user.name)/")
        let name = if let deviceName { deviceName } else { try state.freeDeviceName(at: path, in: call.account) }
        let serial = try SerialNumber(account: call.account, path: path, name: name)
        let alias = try state.alias(of: call.account)
        let issuer = issuer ?? state.settings.issuer ?? alias ?? "Latchkey"
        let end = Enrollment.end(from: call.now)
        let device = NewDevice(
            serial: serial,
            name: name,
            parameters: parameters,
            label: user.name.text,
            issuer: issuer,
            pendingFor: user,
            pendingUntil: end
        )
        let uri = try state.insert(device, at: call.now)
        state.notes.details.append((name: "serial", value: serial.text))
        return Output(
            enrollment: Enrollment(
                serialNumber: serial,
                userName: user.name,
                issuer: issuer,
                parameters: parameters,
                uri: SecretText(uri.text()),
                secret: SecretText(Base32.encode(uri.secret)),
                expires: end
            )
        )
    }
}

/// Shows a pending enrolment again.
///
/// The seed of an enabled device is never shown: then another one is enrolled.
public struct ShowEnrollment: LatchkeyAction {
    // Not a mere reading: whoever sees the seed stands in the audit trail.
    /// What the action does to the account.
    public static let access = Access.write
    /// The device.
    public var serialNumber: SerialNumber

    /// Makes the action.
    public init(serialNumber: SerialNumber) { self.serialNumber = serialNumber }

    /// The enrolment, with the seed.
    public typealias Output = BeginEnrollment.Output

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let (device, user) = try state.pendingEnrollment(serialNumber, call)
        let seed = try state.seed(of: device)
        let uri = try state.uri(device.parameters, seed, label: device.label, issuer: device.issuer)
        return Output(
            enrollment: Enrollment(
                serialNumber: serialNumber,
                userName: user.name,
                issuer: device.issuer,
                parameters: device.parameters,
                uri: SecretText(uri.text()),
                secret: SecretText(Base32.encode(seed)),
                expires: device.pendingUntil ?? call.now
            )
        )
    }
}

/// Ends an enrolment with a code of the new device, which is spent thereby; with two consecutive codes if two are given.
///
/// A wrong code is diagnosed: here, where the seed was just handed out, it helps nobody but the person who holds the phone.
/// After five wrong codes the enrolment is void.
public struct ConfirmEnrollment: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The device.
    public var serialNumber: SerialNumber
    /// The code that the device shows.
    public var code: SecretText
    /// The code after it.
    public var nextCode: SecretText?

    /// Makes the action.
    public init(serialNumber: SerialNumber, code: SecretText, nextCode: SecretText? = nil) {
        self.serialNumber = serialNumber
        self.code = code
        self.nextCode = nextCode
    }

    /// The device, which counts from now on.
    public struct Output: Codable, Sendable {
        /// The device.
        public var device: MFADevice
        /// How many seconds the device's clock is off, in whole steps; below zero when it is late.
        public var clockOffset: Int64
        /// Whether the user has recovery codes already.
        public var hasRecoveryCodes: Bool
    }

    static let tries: Int64 = 5

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let (device, user) = try state.pendingEnrollment(serialNumber, call)
        state.notes.details.append((name: "user", value: user.name.text))
        guard let (step, offset) = try proof(device, call, state) else {
            throw try state.countWrongConfirmation(code, device, at: call.now)
        }
        try state.enable(device, for: user, spending: step, at: call.now)
        try state.run("UPDATE mfa_devices SET drift = $1 WHERE serial = $2", offset, serialNumber.text)
        let enabled = MFADevice(userName: user.name, serialNumber: serialNumber, enableDate: call.now)
        return Output(
            device: enabled,
            clockOffset: device.parameters.kind == .totp ? offset &* device.parameters.period : 0,
            hasRecoveryCodes: try state.credentials(of: user).recovery != nil
        )
    }

    /// The step that is spent by the code or codes that were brought.
    private func proof(_ device: Device, _ call: Call, _ state: borrowing State) throws(Fault) -> (Int64, Int64)? {
        guard case .accepted(let step, let offset) = try state.match(code.text, device, at: call.now) else {
            return nil
        }
        guard let nextCode else { return (step, offset) }
        guard let next = try state.consecutive(code.text, nextCode.text, device, at: call.now) else { return nil }
        return (next, offset)
    }
}

/// Lists devices with all that may be known of them, pending ones too.
public struct ListDevices: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only this user's.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName? = nil) { self.userName = userName }

    /// Whether a device counts.
    public enum DeviceState: String, Codable, CaseIterable, Sendable {
        /// It waits for its first code.
        case pending
        /// It is nobody's.
        case unassigned
        /// It counts.
        case enabled
        /// It is somebody's but counts no more, after too many wrong codes or a restored backup.
        case disabled
    }

    /// What may be known of a device.
    public struct Description: Codable, Sendable {
        /// The serial.
        public var serialNumber: SerialNumber
        /// The name.
        public var deviceName: String
        /// Whose it is, or is to be.
        public var userName: UserName?
        /// Whether it counts.
        public var state: DeviceState
        /// How it makes its codes.
        public var parameters: DeviceParameters
        /// When it was enabled.
        public var enabled: UnixTime?
        /// Wrong codes since the last right one.
        public var failures: Int
        /// How many seconds its clock was off when last seen, in whole steps.
        public var clockOffset: Int64
    }

    /// The devices, by serial.
    public struct Output: Codable, Sendable {
        /// The devices.
        public var devices: [Description]
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { userName.map { .user($0, in: call.account) } ?? .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let wanted = try userName.map { name throws(Fault) in try state.principal(name, in: call.account) }
        var described: [Description] = []
        for device in try state.allDevices(in: call.account) {
            let id = device.owner ?? device.pendingFor
            if let wanted, id != wanted.id { continue }
            let user = try id.flatMap { id throws(Fault) in try state.findPrincipal(id: id, in: call.account) }
            described.append(
                Description(
                    serialNumber: device.serial,
                    deviceName: device.name,
                    userName: user?.name,
                    state: device.state,
                    parameters: device.parameters,
                    enabled: device.enabled,
                    failures: Int(clamping: device.failures),
                    clockOffset: device.parameters.kind == .totp ? device.drift &* device.parameters.period : 0
                )
            )
        }
        return Output(devices: described)
    }
}

extension Device {
    fileprivate var state: ListDevices.DeviceState {
        if owner == nil { return pendingFor == nil ? .unassigned : .pending }
        return disabled == nil ? .enabled : .disabled
    }
}

extension State {
    /// A device that waits for its first code, and its user; fails when it does not wait, or no longer.
    fileprivate borrowing func pendingEnrollment(
        _ serial: SerialNumber,
        _ call: Call
    ) throws(Fault) -> (Device, Principal) {
        let device = try device(serial, in: call.account)
        guard device.owner == nil, let id = device.pendingFor,
            let user = try findPrincipal(id: id, in: call.account)
        else {
            throw .invalidInput(
                "MFA device \(serial) is not waiting for a code: its key is never shown again; enroll another"
            )
        }
        guard let end = device.pendingUntil, call.now < end else {
            try delete(device)
            throw .noSuchEntity(
                "The enrolment of \(serial) has lapsed: begin again with `latchkey enroll \(user.name)`."
            )
        }
        return (device, user)
    }

    /// Counts a wrong code of a pending device and says what the phone got wrong; after the last one the device is deleted.
    fileprivate borrowing func countWrongConfirmation(
        _ code: SecretText,
        _ device: Device,
        at now: UnixTime
    ) throws(Fault) -> Fault {
        let tries = device.failures &+ 1
        if tries >= ConfirmEnrollment.tries {
            try delete(device)
            return .invalidAuthenticationCode(
                "five codes were wrong: the enrolment is void; begin again with a new QR code"
            )
        }
        try run("UPDATE mfa_devices SET failures = $1 WHERE serial = $2", tries, device.row)
        let diagnosis = try diagnose(code, device, at: now)
        let sentence = diagnosis?.description ?? "that is not a code of this key: did you scan an older QR code?"
        var fault = Fault.invalidAuthenticationCode("\(sentence) (\(tries) of \(ConfirmEnrollment.tries) tries)")
        fault.suggestion = diagnosis?.suggestion
        return fault
    }

    /// What the app did to show this code, if anything explains it.
    private borrowing func diagnose(
        _ code: SecretText,
        _ device: Device,
        at now: UnixTime
    ) throws(Fault) -> CodeDiagnosis? {
        let seed = try seed(of: device)
        let key = try uri(device.parameters, seed, label: device.label, issuer: device.issuer)
        return CodeDiagnosis(of: code.text, for: key, at: now, window: settings.window, after: device.spent)
    }

    /// The first of `phone-1`, `phone-2`, … that no device at the path has.
    fileprivate borrowing func freeDeviceName(
        at path: Path,
        in account: AccountID
    ) throws(Fault) -> VirtualMFADeviceName {
        for number in 1...100 {
            let name = try VirtualMFADeviceName("phone-\(number)")
            let serial = try SerialNumber(account: account, path: path, name: name)
            let taken: (String)? = try row(
                "SELECT serial FROM mfa_devices WHERE account = $1 AND folded = $2",
                account.text,
                serial.folded
            )
            if taken == nil { return name }
        }
        throw .tooManyDevices
    }

    fileprivate borrowing func deleteLapsedEnrollments(at now: UnixTime) throws(Fault) {
        try run("DELETE FROM mfa_devices WHERE owner IS NULL AND pending_until <= $1", now.seconds)
    }
}

extension Fault {
    static let tooManyDevices = Fault.limitExceeded("Cannot exceed quota for MFADevicesPerUser: \(State.mostDevices)")
}
