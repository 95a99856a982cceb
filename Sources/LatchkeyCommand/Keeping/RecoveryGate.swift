// RecoveryGate.swift: recovery codes behind a gate: they go away only when the person has saved them.
internal import Latchkey
internal import LatchkeyQR

/// Shows recovery codes until somebody says that they are saved.
struct RecoveryGate {
    let call: Invocation
    let name: UserName

    /// Shows the codes; `w` writes them to a file, `s` shows them again, Enter ends.
    func show(_ codes: [String]) throws {
        let console = call.console
        if console.output.traits.dumb || call.has(.noClear) {
            for line in page(codes, isShown: true) { console.print(line) }
            _ = try console.ask("Press Enter when you have saved them: ")
            return
        }
        console.flush()
        do {
            try hold(codes)
        } catch let interruption as Interrupted {
            console.hint("the recovery codes count, saved or not: make new ones with `latchkey recovery renew \(name)`")
            throw interruption
        }
        console.tick("The recovery codes are saved.")
    }

    private func hold(_ codes: [String]) throws {
        let held = try HeldTerminal(0, .keys, screen: HeldTerminal.Screen(descriptor: 1))
        var message = ""
        var isShown = true
        while true {
            let keys = "w  write to a file     s  show again     Enter  I have saved them"
            let lines = page(codes, isShown: isShown) + [keys, "", message]
            Console.write(Array(("\u{1B}[H\u{1B}[2J" + lines.joined(separator: "\r\n")).utf8), to: 1)
            guard let key = try held.key() else { continue }
            switch key {
            case .enter: return
            case .interrupt, .end: throw Interrupted(signal: 2)
            case .character("w"), .character("W"):
                message = write(codes)
                isShown = false
            case .character("s"), .character("S"): isShown = true
            default: break
            }
        }
    }

    private func page(_ codes: [String], isShown: Bool) -> [String] {
        let title = "Recovery codes for \(name)"
        var lines = ["\(call.console.paint(title, .bold)): each works once. Keep them off this machine.", ""]
        for start in stride(from: 0, to: codes.count, by: 2) {
            let pair = codes[start..<min(start + 2, codes.count)]
            lines.append(
                "   "
                    + pair.map { isShown ? $0 : String(repeating: "·", count: $0.utf8.count) }.joined(separator: "   ")
            )
        }
        return lines + [""]
    }

    private func write(_ codes: [String]) -> String {
        for number in 0..<100 {
            let path = "\(name)-recovery-codes\(number == 0 ? "" : "-\(number)").txt"
            do throws(Fault) {
                try PrivateFile.create(Array((codes.joined(separator: "\n") + "\n").utf8), at: path)
                return "Written: \(path). Move it off this machine."
            } catch {
                if error.isInternal { return Failure(error).sentence }
            }
        }
        return "there are a hundred such files here already: delete some"
    }
}
