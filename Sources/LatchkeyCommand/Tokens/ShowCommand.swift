// ShowCommand.swift: `latchkey token show`: all that the vault knows of a token; its secret only when asked for.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyQR
internal import LatchkeyTokens

extension Option {
    fileprivate static let reveal = Option.flag(
        "reveal",
        "shows the secret and its URI too, for another device; a terminal shows them on a screen that is wiped"
    )
}

let tokenShowCommand = Command(
    path: ["token", "show"],
    group: .daily,
    summary: "shows what the vault knows of a token",
    arguments: [.token],
    options: [.reveal, .qr, .json] + Option.vaultOptions,
    text: [
        "The secret is left out unless --reveal asks for it. At a terminal --reveal draws the QR code for another device where "
            + "it fits, waits for a key, and wipes the screen; in a pipe it prints secret and URI."
    ],
    examples: [Command.Example("latchkey token show ann", "title      Acme:ann")],
    exits: vaultExits,
    run: { call in
        let vault = try call.openVault(call.has(.reveal) ? .passphrase(try call.vaultPassphrase()) : nil)
        let token = vault.tokens[try vault.find(call.words[0])]
        guard call.has(.reveal) else {
            if call.has(.qr) { throw Failure.misused("the QR code holds the secret: give --reveal too") }
            if call.wantsJSON {
                call.console.print(.object(token.details))
            } else {
                for line in token.facts { call.console.print(Shown.text(line)) }
            }
            return .done
        }
        let uri = TokenExport.uriList([token]).texts[0].split(separator: "\n").first.map(String.init)
        if call.wantsJSON {
            var object = token.details
            object["secret"] = .string(Base32.encode(token.key.secret))
            object["uri"] = uri.map(JSON.string) ?? .null
            call.console.print(.object(object))
            return .done
        }
        var lines = token.facts.map(Shown.text)
        lines.append("secret     \(grouped(Base32.encode(token.key.secret)))")
        if let uri { lines.append("uri        \(uri)") }
        guard call.console.isInteractive, call.console.output.isTerminal else {
            for line in lines { call.console.print(line) }
            return .done
        }
        guard try call.console.confirm("Anybody who sees the secret can make your codes. Show it?", usually: false)
        else { throw Failure.refused("the secret was not shown") }
        try call.reveal(lines, uri)
        return .done
    }
)

/// The key in groups of four, as apps take it.
private func grouped(_ key: String) -> String {
    let letters = Array(key.utf8)
    return stride(from: 0, to: letters.count, by: 4)
        .map { String(decoding: letters[$0..<min($0 + 4, letters.count)], as: UTF8.self) }
        .joined(separator: " ")
}

extension Invocation {
    /// Shows lines, and a URI's QR code where both fit, on the other screen until a key is pressed.
    fileprivate func reveal(_ lines: [String], _ uri: String?) throws {
        console.flush()
        var rows = lines
        if let uri, text(.qr) != "none", let code = try? QRCode(uri) {
            let traits = console.output.traits
            let shape = text(.qr).flatMap(TerminalStyle.Shape.init(rawValue:))
            // The facts without the URI, which the code says, and a line to leave by.
            let kept = lines.filter { !$0.utf8.starts(with: "uri ".utf8) }
            let choose = { (lines: Int) in
                shape.map { TerminalStyle.asked($0, for: code, on: traits, reserving: lines).choice }
                    ?? TerminalStyle.choose(for: code, on: traits, reserving: lines)
            }
            if case .style(let style) = choose(kept.count + 1) {
                rows = code.terminal(style) + kept
            } else if case .style(let style) = choose(0) {
                rows = code.terminal(style)
            }
        }
        try show(rows, "any key wipes this")
    }

    /// Shows lines on the other screen until a key is pressed; Ctrl-C ends the command.
    func show(_ lines: [String], _ prompt: String) throws {
        let held = try HeldTerminal(0, .keys, screen: HeldTerminal.Screen(descriptor: 1))
        var size = (columns: 0, rows: 0)
        while true {
            let present = console.output.size
            if present != size {
                size = present
                var shown = Array(lines.prefix(size.rows))
                if shown.count < size.rows { shown.append(ScreenText.cut(prompt, size.columns - 1)) }
                Console.write(Array(("\u{1B}[H\u{1B}[2J" + shown.joined(separator: "\r\n")).utf8), to: 1)
            }
            guard let key = try held.key(within: 250) else { continue }
            if key == .interrupt { throw Interrupted(signal: 2) }
            return
        }
    }
}

extension Token {
    /// Everything but the secret, the serial number and the owner of a hardware token included.
    fileprivate var details: JSON.Object {
        var object = json.object ?? [:]
        object["serial"] = serial.map(JSON.string) ?? .null
        object["owner"] = owner.map(JSON.string) ?? .null
        object["key_bits"] = .number(key.secret.count * 8)
        return object
    }

    /// The same, a line each.
    fileprivate var facts: [String] {
        var facts: [(String, String)] = [("title", title)]
        if let issuer { facts.append(("issuer", issuer)) }
        facts.append(("name", name))
        switch kind {
        case .totp: facts.append(("codes", "time-based, \(digits) digits, \(period) s, \(algorithm.rawValue)"))
        case .hotp: facts.append(("codes", "counter-based, \(digits) digits, next \(counter), \(algorithm.rawValue)"))
        case .steam: facts.append(("codes", "Steam Guard"))
        }
        facts.append(("key", "\(key.secret.count * 8) bits"))
        if !tags.isEmpty { facts.append(("tags", tags.joined(separator: ", "))) }
        if let serial { facts.append(("serial", serial)) }
        if let owner { facts.append(("owner", owner)) }
        if !note.isEmpty { facts.append(("note", note)) }
        return facts.map { ScreenText.fitted($0.0, 11) + $0.1 }
    }
}
