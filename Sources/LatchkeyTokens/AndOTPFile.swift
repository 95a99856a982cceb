// AndOTPFile.swift: andOTP's backup, plain, encrypted, and encrypted as its old versions did.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// andOTP's backup: a JSON array; encrypted, AES-256-GCM without any mark of its own.
enum AndOTPFile {
    static let format = TokenFormat.andOTP
    private static let nonceLength = 12
    private static let saltLength = 12
    /// Rounds that the app writes lie around 150,000; more than this is no such file.
    private static let mostRounds = 10_000_000

    /// Whether a JSON array looks like one.
    static func fits(_ entries: [JSON]) -> Bool {
        entries.isEmpty || entries.contains { $0["secret"] != nil && $0["type"] != nil }
    }

    static func read(_ entries: [JSON], of file: TokenFile, into result: inout TokenImport) {
        result.note(format)
        for (number, entry) in entries.enumerated() {
            let name = entry["label"]?.string
            result.record(format, at: file.place("entry \(number + 1)"), named: name) {
                try token(try JSONRecord(entry))
            }
        }
    }

    private static func token(_ entry: JSONRecord) throws -> Token {
        let kind: KeyURI.Kind
        switch try entry.text("type").map(PlainText.small) {
        case nil, "totp": kind = .totp
        case "hotp": kind = .hotp
        case "steam": kind = .steam
        case "motp": throw TokenFault("it is an mOTP token, which needs a PIN and MD5")
        default: throw TokenFault("its type is not TOTP, HOTP or STEAM")
        }
        var issuer = try entry.filled("issuer")
        var label = try entry.text("label") ?? ""
        // Before there was an issuer, the label held both.
        if entry["issuer"] == nil, let dash = label.range(of: " - ") {
            issuer = String(label[..<dash.lowerBound])
            label = String(label[dash.upperBound...])
        }
        return try Token(
            issuer: issuer,
            name: label,
            key: try entry.secret("secret"),
            kind: kind,
            algorithm: try HashAlgorithm(loose: try entry.text("algorithm")),
            digits: try entry.int("digits") ?? 6,
            period: try entry.number("period") ?? 30,
            counter: try entry.natural("counter") ?? 0,
            tags: try (entry.list("tags") ?? []).compactMap(\.string)
        )
    }

    /// Whether bytes that are no text could be an encrypted backup.
    static func fits(encrypted bytes: [UInt8]) -> Bool { bytes.count >= nonceLength + AES.tagLength + 2 }

    /// Decrypts in the new way, then in the old.
    static func decrypt(_ bytes: [UInt8], _ passphrase: TokenKey?) throws(TokenFileError) -> [JSON] {
        guard let passphrase else { throw .locked(format) }
        var plain: TokenKey?
        do throws(CryptoError) {
            plain = try decryptNew(bytes, passphrase)
            if plain == nil { plain = try decryptOld(bytes, passphrase) }
        } catch {
            throw .malformed(format, at: nil, "\(error)")
        }
        guard let plain else { throw .wrongPassphrase(format) }
        return try entries(plain.secret)
    }

    private static func entries(_ plain: borrowing Secret) throws(TokenFileError) -> [JSON] {
        do throws(JSONError) {
            let json = try plain.withBytes { (bytes: Span<UInt8>) throws(JSONError) in try JSON(parsing: bytes) }
            if let entries = json.array { return entries }
        } catch {
            throw .malformed(format, at: nil, "\(error)")
        }
        throw .malformed(format, at: nil, "what was encrypted is not an array")
    }

    /// Four bytes of rounds, the salt, the nonce, the ciphertext.
    private static func decryptNew(_ bytes: [UInt8], _ passphrase: TokenKey) throws(CryptoError) -> TokenKey? {
        let start = 4 + saltLength + nonceLength
        guard bytes.count >= start + AES.tagLength else { return nil }
        let rounds = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard (1...mostRounds).contains(rounds) else { return nil }
        let key = try KeyDerivation.pbkdf2(
            .sha1,
            password: passphrase.secret,
            salt: Array(bytes[4..<4 + saltLength]),
            rounds: rounds,
            count: 32
        )
        return try open(Array(bytes[start...]), key, Array(bytes[4 + saltLength..<start]))
    }

    /// The nonce and the ciphertext, under a plain hash of the password.
    private static func decryptOld(_ bytes: [UInt8], _ passphrase: TokenKey) throws(CryptoError) -> TokenKey? {
        guard bytes.count >= nonceLength + AES.tagLength else { return nil }
        var hash = passphrase.secret.withBytes { Digest.hash($0, with: .sha256) }
        let key = Secret(wiping: &hash)
        return try open(Array(bytes[nonceLength...]), key, Array(bytes[..<nonceLength]))
    }

    private static func open(
        _ box: [UInt8],
        _ key: borrowing Secret,
        _ nonce: [UInt8]
    ) throws(CryptoError) -> TokenKey? {
        do throws(CryptoError) { return TokenKey(try AES.openGCM(box, using: key, nonce: nonce)) } catch .sealBroken {
            return nil
        }
    }
}

extension String {
    /// Where a short text first stands.
    func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].utf8.starts(with: text.utf8) {
                return start..<utf8.index(start, offsetBy: text.utf8.count)
            }
            start = utf8.index(after: start)
        }
        return nil
    }
}
