// ServerFiles.swift: the files in which Linux servers keep their users' keys: `.google_authenticator` and `users.oath`.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The file of google-authenticator's PAM module: the key, then options, then scratch codes.
enum GoogleAuthenticatorFile {
    static let format = TokenFormat.googleAuthenticatorPAM

    /// Whether the second line is an option.
    static func fits(_ text: TextFile) -> Bool {
        let lines = text.written
        return lines.count >= 2 && lines[1].text.utf8.starts(with: "\" ".utf8) && !lines[0].text.contains(" ")
    }

    static func read(_ text: TextFile, of file: TokenFile, into result: inout TokenImport) throws(TokenFileError) {
        result.note(format)
        let lines = text.written
        var counter: UInt64?
        var period: Int64 = 30
        for line in lines.dropFirst() where line.text.utf8.starts(with: "\" ".utf8) {
            let words = line.words.dropFirst()
            switch words.first {
            case "HOTP_COUNTER":
                guard let number = words.dropFirst().first.flatMap(PlainText.natural) else {
                    throw .malformed(format, at: "line \(line.number)", "the counter is not a number")
                }
                counter = number
            case "STEP_SIZE":
                guard let number = words.dropFirst().first.flatMap(PlainText.natural), (1...60).contains(number) else {
                    throw .malformed(format, at: "line \(line.number)", "the step size is not 1 to 60")
                }
                period = Int64(number)
            default: break
            }
        }
        let place = file.place("line \(lines.first?.number ?? 1)")
        result.record(format, at: place) {
            // The file knows no name: its user is whoever owns it.
            try Token(
                name: file.name.isEmpty ? "google-authenticator" : file.name,
                key: TokenKey(try Base32.decodeSecret(lines.first?.text ?? "")),
                kind: counter == nil ? .totp : .hotp,
                period: period,
                counter: counter ?? 0
            )
        }
    }
}

/// The file of the OATH toolkit's PAM module.
enum UsersOATHFile {
    static let format = TokenFormat.usersOATH

    /// Whether the first line that says something begins with a type.
    static func fits(_ text: TextFile) -> Bool {
        guard let line = text.written.first(where: { $0.text.utf8.first != UInt8(ascii: "#") }) else { return false }
        let words = line.words
        return words.count >= 4 && words[0].utf8.starts(with: "HOTP".utf8) && !words[0].contains(",")
    }

    static func read(_ text: TextFile, of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for line in text.written where line.text.utf8.first != UInt8(ascii: "#") {
            let words = line.words.map(String.init)
            let name = words.count > 1 ? words[1] : nil
            result.record(format, at: file.place("line \(line.number)"), named: name) { try token(words) }
        }
    }

    private static func token(_ words: [String]) throws -> Token {
        guard words.count >= 4 else { throw TokenFault("a line has a type, a user, a password and a key at least") }
        let type = try Kind(words[0])
        let key = TokenKey(try Hex.decodeSecret(words[3]))
        var counter: UInt64 = 0
        if words.count > 4, words[4] != "-" {
            guard let number = PlainText.natural(words[4]) else { throw TokenFault("the counter is not a number") }
            counter = number
        }
        if type.period == nil, words.count > 5, words[5] != "-" {
            // The counter beside the last code is that code's own, unless another program wrote the line.
            let hotp = try HOTP(secret: key.secret, digits: type.digits)
            if hotp.code(at: counter).text == words[5] {
                guard counter < .max else { throw TokenFault("the counter has come to its end") }
                counter += 1
            }
        }
        return try Token(
            name: words[1],
            key: key,
            kind: type.period == nil ? .hotp : .totp,
            digits: type.digits,
            period: type.period ?? 30,
            counter: counter,
            owner: words[1]
        )
    }

    /// `HOTP`, `HOTP/E/8`, `HOTP/T30`, `HOTP/T60/7`.
    private struct Kind {
        var period: Int64?
        var digits = 6

        init(_ word: String) throws(TokenFault) {
            let parts = word.split(separator: "/", omittingEmptySubsequences: false)
            guard parts[0] == "HOTP", parts.count <= 3 else { throw TokenFault("its type is not HOTP or HOTP/T…") }
            if parts.count > 1, parts[1] != "E" {
                guard parts[1].utf8.first == UInt8(ascii: "T"), let number = PlainText.natural(parts[1].dropFirst()),
                    let seconds = Int64(exactly: number)
                else { throw TokenFault("its type is not HOTP/E or HOTP/T and seconds") }
                period = seconds
            }
            if parts.count > 2 {
                guard let number = PlainText.natural(parts[2]), let count = Int(exactly: number) else {
                    throw TokenFault("the number of digits in its type is not a number")
                }
                digits = count
            }
        }
    }
}
