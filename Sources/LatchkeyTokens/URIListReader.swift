// URIListReader.swift: tokens out of URIs, a line each: `otpauth:`, and Google Authenticator's `otpauth-migration:`.
internal import LatchkeyCrypto
internal import LatchkeyOTP

extension Token {
    /// Takes what an `otpauth:` URI says.
    init(parsing uri: String, tags: [String] = [], note: String = "") throws {
        let uri = try KeyURI(parsing: uri)
        try self.init(uri, tags: tags, note: note)
    }

    init(_ uri: borrowing KeyURI, tags: [String] = [], note: String = "") throws(TokenFault) {
        try self.init(
            issuer: uri.issuer,
            name: uri.account,
            key: TokenKey(uri.secret.copy()),
            kind: uri.type,
            algorithm: uri.algorithm,
            digits: uri.digits,
            period: uri.period,
            counter: uri.counter,
            tags: tags,
            note: note
        )
    }

    /// Takes a field of a password manager: a URI, `steam://SECRET`, or a bare Base32 secret.
    init(field: String, issuer: String?, name: String, tags: [String] = [], note: String = "") throws {
        let field = PlainText.trimmed(field)
        let small = PlainText.small(String(field.prefix(16)))
        if small.utf8.starts(with: "otpauth:".utf8) {
            let uri = try KeyURI(parsing: field)
            try self.init(
                issuer: uri.issuer ?? issuer,
                name: uri.account.isEmpty ? name : uri.account,
                key: TokenKey(uri.secret.copy()),
                kind: uri.type,
                algorithm: uri.algorithm,
                digits: uri.digits,
                period: uri.period,
                counter: uri.counter,
                tags: tags,
                note: note
            )
            return
        }
        let isSteam = small.utf8.starts(with: "steam://".utf8)
        let secret = try Base32.decodeSecret(isSteam ? String(field.dropFirst(8)) : field)
        try self.init(
            issuer: issuer,
            name: name,
            key: TokenKey(secret),
            kind: isSteam ? .steam : .totp,
            tags: tags,
            note: note
        )
    }
}

/// Reads URIs from one or several lists or pictures, so that the parts of one migration may lie in different files.
struct URIListReader {
    private var batches = MigrationBatches()

    /// Whether a line is a URI of a token.
    static func isURI(_ line: String) -> Bool {
        let small = PlainText.small(String(PlainText.trimmed(line).prefix(20)))
        return ["otpauth://", "otpauth-migration:", "apple-otpauth://"].contains { small.utf8.starts(with: $0.utf8) }
    }

    /// Reads one URI.
    mutating func read(_ line: String, at place: String, into result: inout TokenImport) {
        let text = PlainText.trimmed(line)
        if PlainText.small(String(text.prefix(18))).utf8.starts(with: "otpauth-migration:".utf8) {
            result.note(.googleMigration)
            do {
                let payload = try MigrationPayload(parsing: text)
                batches.take(payload, at: place, into: &result)
            } catch {
                result.refuse(nil, .googleMigration, at: place, "\(error)")
            }
            return
        }
        do {
            let uri = try KeyURI(parsing: text)
            let title = uri.account.isEmpty ? uri.issuer : uri.account
            do {
                result.take(try Token(uri), .uriList, at: place, warnings: uri.warnings)
            } catch {
                result.refuse(title, .uriList, at: place, "\(error)")
            }
        } catch {
            result.refuse(nil, .uriList, at: place, "\(error)")
        }
    }

    /// Reads every line that is not blank or a comment.
    mutating func read(_ text: TextFile, of file: TokenFile, into result: inout TokenImport) {
        for line in text.written where line.text.utf8.first != UInt8(ascii: "#") {
            read(line.text, at: file.place("line \(line.number)"), into: &result)
        }
    }

    /// Says which parts of a migration are missing.
    func finish(into result: inout TokenImport) { batches.finish(into: &result) }
}
