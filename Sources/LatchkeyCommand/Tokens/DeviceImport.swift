// DeviceImport.swift: `latchkey device import` and `device enable`: hardware tokens from their maker's list to their users.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyTokens

/// The verbs of `device` for hardware tokens.
let hardwareCommands = [deviceImportCommand, deviceEnableCommand]

extension Option {
    fileprivate static let serialPrefix = Option.text(
        "serial-prefix",
        "TEXT",
        "is put in front of every serial number; the authority's have nine characters at least"
    )
    fileprivate static let dryRun = Option.flag("dry-run", "shows what would be registered, and opens no store")
}

private let deviceImportCommand = Command(
    path: ["device", "import"],
    group: .daily,
    summary: "registers the hardware tokens of a maker's list",
    arguments: [
        Argument(name: "FILE", help: "the files, of any kind that `latchkey import` reads", count: .any, kind: .file)
    ],
    options: [.serialPrefix, .dryRun, .passphraseFD, .json] + Option.keeping,
    text: [
        "PSKC (plain or encrypted), the CSVs of OATH, Yubico and Microsoft Entra, Feitian's and SafeNet's files. Each token is "
            + "registered under its serial number and is nobody's until `latchkey device enable` gives it to a user.",
        "What cannot come in is named with its place and the reason, and stops nothing else; the seeds go into the store, sealed, "
            + "and are never shown.",
    ],
    examples: [
        Command.Example("latchkey device import tokens.xml --passphrase-fd 3 3< key", "registered: GAHT12345678  …")
    ],
    exits: ExitCode.keeping,
    run: { call in
        guard !call.words.isEmpty else { throw Failure.misused("`latchkey device import` needs FILE") }
        let result = try call.readTokens(call.words)
        call.warn(of: result)
        if call.has(.dryRun) { return call.report(DeviceImport(result, call) { _ in }, "would be registered") }
        return try call.withStore { store in
            call.report(DeviceImport(result, call) { try store.perform($0) }, "registered")
        }
    }
)

private let deviceEnableCommand = Command(
    path: ["device", "enable"],
    group: .daily,
    summary: "gives a device to a user, by two of its codes",
    arguments: [
        Argument(name: "USER", help: "the user's name, or root"), .serial,
        Argument(name: "CODE1", help: "a code that the device shows", secrecy: .brief),
        Argument(name: "CODE2", help: "the code that it shows after that", secrecy: .brief),
    ],
    options: [.json] + Option.keeping,
    text: ["As with AWS the two codes are consecutive, and both are spent thereby."],
    examples: [
        Command.Example("latchkey device enable ann GAHT12345678 482913 120754", "ann now needs a code to sign in")
    ],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let user = try UserName(call.words[0])
            let serial = try store.serial(call.words[1])
            try store.perform(
                EnableMFADevice(
                    userName: user,
                    serialNumber: serial,
                    authenticationCode1: try AuthenticationCode(call.words[2]),
                    authenticationCode2: try AuthenticationCode(call.words[3])
                )
            )
            if call.wantsJSON {
                call.console.print(["enabled": .string(serial.text), "userName": .string(user.text)])
            } else {
                call.console.tick("\(user) now needs a code to sign in; device \(serial)")
            }
            return .done
        }
    }
)

/// What became of the tokens of a list.
private struct DeviceImport {
    var registered: [(serial: String, token: Token)] = []
    var refused: [RefusedRecord]
    var duplicates: [RefusedRecord]

    /// Has every token registered that can be.
    init(_ result: TokenImport, _ call: Invocation, _ register: (RegisterHardwareDevice) throws -> Void) {
        refused = result.refused
        duplicates = result.duplicates
        let prefix = call.text(.serialPrefix) ?? ""
        for entry in result.tokens {
            let name = entry.token.serial ?? entry.token.title
            do {
                let action = try Self.action(entry.token, prefix)
                try register(action)
                registered.append((action.serialNumber.text, entry.token))
            } catch let fault as Fault where fault.code == "EntityAlreadyExists" {
                let reason = "the authority has a device of that serial number already"
                duplicates.append(RefusedRecord(place: entry.place, name: name, reason: reason))
            } catch {
                refused.append(RefusedRecord(place: entry.place, name: name, reason: Failure(error).sentence))
            }
        }
    }

    private static func action(_ token: Token, _ prefix: String) throws -> RegisterHardwareDevice {
        guard let serial = token.serial else {
            throw TokenFault("it has no serial number; tokens of apps go into a vault with `latchkey token import`")
        }
        guard let number = try? SerialNumber(prefix + serial) else {
            throw TokenFault(
                "the serial number is not 9 to 256 letters, digits or _+=/:,.@-; lengthen it with --serial-prefix"
            )
        }
        let parameters = DeviceParameters(
            kind: try kind(token),
            algorithm: token.algorithm,
            digits: token.digits,
            period: token.period
        )
        return RegisterHardwareDevice(
            serialNumber: number,
            seed: SecretText(Hex.encode(token.key.secret)),
            seedEncoding: .hex,
            parameters: parameters,
            counter: try token.counter == 0 ? nil : counter(token)
        )
    }

    private static func kind(_ token: Token) throws(TokenFault) -> DeviceParameters.Kind {
        switch token.kind {
        case .totp: .totp
        case .hotp: .hotp
        case .steam: throw TokenFault("it is a Steam Guard token, which is no second factor here")
        }
    }

    private static func counter(_ token: Token) throws(TokenFault) -> Int64 {
        guard let counter = Int64(exactly: token.counter) else { throw TokenFault("its counter is too large") }
        return counter
    }
}

extension Invocation {
    fileprivate func report(_ done: DeviceImport, _ verb: String) -> ExitCode {
        if wantsJSON {
            console.print([
                "registered": .array(
                    done.registered.map { entry in
                        [
                            "serial": .string(entry.serial), "type": .string(entry.token.kind.rawValue),
                            "owner": entry.token.owner.map(JSON.string) ?? .null,
                        ]
                    }
                ),
                "duplicates": .array(done.duplicates.map(\.json)), "refused": .array(done.refused.map(\.json)),
            ])
        } else {
            for (serial, token) in done.registered {
                let owner = token.owner.map { ", for \($0)" } ?? ""
                console.print("\(verb): \(Shown.text("\(serial)  \(token.way)\(owner)"))")
            }
            for record in done.duplicates { console.print("duplicate: \(Shown.text(record.line))") }
            for record in done.refused { console.print("cannot come in: \(Shown.text(record.line))") }
        }
        return done.refused.isEmpty && done.duplicates.isEmpty ? .done : .refused
    }
}
