// AegisFile.swift: Aegis's vault, plain and encrypted with a password, read and written.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// Aegis's vault: JSON, whose database is AES-256-GCM under a key that scrypt and a password open.
enum AegisFile {
    static let format = TokenFormat.aegis

    /// Whether a JSON object looks like one.
    static func fits(_ object: JSON.Object) -> Bool { object["header"] != nil && object["db"] != nil }

    /// The most memory that a file may ask scrypt for.
    private static let mostMemory = 1 << 30
    /// Each costs a scrypt: a file with thousands of them would never end.
    private static let mostSlots = 8

    static func read(
        _ object: JSON.Object,
        of file: TokenFile,
        passphrase: TokenKey?,
        into result: inout TokenImport
    ) throws(TokenFileError) {
        result.note(format)
        let database: JSON
        switch object["db"] {
        case .some(.object(let plain)): database = .object(plain)
        case .some(.string(let text)):
            guard let passphrase else { throw .locked(format) }
            database = try decrypt(text, object, passphrase)
        default: throw .malformed(format, at: nil, "`db` is neither an object nor a text")
        }
        do throws(TokenFault) {
            let record = try JSONRecord(database, "`db`")
            let groups = try groups(record)
            guard let entries = try record.list("entries") else { throw TokenFault("`db` has no `entries`") }
            for (number, entry) in entries.enumerated() {
                let name = entry["name"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? entry["issuer"]?.string
                let place = file.place("entry \(number + 1)")
                result.record(format, at: place, named: name) { try token(try JSONRecord(entry), groups) }
            }
        } catch {
            throw .malformed(format, at: nil, error.description)
        }
    }

    private static func groups(_ database: JSONRecord) throws(TokenFault) -> [String: String] {
        var groups: [String: String] = [:]
        for group in try database.list("groups") ?? [] {
            let group = try JSONRecord(group, "a group")
            if let id = try group.text("uuid"), let name = try group.text("name") { groups[id] = name }
        }
        return groups
    }

    private static func token(_ entry: JSONRecord, _ groups: [String: String]) throws -> Token {
        guard let info = try entry.record("info") else { throw TokenFault("it has no `info`") }
        let kind: KeyURI.Kind
        switch try entry.text("type") {
        case "totp": kind = .totp
        case "hotp": kind = .hotp
        case "steam": kind = .steam
        case "motp": throw TokenFault("it is an mOTP token, which needs a PIN and MD5")
        case "yandex": throw TokenFault("it is a Yandex token, whose codes are Yandex's own")
        case nil: throw TokenFault("it has no `type`")
        default: throw TokenFault("its type is not totp, hotp or steam")
        }
        var tags = try (entry.list("groups") ?? []).compactMap { $0.string.flatMap { groups[$0] } }
        if let group = try entry.filled("group") { tags.append(group) }
        return try Token(
            issuer: try entry.filled("issuer"),
            name: try entry.text("name") ?? "",
            key: try info.secret("secret"),
            kind: kind,
            algorithm: kind == .steam ? .sha1 : try HashAlgorithm(loose: try info.text("algo")),
            digits: try info.int("digits") ?? 6,
            period: try info.number("period") ?? 30,
            counter: try info.natural("counter") ?? 0,
            tags: tags,
            note: try entry.text("note") ?? ""
        )
    }

    // MARK: Encryption

    private static func decrypt(
        _ text: String,
        _ object: JSON.Object,
        _ passphrase: TokenKey
    ) throws(TokenFileError) -> JSON {
        let plain: Secret
        do {
            guard let header = object["header"] else { throw TokenFault("there is no `header`") }
            let record = try JSONRecord(header, "`header`")
            guard let params = try record.record("params") else { throw TokenFault("the header has no `params`") }
            let box = try Base64.decode(text, .forgiving) + params.bytes(hex: "tag")
            let nonce = try params.bytes(hex: "nonce")
            let slots = try (record.list("slots") ?? []).map { try JSONRecord($0, "a slot") }
            let passwordSlots = try slots.filter { try $0.number("type") == 1 }
            guard !passwordSlots.isEmpty else {
                throw TokenFileError.unsupported("this vault of Aegis has no password: export it with one")
            }
            guard passwordSlots.count <= mostSlots else {
                throw TokenFault(
                    "it has \(passwordSlots.count) slots with a password, and more than \(mostSlots) are not tried"
                )
            }
            guard let key = try masterKey(passwordSlots, passphrase) else {
                throw TokenFileError.wrongPassphrase(format)
            }
            plain = try AES.openGCM(box, using: key.secret, nonce: nonce)
        } catch let error as TokenFileError {
            throw error
        } catch CryptoError.sealBroken {
            // The slot opened, so the passphrase was right.
            throw .forged(format, at: "database")
        } catch {
            throw .malformed(format, at: "header", "\(error)")
        }
        do {
            return try plain.withBytes { (bytes: Span<UInt8>) throws(JSONError) in try JSON(parsing: bytes) }
        } catch {
            throw .malformed(format, at: "database", "\(error)")
        }
    }

    private static func masterKey(_ slots: [JSONRecord], _ passphrase: TokenKey) throws -> TokenKey? {
        for slot in slots {
            if let master = try masterKey(slot, passphrase) { return master }
        }
        return nil
    }

    /// The master key, if the passphrase opens this slot.
    private static func masterKey(_ slot: JSONRecord, _ passphrase: TokenKey) throws -> TokenKey? {
        guard let n = try slot.int("n"), let r = try slot.int("r"), let p = try slot.int("p"),
            let params = try slot.record("key_params")
        else { throw TokenFault("a slot has no `n`, `r`, `p` or `key_params`") }
        guard n > 0, r > 0, p > 0, p <= 16, r <= 64, n <= mostMemory / 128 / r else {
            throw TokenFault("a slot asks for more than \(mostMemory >> 20) MiB or 16 rounds of scrypt")
        }
        let salt = try slot.bytes(hex: "salt")
        let box = try slot.bytes(hex: "key") + params.bytes(hex: "tag")
        let nonce = try params.bytes(hex: "nonce")
        let key = TokenKey(
            try KeyDerivation.scrypt(password: passphrase.secret, salt: salt, n: n, r: r, p: p, count: 32)
        )
        return try open(box, key, nonce)
    }

    private static func open(_ box: [UInt8], _ key: TokenKey, _ nonce: [UInt8]) throws(CryptoError) -> TokenKey? {
        do throws(CryptoError) {
            let master = TokenKey(try AES.openGCM(box, using: key.secret, nonce: nonce))
            guard master.secret.count == 32 else { throw .malformedBox }
            return master
        } catch .sealBroken {
            return nil
        }
    }

    // MARK: Writing

    /// The vault's text: plain, or encrypted under a passphrase.
    static func text(of tokens: [Token], passphrase: TokenKey?) throws(CryptoError) -> [UInt8] {
        let groups = Groups(tokens)
        let database: JSON = [
            "version": 3, "entries": .array(tokens.map { entry($0, groups) }), "groups": groups.json,
            "icons_optimized": true,
        ]
        guard let passphrase else {
            let file: JSON = ["version": 1, "header": ["slots": nil, "params": nil], "db": database]
            return file.bytes(pretty: true) + [0x0A]
        }
        let master = Secret.random(count: 32)
        let salt = SecureRandom.bytes(count: 32)
        let derived = try KeyDerivation.scrypt(
            password: passphrase.secret,
            salt: salt,
            n: 32_768,
            r: 8,
            p: 1,
            count: 32
        )
        let slotNonce = SecureRandom.bytes(count: 12)
        let wrapped = try AES.sealGCM(master, using: derived, nonce: slotNonce)
        var plain = database.bytes()
        let nonce = SecureRandom.bytes(count: 12)
        let box = try AES.sealGCM(Secret(wiping: &plain), using: master, nonce: nonce)
        let slot: JSON = [
            "type": 1, "uuid": .string(identifier()),
            "key": .string(Hex.encode(Array(wrapped.dropLast(AES.tagLength)))),
            "key_params": parameters(slotNonce, wrapped), "n": 32_768, "r": 8, "p": 1,
            "salt": .string(Hex.encode(salt)),
            "repaired": true, "is_backup": false,
        ]
        let file: JSON = [
            "version": 1, "header": ["slots": [slot], "params": parameters(nonce, box)],
            "db": .string(Base64.encode(Array(box.dropLast(AES.tagLength)))),
        ]
        return file.bytes(pretty: true) + [0x0A]
    }

    private static func parameters(_ nonce: [UInt8], _ box: [UInt8]) -> JSON {
        ["nonce": .string(Hex.encode(nonce)), "tag": .string(Hex.encode(Array(box.suffix(AES.tagLength))))]
    }

    /// A random UUID (RFC 9562, version 4).
    private static func identifier() -> String {
        var bytes = SecureRandom.bytes(count: 16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let parts = [bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[8..<10], bytes[10..<16]]
        return parts.map { Hex.encode(Array($0)) }.joined(separator: "-")
    }

    /// The tags of all tokens, which Aegis calls groups.
    private struct Groups {
        private var names: [(name: String, id: String)] = []

        init(_ tokens: [Token]) {
            for tag in tokens.flatMap(\.tags) where !names.contains(where: { Token.same($0.name, tag) }) {
                names.append((tag, AegisFile.identifier()))
            }
        }

        var json: JSON { .array(names.map { ["uuid": .string($0.id), "name": .string($0.name)] }) }

        func ids(_ tags: [String]) -> JSON {
            .array(tags.compactMap { tag in names.first { Token.same($0.name, tag) }.map { .string($0.id) } })
        }
    }

    private static func entry(_ token: Token, _ groups: Groups) -> JSON {
        var info: JSON.Object = [
            "secret": .string(Base32.encode(token.key.secret)), "algo": .string(token.algorithm.rawValue),
            "digits": .number(token.digits),
        ]
        if token.kind == .hotp {
            info["counter"] = .number(token.counter)
        } else {
            info["period"] = .number(token.period)
        }
        return [
            "type": .string(token.kind.rawValue), "uuid": .string(identifier()), "name": .string(token.name),
            "issuer": .string(token.issuer ?? ""), "note": .string(token.note), "favorite": false, "icon": nil,
            "info": .object(info), "groups": groups.ids(token.tags),
        ]
    }
}
