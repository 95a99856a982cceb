// PSKCWriter.swift: tokens as a Portable Symmetric Key Container (RFC 6030) for servers: plain, or encrypted with MACs.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// How the keys in a container are kept from those who may not read them.
public enum PSKCProtection: Sendable {
    /// Not at all.
    case none
    /// By AES under what PBKDF2 makes of a passphrase.
    case passphrase(TokenKey)
    /// By AES under a key of 16, 24 or 32 bytes that both sides know.
    case preSharedKey(TokenKey)
}

/// Writes containers.
enum PSKCWriter {
    /// What values are encrypted with, and what their MACs are made with.
    private struct Keys {
        let encryption: TokenKey
        /// A key of its own: neither use says anything about the other.
        let authentication = TokenKey(Secret.random(count: 32))
        /// What the container says about the encryption key.
        let head: String
    }

    /// What OWASP asks of PBKDF2 with SHA-256; RFC 6030 knows no dearer function.
    private static let rounds = 600_000
    private static let saltLength = 16
    private static let keyLength = 32
    private static let derivation = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"
    private static let hashing = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

    /// The container's text, and the tokens that the format cannot say.
    ///
    /// - Throws: `TokenFault` for a pre-shared key of another length, `CryptoError` where the machine cannot derive a key.
    static func text(
        of tokens: [Token],
        _ protection: PSKCProtection
    ) throws -> (text: String, refused: [RefusedRecord]) {
        let keys = try keys(protection)
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" \
            xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" \
            xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" \
            xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#">

            """
        if let keys {
            text += """
                  <EncryptionKey>\(keys.head)</EncryptionKey>
                  <MACMethod Algorithm="\(hashing)"><MACKey>\(try encrypted(keys.authentication, keys).element)</MACKey></MACMethod>

                """
        }
        var refused: [RefusedRecord] = []
        for (number, token) in tokens.enumerated() {
            if let reason = obstacle(token) {
                refused.append(RefusedRecord(place: "token \(number + 1)", name: token.title, reason: reason))
            } else {
                text += try package(token, number + 1, keys)
            }
        }
        return (text + "</KeyContainer>\n", refused)
    }

    private static func obstacle(_ token: Token) -> String? {
        if token.kind == .steam { return "PSKC has no profile for Steam Guard" }
        if token.counter > UInt64(Int64.max) { return "the counter is too large for the format" }
        return nil
    }

    private static func keys(_ protection: PSKCProtection) throws -> Keys? {
        switch protection {
        case .none: return nil
        case .preSharedKey(let key):
            guard [16, 24, 32].contains(key.secret.count) else {
                throw TokenFault("a pre-shared key has 16, 24 or 32 bytes, 32, 48 or 64 digits in hexadecimal")
            }
            return Keys(encryption: key, head: "<ds:KeyName>Pre-shared-key</ds:KeyName>")
        case .passphrase(let passphrase):
            let salt = SecureRandom.bytes(count: saltLength)
            let key = try KeyDerivation.pbkdf2(
                .sha256,
                password: passphrase.secret,
                salt: salt,
                rounds: rounds,
                count: keyLength
            )
            let head = """
                <xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="\(derivation)"><pkcs5:PBKDF2-params>\
                <Salt><Specified>\(Base64.encode(salt))</Specified></Salt><IterationCount>\(rounds)</IterationCount>\
                <KeyLength>\(keyLength)</KeyLength><PRF Algorithm="\(hashing)"/>\
                </pkcs5:PBKDF2-params></xenc11:KeyDerivationMethod></xenc11:DerivedKey>
                """
            return Keys(encryption: TokenKey(key), head: head)
        }
    }

    private static func package(_ token: Token, _ number: Int, _ keys: Keys?) throws -> String {
        var lines: [String] = []
        if let serial = token.serial {
            lines.append("<DeviceInfo><SerialNo>\(escaped(serial))</SerialNo></DeviceInfo>")
        }
        let isCounted = token.kind == .hotp
        // Unique in the container, which a serial number of a token that was typed in need not be.
        let profile = "urn:ietf:params:xml:ns:keyprov:pskc:\(isCounted ? "hotp" : "totp")"
        lines.append("<Key Id=\"latchkey-\(number)\" Algorithm=\"\(profile)\">")
        if let issuer = token.issuer { lines.append("  <Issuer>\(escaped(issuer))</Issuer>") }
        let suite = token.algorithm == .sha1 ? "" : "<Suite>HMAC-\(token.algorithm.rawValue)</Suite>"
        let format = "<ResponseFormat Length=\"\(token.digits)\" Encoding=\"DECIMAL\"/>"
        lines.append("  <AlgorithmParameters>\(suite)\(format)</AlgorithmParameters>")
        lines.append("  <FriendlyName>\(escaped(token.name))</FriendlyName>")
        lines.append("  <Data>")
        lines.append("    <Secret>\(try secret(token.key, keys))</Secret>")
        let (name, value) = isCounted ? ("Counter", "\(token.counter)") : ("TimeInterval", "\(token.period)")
        lines.append("    <\(name)><PlainValue>\(value)</PlainValue></\(name)>")
        lines.append("  </Data>")
        if let owner = token.owner {
            lines.append("  <UserId>\(escaped(DistinguishedName.text(user: owner)))</UserId>")
        }
        lines.append("</Key>")
        return "  <KeyPackage>\n" + lines.map { "    \($0)\n" }.joined() + "  </KeyPackage>\n"
    }

    private static func secret(_ key: TokenKey, _ keys: Keys?) throws(CryptoError) -> String {
        guard let keys else { return "<PlainValue>\(Base64.encode(key.secret))</PlainValue>" }
        let (element, bytes) = try encrypted(key, keys)
        let mac = HMAC(.sha256, key: keys.authentication.secret).code(for: bytes)
        return "<EncryptedValue>\(element)</EncryptedValue><ValueMAC>\(Base64.encode(mac))</ValueMAC>"
    }

    /// The vector and the ciphertext, and the elements that say so.
    private static func encrypted(
        _ key: TokenKey,
        _ keys: Keys
    ) throws(CryptoError) -> (element: String, bytes: [UInt8]) {
        let vector = SecureRandom.bytes(count: AES.blockLength)
        let bytes = vector + (try AES.encryptCBC(key.secret, using: keys.encryption.secret, vector: vector))
        let method = "http://www.w3.org/2001/04/xmlenc#aes\(keys.encryption.secret.count * 8)-cbc"
        let element = """
            <xenc:EncryptionMethod Algorithm="\(method)"/>\
            <xenc:CipherData><xenc:CipherValue>\(Base64.encode(bytes))</xenc:CipherValue></xenc:CipherData>
            """
        return (element, bytes)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

/// A user's name as the distinguished name that RFC 6030 asks for (RFC 4514), and back.
enum DistinguishedName {
    private static let special = Array("\"+,;<>\\=#".utf8)

    static func text(user: String) -> String {
        var bytes = Array("UID=".utf8)
        for byte in user.utf8 {
            if special.contains(byte) { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The user in front of a distinguished name; any other text stays as it is.
    static func user(_ text: String) -> String {
        let small = PlainText.small(String(text.prefix(4)))
        guard let kind = ["uid=", "cn="].first(where: { small.utf8.starts(with: $0.utf8) }) else { return text }
        var user: [UInt8] = []
        var rest = Array(text.utf8)[...].dropFirst(kind.utf8.count)
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "+") { break }
            guard byte == UInt8(ascii: "\\") else {
                user.append(byte)
                continue
            }
            let pair = String(decoding: rest.prefix(2), as: UTF8.self)
            if let value = try? Hex.decode(pair, .strict), value.count == 1 {
                user.append(value[0])
                rest = rest.dropFirst(2)
            } else if let next = rest.popFirst() {
                user.append(next)
            }
        }
        return String(decoding: user, as: UTF8.self)
    }
}
