// SignatureAlgorithm.swift: the ways of signing with a private key that tokens name (RFC 7518 section 3.1, RFC 8037).

internal import CLatchkeyOpenSSL

/// A way of signing that a public key checks, by its name in JSON Web Algorithms.
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RSA with PKCS #1 version 1.5 padding and SHA-256.
    case rs256 = "RS256"
    /// RSA with PKCS #1 version 1.5 padding and SHA-384.
    case rs384 = "RS384"
    /// RSA with PKCS #1 version 1.5 padding and SHA-512.
    case rs512 = "RS512"
    /// RSA with PSS padding, SHA-256 throughout and a salt of 32 bytes.
    case ps256 = "PS256"
    /// RSA with PSS padding, SHA-384 throughout and a salt of 48 bytes.
    case ps384 = "PS384"
    /// RSA with PSS padding, SHA-512 throughout and a salt of 64 bytes.
    case ps512 = "PS512"
    /// ECDSA on P-256 with SHA-256.
    case es256 = "ES256"
    /// ECDSA on P-384 with SHA-384.
    case es384 = "ES384"
    /// ECDSA on P-521 with SHA-512.
    case es512 = "ES512"
    /// Ed25519.
    case edDSA = "EdDSA"

    /// The hash that is signed; nil where the algorithm brings its own.
    var digest: OpaquePointer? {
        switch self {
        case .rs256, .ps256, .es256: EVP_sha256()
        case .rs384, .ps384, .es384: EVP_sha384()
        case .rs512, .ps512, .es512: EVP_sha512()
        case .edDSA: nil
        }
    }

    /// Whether RSA's padding is PSS.
    var isPSS: Bool { self == .ps256 || self == .ps384 || self == .ps512 }
}
