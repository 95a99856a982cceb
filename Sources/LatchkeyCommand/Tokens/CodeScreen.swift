// CodeScreen.swift: `latchkey code` alone: the codes of all tokens, live, found by typing, copied by Enter.
internal import LatchkeyCrypto
internal import LatchkeyOTP
internal import LatchkeyTokens

/// The screen of all tokens.
///
/// It lies on the terminal's other screen and is wiped with it, so that scrolling back shows no code. A token of a counter shows
/// its code only when Enter asks for it, after the counter is on disk.
struct CodeScreen {
    private let call: Invocation
    private let passphrase: TokenKey
    private var vault: TokenVault
    private var typed = ""
    private var message = ""
    /// The title of a token of a counter, and the code that was asked for.
    private var asked: (title: String, code: String)?
    /// When what was copied is to be wiped.
    private var copied: UnixTime?

    /// The seconds that a copied code of a counter stays in the clipboard.
    private static let copyLasts: Int64 = 30

    /// Opens the vault.
    init(_ call: Invocation) throws {
        self.call = call
        passphrase = try call.vaultPassphrase()
        vault = try call.openVault(passphrase)
    }

    /// Shows the codes until the person leaves.
    mutating func run() throws {
        call.console.flush()
        let held = try HeldTerminal(0, .keys, screen: HeldTerminal.Screen(descriptor: 1))
        defer { if copied != nil { Self.wipeClipboard() } }
        var drawn = ""
        while true {
            let now = UnixTime.now
            if let until = copied, now >= until {
                Self.wipeClipboard()
                copied = nil
                message = "the clipboard is wiped"
            }
            let found = matches
            let picture = picture(found, now)
            if picture != drawn {
                Console.write(Array(picture.utf8), to: 1)
                drawn = picture
            }
            guard let key = try held.key(within: 250) else { continue }
            switch key {
            case .interrupt, .end: return
            case .escape:
                if typed.isEmpty { return }
                typed = ""
            case .enter: if let first = found.first { try take(first, now) }
            case .backspace: _ = typed.popLast()
            case .clear: typed = ""
            case .character(let scalar): if typed.utf8.count < 64 { typed.unicodeScalars.append(scalar) }
            case .other: break
            }
        }
    }

    /// Copies the code of a token; a counter moves forward first.
    private mutating func take(_ token: Token, _ now: UnixTime) throws {
        let code: TimedCode
        if token.kind == .hotp {
            do {
                code = try call.nextCode(of: token.title, passphrase)
                vault = try call.openVault(passphrase)
            } catch let failure as Failure {
                message = failure.sentence
                return
            }
            asked = (token.title, code.text)
        } else {
            code = try token.code(at: now)
        }
        // OSC 52: the terminal, wherever it is, puts the text into its clipboard.
        Console.write(Array("\u{1B}]52;c;\(Base64.encode(Array(code.text.utf8)))\u{07}".utf8), to: 1)
        copied = code.validUntil ?? now.adding(seconds: Self.copyLasts)
        message = "\(Shown.text(token.title)) is copied, if your terminal allows it"
    }

    private static func wipeClipboard() { Console.write(Array("\u{1B}]52;c;!\u{07}".utf8), to: 1) }

    // MARK: Finding

    /// The tokens in which what is typed stands; first where it stands in one piece, then where its letters do in order.
    private var matches: [Token] {
        let word = typed.lowercased()
        if word.isEmpty { return vault.tokens }
        var whole: [Token] = []
        var scattered: [Token] = []
        for token in vault.tokens {
            let text = ([token.title] + token.tags).joined(separator: " ").lowercased()
            if text.contains(word) {
                whole.append(token)
            } else if Self.stands(word, scatteredIn: text) {
                scattered.append(token)
            }
        }
        return whole + scattered
    }

    private static func stands(_ word: String, scatteredIn text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        for scalar in word.unicodeScalars {
            guard let place = rest.firstIndex(of: scalar) else { return false }
            rest = rest[rest.index(after: place)...]
        }
        return true
    }

    // MARK: Drawing

    private func picture(_ found: [Token], _ now: UnixTime) -> String {
        let size = call.console.output.size
        let room = max(1, size.rows - 4)
        let width = max(10, size.columns - 30)
        var lines = [call.console.paint("find: ", .bold) + Shown.text(typed) + "_", ""]
        for (number, token) in found.prefix(room).enumerated() { lines.append(row(token, number == 0, width, now)) }
        while lines.count < room + 2 { lines.append("") }
        let more = found.count > room ? "\(found.count - room) more: type to find.  " : ""
        lines.append(found.isEmpty ? "no token is like that" : String(message.prefix(size.columns - 1)))
        lines.append(
            call.console.paint(String((more + "Enter copies the first, Esc leaves").prefix(size.columns - 1)), .dim)
        )
        return "\u{1B}[H" + lines.prefix(size.rows).map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }

    private func row(_ token: Token, _ isFirst: Bool, _ width: Int, _ now: UnixTime) -> String {
        let title = Shown.text(token.title)
        let shown =
            title.count > width
            ? title.prefix(width - 1) + "~" : title + String(repeating: " ", count: width - title.count)
        let lead = isFirst ? call.console.paint(">", .bold) : " "
        if token.kind == .hotp {
            let code = asked.flatMap { $0.title == token.title ? Self.grouped($0.code) : nil }
            return "\(lead) \(shown) \(code ?? call.console.paint("Enter: next code", .dim))"
        }
        guard let code = try? token.code(at: now), let left = code.secondsLeft else {
            return "\(lead) \(shown) no code now"
        }
        let cells = Int(clamping: min(10, (left * 10 + token.period - 1) / max(1, token.period)))
        let mark = call.console.output.isUTF8 ? "▮" : "#"
        let bar = String(repeating: mark, count: cells) + String(repeating: " ", count: 10 - cells)
        let seconds = String(repeating: " ", count: max(0, 3 - "\(left)".count)) + "\(left)"
        let text = Self.grouped(code.text)
        let padding = String(repeating: " ", count: max(0, 11 - text.count))
        return "\(lead) \(shown) \(text)\(padding)\(left <= 5 ? call.console.paint(bar, .red) : bar)\(seconds)"
    }

    /// `287 082`: halves are easier to keep in mind.
    private static func grouped(_ code: String) -> String {
        guard code.utf8.count >= 6 else { return code }
        let half = (code.count + 1) / 2
        return "\(code.prefix(half)) \(code.dropFirst(half))"
    }
}
