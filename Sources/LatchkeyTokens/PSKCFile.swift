// PSKCFile.swift: Portable Symmetric Key Container (RFC 6030), plain or encrypted; its MACs are checked before all else.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// A container under way.
struct PSKCFile {
    static let format = TokenFormat.pskc
    private let root: XMLNode
    private let keys: Keys?

    /// The key that opens values, and the key of their MACs.
    private struct Keys {
        let encryption: TokenKey
        let authentication: TokenKey?
    }

    /// A value that is encrypted, and where it stands.
    private struct Encrypted {
        let node: XMLNode
        let owner: XMLNode

        /// Key wrap carries a check of its own.
        var carriesCheck: Bool {
            (node.child("EncryptionMethod")?.attributes["Algorithm"] ?? "").contains("#kw-aes")
        }
    }

    private static let mostRounds = 10_000_000

    /// Opens the container.
    ///
    /// - Throws: `TokenFileError.locked` or `.wrongPassphrase`, and `.forged` if any of its MACs is wrong.
    init(_ root: XMLNode, _ passphrase: TokenKey?) throws(TokenFileError) {
        self.root = root
        let values = Self.encrypted(in: root)
        guard !values.isEmpty else {
            keys = nil
            return
        }
        guard let passphrase else { throw .locked(Self.format) }
        var key: TokenKey
        do {
            key = try Self.encryptionKey(root, passphrase)
        } catch {
            throw .malformed(Self.format, at: nil, "\(error)")
        }
        var authentication: TokenKey?
        // python-pskc names no method where every value carries a check of its own.
        if let method = root.child("MACMethod"),
            method.attributes["Algorithm"] != nil || !values.allSatisfy(\.carriesCheck)
        {
            let algorithm = method.attributes["Algorithm"] ?? ""
            guard Self.hash(named: algorithm) != nil else {
                throw .malformed(
                    Self.format,
                    at: "line \(method.line)",
                    "its MAC is not HMAC with SHA-1, SHA-256 or SHA-512"
                )
            }
            do {
                authentication = try method.child("MACKey").map { TokenKey(try Self.decrypt($0, key.secret)) } ?? key
            } catch {
                throw .wrongPassphrase(Self.format)
            }
        }
        if let authentication {
            try Self.check(values, root, authentication)
        } else if let open = values.first(where: { !$0.carriesCheck }) {
            throw .malformed(
                Self.format,
                at: "\(open.owner.name) on line \(open.owner.line)",
                "it is encrypted in a way that needs a MAC (RFC 6030, section 6), and the container has none: "
                    + "anybody could have changed it; get it anew with MACs"
            )
        }
        keys = Keys(encryption: key, authentication: authentication)
        _ = consume key
    }

    /// Reads every key package.
    func read(of file: TokenFile, into result: inout TokenImport) throws(TokenFileError) {
        result.note(Self.format)
        let packages = root.children("KeyPackage")
        if packages.isEmpty { throw .malformed(Self.format, at: nil, "it has no KeyPackage") }
        for (number, package) in packages.enumerated() {
            let place = file.place("key package \(number + 1) (line \(package.line))")
            let key = package.child("Key")
            let name = package.at("DeviceInfo", "SerialNo")?.content ?? key?.attributes["Id"]
            // Who signed it is a question of trust that a file cannot answer for itself.
            let warnings =
                number == 0 && root.child("Signature") != nil
                ? ["the container is signed, and its signature was not checked; `pskctool --verify` does"] : []
            result.record(Self.format, at: place, named: name, warnings: warnings) { try token(package) }
        }
    }

    // MARK: Records

    private func token(_ package: XMLNode) throws -> Token {
        guard let key = package.child("Key"), let data = key.child("Data") else {
            throw TokenFault("it has no Key with Data")
        }
        let algorithm = PlainText.small(key.attributes["Algorithm"] ?? key.attributes["KeyAlgorithm"] ?? "")
        let kind: KeyURI.Kind
        if algorithm.hasSuffix("hotp") {
            kind = .hotp
        } else if algorithm.hasSuffix("totp") {
            kind = .totp
        } else {
            throw TokenFault("its algorithm is not HOTP or TOTP")
        }
        let parameters = key.child("AlgorithmParameters")
        let response = parameters?.child("ResponseFormat") ?? key.child("ResponseFormat")
        if let encoding = response?.attributes["Encoding"] ?? response?.attributes["Format"],
            PlainText.small(encoding) != "decimal"
        {
            throw TokenFault("its codes are not decimal digits")
        }
        guard let length = response?.attributes["Length"].map({ PlainText.natural($0) }) ?? 6,
            let digits = Int(exactly: length)
        else { throw TokenFault("the length of its codes is not a number") }
        let secret = try value(data, "Secret")
        guard let secret else { throw TokenFault("it has no Secret") }
        let period = try number(data, "TimeInterval") ?? 30
        guard let seconds = Int64(exactly: period) else { throw TokenFault("its time interval is too large") }
        let serial = package.at("DeviceInfo", "SerialNo")?.content
        return try Token(
            issuer: key.child("Issuer")?.content ?? package.at("DeviceInfo", "Manufacturer")?.content,
            name: key.child("FriendlyName")?.content ?? serial ?? key.attributes["Id"] ?? "",
            key: secret,
            kind: kind,
            algorithm: try HashAlgorithm(loose: parameters?.child("Suite")?.content),
            digits: digits,
            period: seconds,
            counter: try number(data, "Counter") ?? 0,
            serial: serial,
            owner: (key.child("UserId")?.content ?? package.at("DeviceInfo", "UserId")?.content)
                .map(DistinguishedName.user)
        )
    }

    private func value(_ data: XMLNode, _ name: String) throws -> TokenKey? {
        guard let node = data.child(name) else { return nil }
        if let plain = node.child("PlainValue")?.content { return TokenKey(try Base64.decodeSecret(plain)) }
        guard let encrypted = node.child("EncryptedValue") else { return nil }
        guard let keys else { throw TokenFault("it is encrypted") }
        return TokenKey(try Self.decrypt(encrypted, keys.encryption.secret))
    }

    /// A number in digits; old drafts write eight bytes in Base64.
    private func number(_ data: XMLNode, _ name: String) throws -> UInt64? {
        guard let node = data.child(name) else { return nil }
        if let plain = node.child("PlainValue")?.content {
            if let number = PlainText.natural(plain) { return number }
            let bytes = try Base64.decode(plain, .forgiving)
            guard (1...8).contains(bytes.count) else { throw TokenFault("its \(name) is not a number") }
            return bytes.reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard node.child("EncryptedValue") != nil, let secret = try value(data, name) else { return nil }
        let bytes = secret.secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        if let number = PlainText.natural(String(decoding: bytes, as: UTF8.self)) { return number }
        guard (1...8).contains(bytes.count) else { throw TokenFault("its \(name) is not a number") }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: Encryption

    private static func encrypted(in node: XMLNode) -> [Encrypted] {
        node.children.flatMap { child in
            child.name == "EncryptedValue" ? [Encrypted(node: child, owner: node)] : encrypted(in: child)
        }
    }

    /// The pre-shared key, or what PBKDF2 makes of a passphrase.
    private static func encryptionKey(_ root: XMLNode, _ passphrase: TokenKey) throws -> TokenKey {
        guard let derived = root.at("EncryptionKey", "DerivedKey", "KeyDerivationMethod") else {
            return TokenKey(try Hex.decodeSecret(passphrase.secret))
        }
        guard (derived.attributes["Algorithm"] ?? "").hasSuffix("pbkdf2"),
            let parameters = derived.child("PBKDF2-params")
        else {
            throw TokenFault("line \(derived.line): the key is not derived by PBKDF2")
        }
        guard let salt = parameters.at("Salt", "Specified")?.content,
            let rounds = parameters.child("IterationCount")?.content.flatMap({ PlainText.natural($0) })
                .flatMap({ Int(exactly: $0) }),
            (1...mostRounds).contains(rounds)
        else { throw TokenFault("line \(parameters.line): PBKDF2 has no salt, or not 1 to \(mostRounds) rounds") }
        let length = parameters.child("KeyLength")?.content.flatMap { PlainText.natural($0) } ?? 16
        guard [16, 24, 32].contains(length), let count = Int(exactly: length) else {
            throw TokenFault("line \(parameters.line): the key has not 16, 24 or 32 bytes")
        }
        // Without a name it is HMAC-SHA-1 (RFC 8018, A.2).
        guard let hash = hash(named: parameters.child("PRF")?.attributes["Algorithm"] ?? "hmac-sha1") else {
            throw TokenFault("line \(parameters.line): PBKDF2's function is not HMAC with SHA-1, SHA-256 or SHA-512")
        }
        let key = try KeyDerivation.pbkdf2(
            hash,
            password: passphrase.secret,
            salt: try Base64.decode(salt, .forgiving),
            rounds: rounds,
            count: count
        )
        return TokenKey(key)
    }

    /// The hash of an HMAC that a URI names.
    private static func hash(named uri: String) -> HashAlgorithm? {
        let small = PlainText.small(uri)
        if small.hasSuffix("hmac-sha1") { return .sha1 }
        if small.hasSuffix("hmac-sha256") { return .sha256 }
        return small.hasSuffix("hmac-sha512") ? .sha512 : nil
    }

    private static func cipherText(_ node: XMLNode) throws -> [UInt8] {
        guard let text = node.at("CipherData", "CipherValue")?.content else {
            throw TokenFault("line \(node.line): it has no CipherValue")
        }
        return try Base64.decode(text, .forgiving)
    }

    private static func decrypt(_ node: XMLNode, _ key: borrowing Secret) throws -> Secret {
        let bytes = try cipherText(node)
        let algorithm = node.child("EncryptionMethod")?.attributes["Algorithm"] ?? ""
        if algorithm.contains("#kw-aes") { return try AES.unwrap(bytes, using: key) }
        guard algorithm.hasSuffix("-cbc"), algorithm.contains("#aes") else {
            throw TokenFault("line \(node.line): it is not encrypted with AES-CBC or AES key wrap")
        }
        guard bytes.count > AES.blockLength else { throw TokenFault("line \(node.line): the ciphertext is too short") }
        let vector = Array(bytes[..<AES.blockLength])
        return try AES.decryptCBC(Array(bytes[AES.blockLength...]), using: key, vector: vector)
    }

    /// One wrong MAC condemns the whole file.
    private static func check(_ values: [Encrypted], _ root: XMLNode, _ key: TokenKey) throws(TokenFileError) {
        let hmac = HMAC(hash(named: root.child("MACMethod")?.attributes["Algorithm"] ?? "") ?? .sha1, key: key.secret)
        for value in values {
            let place = "\(value.owner.name) on line \(value.owner.line)"
            guard let text = value.owner.child("ValueMAC")?.content else {
                if value.carriesCheck { continue }
                throw .forged(format, at: place)
            }
            guard let mac = try? Base64.decode(text, .forgiving), let bytes = try? cipherText(value.node),
                hmac.isValid(mac, for: bytes)
            else { throw .forged(format, at: place) }
        }
    }
}
