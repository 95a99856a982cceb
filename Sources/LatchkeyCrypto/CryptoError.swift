// CryptoError.swift: what can go wrong between bytes and a secret.

/// A refusal of the cryptographic layer; says what to do next and never holds a secret.
@nonexhaustive
public enum CryptoError: Error, Equatable {
    /// A key has not the length its algorithm takes, in bytes.
    case keyLength(expected: Int, found: Int)

    /// A sealed box is cut short or of a version that this build does not know.
    case malformedBox

    /// A sealed box does not open: wrong key, wrong context, or changed bytes.
    case sealBroken

    /// A text is not an Argon2id PHC string that this build can check.
    case malformedPasswordHash

    /// A cost, a count or a length lies outside what the algorithm takes; the text names which.
    case outOfRange(String)

    /// The memory for the work could not be had.
    case outOfMemory

    /// Bytes that should be text are not UTF-8.
    case notUTF8

    /// libcrypto or libsodium refused a well-formed request; the text names the algorithm.
    case unavailable(String)
}

extension CryptoError: CustomStringConvertible {
    /// One sentence for a person, without a secret in it.
    public var description: String {
        switch self {
        case .keyLength(let expected, let found):
            "the key must have \(expected) bytes, not \(found); give the key that was made for this purpose"
        case .malformedBox:
            "the sealed value is cut short or of an unknown version; restore it from a backup or upgrade this program"
        case .sealBroken:
            "the sealed value does not open; check the master key, and that the row was not altered or moved"
        case .malformedPasswordHash:
            "the password hash is not an Argon2id string of version 19; set the password anew"
        case .outOfRange(let what):
            "\(what); choose a value inside the range"
        case .outOfMemory:
            "not enough memory for the key derivation; lower its memory cost or free memory"
        case .notUTF8:
            "the text is not UTF-8; type it in a UTF-8 terminal"
        case .unavailable(let what):
            "\(what) is not available from the installed libraries; check the OpenSSL configuration"
        }
    }
}
