// URICommand.swift: `latchkey uri`, which reads and writes `otpauth:` URIs.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// What an `otpauth:` URI says, and the reverse.
let uriCommands: [Command] = [showCommand, makeCommand]

extension Option {
    fileprivate static let uriIssuer = Option.text("issuer", "TEXT", "who asks for the codes, as apps show it")
    fileprivate static let uriAccount = Option.text("account", "TEXT", "whose codes they are, as apps show it")
}

private let showCommand = Command(
    path: ["uri", "show"],
    group: .stateless,
    summary: "says what an otpauth: URI means, or why it is refused",
    arguments: [Argument(name: "URI", help: "the URI; `-` reads a line of standard input", secrecy: .uri)],
    options: [.json],
    examples: [
        Command.Example(
            "latchkey uri show 'otpauth://totp/acme:ann?secret=JBSWY3DPEHPK3PXP&issuer=acme'",
            "type       totp",
            "issuer     acme",
            "account    ann",
            "secret     JBSWY3DPEHPK3PXP",
            "algorithm  sha1",
            "digits     6",
            "period     30",
            proved: true
        )
    ],
    run: { call in
        let uri = try KeyURI(parsing: try uriText(call))
        if call.wantsJSON {
            call.console.print(json(uri))
            return .done
        }
        var rows = [("type", uri.type.rawValue)]
        if let issuer = uri.issuer { rows.append(("issuer", Shown.text(issuer))) }
        rows += [("account", Shown.text(uri.account)), ("secret", Base32.encode(uri.secret))]
        rows += [("algorithm", uri.algorithm.word), ("digits", "\(uri.digits)")]
        rows.append(uri.type == .hotp ? ("counter", "\(uri.counter)") : ("period", "\(uri.period)"))
        for (name, value) in rows {
            call.console.print(name + String(repeating: " ", count: 11 - name.utf8.count) + value)
        }
        for warning in uri.warnings { call.console.warn(warning) }
        return .done
    }
)

/// The URI: the argument, or a line of standard input.
private func uriText(_ call: Invocation) throws -> String {
    guard call.words.first == "-" else { return call.words.first ?? "" }
    let line = try call.console.readSecretLine("URI")
    guard let text = line.text() else {
        throw Failure.refused("the URI on standard input is not UTF-8; percent-encode its names")
    }
    return text
}

private func json(_ uri: borrowing KeyURI) -> JSON {
    var object: JSON.Object = [
        "type": .string(uri.type.rawValue),
        "issuer": uri.issuer.map(JSON.string) ?? .null,
        "account": .string(uri.account),
        "secret": .string(Base32.encode(uri.secret)),
        "algorithm": .string(uri.algorithm.word),
        "digits": .number(uri.digits),
    ]
    if uri.type == .hotp {
        object["counter"] = .number(uri.counter)
    } else {
        object["period"] = .number(uri.period)
    }
    object["warnings"] = .array(uri.warnings.map(JSON.string))
    return .object(object)
}

private let makeCommand = Command(
    path: ["uri", "make"],
    group: .stateless,
    summary: "writes the otpauth: URI of a secret",
    usage: ["--account TEXT --secret BASE32 [OPTIONS]"],
    options: [.uriAccount, .uriIssuer] + Option.secretOptions + [.type, .algorithm, .digits, .period, .counter, .json],
    text: ["Only what differs from the usual is written: many apps know nothing else, and the QR code stays small."],
    examples: [
        Command.Example(
            "latchkey uri make --issuer acme --account ann --secret JBSWY3DPEHPK3PXP",
            "otpauth://totp/acme:ann?secret=JBSWY3DPEHPK3PXP&issuer=acme",
            proved: true
        )
    ],
    exits: [.done, .misused].map { ($0, $0.meaning) },
    run: { call in
        guard let account = call.text(.uriAccount) else {
            throw Failure.misused("an account is missing; give --account, the name that the app shows")
        }
        let settings = try call.codeSettings()
        let text: String
        do {
            text = try KeyURI(
                type: settings.kind,
                issuer: call.text(.uriIssuer),
                account: account,
                secret: try call.secret(),
                algorithm: settings.algorithm,
                digits: settings.digits,
                period: settings.period,
                counter: settings.counter ?? 0
            )
            .text()
        } catch let error as OTPError {
            throw Failure.misused("\(error)")
        }
        if call.wantsJSON { call.console.print(["uri": .string(text)]) } else { call.console.print(text) }
        return .done
    }
)
