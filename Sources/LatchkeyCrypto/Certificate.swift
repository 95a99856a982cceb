// Certificate.swift: X.509 certificates (RFC 5280) as IAM takes them: parsed by OpenSSL, held against keys and issuers.

internal import CLatchkeyOpenSSL
internal import Glibc

/// Why a text is not the certificate or key that it should be.
@nonexhaustive
public enum CertificateError: Error, Equatable {
    /// It is not PEM, or not exactly the blocks that are wanted.
    case notPEM
    /// The bytes inside are not a certificate.
    case malformedCertificate
    /// The bytes inside are not a private key, or it is encrypted.
    case malformedKey
    /// The bytes inside are not a whole certificate revocation list.
    case malformedList
}

extension CertificateError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .notPEM: "the text is not in PEM format; give it from its BEGIN line to its END line and nothing else"
        case .malformedCertificate: "the text is not an X.509 certificate; check that it was copied whole"
        case .malformedKey: "the text is not an unencrypted private key in PEM format; decrypt it first"
        case .malformedList:
            "the text is not a whole certificate revocation list; delta and partial lists are not taken"
        }
    }
}

/// A certificate, which is a name for a public key that somebody signed; whether anyone trusts the signer is not asked here.
public struct Certificate: Sendable, Equatable {
    /// The certificate in DER.
    public let der: [UInt8]
    /// The first second of its validity, since 1970.
    public let notBefore: Int64
    /// The last second of its validity, since 1970.
    public let notAfter: Int64
    /// How strong its key is (NIST SP 800-57 part 1 section 5.6.1): 112 for RSA of 2,048 bits.
    public let securityBits: Int

    /// Parses the one certificate that `text` must hold.
    public init(pem text: String) throws(CertificateError) {
        let all = try Self.list(pem: text)
        guard let first = all.first, all.count == 1 else { throw .notPEM }
        self = first
    }

    /// Parses certificates that stand one after another.
    public static func list(pem text: String) throws(CertificateError) -> [Certificate] {
        guard let blocks = PEM.blocks(text) else { throw .notPEM }
        var all: [Certificate] = []
        for block in blocks {
            guard block.label == "CERTIFICATE", let der = try? Base64.decode(block.body, .strict) else {
                throw .notPEM
            }
            all.append(try Certificate(der: der))
        }
        return all
    }

    /// Parses the one certificate that `der` must be, to its last byte.
    public init(der: [UInt8]) throws(CertificateError) {
        OpenSSL.start()
        guard let parsed = ParsedCertificate(der), let key = X509_get0_pubkey(parsed.pointer),
            let notBefore = Self.seconds(X509_get0_notBefore(parsed.pointer)),
            let notAfter = Self.seconds(X509_get0_notAfter(parsed.pointer))
        else {
            ERR_clear_error()
            throw .malformedCertificate
        }
        self.der = der
        self.notBefore = notBefore
        self.notAfter = notAfter
        securityBits = Int(EVP_PKEY_get_security_bits(key))
    }

    static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }

    /// Whether the certificate bears a signature by the key of `issuer`, and its name as the issuer's.
    public func isSigned(by issuer: Certificate) -> Bool {
        guard let own = ParsedCertificate(der), let issuer = ParsedCertificate(issuer.der),
            let key = X509_get0_pubkey(issuer.pointer)
        else { return false }
        let isSigned =
            X509_NAME_cmp(X509_get_issuer_name(own.pointer), X509_get_subject_name(issuer.pointer)) == 0
            && X509_verify(own.pointer, key) == 1
        ERR_clear_error()
        return isSigned
    }

    /// Whether the private key in `text`, PEM of PKCS #8, PKCS #1 or SEC 1, is the certificate's.
    ///
    /// - Throws: `CertificateError` if `text` is not one unencrypted private key.
    public func isFor(privateKeyPEM text: String) throws(CertificateError) -> Bool {
        let secret = try PEM.privateKey(text)
        guard let own = ParsedCertificate(der) else { throw .malformedCertificate }
        let isFor: Bool? = secret.withBytes { bytes in
            bytes.withUnsafeBufferPointer { bytes in
                var start = bytes.baseAddress
                guard let length = Int(exactly: bytes.count), let key = d2i_AutoPrivateKey(nil, &start, length) else {
                    return nil
                }
                defer { EVP_PKEY_free(key) }
                return X509_check_private_key(own.pointer, key) == 1
            }
        }
        ERR_clear_error()
        guard let isFor else { throw .malformedKey }
        return isFor
    }
}

/// OpenSSL's form of a certificate, freed with the value.
struct ParsedCertificate: ~Copyable {
    let pointer: OpaquePointer

    init?(_ der: [UInt8]) {
        let parsed: OpaquePointer? = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let parsed = d2i_X509(nil, &start, bytes.count) else { return nil }
            // Bytes behind the certificate belong to nobody.
            guard start == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_free(parsed)
                return nil
            }
            return parsed
        }
        guard let parsed else { return nil }
        pointer = parsed
    }

    deinit { X509_free(pointer) }
}
