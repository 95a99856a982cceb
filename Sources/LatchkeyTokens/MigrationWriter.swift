// MigrationWriter.swift: tokens as Google Authenticator's export: protobuf messages in URIs, one for each QR code.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// Writes exports that Google Authenticator and Aegis scan.
enum MigrationWriter {
    /// How many accounts a code holds: more make it too dense for a phone's camera.
    static let accountsPerCode = 10

    /// The URIs of an export, and the tokens that the format cannot say.
    static func uris(
        of tokens: [Token],
        id: Int32,
        accountsPerCode: Int = accountsPerCode
    ) -> (uris: [String], refused: [RefusedRecord]) {
        var messages: [[UInt8]] = []
        var refused: [RefusedRecord] = []
        for (number, token) in tokens.enumerated() {
            if let reason = obstacle(token) {
                refused.append(RefusedRecord(place: "token \(number + 1)", name: token.title, reason: reason))
            } else {
                messages.append(message(token))
            }
        }
        let size = (messages.count + accountsPerCode - 1) / accountsPerCode
        let uris = (0..<size)
            .map { index in
                var payload: [UInt8] = []
                for message in messages[(index * accountsPerCode)..<min((index + 1) * accountsPerCode, messages.count)]
                {
                    append(&payload, 1, message)
                }
                append(&payload, 2, 1)
                append(&payload, 3, UInt64(size))
                append(&payload, 4, UInt64(index))
                append(&payload, 5, UInt64(bitPattern: Int64(id)))
                defer { wipe(&payload) }
                return "otpauth-migration://offline?data=" + escaped(Base64.encode(payload))
            }
        for index in messages.indices { wipe(&messages[index]) }
        return (uris, refused)
    }

    private static func obstacle(_ token: Token) -> String? {
        if token.kind == .steam { return "Google Authenticator knows no Steam Guard" }
        if token.digits != 6, token.digits != 8 { return "Google Authenticator knows 6 and 8 digits only" }
        if token.kind == .totp, token.period != 30 { return "Google Authenticator knows a period of 30 seconds only" }
        if token.kind == .hotp, token.counter > UInt64(Int64.max) { return "the counter is too large for the format" }
        return nil
    }

    private static func message(_ token: Token) -> [UInt8] {
        var message: [UInt8] = []
        var secret = token.key.secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        defer { wipe(&secret) }
        append(&message, 1, secret)
        append(&message, 2, Array(token.name.utf8))
        if let issuer = token.issuer { append(&message, 3, Array(issuer.utf8)) }
        let algorithm: UInt64 =
            switch token.algorithm {
            case .sha1: 1
            case .sha256: 2
            case .sha512: 3
            }
        append(&message, 4, algorithm)
        append(&message, 5, token.digits == 8 ? 2 : 1)
        append(&message, 6, token.kind == .hotp ? 1 : 2)
        if token.kind == .hotp { append(&message, 7, token.counter) }
        return message
    }

    private static func append(_ message: inout [UInt8], _ field: UInt8, _ bytes: [UInt8]) {
        message.append(field << 3 | 2)
        append(&message, varint: UInt64(bytes.count))
        message += bytes
    }

    private static func append(_ message: inout [UInt8], _ field: UInt8, _ value: UInt64) {
        message.append(field << 3)
        append(&message, varint: value)
    }

    private static func append(_ message: inout [UInt8], varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            message.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        message.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Base64 with the three characters that mean something in a URI in percent form.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "+": result += "%2B"
            case "/": result += "%2F"
            case "=": result += "%3D"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
