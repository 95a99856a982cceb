// MatchVectors.swift: vectors of matching: which counter or step a typed code belongs to, and which are refused.

internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The counter that a typed code matches.
struct HOTPMatchVector: VectorKind {
    static let name = "hotp-match"

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let code: String
    let counter: UInt64
    let lookAhead: Int

    struct Answer: Codable {
        let counter: UInt64
    }

    func answer() throws -> Answer {
        let key = try HOTP(secret: secret.secret, algorithm: algorithm, digits: digits)
        let typed = try OneTimeCode(code, digits: digits)
        guard let match = key.match(typed, from: counter, lookAhead: lookAhead) else {
            // A counter that has passed is spent: its code is a replay, told apart here and never to a person.
            let first = counter > 100 ? counter - 100 : 0
            let isPast = counter > 0 && key.match(typed, from: first, lookAhead: Int(counter - 1 - first)) != nil
            throw VectorRefusal(isPast ? .replayed : .denied, "noMatch")
        }
        return Answer(counter: match)
    }
}

/// The counter of the second of two typed codes.
struct HOTPResyncVector: VectorKind {
    static let name = "hotp-resync"

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let first: String
    let second: String
    let counter: UInt64
    let lookAhead: Int

    struct Answer: Codable {
        let counter: UInt64
    }

    func answer() throws -> Answer {
        let key = try HOTP(secret: secret.secret, algorithm: algorithm, digits: digits)
        let match = key.resync(
            try OneTimeCode(first, digits: digits),
            try OneTimeCode(second, digits: digits),
            from: counter,
            lookAhead: lookAhead
        )
        guard let match else { throw VectorRefusal(.denied, "noMatch") }
        return Answer(counter: match)
    }
}

/// The step that a typed code matches.
struct TOTPMatchVector: VectorKind {
    static let name = "totp-match"

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let period: Int64
    let epoch: Int64
    let code: String
    let at: Int64
    let window: Int
    let after: UInt64?

    struct Answer: Codable {
        let step: UInt64
    }

    func answer() throws -> Answer {
        let key = try TOTP(
            secret: secret.secret,
            algorithm: algorithm,
            digits: digits,
            period: period,
            epoch: epoch
        )
        let typed = try OneTimeCode(code, digits: digits)
        let now = UnixTime(at)
        let spent = after.map { TOTP.Step(number: $0) }
        if let step = try key.match(typed, at: now, window: window, after: spent) { return Answer(step: step.number) }
        // Which layer refused: the watermark, the window's older end, or the code itself. Never told to a person.
        if try key.match(typed, at: now, window: window, after: nil) != nil {
            throw VectorRefusal(.replayed, "noMatch")
        }
        if let other = try key.match(typed, at: now, window: 20, after: nil), other < (try key.step(at: now)) {
            throw VectorRefusal(.expired, "noMatch")
        }
        throw VectorRefusal(.denied, "noMatch")
    }
}

/// The step of the second of two typed codes.
struct TOTPResyncVector: VectorKind {
    static let name = "totp-resync"

    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let period: Int64
    let epoch: Int64
    let first: String
    let second: String
    let at: Int64
    let within: Int
    let after: UInt64?

    struct Answer: Codable {
        let step: UInt64
    }

    func answer() throws -> Answer {
        let key = try TOTP(
            secret: secret.secret,
            algorithm: algorithm,
            digits: digits,
            period: period,
            epoch: epoch
        )
        let codes = (try OneTimeCode(first, digits: digits), try OneTimeCode(second, digits: digits))
        let now = UnixTime(at)
        let spent = after.map { TOTP.Step(number: $0) }
        if let step = try key.resync(codes.0, codes.1, at: now, within: within, after: spent) {
            return Answer(step: step.number)
        }
        let isSpent = try key.resync(codes.0, codes.1, at: now, within: within, after: nil) != nil
        throw VectorRefusal(isSpent ? .replayed : .denied, "noMatch")
    }
}
