// TokenCodes.swift: `latchkey code TOKEN`: a code out of the vault, printed or copied.
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyTokens

extension Option {
    /// Puts the code into the clipboard instead of showing it.
    static let copy = Option.flag(
        "copy",
        "puts the code into the terminal's clipboard (OSC 52), and wipes it when it is over"
    )
    /// Which code of a time-based token.
    static let step = Option.choice("step", ["previous", "present", "next"], "which code; present if not said")
}

extension Invocation {
    /// The next code of a counter, which is on disk before this returns.
    func nextCode(of title: String, _ key: VaultKey) throws -> TimedCode {
        try changeVault(key) { vault in
            // Another process may have taken a code since.
            let index = try vault.find(title)
            var token = vault.tokens[index]
            guard token.kind == .hotp, token.counter < .max else {
                throw Failure.refused("the counter has come to its end; enrol the token anew")
            }
            let code = try token.code(ofCounter: token.counter)
            token.counter += 1
            try vault.replace(index, token)
            return code
        }
    }

    /// Prints a token's code; a counter is moved forward, durably, before its code is shown.
    func printCode(of word: String) throws -> ExitCode {
        try exclude(.copy, .json)
        if has(.copy), !console.isInteractive {
            // Said before a counter moves.
            throw Failure.misused("--copy needs a terminal, whose clipboard it is; leave it out")
        }
        let key = try vaultKey()
        let vault = try openVault(key)
        let token = vault.tokens[try vault.find(word)]
        let code: TimedCode
        if token.kind == .hotp {
            guard text(.step) == nil || text(.step) == "present" else {
                throw Failure.refused("a token of a counter has no previous or next code; leave --step out")
            }
            code = try nextCode(of: token.title, key)
        } else {
            let offset: Int64 = text(.step) == "previous" ? -1 : text(.step) == "next" ? 1 : 0
            code = try token.code(at: .now, offset: offset)
        }
        if has(.copy) {
            try copy(code, of: token.title)
        } else if wantsJSON {
            var object: JSON.Object = ["code": .string(code.text), "token": .string(token.title)]
            object[token.kind == .hotp ? "counter" : "step"] = .number(code.number)
            if let left = code.secondsLeft { object["seconds_left"] = .number(left) }
            if let until = code.validUntil { object["valid_until"] = .string(until.description) }
            console.print(.object(object))
        } else if let left = code.secondsLeft, console.output.isTerminal {
            console.print("\(code.text)   \(console.paint("\(left) s left", left <= 5 ? .red : .dim))")
        } else {
            console.print(code.text)
        }
        return .done
    }
}
