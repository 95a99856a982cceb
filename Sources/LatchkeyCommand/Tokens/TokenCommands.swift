// TokenCommands.swift: `latchkey token`: a person's own tokens in their vault.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyTokens

/// The commands of a person's own tokens.
let tokenCommands: [Command] = [
    tokenAddCommand, tokenListCommand, tokenShowCommand, tokenRenameCommand, tokenTagCommand, tokenNoteCommand,
    tokenRemoveCommand, tokenImportCommand, tokenExportCommand, tokenPassphraseCommand, tokenUnlockCommand,
    tokenLockCommand, importCommand,
]

extension Option {
    fileprivate static let uriStdin = Option.flag("uri-stdin", "reads an otpauth: URI from standard input")
    fileprivate static let tag = Option.text("tag", "TAG", "a word to find it by; may be repeated").repeating
    fileprivate static let issuer = Option.text("issuer", "TEXT", "who asks for the codes")
}

extension Argument {
    /// A token as people name it.
    static let token = Argument(name: "TOKEN", help: "its title or name, or a part that only it has")
}

/// How a command on a vault may end.
let vaultExits = [ExitCode.done, .refused, .misused, .unusable].map { ($0, $0.meaning) }

private let tokenAddCommand = Command(
    path: ["token", "add"],
    group: .daily,
    summary: "puts a token into the vault",
    arguments: [Argument(name: "NAME", help: "whose codes they are; not needed with --uri-stdin", count: .optional)],
    options: [.uriStdin, .issuer, .tag] + Option.secretOptions + [.type, .algorithm, .digits, .period, .counter, .json]
        + Option.vaultOptions,
    text: [
        "The first token makes the vault. Secret or URI come from standard input or a prompt; the vault's passphrase from "
            + "a prompt or --passphrase-fd."
    ],
    examples: [Command.Example("latchkey token add ann --issuer Acme", "Acme:ann is in the vault")],
    exits: vaultExits,
    run: { call in
        let token = try call.typedToken()
        try call.changeVault(mayBeMissing: true) { vault in try vault.add(token) }
        return call.tell("added", token, "\(Shown.text(token.title)) is in the vault")
    }
)

private let tokenListCommand = Command(
    path: ["token", "list"],
    group: .daily,
    summary: "lists the tokens of the vault, without codes or secrets",
    arguments: [Argument(name: "WORD", help: "only those in whose title, tags or note it stands", count: .optional)],
    options: [.json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token list", "Acme:ann  time-based, 6 digits, 30 s")],
    exits: vaultExits,
    run: { call in
        let word = (call.words.first ?? "").lowercased()
        let found = try call.openVault().tokens
            .filter { token in
                word.isEmpty
                    || ([token.title, token.note] + token.tags).contains { $0.lowercased().contains(word) }
            }
        if call.wantsJSON {
            call.console.print(.array(found.map(\.json)))
        } else {
            for token in found { call.console.print(Shown.text(token.line)) }
        }
        return .done
    }
)

private let tokenRenameCommand = Command(
    path: ["token", "rename"],
    group: .daily,
    summary: "gives a token another name",
    arguments: [.token, Argument(name: "NAME", help: "the new name")],
    options: [.issuer, .json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token rename ann anna", "it is now Acme:anna")],
    exits: vaultExits,
    run: { call in
        let token = try call.changeToken { token in
            try token.rename(call.words[1], issuer: call.has(.issuer) ? .some(call.text(.issuer)) : .none)
        }
        return call.tell("renamed", token, "it is now \(Shown.text(token.title))")
    }
)

private let tokenTagCommand = Command(
    path: ["token", "tag"],
    group: .daily,
    summary: "sets the words to find a token by",
    arguments: [.token, Argument(name: "TAG", help: "its tags; none takes them away", count: .any)],
    options: [.json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token tag ann work", "Acme:ann has 1 tag")],
    exits: vaultExits,
    run: { call in
        let token = try call.changeToken { token in try token.retag(Array(call.words.dropFirst())) }
        let count = token.tags.count
        return call.tell("tagged", token, "\(Shown.text(token.title)) has \(count) \(count == 1 ? "tag" : "tags")")
    }
)

private let tokenNoteCommand = Command(
    path: ["token", "note"],
    group: .daily,
    summary: "sets what is to be remembered about a token",
    arguments: [.token, Argument(name: "TEXT", help: "the note; an empty one takes it away")],
    options: [.json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token note ann 'the old phone'", "Acme:ann has a note")],
    exits: vaultExits,
    run: { call in
        let token = try call.changeToken { token in try token.annotate(call.words[1]) }
        return call.tell("noted", token, "\(Shown.text(token.title)) has \(token.note.isEmpty ? "no" : "a") note")
    }
)

private let tokenRemoveCommand = Command(
    path: ["token", "remove"],
    group: .daily,
    summary: "takes a token out of the vault for good",
    arguments: [.token],
    options: [.json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token remove Acme:ann", "Acme:ann is gone")],
    exits: vaultExits,
    run: { call in
        let token = try call.changeVault { vault in
            let index = try vault.find(call.words[0])
            let token = vault.tokens[index]
            vault.remove(index)
            return token
        }
        return call.tell("removed", token, "\(Shown.text(token.title)) is gone")
    }
)

private let tokenImportCommand = Command(
    path: ["token", "import"],
    group: .daily,
    summary: "takes the tokens of files into the vault",
    arguments: [
        Argument(name: "FILE", help: "the files, of any kind that `latchkey import` reads", count: .any, kind: .file)
    ],
    options: [.filePassphraseFD, .json] + Option.vaultOptions,
    examples: [Command.Example("latchkey token import aegis.json", "12 tokens came in")],
    exits: vaultExits,
    run: { call in
        guard !call.words.isEmpty else { throw Failure.misused("`latchkey token import` needs FILE") }
        let result = try call.readTokens(call.words, .filePassphraseFD)
        var refused = result.refused + result.duplicates
        let count = try call.changeVault(mayBeMissing: true) { vault in
            let before = vault.tokens.count
            for entry in result.tokens {
                do throws(TokenFault) { try vault.add(entry.token) } catch {
                    refused.append(RefusedRecord(place: entry.place, name: entry.token.title, reason: "\(error)"))
                }
            }
            return vault.tokens.count - before
        }
        call.warn(of: result)
        for record in refused { call.console.warn("left out: \(record.line)") }
        if call.wantsJSON {
            call.console.print(["imported": .number(count), "left_out": .number(refused.count)])
        } else {
            call.console.tick("\(count) \(count == 1 ? "token" : "tokens") came in")
        }
        return refused.isEmpty ? .done : .refused
    }
)

extension Option {
    /// The passphrase of another program's file, from an open file descriptor.
    static let filePassphraseFD = Option.integer(
        "file-passphrase-fd",
        "N",
        0...1024,
        "reads the passphrase of the other program's file from descriptor N"
    )
}

private let tokenPassphraseCommand = Command(
    path: ["token", "passphrase"],
    group: .daily,
    summary: "gives the vault another passphrase",
    options: [.newPassphraseFD, .json] + Option.vaultOptions,
    text: ["The vault is sealed under a new key; older copies of the file still open with the old passphrase."],
    examples: [Command.Example("latchkey token passphrase", "the vault has another passphrase")],
    exits: vaultExits,
    run: { call in
        let old = VaultKey.passphrase(try call.vaultPassphrase())
        let new: TokenKey
        if let descriptor = call.int(.newPassphraseFD) {
            new = TokenKey(try call.secretLine(ofDescriptor: Int32(descriptor)))
        } else {
            new = TokenKey(try call.console.askNewSecret("new passphrase: ", again: "the same again: "))
        }
        guard new.secret.count > 0 else { throw Failure.refused("the passphrase is empty; give one") }
        try call.changeVault(old) { vault in vault = try vault.rekeyed(new.secret) }
        _ = Keyring.forget(try VaultFile(call))
        if call.wantsJSON {
            call.console.print(["changed": true])
        } else {
            call.console.tick("the vault has another passphrase")
        }
        return .done
    }
)

extension Option {
    fileprivate static let newPassphraseFD = Option.integer(
        "new-passphrase-fd",
        "N",
        0...1024,
        "reads the new passphrase from the first line of file descriptor N"
    )
}

extension Invocation {
    fileprivate func tell(_ verb: String, _ token: Token, _ line: String) -> ExitCode {
        if wantsJSON { console.print(.object(JSON.Object([(verb, token.json)]))) } else { console.tick(line) }
        return .done
    }

    fileprivate func changeToken(_ body: (inout Token) throws -> Void) throws -> Token {
        try changeVault { vault in
            let index = try vault.find(words[0])
            var token = vault.tokens[index]
            try body(&token)
            try vault.replace(index, token)
            return token
        }
    }

    /// The token that the options describe.
    fileprivate func typedToken() throws -> Token {
        if has(.uriStdin) {
            guard words.isEmpty else { throw Failure.misused("the URI names the token; leave NAME out") }
            guard let line = try console.readSecretLine("URI").text() else {
                throw Failure.misused("the URI is not UTF-8")
            }
            let uri = try KeyURI(parsing: line)
            for warning in uri.warnings { console.warn(warning) }
            return try Token(
                issuer: self.text(.issuer) ?? uri.issuer,
                name: uri.account,
                key: TokenKey(uri.secret.copy()),
                kind: uri.type,
                algorithm: uri.algorithm,
                digits: uri.digits,
                period: uri.period,
                counter: uri.counter,
                tags: texts(.tag)
            )
        }
        guard let name = words.first else { throw Failure.misused("`latchkey token add` needs NAME, or --uri-stdin") }
        let kind = text(.type).flatMap(KeyURI.Kind.init(rawValue:)) ?? (has(.counter) ? .hotp : .totp)
        return try Token(
            issuer: text(.issuer),
            name: name,
            key: TokenKey(try secret()),
            kind: kind,
            algorithm: text(.algorithm).flatMap(HashAlgorithm.init(word:)) ?? .sha1,
            digits: int(.digits) ?? 6,
            period: integer(.period) ?? 30,
            counter: counter(.counter) ?? 0,
            tags: texts(.tag)
        )
    }
}

extension Token {
    /// Everything but the secret.
    var json: JSON {
        var object: JSON.Object = [
            "title": .string(title), "issuer": issuer.map(JSON.string) ?? .null, "name": .string(name),
            "type": .string(kind.rawValue), "algorithm": .string(algorithm.word), "digits": .number(digits),
        ]
        object[kind == .hotp ? "counter" : "period"] = kind == .hotp ? .number(counter) : .number(period)
        object["tags"] = .array(tags.map(JSON.string))
        object["note"] = .string(note)
        return .object(object)
    }

    /// How its codes are made.
    var way: String {
        switch kind {
        case .totp: "time-based, \(digits) digits, \(period) s"
        case .hotp: "counter-based, \(digits) digits, next \(counter)"
        case .steam: "Steam Guard"
        }
    }

    /// One line of the list.
    fileprivate var line: String { "\(title)  \(way)" + (tags.isEmpty ? "" : "  [\(tags.joined(separator: ", "))]") }
}
