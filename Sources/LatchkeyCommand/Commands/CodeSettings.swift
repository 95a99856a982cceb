// CodeSettings.swift: which code of a secret is meant: its kind, its parameters, its moment or counter.
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// What makes a code, apart from its secret.
struct CodeSettings: Sendable {
    var kind = KeyURI.Kind.totp
    var algorithm = HashAlgorithm.sha1
    var digits = 6
    var period: Int64 = 30
    var epoch: Int64 = 0
    var counter: UInt64?
    var moment = UnixTime(0)
}

/// A code, and for how long it is one.
struct ShownCode: Sendable {
    let code: OneTimeCode
    /// The step or counter that it belongs to.
    let number: UInt64
    /// Seconds that a time-based code is still shown.
    var secondsLeft: Int64?
}

extension CodeSettings {
    /// The code of `secret`.
    func code(of secret: borrowing Secret) throws -> ShownCode {
        switch kind {
        case .totp:
            let totp = try TOTP(secret: secret, algorithm: algorithm, digits: digits, period: period, epoch: epoch)
            let step = try totp.step(at: moment)
            return ShownCode(
                code: totp.code(of: step),
                number: step.number,
                secondsLeft: try totp.secondsLeft(at: moment)
            )
        case .hotp:
            guard let counter else { throw Failure.misused("a counter-based code needs a counter; give --counter") }
            let hotp = try HOTP(secret: secret, algorithm: algorithm, digits: digits)
            return ShownCode(code: hotp.code(at: counter), number: counter)
        case .steam:
            let steam = try SteamGuard(secret: secret)
            let step = try steam.step(at: moment)
            return ShownCode(
                code: steam.code(of: step),
                number: step.number,
                secondsLeft: try steam.secondsLeft(at: moment)
            )
        }
    }

    /// Where `typed` fits: the step or counter, and how far that is from the present one.
    func match(_ typed: String, of secret: borrowing Secret, window: Int) throws -> (number: UInt64, offset: Int64)? {
        let found: UInt64?
        let present: UInt64
        switch kind {
        case .totp:
            let totp = try TOTP(secret: secret, algorithm: algorithm, digits: digits, period: period, epoch: epoch)
            let code = try OneTimeCode(typed, digits: digits)
            present = try totp.step(at: moment).number
            found = try totp.match(code, at: moment, window: window, after: nil)?.number
        case .hotp:
            guard let counter else { throw Failure.misused("a counter-based code needs a counter; give --counter") }
            let hotp = try HOTP(secret: secret, algorithm: algorithm, digits: digits)
            present = counter
            found = hotp.match(try OneTimeCode(typed, digits: digits), from: counter, lookAhead: window)
        case .steam:
            let steam = try SteamGuard(secret: secret)
            present = try steam.step(at: moment).number
            found = try steam.match(try OneTimeCode(steam: typed), at: moment, window: window, after: nil)?.number
        }
        return found.map { ($0, Int64(truncatingIfNeeded: $0 &- present)) }
    }
}

extension UnixTime {
    /// The system's clock, read once a command.
    static var now: UnixTime {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return UnixTime(Int64(now.tv_sec))
    }
}

extension Option {
    static let type = Option.choice("type", KeyURI.Kind.allCases.map(\.rawValue), "the kind of code; totp if not said")
    static let algorithm = Option.choice("algorithm", ["sha1", "sha256", "sha512"], "the hash; sha1 if not said")
    static let digits = Option.integer("digits", "N", 6...10, "how many digits a code has; 6 if not said")
    static let period = Option.integer("period", "S", 1...Int64.max, "how many seconds a code lasts; 30 if not said")
    static let epoch = Option.integer("epoch", "T0", Int64.min...Int64.max, "when step 0 began, in seconds since 1970")
    static let at = Option.moment("at", "the moment, in seconds since 1970 or as 2026-11-23T20:46:42Z; now if not said")
    static let counter = Option.counter("counter", "C", "the counter of a counter-based code; implies --type hotp")
    /// The options that choose a code.
    static let codeOptions: [Option] = [type, algorithm, digits, period, epoch, at, counter]
}

extension HashAlgorithm {
    /// Reads the word that options and files use.
    init?(word: String) {
        switch word {
        case "sha1": self = .sha1
        case "sha256": self = .sha256
        case "sha512": self = .sha512
        default: return nil
        }
    }

    /// The word that options and files use.
    var word: String {
        switch self {
        case .sha1: "sha1"
        case .sha256: "sha256"
        case .sha512: "sha512"
        }
    }
}

extension Invocation {
    /// What the options say about the code; options that its kind knows nothing of are refused.
    func codeSettings() throws(Failure) -> CodeSettings {
        var settings = CodeSettings()
        if has(.counter) { settings.kind = .hotp }
        if let kind = text(.type).flatMap(KeyURI.Kind.init(rawValue:)) { settings.kind = kind }
        let foreign: [Option] =
            switch settings.kind {
            case .totp: [.counter]
            case .hotp: [.period, .epoch, .at]
            case .steam: [.algorithm, .digits, .period, .epoch, .counter]
            }
        if let option = foreign.first(where: has) {
            throw .misused("`--\(option.name)` has no meaning for --type \(settings.kind.rawValue); leave it out")
        }
        if let algorithm = text(.algorithm).flatMap(HashAlgorithm.init(word:)) { settings.algorithm = algorithm }
        settings.digits = int(.digits) ?? 6
        settings.period = integer(.period) ?? 30
        settings.epoch = integer(.epoch) ?? 0
        settings.counter = counter(.counter)
        settings.moment = moment(.at) ?? .now
        if settings.kind == .hotp, settings.counter == nil {
            throw .misused("a counter-based code needs a counter; give --counter")
        }
        return settings
    }
}
