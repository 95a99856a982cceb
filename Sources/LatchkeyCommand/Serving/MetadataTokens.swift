// MetadataTokens.swift: the session tokens of the instance metadata service, which are checked without being kept.
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// Makes and checks tokens: the moment of their end and a nonce under a MAC whose key lives as long as the process.
///
/// Nothing is kept, so whoever asks for millions of them fills no memory.
final class MetadataTokens: Sendable {
    /// How many seconds a token may last.
    static let lifetimes: ClosedRange<Int64> = 1...21_600

    private let mac = HMAC(.sha256, key: Secret.random(count: 32))

    /// A token that works for `seconds`.
    func make(lasting seconds: Int64, at now: UnixTime) -> String {
        let end = UInt64(bitPattern: now.adding(seconds: seconds).seconds)
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: end >> (56 - 8 * UInt64($0))) }
        bytes += SecureRandom.bytes(count: Self.nonceLength)
        return Base64URL.encode(bytes + mac.code(for: bytes))
    }

    /// Whether the token was made here and has not ended.
    func isValid(_ token: String, at now: UnixTime) -> Bool {
        guard token.utf8.count <= Self.longestText, let bytes = try? Base64URL.decode(token, .strict),
            bytes.count == Self.length
        else { return false }
        let (message, code) = (Array(bytes.prefix(8 + Self.nonceLength)), Array(bytes.suffix(Self.codeLength)))
        guard mac.isValid(code, for: message) else { return false }
        let end = Int64(bitPattern: message.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        return now < UnixTime(end)
    }

    private static let nonceLength = 16
    private static let codeLength = 32
    private static let length = 8 + nonceLength + codeLength
    private static let longestText = 128
}
