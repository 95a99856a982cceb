// HardwareDevices.swift: devices that come with a serial and a seed from their maker: registered, and taken out again.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The actions on hardware devices; all else is done with them as with virtual ones.
let hardwareDeviceActions: [any Action.Type] = [RegisterHardwareDevice.self, UnregisterHardwareDevice.self]

/// Makes a device known that its maker gave a serial and a seed, so that `EnableMFADevice` can give it to a user.
///
/// In AWS the maker does this. Fails with `EntityAlreadyExists` if the account has a device of that serial, case apart.
public struct RegisterHardwareDevice: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write

    /// How a seed is written.
    public enum SeedEncoding: String, Codable, CaseIterable, Sendable {
        /// RFC 4648 section 6, blanks and case ignored.
        case base32
        /// Two digits a byte, blanks, colons and case ignored.
        case hex
    }

    /// The serial on the device: 9 to 226 letters, digits or `_+=,.@-`.
    public var serialNumber: SerialNumber
    /// The seed: 16 to 128 bytes.
    public var seed: SecretText
    /// How the seed is written; Base32 unless given.
    public var seedEncoding: SeedEncoding?
    /// How the device makes its codes; six digits, SHA-1 and 30 seconds unless given.
    public var parameters: DeviceParameters?
    /// The counter of a button-driven device's next code; 0 unless given.
    public var counter: Int64?

    /// Makes the action.
    public init(
        serialNumber: SerialNumber,
        seed: SecretText,
        seedEncoding: SeedEncoding? = nil,
        parameters: DeviceParameters? = nil,
        counter: Int64? = nil
    ) {
        self.serialNumber = serialNumber
        self.seed = seed
        self.seedEncoding = seedEncoding
        self.parameters = parameters
        self.counter = counter
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        guard !serialNumber.isVirtual, let name = try? VirtualMFADeviceName(serialNumber.text) else {
            throw .invalidInput("The serial of a hardware device is 9 to 226 letters, digits or _+=,.@- and no ARN.")
        }
        let parameters = parameters ?? DeviceParameters()
        try parameters.check()
        guard parameters.digits == 6 else {
            throw .invalidInput(
                "EnableMFADevice takes codes of six digits: a device of \(parameters.digits) is no use."
            )
        }
        let counter = counter ?? 0
        guard counter >= 0, counter == 0 || parameters.kind == .hotp else {
            throw .invalidInput("Only a button-driven device has a counter, and it is 0 or more.")
        }
        let seed = try secret()
        let device = NewDevice(
            serial: serialNumber,
            name: name,
            parameters: parameters,
            label: serialNumber.text,
            issuer: nil,
            pendingFor: nil,
            pendingUntil: nil
        )
        try state.insert(device, seed, in: call.account, lastStep: counter - 1, at: call.now)
        return Nothing()
    }

    private func secret() throws(Fault) -> Secret {
        let secret: Secret
        do throws(TextEncodingError) {
            switch seedEncoding ?? .base32 {
            case .base32: secret = try Base32.decodeSecret(seed.text)
            case .hex: secret = try Hex.decodeSecret(seed.text)
            }
        } catch {
            throw .invalidInput("The seed cannot be read: \(error).")
        }
        // RFC 4226 section 4, R6: 128 bits at least.
        guard (16...128).contains(secret.count) else {
            throw .invalidInput("A seed has 16 to 128 bytes, not \(secret.count).")
        }
        return secret
    }
}

/// Takes a hardware device that is nobody's out of the account, its seed included.
///
/// Fails with `DeleteConflict` while it is enabled.
public struct UnregisterHardwareDevice: LatchkeyAction {
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
        guard !serialNumber.isVirtual else {
            throw .invalidInput("MFA device \(serialNumber) is a virtual one: use DeleteVirtualMFADevice.")
        }
        let device = try state.device(serialNumber, in: call.account)
        guard device.owner == nil else { throw .deleteConflict("MFA device in use. Must deactivate first.") }
        try state.delete(device)
        return Nothing()
    }
}

extension SerialNumber {
    /// Whether the serial is the ARN of a virtual device rather than what a maker has printed on one.
    var isVirtual: Bool { text.hasPrefix("arn:") }
}
