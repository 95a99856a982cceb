// EnrollCommand.swift: `latchkey enroll` and `latchkey confirm`: a device for a user.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyQR

extension Option {
    fileprivate static let device = Option.text("device", "NAME", "the device's name; phone-1 and so on if not said")
    fileprivate static let hotp = Option.flag("hotp", "a device that counts presses of a button, not time")
    fileprivate static let deviceAlgorithm = Option.choice(
        "algorithm",
        ["sha1", "sha256", "sha512"],
        "the hash; sha1 if not said, which every app understands"
    )
    fileprivate static let deviceDigits = Option.integer(
        "digits",
        "N",
        6...8,
        "how many digits a code has; 6 if not said"
    )
    fileprivate static let devicePeriod = Option.integer("period", "S", 5...300, "seconds a code lives; 30 if not said")
    /// How many recovery codes an enrolment hands out.
    static let recoveryCodes = Option.integer(
        "recovery-codes",
        "N",
        0...20,
        "how many recovery codes to hand out with the first device; 10 if not said, 0 for none"
    )
    fileprivate static let dryRun = Option.flag("dry-run", "draws the code of a made-up key and keeps nothing")
    /// Asks for two codes as AWS does.
    static let awsDevice = Option.flag("aws-device", "asks for the next code too, as AWS does")
    /// Keeps the code on the screen.
    static let noClear = Option.flag("no-clear", "leaves the code on the screen; it holds the key")
}

let enrollCommand = Command(
    path: ["enroll"],
    group: .daily,
    summary: "enrols a device for a user by QR code",
    arguments: [Argument(name: "USER", help: "the user's name, or root")],
    options: [
        .device, .hotp, .deviceAlgorithm, .deviceDigits, .devicePeriod, Setting.issuer.option, .qr, .png, .svg,
        .recoveryCodes, .awsDevice, .dryRun, .noClear, .json,
    ] + Option.keeping,
    text: [
        "Nothing counts before a right code; Ctrl-C leaves no trace. Many apps ignore other hashes, lengths and periods than the "
            + "usual ones without a word: a wrong code is told apart.",
        "Not at a terminal, or with --json: prints the pending device as JSON, its key included; `latchkey confirm SERIAL CODE` "
            + "ends the enrolment within the hour.",
    ],
    examples: [
        Command.Example("latchkey enroll ann"),
        Command.Example("latchkey enroll ann --json", "{\"serial\":\"arn:aws:iam::…:mfa/ann/phone-1\",…}"),
    ],
    exits: ExitCode.keeping,
    run: { call in
        let name = try UserName(call.words[0])
        let begin = BeginEnrollment(
            userName: name,
            deviceName: try call.text(.device).map { text throws(Fault) in try VirtualMFADeviceName(text) },
            parameters: try parameters(call),
            issuer: call.has(Setting.issuer.option) ? call.text(Setting.issuer.option) : nil
        )
        if call.has(.dryRun) { return try dryRun(call, begin) }
        return try call.withStore { store in
            if call.console.isInteractive, call.console.output.isTerminal, !call.wantsJSON {
                return try EnrollmentDialogue(call, store, name).run(begin)
            }
            let enrollment = try store.perform(begin).enrollment
            do {
                let files = QRFiles(call)
                if !files.isEmpty { try files.write(try QRCode(enrollment.uri.text)) }
            } catch {
                _ = try? store.perform(DeleteVirtualMFADevice(serialNumber: enrollment.serialNumber))
                throw error
            }
            call.console.print(enrollment.json)
            return .done
        }
    }
)

private func parameters(_ call: Invocation) throws(Failure) -> DeviceParameters {
    var parameters = DeviceParameters(kind: call.has(.hotp) ? .hotp : .totp)
    if call.has(.hotp), call.has(.devicePeriod) { throw .misused("a device that counts presses has no `--period`") }
    if let word = call.text(.deviceAlgorithm), let algorithm = HashAlgorithm(rawValue: word.uppercased()) {
        parameters.algorithm = algorithm
    }
    if let digits = call.int(.deviceDigits) { parameters.digits = digits }
    if let period = call.integer(.devicePeriod) { parameters.period = period }
    return parameters
}

/// Draws a key that is nowhere kept: to see whether terminal and phone get on.
private func dryRun(_ call: Invocation, _ begin: BeginEnrollment) throws -> ExitCode {
    let parameters = begin.parameters ?? DeviceParameters()
    let issuer = try begin.issuer ?? call.settings.text(.issuer)
    let uri = try KeyURI(
        type: parameters.kind == .totp ? .totp : .hotp,
        issuer: issuer.isEmpty ? "Latchkey" : issuer,
        account: begin.userName.text,
        secret: Secret.random(count: 20),
        algorithm: parameters.algorithm,
        digits: parameters.digits,
        period: parameters.period,
        counter: 0
    )
    let code = try QRCode(uri.text())
    try QRFiles(call).write(code)
    if call.wantsJSON {
        call.console.print(["uri": .string(uri.text()), "state": "dry-run"])
        return .done
    }
    for line in try QRDrawing(call.text(.qr) ?? "auto", on: call.console).lines(of: code) {
        call.console.print(line)
    }
    call.console.print("\(parameters.summary); this key was made up and is not kept")
    return .done
}

let confirmCommand = Command(
    path: ["confirm"],
    group: .daily,
    summary: "ends an enrolment with a code of the new device",
    arguments: [
        .serial,
        Argument(name: "CODE", help: "a code that the device shows", secrecy: .brief),
        Argument(name: "CODE2", help: "the code that it shows after that", count: .optional, secrecy: .brief),
    ],
    options: [.recoveryCodes, .json] + Option.keeping,
    text: ["The code is spent thereby. With the user's first device recovery codes are printed: each works once."],
    examples: [Command.Example("latchkey confirm ann/phone-1 482913")],
    exits: ExitCode.keeping,
    run: { call in
        try call.withStore { store in
            let serial = try store.serial(call.words[0])
            let action = ConfirmEnrollment(
                serialNumber: serial,
                code: SecretText(call.words[1]),
                nextCode: call.words.count > 2 ? SecretText(call.words[2]) : nil
            )
            let output = try store.perform(action)
            let count = call.int(.recoveryCodes) ?? 10
            var codes: [SecretText] = []
            if !output.hasRecoveryCodes, count > 0 {
                codes = try store.perform(RenewRecoveryCodes(userName: output.device.userName, count: count))
                    .recoveryCodes
            }
            if call.wantsJSON {
                call.console.print([
                    "serial": .string(serial.text), "userName": .string(output.device.userName.text),
                    "state": "enabled",
                    "clockOffset": .number(output.clockOffset),
                    "recoveryCodes": .array(codes.map { .string($0.text) }),
                ])
                return .done
            }
            call.console.tick("\(output.device.userName) now needs a code to sign in; device \(serial)")
            if codes.isEmpty { return .done }
            call.console.print("Recovery codes: each works once. Keep them off this machine.")
            for code in codes { call.console.print(code.text) }
            return .done
        }
    }
)

extension Enrollment {
    /// What a program needs to go on: the one time that the key is printed.
    var json: JSON {
        [
            "serial": .string(serialNumber.text), "userName": .string(userName.text),
            "issuer": issuer.map { .string($0) } ?? .null, "type": .string(parameters.kind.rawValue),
            "algorithm": .string(parameters.algorithm.rawValue), "digits": .number(parameters.digits),
            "period": parameters.kind == .totp ? .number(parameters.period) : .null,
            "uri": .string(uri.text), "secret": .string(secret.text), "state": "pending",
            "expires": .string("\(expires)"),
        ]
    }
}
