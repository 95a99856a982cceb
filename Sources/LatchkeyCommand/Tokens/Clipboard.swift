// Clipboard.swift: a code in the clipboard of the person's own terminal, by OSC 52, and out of it again.
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyOTP
internal import LatchkeyTokens

/// The clipboard of a terminal, wherever that terminal is: also at the other end of an SSH session.
struct Clipboard: Sendable {
    private let descriptor: Int32

    /// Takes the terminal at a descriptor.
    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// The seconds that a copied code of a counter stays.
    static let countedLasts: Int64 = 30

    /// Puts a text into the clipboard, if the terminal allows it; none says whether it does.
    func put(_ text: String) { send(Base64.encode(Array(text.utf8))) }

    /// Wipes the clipboard: overwritten first, for tmux takes no empty text, then emptied as xterm does.
    func wipe() {
        send("IA==")
        send("!")
    }

    private func send(_ data: String) { Console.write(Array("\u{1B}]52;c;\(data)\u{07}".utf8), to: descriptor) }
}

extension Invocation {
    /// Copies a code, and wipes it when it is over or the person presses a key.
    func copy(_ code: TimedCode, of title: String) throws {
        console.flush()
        let place: Int32 = console.output.isTerminal ? 1 : 2
        let clipboard = Clipboard(place)
        let until = code.validUntil ?? UnixTime.now.adding(seconds: Clipboard.countedLasts)
        let held = try HeldTerminal(0, .keys)
        clipboard.put(code.text)
        defer {
            clipboard.wipe()
            Console.write(Array("\r\u{1B}[K".utf8), to: place)
        }
        var drawn: Int64?
        while true {
            let left = until.seconds(since: .now)
            if left <= 0 { return }
            if left != drawn {
                let line = "\(Shown.text(title)) is copied; wiped in \(left) s, or by any key"
                let shown = ScreenText.cut(line, max(1, console.output.size.columns - 1))
                Console.write(Array("\r\(shown)\u{1B}[K".utf8), to: place)
                drawn = left
            }
            if try held.key(within: 250) != nil { return }
        }
    }
}
