// DeviceCommands.swift: `latchkey device` and `latchkey recovery`: what a user proves a second factor with.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyQR

/// The nouns `device` and `recovery`.
let deviceCommands = [
    deviceListCommand, deviceResyncCommand, deviceDisableCommand, deviceDeleteCommand, deviceQRCommand,
    recoveryRenewCommand, recoveryCountCommand,
]

extension Argument {
    /// A device as people name it.
    static let serial = Argument(name: "SERIAL", help: "the device's serial, or its end such as ann/phone-1")
    fileprivate static let user = Argument(name: "USER", help: "the user's name, or root")
}

extension Option {
    fileprivate static let count = Option.integer("count", "N", 1...20, "how many codes; 10 if not said")
}

private let deviceListCommand = Command(
    path: ["device", "list"],
    group: .daily,
    summary: "lists the devices of a user, or all",
    arguments: [Argument(name: "USER", help: "the user's name, or root", count: .optional)],
    options: [.json] + Option.keeping,
    examples: [Command.Example("latchkey device list ann")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try call.words.first.map { text throws(Fault) in try UserName(text) }
        return try call.withStore { store in
            let devices = try store.perform(ListDevices(userName: name)).devices
            if call.wantsJSON {
                try call.print(devices)
                return .done
            }
            for device in devices { call.console.print(describe(device)) }
            return .done
        }
    }
)

private func describe(_ device: ListDevices.Description) -> String {
    var facts = [device.serialNumber.text, device.userName?.text ?? "nobody", device.state.rawValue]
    facts.append(device.parameters.summary)
    if device.failures > 0 { facts.append("\(device.failures) wrong codes") }
    if device.clockOffset != 0 { facts.append("clock \(device.clockOffset) s off") }
    return facts.joined(separator: "  ")
}

extension DeviceParameters {
    /// `time-based, 6 digits, 30 s`, with the hash where it is not the usual one.
    var summary: String {
        let hash = algorithm == .sha1 ? "" : ", \(algorithm.rawValue)"
        switch kind {
        case .totp: return "time-based, \(digits) digits, \(period) s\(hash)"
        case .hotp: return "counter-based, \(digits) digits\(hash)"
        }
    }
}

private let deviceResyncCommand = Command(
    path: ["device", "resync"],
    group: .daily,
    summary: "finds a device again that has run away",
    arguments: [
        .serial,
        Argument(name: "CODE1", help: "a code that the device shows", secrecy: .brief),
        Argument(name: "CODE2", help: "the code that it shows after that", secrecy: .brief),
    ],
    options: [.json] + Option.keeping,
    text: [
        "Both codes are spent. A code at or before the last one that was used is never taken: after a clock that stood far in "
            + "the future the device works again when time has caught up, or is enrolled anew."
    ],
    examples: [Command.Example("latchkey device resync ann/phone-1 482913 120754")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let serial = try store.serial(call.words[0])
            let user = try owner(of: serial, store)
            try store.perform(
                ResyncMFADevice(
                    userName: user,
                    serialNumber: serial,
                    authenticationCode1: try AuthenticationCode(call.words[1]),
                    authenticationCode2: try AuthenticationCode(call.words[2])
                )
            )
            return done(call, "device", serial, "\(serial) is in step again")
        }
    }
)

private let deviceDisableCommand = Command(
    path: ["device", "disable"],
    group: .daily,
    summary: "takes a device from its user",
    arguments: [.serial],
    options: [.json] + Option.keeping,
    text: [
        "The user signs in without it from then on, and every session ends. The device can be given to a user again with two of its codes."
    ],
    examples: [Command.Example("latchkey device disable ann/phone-1")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let serial = try store.serial(call.words[0])
            try store.perform(DeactivateMFADevice(serialNumber: serial))
            return done(call, "disabled", serial, "\(serial) counts no more")
        }
    }
)

private let deviceDeleteCommand = Command(
    path: ["device", "delete"],
    group: .daily,
    summary: "deletes a device, disabling it first",
    arguments: [.serial],
    options: [.json] + Option.keeping,
    examples: [Command.Example("latchkey device delete ann/phone-1")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let serial = try store.serial(call.words[0])
            func delete() throws {
                if serial.text.utf8.starts(with: "arn:".utf8) {
                    try store.perform(DeleteVirtualMFADevice(serialNumber: serial))
                } else {
                    try store.perform(UnregisterHardwareDevice(serialNumber: serial))
                }
            }
            do {
                try delete()
            } catch let fault as Fault where fault.code == "DeleteConflict" {
                try store.perform(DeactivateMFADevice(serialNumber: serial))
                try delete()
            }
            return done(call, "deleted", serial, "\(serial) is deleted")
        }
    }
)

private let deviceQRCommand = Command(
    path: ["device", "qr"],
    group: .daily,
    summary: "shows the QR code of a pending device again",
    arguments: [.serial],
    options: [.qr, .png, .svg, .json] + Option.keeping,
    text: [
        "The key of a device that counts is never shown again: enrol another one instead. Who saw the code stands in the audit "
            + "trail."
    ],
    examples: [Command.Example("latchkey device qr ann/phone-1 --png phone.png")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let enrollment = try store.perform(ShowEnrollment(serialNumber: try store.serial(call.words[0]))).enrollment
            let code = try QRCode(enrollment.uri.text)
            let files = QRFiles(call)
            try files.write(code)
            if call.wantsJSON {
                call.console.print(enrollment.json)
            } else if files.isEmpty {
                for line in try QRDrawing(call.text(.qr) ?? "auto", on: call.console).lines(of: code) {
                    call.console.print(line)
                }
            } else {
                call.console.tick("the picture is written")
            }
            return .done
        }
    }
)

private let recoveryRenewCommand = Command(
    path: ["recovery", "renew"],
    group: .daily,
    summary: "makes new recovery codes; the old ones are void",
    arguments: [.user],
    options: [.count, .json] + Option.keeping,
    text: [
        "Each code signs its user in once, in the device's stead. The store keeps only hashes: they are shown this once."
    ],
    examples: [Command.Example("latchkey recovery renew ann")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        return try call.withStore { store in
            let codes = try store.perform(RenewRecoveryCodes(userName: name, count: call.int(.count))).recoveryCodes
            if call.wantsJSON {
                call.console.print(["recoveryCodes": .array(codes.map { .string($0.text) })])
            } else {
                for code in codes { call.console.print(code.text) }
            }
            return .done
        }
    }
)

private let recoveryCountCommand = Command(
    path: ["recovery", "count"],
    group: .daily,
    summary: "says how many recovery codes a user has left",
    arguments: [.user],
    options: [.json] + Option.keeping,
    examples: [Command.Example("latchkey recovery count ann", "9 of 10")],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        return try call.withStore { store in
            let count = try store.perform(CountRecoveryCodes(userName: name))
            if call.wantsJSON { try call.print(count) } else { call.console.print("\(count.left) of \(count.total)") }
            return .done
        }
    }
)

/// Whose device it is.
private func owner(of serial: SerialNumber, _ store: OpenStore) throws -> UserName {
    let device = try store.perform(ListDevices()).devices
        .first {
            $0.serialNumber == serial && ($0.state == .enabled || $0.state == .disabled)
        }
    guard let name = device?.userName else {
        throw Failure.refused("no user has the device \(serial): `latchkey device list` shows them")
    }
    return name
}

private func done(_ call: Invocation, _ verb: String, _ serial: SerialNumber, _ line: String) -> ExitCode {
    if call.wantsJSON {
        call.console.print(.object(JSON.Object([(verb, .string(serial.text))])))
    } else {
        call.console.tick(line)
    }
    return .done
}
