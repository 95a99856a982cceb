// VerifyingKey.swift: a stranger's public key, made of its numbers, and the signatures that it checks.

internal import CLatchkeyOpenSSL

/// Why numbers are not a public key that signatures may be checked with.
@nonexhaustive
public enum VerifyingKeyError: Error, Equatable {
    /// They are no key: a length, a range or the curve's equation does not hold.
    case malformed
    /// It is an RSA key of fewer than 2,048 bits, or of more than 8,192.
    case wrongSize(bits: Int)
}

extension VerifyingKeyError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .malformed: "the numbers are no public key; publish it anew"
        case .wrongSize(let bits): "an RSA key has 2,048 to 8,192 bits, not \(bits); sign with another one"
        }
    }
}

/// A public key of RSA, of a curve of NIST's, or of Ed25519.
///
/// The key says which algorithms it can be used with. A signature under any other is not valid, whoever claims it.
public struct VerifyingKey: Sendable {
    /// What a key is, and with that what it is for.
    public enum Kind: Sendable, Equatable {
        /// RSA (RFC 8017).
        case rsa
        /// NIST's curve of 256 bits (FIPS 186-5).
        case p256
        /// NIST's curve of 384 bits.
        case p384
        /// NIST's curve of 521 bits.
        case p521
        /// Ed25519 (RFC 8032).
        case ed25519

        /// The algorithms that such a key can check.
        public var algorithms: [SignatureAlgorithm] {
            switch self {
            case .rsa: [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512]
            case .p256: [.es256]
            case .p384: [.es384]
            case .p521: [.es512]
            case .ed25519: [.edDSA]
            }
        }

        /// The bytes of a coordinate, of half a signature on a curve of NIST's, or of an Ed25519 key.
        public var fieldLength: Int {
            switch self {
            case .rsa: 0
            case .p256, .ed25519: 32
            case .p384: 48
            case .p521: 66
            }
        }

        fileprivate var algorithm: [UInt8] {
            switch self {
            case .rsa: DER.rsa
            case .p256: DER.p256
            case .p384: DER.p384
            case .p521: DER.p521
            case .ed25519: DER.ed25519
            }
        }
    }

    /// What the key is.
    public let kind: Kind
    private let key: ParsedKey

    /// Makes an RSA key of its numbers, big-endian and without leading zeros.
    ///
    /// Fewer than 2,048 bits are too weak, more than 8,192 too slow. The exponent is odd, at least 3 and at most 2^32: with 1
    /// every text would be its own signature.
    public init(rsaModulus modulus: [UInt8], exponent: [UInt8]) throws(VerifyingKeyError) {
        guard let first = modulus.first, first > 0, let last = modulus.last, last & 1 == 1 else { throw .malformed }
        let bits = modulus.count * 8 - first.leadingZeroBitCount
        guard (2_048...8_192).contains(bits) else { throw .wrongSize(bits: bits) }
        guard let first = exponent.first, first > 0, exponent.count <= 4, let last = exponent.last, last & 1 == 1,
            exponent != [1]
        else { throw .malformed }
        try self.init(.rsa, DER.sequence(DER.integer(modulus) + DER.integer(exponent)))
    }

    /// Makes a key of a point of a curve, whose coordinates have the curve's length.
    public init(_ curve: Kind, x: [UInt8], y: [UInt8]) throws(VerifyingKeyError) {
        guard [.p256, .p384, .p521].contains(curve), x.count == curve.fieldLength, y.count == curve.fieldLength else {
            throw .malformed
        }
        try self.init(curve, [0x04] + x + y)
    }

    /// Makes an Ed25519 key of its 32 bytes.
    public init(ed25519 bytes: [UInt8]) throws(VerifyingKeyError) {
        guard bytes.count == Kind.ed25519.fieldLength else { throw .malformed }
        try self.init(.ed25519, bytes)
    }

    private init(_ kind: Kind, _ bytes: [UInt8]) throws(VerifyingKeyError) {
        OpenSSL.start()
        guard let key = ParsedKey(DER.keyInfo(kind.algorithm, bytes)) else { throw .malformed }
        self.kind = kind
        self.key = key
    }

    /// Whether `signature` is the key's over `message` under `algorithm`.
    ///
    /// On NIST's curves a signature is two numbers of the curve's length one after the other (RFC 7518 section 3.4); the DER
    /// that certificates use is none here. Of an algorithm that is not the key's no signature is valid.
    public func isValid(_ signature: [UInt8], for message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        guard kind.algorithms.contains(algorithm) else { return false }
        let wanted: [UInt8]
        switch kind {
        case .rsa:
            guard signature.count == key.signatureLength else { return false }
            wanted = signature
        case .ed25519:
            guard signature.count == 64 else { return false }
            wanted = signature
        case .p256, .p384, .p521:
            guard signature.count == kind.fieldLength * 2 else { return false }
            wanted = DER.sequence(
                DER.integer(Array(signature.prefix(kind.fieldLength)))
                    + DER.integer(Array(signature.suffix(kind.fieldLength)))
            )
        }
        return key.isValid(wanted, for: message, by: algorithm)
    }
}

/// OpenSSL's form of a public key, freed with the object.
///
/// Unchecked: nothing changes the key after it is made, and OpenSSL counts the references of its contexts atomically.
private final class ParsedKey: @unchecked Sendable {
    private let pointer: OpaquePointer

    init?(_ info: [UInt8]) {
        defer { ERR_clear_error() }
        let parsed: OpaquePointer? = info.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_PUBKEY(nil, &start, bytes.count)
        }
        guard let parsed else { return nil }
        pointer = parsed
        guard let context = EVP_PKEY_CTX_new(parsed, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        // That a point lies on its curve, and is not infinity.
        guard EVP_PKEY_public_check(context) == 1 else { return nil }
    }

    deinit { EVP_PKEY_free(pointer) }

    /// The bytes of an RSA signature.
    var signatureLength: Int { Int(EVP_PKEY_get_size(pointer)) }

    func isValid(_ signature: [UInt8], for message: [UInt8], by algorithm: SignatureAlgorithm) -> Bool {
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        var settings: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &settings, algorithm.digest, nil, pointer) == 1 else { return false }
        if algorithm.isPSS {
            guard EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1,
                EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
