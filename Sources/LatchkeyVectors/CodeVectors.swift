// CodeVectors.swift: vectors of codes: what a key shows at a counter or a time, and what is a code at all.

internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The code of a counter (RFC 4226), with the intermediate values of its appendix D.
struct HOTPVector: VectorKind {
    static let name = "hotp"
    static let columns: Set = ["hmac", "truncatedHex", "truncatedDecimal"]

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let counter: UInt64

    struct Answer: Codable {
        let code: String
        let hmac: HexBytes?
        let truncatedHex: String?
        let truncatedDecimal: UInt32?
    }

    func answer() throws -> Answer {
        let key = try HOTP(secret: secret.secret, algorithm: algorithm, digits: digits)
        let message = (0..<8).map { UInt8(truncatingIfNeeded: counter >> (56 - 8 * $0)) }
        // Ten digits hold all of the 31 bits.
        let truncated = try HOTP(secret: secret.secret, algorithm: algorithm, digits: 10).value(at: counter)
        return Answer(
            code: key.code(at: counter).text,
            hmac: HexBytes(HMAC(algorithm, key: secret.secret).code(for: message)),
            // As the appendix prints them: no zeros in front, small letters.
            truncatedHex: String(truncated, radix: 16),
            truncatedDecimal: truncated
        )
    }
}

/// The code of a moment (RFC 6238), with the step of its appendix B.
struct TOTPVector: VectorKind {
    static let name = "totp"
    static let columns: Set = ["step", "stepHex", "secondsLeft", "start"]

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let period: Int64
    let epoch: Int64
    let at: Int64

    struct Answer: Codable {
        let code: String
        let step: UInt64?
        let stepHex: String?
        let secondsLeft: Int64?
        let start: Int64?
    }

    func answer() throws -> Answer {
        let key = try TOTP(
            secret: secret.secret,
            algorithm: algorithm,
            digits: digits,
            period: period,
            epoch: epoch
        )
        let step = try key.step(at: UnixTime(at))
        return Answer(
            code: try key.code(at: UnixTime(at)).text,
            step: step.number,
            stepHex: hexadecimal(step.number),
            secondsLeft: try key.secondsLeft(at: UnixTime(at)),
            start: key.start(of: step).seconds
        )
    }
}

/// The Steam Guard code of a moment.
struct SteamVector: VectorKind {
    static let name = "steam"

    let secret: HexBytes
    let at: Int64

    struct Answer: Codable {
        let code: String
    }

    func answer() throws -> Answer {
        let key = try SteamGuard(secret: secret.secret)
        return Answer(code: try key.code(at: UnixTime(at)).text)
    }
}

/// Whether a text is a code at all: of so many digits, or of Steam Guard where `digits` is missing.
struct OneTimeCodeVector: VectorKind {
    static let name = "code"

    let text: String
    let digits: Int?

    struct Answer: Codable {
        let code: String
    }

    func answer() throws -> Answer {
        guard let digits else { return Answer(code: try OneTimeCode(steam: text).text) }
        return Answer(code: try OneTimeCode(text, digits: digits).text)
    }
}

/// A recovery code as it was typed.
struct RecoveryCodeVector: VectorKind {
    static let name = "recovery-code"

    let typed: String

    struct Answer: Codable {
        let text: String
        let bytes: HexBytes
    }

    func answer() throws -> Answer {
        let code = try RecoveryCode(typed: typed)
        return Answer(text: code.text, bytes: HexBytes(code.bytes))
    }
}

/// A moment out of its text, and its text again.
struct UnixTimeVector: VectorKind {
    static let name = "time"

    let text: String

    struct Answer: Codable {
        let seconds: Int64
        let text: String
    }

    func answer() throws -> Answer {
        let time = try UnixTime(iso8601: text)
        return Answer(seconds: time.seconds, text: time.description)
    }
}

/// A number as RFC 6238 appendix B prints T: sixteen hexadecimal digits, capitals.
private func hexadecimal(_ number: UInt64) -> String {
    let text = String(number, radix: 16, uppercase: true)
    return String(repeating: "0", count: 16 - text.utf8.count) + text
}
