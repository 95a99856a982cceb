// CodeScreen.swift: `latchkey code` alone: the codes of all tokens, live, found by typing, copied by Enter.
internal import Glibc
internal import LatchkeyOTP
internal import LatchkeyTokens

/// The screen of all tokens.
///
/// It lies on the terminal's other screen and is wiped with it, so that scrolling back shows no code. A token of a counter shows
/// its code only when Enter asks for it, after the counter is on disk.
struct CodeScreen {
    private let call: Invocation
    private let key: VaultKey
    private let clipboard = Clipboard(1)
    private var vault: TokenVault
    private var view = CodeView()
    /// When what was copied is to be wiped.
    private var copied: UnixTime?

    /// Opens the vault.
    init(_ call: Invocation) throws {
        self.call = call
        key = try call.vaultKey()
        vault = try call.openVault(key)
    }

    /// Shows the codes until the person leaves.
    mutating func run() throws {
        call.console.flush()
        while try hold() == .suspended {
            // The terminal is as it was, and holds nothing: the shell has it until `fg`.
            raise(SIGTSTP)
        }
    }

    private enum Leave { case left, suspended }

    private mutating func hold() throws -> Leave {
        let held = try HeldTerminal(0, .keys, screen: HeldTerminal.Screen(descriptor: 1))
        defer { if copied != nil { wipe() } }
        var drawn = ""
        var size = (columns: 0, rows: 0)
        while true {
            let now = UnixTime.now
            if let until = copied, now >= until {
                wipe()
                view.message = "the clipboard is wiped"
            }
            let found = view.matches(in: vault.tokens)
            let present = call.console.output.size
            view.keepSelection(of: found.count, rows: present.rows)
            let picture = view.picture(found, of: vault.tokens.count, on: call.console, size: present, at: now)
            if picture != drawn || present != size {
                // A terminal that has another size may show torn lines anywhere.
                let start = present != size ? "\u{1B}[2J" : ""
                Console.write(Array((start + picture).utf8), to: 1)
                (drawn, size) = (picture, present)
            }
            guard let key = try held.key(within: 250) else { continue }
            switch key {
            case .interrupt, .end: return .left
            case .suspend: return .suspended
            case .escape:
                if view.typed.isEmpty { return .left }
                view.type("")
            case .enter: if found.indices.contains(view.selected) { try take(found[view.selected], now) }
            case .backspace: view.type(String(view.typed.unicodeScalars.dropLast()))
            case .clear: view.type("")
            case .character(let scalar):
                if view.typed.utf8.count < 64 { view.type(view.typed + String(Character(scalar))) }
            case .up: view.move(-1, in: found.count)
            case .down: view.move(1, in: found.count)
            case .pageUp: view.move(-view.room(present.rows), in: found.count)
            case .pageDown: view.move(view.room(present.rows), in: found.count)
            case .first: view.move(-found.count, in: found.count)
            case .last: view.move(found.count, in: found.count)
            case .other: break
            }
        }
    }

    /// Copies the code of a token; a counter moves forward first.
    private mutating func take(_ token: Token, _ now: UnixTime) throws {
        let code: TimedCode
        if token.kind == .hotp {
            do {
                code = try call.nextCode(of: token.title, key)
                vault = try call.openVault(key)
            } catch let failure as Failure {
                view.message = failure.sentence
                return
            }
            view.asked = (token.title, code.text)
        } else {
            code = try token.code(at: now)
        }
        clipboard.put(code.text)
        copied = code.validUntil ?? now.adding(seconds: Clipboard.countedLasts)
        view.message = "\(Shown.text(token.title)) is copied, if your terminal allows it"
    }

    private mutating func wipe() {
        clipboard.wipe()
        copied = nil
    }
}
