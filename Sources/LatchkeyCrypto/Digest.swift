// Digest.swift: the three hash algorithms of one-time passwords.

internal import CLatchkeyOpenSSL

/// A hash that one-time passwords are made with.
public enum HashAlgorithm: String, Sendable, CaseIterable, Codable {
    /// SHA-1 (FIPS 180-4): broken for signatures, sound inside HMAC; what every authenticator app knows.
    case sha1 = "SHA1"

    /// SHA-256 (FIPS 180-4).
    case sha256 = "SHA256"

    /// SHA-512 (FIPS 180-4).
    case sha512 = "SHA512"

    /// The bytes of a digest: 20, 32 or 64.
    public var digestLength: Int {
        switch self {
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// The bytes of a block: 64 or 128.
    ///
    /// HMAC hashes a longer key first (RFC 2104 § 2).
    public var blockLength: Int {
        switch self {
        case .sha1, .sha256: 64
        case .sha512: 128
        }
    }

    /// OpenSSL's description of the algorithm.
    var method: OpaquePointer? {
        switch self {
        case .sha1: EVP_sha1()
        case .sha256: EVP_sha256()
        case .sha512: EVP_sha512()
        }
    }
}

/// Unkeyed hashing.
public enum Digest {
    /// Returns the digest of `bytes`: 20, 32 or 64 bytes.
    public static func hash(_ bytes: Span<UInt8>, with algorithm: HashAlgorithm) -> [UInt8] {
        OpenSSL.start()
        let length = algorithm.digestLength
        return [UInt8](unsafeUninitializedCapacity: length) { digest, filled in
            let done = bytes.withUnsafeBytes { source in
                // Through the provider, so that a FIPS provider sees it too.
                EVP_Digest(source.baseAddress, source.count, digest.baseAddress, nil, algorithm.method, nil)
            }
            guard done == 1 else { stop("libcrypto cannot hash; check OPENSSL_CONF") }
            filled = length
        }
    }

    /// Returns the digest of `bytes`: 20, 32 or 64 bytes.
    public static func hash(_ bytes: [UInt8], with algorithm: HashAlgorithm) -> [UInt8] {
        hash(bytes.span, with: algorithm)
    }
}
