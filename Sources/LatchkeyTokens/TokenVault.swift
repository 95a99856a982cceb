// TokenVault.swift: a person's tokens as one sealed text: passphrase, header, AES-256-GCM.
public import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// A vault, opened: its tokens, and the key that seals them again.
///
/// The sealed form is a header (a mark, the cost of Argon2id, a salt), which is authenticated, and a ``SealedBox`` of JSON.
public struct TokenVault: Sendable {
    /// The tokens, in the order in which they came.
    public private(set) var tokens: [Token]
    /// The titles and fingerprints of the tokens, so that adding many does not compare each with each.
    private var titles: Set<[UInt8]> = []
    private var fingerprints: Set<[UInt8]> = []
    private let header: [UInt8]
    private let key: TokenKey

    /// As many as a person can have, and a few more.
    public static let mostTokens = 10_000
    private static let mark = Array("latchkey vault 1\n".utf8)
    private static let saltLength = 16
    private static let headerLength = mark.count + 8 + saltLength

    /// The cost of a vault's passphrase, which is asked for seldom: 64 MiB, 3 passes.
    public static let standardCost = PasswordHash.Cost(memory: 65_536, passes: 3)
    /// A header that asks for more, in KiB or passes, is not obeyed.
    private static let mostMemory = 1_048_576
    private static let mostPasses = 32

    /// Makes an empty vault.
    ///
    /// - Throws: `CryptoError` where the machine cannot derive the key.
    public init(passphrase: borrowing Secret, cost: PasswordHash.Cost = standardCost) throws(CryptoError) {
        let salt = SecureRandom.bytes(count: Self.saltLength)
        header = Self.mark + Self.bytes(cost.memory) + Self.bytes(cost.passes) + salt
        key = TokenKey(
            try KeyDerivation.argon2id(password: passphrase, salt: salt, cost: cost, count: SealedBox.keyLength)
        )
        tokens = []
    }

    /// Opens a vault's sealed bytes.
    ///
    /// - Throws: `TokenVaultError`.
    public init(opening bytes: [UInt8], passphrase: borrowing Secret) throws(TokenVaultError) {
        let header = try Self.header(of: bytes)
        let memory = Self.number(header[Self.mark.count..<Self.mark.count + 4])
        let passes = Self.number(header[Self.mark.count + 4..<Self.mark.count + 8])
        guard memory <= Self.mostMemory, passes <= Self.mostPasses else { throw .tooDear }
        let cost = PasswordHash.Cost(memory: memory, passes: passes)
        let salt = Array(header.suffix(Self.saltLength))
        let key: TokenKey
        do throws(CryptoError) {
            key = TokenKey(
                try KeyDerivation.argon2id(password: passphrase, salt: salt, cost: cost, count: SealedBox.keyLength)
            )
        } catch {
            throw .crypto(error)
        }
        try self.init(opening: bytes, key: key)
    }

    /// Opens a vault's sealed bytes with the key that the passphrase makes.
    ///
    /// - Throws: `TokenVaultError`.
    public init(opening bytes: [UInt8], key: TokenKey) throws(TokenVaultError) {
        header = try Self.header(of: bytes)
        self.key = key
        let plain: Secret
        do throws(CryptoError) {
            plain = try SealedBox(bytes: Array(bytes[Self.headerLength...])).open(using: key.secret, context: header)
        } catch {
            throw error == .sealBroken ? .wrongPassphrase : .crypto(error)
        }
        tokens = try Self.tokens(plain)
        note()
    }

    /// The key that the passphrase makes: it opens this vault and nothing else, until the passphrase is changed.
    public var sealingKey: TokenKey { key }

    private static func header(of bytes: [UInt8]) throws(TokenVaultError) -> [UInt8] {
        guard bytes.starts(with: mark) else {
            throw bytes.starts(with: "latchkey vault ".utf8) ? .newer : .noVault
        }
        guard bytes.count >= headerLength + SealedBox.overhead else { throw .cutShort }
        return Array(bytes[..<headerLength])
    }

    /// The sealed bytes of the vault as it is now.
    ///
    /// - Throws: `CryptoError` where OpenSSL refuses.
    public func sealed() throws(CryptoError) -> [UInt8] {
        var plain = JSON.object(["tokens": .array(tokens.map(Self.json))]).bytes()
        let box = try SealedBox.seal(Secret(wiping: &plain), using: key.secret, context: header)
        return header + box.bytes
    }

    /// The same tokens under another passphrase.
    ///
    /// - Throws: `CryptoError` where the machine cannot derive the key.
    public func rekeyed(
        _ passphrase: borrowing Secret,
        cost: PasswordHash.Cost = standardCost
    ) throws(CryptoError) -> TokenVault {
        var vault = try TokenVault(passphrase: passphrase, cost: cost)
        vault.tokens = tokens
        vault.note()
        return vault
    }

    // MARK: Tokens

    /// Adds a token whose title is not taken.
    ///
    /// - Throws: `TokenFault` if the title is taken, or another token shows the same codes.
    public mutating func add(_ token: Token) throws(TokenFault) {
        let fingerprint = token.fingerprint
        if fingerprints.contains(fingerprint), let same = tokens.first(where: { $0.makesTheCodes(of: token) }) {
            throw TokenFault("`\(same.title)` shows the same codes already")
        }
        guard !titles.contains(Array(token.title.utf8)) else {
            throw TokenFault("there is a token `\(token.title)` already; give another name")
        }
        guard tokens.count < Self.mostTokens else {
            throw TokenFault("the vault is full: it holds \(Self.mostTokens) tokens; use another one")
        }
        tokens.append(token)
        titles.insert(Array(token.title.utf8))
        fingerprints.insert(fingerprint)
    }

    /// Replaces the token at a place.
    public mutating func replace(_ index: Int, _ token: Token) throws(TokenFault) {
        guard tokens.indices.contains(index) else { throw TokenFault("there is no such token") }
        for (other, kept) in tokens.enumerated() where other != index && Token.same(kept.title, token.title) {
            throw TokenFault("there is a token `\(token.title)` already; give another name")
        }
        tokens[index] = token
        note()
    }

    /// Takes the token at a place away.
    public mutating func remove(_ index: Int) {
        if tokens.indices.contains(index) { tokens.remove(at: index) }
        note()
    }

    private mutating func note() {
        titles = Set(tokens.map { Array($0.title.utf8) })
        fingerprints = Set(tokens.map(\.fingerprint))
    }

    /// Finds the one token that a word means: its title or name, else the only one in which the word stands.
    ///
    /// - Throws: `TokenFault` if there is none or several, which are named.
    public func find(_ word: String) throws(TokenFault) -> Int {
        let small = PlainText.small(word)
        let ways: [(Token) -> Bool] = [
            { Token.same($0.title, word) },
            { Token.same($0.name, word) || $0.issuer.map { Token.same($0, word) } == true },
            { PlainText.small($0.title).range(of: small) != nil },
        ]
        for way in ways {
            let found = tokens.indices.filter { way(tokens[$0]) }
            if found.count == 1 { return found[0] }
            if found.count > 1 {
                let names = found.prefix(5).map { "`\(tokens[$0].title)`" }.joined(separator: ", ")
                throw TokenFault("`\(word)` may be \(names); say which")
            }
        }
        throw TokenFault("there is no token `\(word)`; `latchkey token list` shows them")
    }

    // MARK: Text

    private static func json(_ token: Token) -> JSON {
        [
            "issuer": token.issuer.map(JSON.string) ?? .null, "name": .string(token.name),
            "secret": .string(Base32.encode(token.key.secret)), "type": .string(token.kind.rawValue),
            "algorithm": .string(token.algorithm.rawValue), "digits": .number(token.digits),
            "period": .number(token.period), "counter": .number(token.counter),
            "tags": .array(token.tags.map(JSON.string)), "note": .string(token.note),
            "serial": token.serial.map(JSON.string) ?? .null, "owner": token.owner.map(JSON.string) ?? .null,
        ]
    }

    private static func tokens(_ plain: borrowing Secret) throws(TokenVaultError) -> [Token] {
        do {
            let json = try plain.withBytes { (bytes: Span<UInt8>) throws(JSONError) in try JSON(parsing: bytes) }
            guard let list = try JSONRecord(json).list("tokens") else { throw TokenFault("it has no `tokens`") }
            return try list.map { entry in
                let entry = try JSONRecord(entry)
                guard let kind = try entry.text("type").flatMap(KeyURI.Kind.init(rawValue:)) else {
                    throw TokenFault("a token has no `type`")
                }
                return try Token(
                    issuer: try entry.text("issuer"),
                    name: try entry.text("name") ?? "",
                    key: try entry.secret("secret"),
                    kind: kind,
                    algorithm: try HashAlgorithm(loose: try entry.text("algorithm")),
                    digits: try entry.int("digits") ?? 6,
                    period: try entry.number("period") ?? 30,
                    counter: try entry.natural("counter") ?? 0,
                    tags: try (entry.list("tags") ?? []).compactMap(\.string),
                    note: try entry.text("note") ?? "",
                    serial: try entry.text("serial"),
                    owner: try entry.text("owner")
                )
            }
        } catch {
            throw .content("\(error)")
        }
    }

    private static func bytes(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}

/// Why a vault cannot be opened; one sentence without a secret.
@nonexhaustive
public enum TokenVaultError: Error, Equatable, Sendable {
    /// The bytes are no vault.
    case noVault
    /// They are a vault of a later version.
    case newer
    /// Opening them would take more memory or time than any vault that is written.
    case tooDear
    /// They end too early.
    case cutShort
    /// The passphrase is another, or a byte has changed.
    case wrongPassphrase
    /// What was sealed is not what a vault holds.
    case content(String)
    /// The machine cannot derive the key.
    case crypto(CryptoError)
}

extension TokenVaultError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .noVault: "this is no vault of latchkey; name the right file"
        case .newer: "this vault is of a later version; upgrade this program"
        case .tooDear: "this vault asks for more memory or time than any that is written; restore it from a copy"
        case .cutShort: "this vault is cut short; restore it from a copy"
        case .wrongPassphrase: "the passphrase does not open this vault, or the file was changed"
        case .content(let reason): "this vault holds what it should not: \(reason); restore it from a copy"
        case .crypto(let error): "\(error)"
        }
    }
}
