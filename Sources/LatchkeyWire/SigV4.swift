// SigV4.swift: AWS Signature Version 4: what the signer and the verifier have in common.
public import LatchkeyCrypto

/// AWS Signature Version 4, both ways.
///
/// A request becomes a canonical request, its hash the last line of a string to sign, and the string's HMAC under a key
/// that is derived from the secret, the day, the region and the service becomes the signature.
///
/// Different requests with one canonical request are equal, and one signature serves for all of them. Here they are:
/// header fields and query parameters in another order; blanks around a header value, and how many stand inside it; the
/// order and blanks of what the `Authorization` field lists; escapes in the query in small letters, or of characters that
/// need none, or left out where the character may stand for itself; `name` for `name=`; `?` before an empty query;
/// `//`, `/./` and `/x/../` in the path for `/`. Header fields that are not signed may be anything.
public enum SigV4 {
    /// The algorithm of keys that both sides have.
    static let algorithm = "AWS4-HMAC-SHA256"
    /// The algorithms of the keys of certificates, as IAM Roles Anywhere has them.
    static let certificateAlgorithms = ["AWS4-X509-RSA-SHA256", "AWS4-X509-ECDSA-SHA256"]
    /// The last part of every scope.
    static let terminator = "aws4_request"

    /// What a signature is good for: one day, one region, one service.
    public struct Scope: Sendable, Equatable {
        /// The day, `20150830`.
        public let date: String
        /// The region, `us-east-1`.
        public let region: String
        /// The service, `iam`.
        public let service: String

        /// The scope as it stands in a credential and in the string to sign.
        public var text: String { "\(date)/\(region)/\(service)/\(SigV4.terminator)" }

        /// Returns the signature of a string to sign, in this scope and under this secret: 64 hexadecimal digits.
        public func signature(of stringToSign: [UInt8], secret: borrowing Secret) -> [UInt8] {
            var seed = Array("AWS4".utf8)
            // Room first: an array that grows leaves a copy of the secret behind.
            seed.reserveCapacity(4 + secret.count)
            secret.withBytes { bytes in
                for index in bytes.indices { seed.append(bytes[index]) }
            }
            var key = Self.code(date, &seed)
            key = Self.code(region, &key)
            key = Self.code(service, &key)
            key = Self.code(SigV4.terminator, &key)
            return SigV4.hex(HMAC(.sha256, key: Secret(wiping: &key)).code(for: stringToSign))
        }

        /// Returns the code of a text under a key, which is wiped.
        private static func code(_ text: String, _ key: inout [UInt8]) -> [UInt8] {
            HMAC(.sha256, key: Secret(wiping: &key)).code(for: text.utf8.span)
        }
    }

    /// The string to sign of a canonical request.
    static func stringToSign(
        of canonicalRequest: [UInt8],
        at moment: Moment,
        scope: Scope,
        by algorithm: String = SigV4.algorithm
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += algorithm.utf8
        text.append(UInt8(ascii: "\n"))
        text += moment.text.utf8
        text.append(UInt8(ascii: "\n"))
        text += scope.text.utf8
        text.append(UInt8(ascii: "\n"))
        text += hex(Digest.hash(canonicalRequest, with: .sha256))
        return text
    }

    /// Bytes as hexadecimal digits in small letters.
    static func hex(_ bytes: [UInt8]) -> [UInt8] {
        func digit(_ half: UInt8) -> UInt8 {
            half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "a") - 10 + half
        }
        return [UInt8](unsafeUninitializedCapacity: 2 * bytes.count) { digits, count in
            for (place, byte) in bytes.enumerated() {
                digits[2 * place] = digit(byte >> 4)
                digits[2 * place + 1] = digit(byte & 15)
            }
            count = 2 * bytes.count
        }
    }

    /// Whether a header field must be signed when it is there: what it says changes what the request means.
    static func mustBeSigned(_ name: String) -> Bool {
        name == "host" || name == "content-type" || name.utf8.starts(with: "x-amz-".utf8)
    }
}
