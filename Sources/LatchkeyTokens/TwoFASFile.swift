// TwoFASFile.swift: the backup of 2FAS, plain and encrypted.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// The backup of 2FAS: JSON, whose services may be AES-256-GCM under PBKDF2 of a password.
enum TwoFASFile {
    static let format = TokenFormat.twoFAS
    private static let rounds = 10_000

    /// Whether a JSON object looks like one.
    static func fits(_ object: JSON.Object) -> Bool {
        object["services"] != nil || object["servicesEncrypted"] != nil
    }

    static func read(
        _ object: JSON.Object,
        of file: TokenFile,
        passphrase: TokenKey?,
        into result: inout TokenImport
    ) throws(TokenFileError) {
        result.note(format)
        do {
            let record = try JSONRecord(.object(object), "the file")
            if let version = try record.number("schemaVersion"), version > 4 {
                throw TokenFault("its schema \(version) is newer than 4; upgrade this program")
            }
            var services = try record.list("services") ?? []
            if let encrypted = try record.filled("servicesEncrypted") {
                guard let passphrase else { throw TokenFileError.locked(format) }
                services = try decrypt(encrypted, passphrase)
            }
            var groups: [String: String] = [:]
            for group in try record.list("groups") ?? [] {
                let group = try JSONRecord(group, "a group")
                if let id = try group.text("id"), let name = try group.text("name") { groups[id] = name }
            }
            for (number, service) in services.enumerated() {
                let place = file.place("entry \(number + 1)")
                result.record(format, at: place, named: service["name"]?.string) {
                    try token(try JSONRecord(service), groups)
                }
            }
        } catch let error as TokenFileError {
            throw error
        } catch {
            throw .malformed(format, at: nil, "\(error)")
        }
    }

    private static func token(_ service: JSONRecord, _ groups: [String: String]) throws -> Token {
        let otp = try service.record("otp") ?? JSONRecord([:])
        let kind: KeyURI.Kind
        switch try otp.text("tokenType") {
        case nil, "TOTP": kind = .totp
        case "HOTP": kind = .hotp
        case "STEAM": kind = .steam
        default: throw TokenFault("its type is not TOTP, HOTP or STEAM")
        }
        let name = try service.filled("name")
        let account = try otp.filled("account") ?? otp.filled("label")
        let group = try service.filled("groupId").flatMap { groups[$0] }
        return try Token(
            issuer: try otp.filled("issuer") ?? (account == nil ? nil : name),
            name: account ?? name ?? "",
            key: try service.secret("secret"),
            kind: kind,
            algorithm: try HashAlgorithm(loose: try otp.text("algorithm")),
            digits: try otp.int("digits") ?? 6,
            period: try otp.number("period") ?? 30,
            counter: try otp.natural("counter") ?? 0,
            tags: group.map { [$0] } ?? []
        )
    }

    /// `ciphertext and tag:salt:nonce`, each Base64.
    private static func decrypt(_ text: String, _ passphrase: TokenKey) throws -> [JSON] {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw TokenFault("`servicesEncrypted` is not of three parts") }
        let bytes = try parts.map { try Base64.decode(String(decoding: $0, as: UTF8.self), .forgiving) }
        let key = try KeyDerivation.pbkdf2(
            .sha256,
            password: passphrase.secret,
            salt: bytes[1],
            rounds: rounds,
            count: 32
        )
        let plain: Secret
        do throws(CryptoError) { plain = try AES.openGCM(bytes[0], using: key, nonce: bytes[2]) } catch {
            throw error.asFileError(format)
        }
        let json = try plain.withBytes { (bytes: Span<UInt8>) throws(JSONError) in try JSON(parsing: bytes) }
        guard let services = json.array else { throw TokenFault("what was encrypted is not an array of services") }
        return services
    }
}
