// CodeCommand.swift: `latchkey code` and `latchkey verify`, for secrets that are in no store.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// What a device and its counterpart do, without a store.
let codeCommands: [Command] = [codeCommand, verifyCommand]

extension Option {
    fileprivate static let batch = Option.flag(
        "batch",
        "makes one code for each JSON object on a line of standard input"
    )
    fileprivate static let code = Option.code("code", "the code to check; `-` reads a line of standard input")
    fileprivate static let checkWindow = Option.integer(
        "window",
        "N",
        0...100,
        "the steps before and after the present one (counters ahead, for hotp) that are right too; 1 if not said"
    )
}

private let codeCommand = Command(
    path: ["code"],
    group: .stateless,
    summary: "prints the one-time code of a secret, or of a token in the vault",
    usage: [
        "TOKEN [--step previous|present|next] [--copy] [--vault NAME] [--passphrase-fd N] [--json]",
        "--secret BASE32 [OPTIONS]",
        "- [OPTIONS]", "--batch", "--check-time SERVER [--json]",
    ],
    arguments: [
        Argument(
            name: "TOKEN",
            help: "the token's title or name in the vault; `-` reads a secret from standard input",
            count: .optional,
            // Somebody may type a secret here.
            secrecy: .brief
        )
    ],
    options: Option.secretOptions + Option.codeOptions + [.batch, .json, .step, .copy, .checkTime]
        + Option.vaultOptions,
    text: [
        "A token of a counter gives its next code, and the counter is on disk before the code is shown.",
        "Alone at a terminal it shows all tokens of the vault, live: type to find, Enter to copy. Without a vault it asks for "
            + "a secret, unseen. A pipe gets the bare code.",
        "--check-time asks once how far this machine's clock is off, by NTP or by the Date of an HTTP answer, and ends with 1 when "
            + "that is more than five seconds. Nothing else here ever uses the network.",
        "With --batch each line of standard input is an object with the members secret, type, algorithm, digits, period, "
            + "t0, at and counter, all but the secret optional; for each, in order, a line {\"code\":\"…\"} or "
            + "{\"error\":\"…\"} is printed.",
    ],
    examples: [
        Command.Example("latchkey code --secret JBSWY3DPEHPK3PXP --at 59", "996554", proved: true),
        Command.Example(
            "echo JBSWY3DPEHPK3PXP | latchkey code - --algorithm sha256 --digits 8 --at 59",
            "36344551",
            proved: true
        ),
        Command.Example(
            "echo '{\"secret\":\"JBSWY3DPEHPK3PXP\",\"at\":59}' | latchkey code --batch",
            "{\"code\":\"996554\"}",
            proved: true
        ),
    ],
    run: { call in
        if call.has(.batch) {
            let others = Option.secretOptions + Option.codeOptions
            if let option = others.first(where: call.has) {
                throw Failure.misused("`--batch` reads everything from standard input; leave `--\(option.name)` out")
            }
            return try CodeBatch(console: call.console).run()
        }
        if let server = call.text(.checkTime) {
            let others = Option.secretOptions + Option.codeOptions + [.step, .copy] + Option.vaultOptions
            guard call.words.isEmpty, !others.contains(where: call.has) else {
                throw Failure.misused("`--check-time` stands alone; leave the rest out")
            }
            return try call.checkTime(server)
        }
        if let word = call.words.first, word != "-" { return try codeOfToken(word, call) }
        let stateless = Option.secretOptions + Option.codeOptions + [.json, .step, .copy]
        if call.words.isEmpty, !stateless.contains(where: call.has), call.console.isInteractive,
            call.console.output.isTerminal, try VaultFile(call).exists
        {
            var screen = try CodeScreen(call)
            try screen.run()
            return .done
        }
        for option in [Option.step, .copy] where call.has(option) {
            throw Failure.misused("`--\(option.name)` is for a token of the vault; name one, or leave it out")
        }
        let settings = try call.codeSettings()
        let shown = try settings.code(of: try call.secret())
        if call.wantsJSON {
            call.console.print(json(shown, settings))
        } else if let left = shown.secondsLeft, call.console.output.isTerminal, !call.has(.at) {
            let seconds = call.console.paint("\(left) s left", left <= 5 ? .red : .dim)
            call.console.print("\(shown.code.text)   \(seconds)")
        } else {
            call.console.print(shown.code.text)
        }
        return .done
    }
)

/// The code of a token in the vault.
private func codeOfToken(_ word: String, _ call: Invocation) throws -> ExitCode {
    if word.utf8.count >= 16, !word.utf8.contains(UInt8(ascii: ":")), (try? Base32.decode(word, .forgiving)) != nil {
        throw Failure.misused("a secret does not stand behind the name; give --secret, or `-` and standard input")
    }
    if let option = (Option.secretOptions + Option.codeOptions).first(where: call.has) {
        throw Failure.misused("the vault knows how the codes of a token are made; leave `--\(option.name)` out")
    }
    return try call.printCode(of: word)
}

/// A code with what a program wants to know about it.
private func json(_ shown: ShownCode, _ settings: CodeSettings) -> JSON {
    var object: JSON.Object = ["code": .string(shown.code.text), "type": .string(settings.kind.rawValue)]
    if let left = shown.secondsLeft {
        object["step"] = .number(shown.number)
        object["seconds_left"] = .number(left)
        object["valid_until"] = .string(settings.moment.adding(seconds: left).description)
    } else {
        object["counter"] = .number(shown.number)
    }
    return .object(object)
}

private let verifyCommand = Command(
    path: ["verify"],
    group: .stateless,
    summary: "says whether a code is right, of a user or a secret",
    usage: ["USER CODE [OPTIONS]", "--secret BASE32 --code CODE [OPTIONS]"],
    arguments: [
        Argument(name: "USER", help: "the user's name, or root", count: .optional),
        Argument(name: "CODE", help: "the code that the user's device shows", count: .optional, secrecy: .brief),
    ],
    options: Option.secretOptions + [.code] + Option.codeOptions + [.checkWindow, .json] + Option.keeping,
    text: [
        "With a user the code is spent: it is right once, here and at every other door.",
        "With a secret nothing is stored: the same code is right again as long as its time lasts. Secret and code may both come "
            + "from standard input, the secret's line first.",
    ],
    examples: [
        Command.Example(
            "latchkey verify --secret JBSWY3DPEHPK3PXP --code 996554 --at 89",
            "right, 1 step behind",
            proved: true
        )
    ],
    exits: [(.done, "the code is right"), (.refused, "the code is wrong"), (.misused, ExitCode.misused.meaning)],
    run: { call in
        if !call.words.isEmpty { return try call.verifyUser(typedCode) }
        let settings = try call.codeSettings()
        let secret = try call.secret()
        let typed = try typedCode(call)
        let match = try settings.match(typed, of: secret, window: call.int(.checkWindow) ?? 1)
        if call.wantsJSON {
            var object: JSON.Object = ["valid": .bool(match != nil)]
            if let match {
                object[settings.kind == .hotp ? "counter" : "step"] = .number(match.number)
                object["offset"] = .number(match.offset)
            }
            call.console.print(.object(object))
            return match == nil ? .refused : .done
        }
        guard let match else { throw Failure.refused("wrong code; check the secret, the clock and --window") }
        call.console.tick(match.offset == 0 ? "right" : "right, \(distance(match.offset))")
        return .done
    }
)

private func distance(_ offset: Int64) -> String {
    "\(offset.magnitude) \(offset.magnitude == 1 ? "step" : "steps") \(offset < 0 ? "behind" : "ahead")"
}

/// The code: an option's, as it is; a person's at a prompt, without the blanks that apps show.
private func typedCode(_ call: Invocation) throws -> String {
    if let code = call.text(.code), code != "-" { return code }
    if call.text(.code) == nil {
        guard call.console.isInteractive else { throw Failure.misused("a code is missing; give --code") }
        return try call.console.ask("code: ").filter { $0 != " " }
    }
    return try call.console.readSecretLine("code").text() ?? ""
}
