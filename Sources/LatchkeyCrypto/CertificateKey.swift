// CertificateKey.swift: signatures by the key of a certificate, made and checked: RSA or a curve of NIST's, over SHA-256.

internal import CLatchkeyOpenSSL

/// What a certificate's key is, and with that how it signs.
public enum CertificateKeyKind: Sendable, Equatable {
    /// RSA of 2,048 to 8,192 bits, with PKCS #1 version 1.5 padding.
    case rsa
    /// ECDSA on P-256, P-384 or P-521; a signature is the DER of its two numbers.
    case ecdsa
}

/// The key that signs for the holder of a certificate.
///
/// Unchecked: nothing changes the key after it is made, and OpenSSL counts the references of its contexts atomically.
public final class CertificateKey: @unchecked Sendable {
    /// What it is.
    public let kind: CertificateKeyKind
    private let pointer: OpaquePointer

    /// Takes a private key in PEM of PKCS #8, PKCS #1 or SEC 1, which must be the certificate's.
    ///
    /// - Throws: `CertificateError.malformedKey` for what is no such key, is encrypted, or is another certificate's;
    ///   `notPEM` for text that is no PEM.
    public init(privateKeyPEM text: String, of certificate: Certificate) throws(CertificateError) {
        OpenSSL.start()
        defer { ERR_clear_error() }
        let secret = try PEM.privateKey(text)
        let parsed: OpaquePointer? = secret.withBytes { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                var start = bytes.baseAddress
                return d2i_AutoPrivateKey(nil, &start, bytes.count)
            }
        }
        guard let parsed else { throw .malformedKey }
        guard let kind = Self.kind(of: parsed), let own = ParsedCertificate(certificate.der),
            X509_check_private_key(own.pointer, parsed) == 1
        else {
            EVP_PKEY_free(parsed)
            throw .malformedKey
        }
        self.kind = kind
        pointer = parsed
    }

    /// The public key of a certificate; nil if it is of another kind, or of a size that is too weak or too slow.
    init?(_ certificate: OpaquePointer) {
        guard let key = X509_get0_pubkey(certificate), let kind = Self.kind(of: key), EVP_PKEY_up_ref(key) == 1 else {
            return nil
        }
        self.kind = kind
        pointer = key
    }

    deinit { EVP_PKEY_free(pointer) }

    private static func kind(of key: OpaquePointer) -> CertificateKeyKind? {
        if EVP_PKEY_is_a(key, "RSA") == 1 {
            return (2_048...8_192).contains(EVP_PKEY_get_bits(key)) && hasShortExponent(key) ? .rsa : nil
        }
        guard EVP_PKEY_is_a(key, "EC") == 1 else { return nil }
        var name = [CChar](repeating: 0, count: 32)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1 else { return nil }
        let curve = String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return ["prime256v1", "secp384r1", "secp521r1"].contains(curve) ? .ecdsa : nil
    }

    /// Whether a check of an RSA signature is quick: with a long exponent strangers could keep us busy.
    private static func hasShortExponent(_ key: OpaquePointer) -> Bool {
        var exponent: OpaquePointer?
        guard EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1, let exponent else { return false }
        defer { BN_free(exponent) }
        return (2...33).contains(BN_num_bits(exponent))
    }

    /// The signature of a message by a private key.
    ///
    /// - Throws: `CryptoError.unavailable` if the library refuses to sign.
    public func signature(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let context = EVP_MD_CTX_new() else { throw .outOfMemory }
        defer { EVP_MD_CTX_free(context) }
        var count = 0
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, pointer) == 1,
            EVP_DigestSign(context, nil, &count, message, message.count) == 1
        else { throw .unavailable("a signature by the certificate's key") }
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count <= signature.count else {
            throw .unavailable("a signature by the certificate's key")
        }
        return Array(signature.prefix(count))
    }

    /// Whether the signature is the key's over the message.
    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard !signature.isEmpty, signature.count <= Int(EVP_PKEY_get_size(pointer)), let context = EVP_MD_CTX_new()
        else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, pointer) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}

extension Certificate {
    /// What the certificate's key is; nil if no request can be signed with it.
    public var keyKind: CertificateKeyKind? {
        guard let parsed = ParsedCertificate(der) else { return nil }
        defer { ERR_clear_error() }
        return CertificateKey(parsed.pointer)?.kind
    }

    /// Whether the signature is over the message and by the certificate's own key; whose key that is, is not asked.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard let parsed = ParsedCertificate(der), let key = CertificateKey(parsed.pointer) else {
            ERR_clear_error()
            return false
        }
        return key.isValid(signature, of: message)
    }
}
