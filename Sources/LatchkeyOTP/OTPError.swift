// OTPError.swift: what can be wrong with a code, a time, a parameter or a text of this room.
public import LatchkeyCrypto

/// A refusal of the one-time-password engine: what was wrong and what to do, never with a secret in it.
@nonexhaustive
public enum OTPError: Error, Equatable, Sendable {
    /// The key has no bytes: under HMAC it would equal a key of zeros that anybody can guess.
    case emptySecret
    /// The secret is not Base32, or not whole.
    case badSecret(TextEncodingError)
    /// The number of digits lies outside 6…10.
    case digits(Int)
    /// The period, in seconds, is not positive.
    case period(Int64)
    /// The moment lies before the first step of the key, which began at `epoch` (RFC 6238 section 4.2, T0).
    case beforeEpoch(epoch: UnixTime)
    /// What was typed is not a code: it takes exactly this many of the digits 0 to 9.
    case malformedCode(digits: Int)
    /// What was typed is not a Steam Guard code.
    case malformedSteamCode
    /// A text is not a moment such as `2026-11-23T20:46:42Z`.
    case malformedTime
    /// What was typed is not a recovery code; the text says why.
    case malformedRecoveryCode(String)
    /// A text is not an `otpauth:` URI that can be used; the text says why.
    case malformedURI(String)
    /// A text is not an OCRA suite (RFC 6287 section 6); the text says why.
    case malformedSuite(String)
    /// An input of an OCRA computation is missing, not wanted or not of the suite's form; the text says which.
    case challenge(String)
}

extension OTPError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .emptySecret: "the secret is empty; give one of at least 16 bytes"
        case .badSecret(let reason): reason.description
        case .digits(let count): "a code cannot have \(count) digits; choose 6 to 10"
        case .period(let seconds): "a period of \(seconds) seconds is not possible; choose 1 or more, usually 30"
        case .beforeEpoch(let epoch): "the moment lies before the first code of this key, at \(epoch); check the clock"
        case .malformedCode(let digits): "a code of this key is exactly \(digits) digits; type it as the app shows it"
        case .malformedSteamCode: "a Steam Guard code is 5 capital letters and digits; type it as the app shows it"
        case .malformedTime: "not a moment; write it as `2026-11-23T20:46:42Z` or `@` and seconds since 1970"
        case .malformedRecoveryCode(let reason): "not a recovery code: \(reason)"
        case .malformedURI(let reason): "not a usable otpauth: URI: \(reason)"
        case .malformedSuite(let reason): "not an OCRA suite: \(reason)"
        case .challenge(let reason): reason
        }
    }
}
