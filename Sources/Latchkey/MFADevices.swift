// MFADevices.swift: AWS's actions on virtual devices: making, enabling with two codes, resynchronising, taking away.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyQR
import LatchkeyStore

/// The actions on devices.
let deviceActions: [any Action.Type] = [
    CreateVirtualMFADevice.self, EnableMFADevice.self, ResyncMFADevice.self, DeactivateMFADevice.self,
    DeleteVirtualMFADevice.self, ListMFADevices.self, ListVirtualMFADevices.self,
]

/// A device of a user.
public struct MFADevice: Codable, Sendable, Equatable {
    /// The user; root's is `root`.
    public let userName: UserName
    /// The serial, which for a virtual device is its ARN.
    public let serialNumber: SerialNumber
    /// When it was enabled.
    public let enableDate: UnixTime
}

/// A virtual device.
///
/// Seed and picture are in the answer that creates it and in no other.
public struct VirtualMFADevice: Codable, Sendable {
    /// The serial, which is the device's ARN.
    public var serialNumber: SerialNumber
    /// The seed as Base32 text.
    public var base32StringSeed: Blob?
    /// A QR code of the `otpauth:` URI, as a PNG picture.
    public var qrCodePNG: Blob?
    /// Whose device it is, once enabled.
    public var user: User?
    /// When it was enabled.
    public var enableDate: UnixTime?
    /// The tags.
    public var tags: [Tag]?
}

/// Bytes as Base64 text; never shown, for they may be a seed.
public struct Blob: Codable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Takes the bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads Base64 from a single value.
    public init(from decoder: any Decoder) throws {
        self.init(try Base64.decode(try decoder.singleValueContainer().decode(String.self), .strict))
    }

    /// Writes Base64 as a single value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Base64.encode(bytes))
    }

    /// Not the bytes.
    public var description: String { "(\(bytes.count) bytes)" }

    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Creates a virtual device that is nobody's yet.
///
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken.
public struct CreateVirtualMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var virtualMFADeviceName: VirtualMFADeviceName
    /// The path; `/` unless given.
    public var path: Path?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(virtualMFADeviceName: VirtualMFADeviceName, path: Path? = nil, tags: [Tag]? = nil) {
        self.virtualMFADeviceName = virtualMFADeviceName
        self.path = path
        self.tags = tags
    }

    /// The device, with its seed for this once.
    public struct Output: Codable, Sendable {
        /// The device.
        public var virtualMFADevice: VirtualMFADevice
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { .device(try serial(call)) }

    private func serial(_ call: Call) throws(Fault) -> SerialNumber {
        try SerialNumber(account: call.account, path: path ?? .root, name: virtualMFADeviceName)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let serial = try serial(call)
        let label = "\(virtualMFADeviceName)@\(call.account)"
        let new = NewDevice(
            serial: serial,
            name: virtualMFADeviceName,
            parameters: DeviceParameters(),
            label: label,
            issuer: nil,
            pendingFor: nil,
            pendingUntil: nil
        )
        let uri = try state.insert(new, at: call.now)
        try state.setTags(tags ?? [], of: serial.text)
        let picture: [UInt8]
        do {
            picture = try QRCode(uri.text()).png()
        } catch {
            throw .serviceFailure("the QR code could not be drawn: try again")
        }
        return Output(
            virtualMFADevice: VirtualMFADevice(
                serialNumber: serial,
                base32StringSeed: Blob(Array(Base32.encode(uri.secret).utf8)),
                qrCodePNG: Blob(picture),
                tags: tags
            )
        )
    }
}

/// Gives a device to a user, who proves to have it by two consecutive codes; both are spent thereby.
public struct EnableMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user, or `root`.
    public var userName: UserName
    /// The device.
    public var serialNumber: SerialNumber
    /// A code.
    public var authenticationCode1: AuthenticationCode
    /// The code after it.
    public var authenticationCode2: AuthenticationCode

    /// Makes the action.
    public init(
        userName: UserName,
        serialNumber: SerialNumber,
        authenticationCode1: AuthenticationCode,
        authenticationCode2: AuthenticationCode
    ) {
        self.userName = userName
        self.serialNumber = serialNumber
        self.authenticationCode1 = authenticationCode1
        self.authenticationCode2 = authenticationCode2
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.principal(userName, in: call.account)
        let device = try state.device(serialNumber, in: call.account)
        guard device.owner == nil else {
            throw .entityAlreadyExists("MFA device \(serialNumber) is already in use.")
        }
        guard device.pendingFor == nil || device.pendingFor == user.id else {
            throw .invalidInput("MFA device \(serialNumber) is being enrolled for another user.")
        }
        if let end = device.pendingUntil, call.now >= end { throw .noSuchDevice(serialNumber) }
        let step = try state.consecutive(authenticationCode1.text, authenticationCode2.text, device, at: call.now)
        guard let step else { throw .wrongConsecutiveCodes(serialNumber) }
        try state.enable(device, for: user, spending: step, at: call.now)
        return Nothing()
    }
}

/// Finds a device again whose clock or counter has run away, by two consecutive codes; both are spent thereby.
///
/// Never goes below the last spent step: a code that was used stays dead. It also ends the rest that too many wrong codes
/// gave the device.
public struct ResyncMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The user, or `root`.
    public var userName: UserName
    /// The device.
    public var serialNumber: SerialNumber
    /// A code.
    public var authenticationCode1: AuthenticationCode
    /// The code after it.
    public var authenticationCode2: AuthenticationCode

    /// Makes the action.
    public init(
        userName: UserName,
        serialNumber: SerialNumber,
        authenticationCode1: AuthenticationCode,
        authenticationCode2: AuthenticationCode
    ) {
        self.userName = userName
        self.serialNumber = serialNumber
        self.authenticationCode1 = authenticationCode1
        self.authenticationCode2 = authenticationCode2
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.principal(userName, in: call.account)
        let found = try state.changeCredentials(of: user) { credentials throws(Fault) in
            guard let device = credentials.devices.first(where: { $0.serial == serialNumber }) else {
                throw .noSuchDevice(serialNumber)
            }
            return try state.resync(device, authenticationCode1.text, authenticationCode2.text, at: call.now)
        }
        guard found else { throw .wrongConsecutiveCodes(serialNumber) }
        return Nothing()
    }
}

/// Takes a device from its user, whose sessions end.
///
/// The device's spent codes stay spent.
public struct DeactivateMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the device's unless given.
    public var userName: UserName?
    /// The device.
    public var serialNumber: SerialNumber

    /// Makes the action.
    public init(userName: UserName? = nil, serialNumber: SerialNumber) {
        self.userName = userName
        self.serialNumber = serialNumber
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        userName.map { .user($0, in: call.account) } ?? .owner(ofDevice: serialNumber, in: call.account)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let device = try state.device(serialNumber, in: call.account)
        guard let id = device.owner, let owner = try state.findPrincipal(id: id, in: call.account) else {
            throw .noSuchDevice(serialNumber)
        }
        if let userName, try state.principal(userName, in: call.account) != owner { throw .noSuchDevice(serialNumber) }
        try state.deactivate(device, of: owner)
        return Nothing()
    }
}

/// Deletes a virtual device that is nobody's.
///
/// Fails with `DeleteConflict` while it is enabled.
public struct DeleteVirtualMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The device.
    public var serialNumber: SerialNumber

    /// Makes the action.
    public init(serialNumber: SerialNumber) { self.serialNumber = serialNumber }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        guard serialNumber.isVirtual else {
            throw .invalidInput("MFA device \(serialNumber) is no virtual one: use UnregisterHardwareDevice.")
        }
        let device = try state.device(serialNumber, in: call.account)
        guard device.owner == nil else {
            throw .deleteConflict("MFA VirtualDevice in use. Must deactivate first.")
        }
        try state.delete(device)
        return Nothing()
    }
}

/// Lists the enabled devices of a user: the one that is named, or the caller.
public struct ListMFADevices: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user; the caller unless given.
    public var userName: UserName?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of devices.
    public struct Output: Codable, Sendable {
        /// The devices, by serial.
        public var mfaDevices: [MFADevice]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let devices = try state.devices(of: user)
            .sorted { $0.serial.text.utf8.lexicographicallyPrecedes($1.serial.text.utf8) }
        let page = try Page(devices, after: marker, maxItems, state.vault, position: \.serial.text)
        return Output(
            mfaDevices: page.items.map {
                MFADevice(userName: user.name, serialNumber: $0.serial, enableDate: $0.enabled ?? $0.created)
            },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Lists the account's virtual devices, by serial without regard to case.
public struct ListVirtualMFADevices: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list

    /// Which devices.
    public enum AssignmentStatus: String, Codable, CaseIterable, Sendable {
        /// Those of a user.
        case assigned = "Assigned"
        /// Those of nobody.
        case unassigned = "Unassigned"
        /// All.
        case any = "Any"
    }

    /// Which devices; all unless given.
    public var assignmentStatus: AssignmentStatus?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(assignmentStatus: AssignmentStatus? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.assignmentStatus = assignmentStatus
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of devices.
    public struct Output: Codable, Sendable {
        /// The devices, by serial.
        public var virtualMFADevices: [VirtualMFADevice]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let wanted = try state.allDevices(in: call.account)
            .filter { device in
                guard device.serial.isVirtual else { return false }
                return switch assignmentStatus ?? .any {
                case .any: true
                case .assigned: device.owner != nil
                case .unassigned: device.owner == nil
                }
            }
        let page = try Page(wanted, after: marker, maxItems, state.vault, position: \.serial.folded)
        let shown = try page.items.map { device throws(Fault) in
            let owner = try device.owner.flatMap { id throws(Fault) in try state.findPrincipal(id: id, in: call.account)
            }
            return VirtualMFADevice(
                serialNumber: device.serial,
                user: try owner.map { owner throws(Fault) in
                    User(owner, passwordLastUsed: try state.passwordLastUsed(owner))
                },
                enableDate: device.enabled
            )
        }
        return Output(virtualMFADevices: shown, isTruncated: page.isTruncated, marker: page.marker)
    }
}

extension Fault {
    static func noSuchDevice(_ serial: SerialNumber) -> Fault {
        .noSuchEntity("MFA Device with serial number \(serial) does not exist.")
    }

    static func wrongConsecutiveCodes(_ serial: SerialNumber) -> Fault {
        .invalidAuthenticationCode(
            "The authentication codes are not two consecutive codes of MFA device \(serial): wait for the next two."
        )
    }
}
