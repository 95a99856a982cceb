// CertificatePath.swift: whether a client's certificate leads to one that is trusted (RFC 5280 section 6), by OpenSSL.

internal import CLatchkeyOpenSSL

/// Why a certificate proves nothing about whoever holds its key.
@nonexhaustive
public enum CertificateRefusal: String, Error, Sendable, CaseIterable {
    /// No chain of signatures leads from it to the trusted certificate.
    case untrusted
    /// It, or one between it and the trusted certificate, has expired.
    case expired
    /// It, or one between it and the trusted certificate, is not valid yet.
    case notYetValid = "not_yet_valid"
    /// It is an authority's own, which signs certificates and not requests.
    case isAuthority = "is_authority"
    /// It was signed by one that is no authority's.
    case notAuthority = "not_authority"
    /// It does not say that its key is for digital signatures.
    case keyUsage = "key_usage"
    /// It says what its key is for, and that is not to prove who a client is.
    case purpose
    /// There are more authorities between it and the trusted certificate than one of them allows.
    case tooLong = "path_length"
    /// It has a name that an authority above it may not give.
    case nameConstraint = "name_constraint"
    /// A key in the chain is weaker than RSA of 2,048 bits, or is of a kind that cannot be used here.
    case weakKey = "weak_key"
    /// A signature in the chain is over SHA-1 or something weaker.
    case weakSignature = "weak_signature"
    /// It is not of version 3, or something in it that must be understood is not.
    case unsupported
}

extension CertificateRefusal: CustomStringConvertible {
    /// One sentence for a person, which ends a message.
    public var description: String {
        switch self {
        case .untrusted:
            "no chain of signatures leads from it to the trust anchor; send the certificates in between too"
        case .expired: "it or its issuer has expired; renew it"
        case .notYetValid: "it or its issuer is not valid yet; check the clocks"
        case .isAuthority: "it is an authority's own; take one that the authority issued"
        case .notAuthority: "a certificate in its chain is not an authority's and signed another one"
        case .keyUsage: "its key usage, or an issuer's, is missing or does not allow this; it needs digitalSignature"
        case .purpose: "its extended key usage does not name clientAuth"
        case .tooLong: "there are more authorities in its chain than the path length allows"
        case .nameConstraint: "an authority above it may not give its name"
        case .weakKey: "a key in its chain is weak or of another kind; take RSA of 2,048 bits or more, or P-256"
        case .weakSignature: "a signature in its chain is weak; sign with SHA-256 or better"
        case .unsupported: "it is not of version 3, or has a critical extension that is not known here"
        }
    }
}

/// A client's certificate with those that lead from it to the one that is trusted.
public struct CertificatePath: Sendable, Equatable {
    /// The client's certificate first, the trusted one last: two at least.
    public let certificates: [Certificate]
    /// The last second at which all of them are valid, since 1970.
    public let notAfter: Int64

    /// How many certificates a client may send besides its own.
    public static let mostBetween = 5

    /// Follows the signatures from a client's certificate to a trusted one, at the time `now`.
    ///
    /// Checked are validity, signatures, basic constraints, path lengths, key usage, extended key usage, name constraints,
    /// critical extensions, and that no key or signature gives less than 112 bits of security. Revocation is asked elsewhere.
    ///
    /// - Parameters:
    ///   - certificate: The client's own.
    ///   - between: Those that may lead to the trusted one, in any order; at most `mostBetween`.
    ///   - anchor: The certificate of the authority that is trusted; it need not be a root.
    ///   - now: Seconds since 1970.
    /// - Throws: `CertificateRefusal`.
    public init(
        from certificate: Certificate,
        through between: [Certificate],
        to anchor: Certificate,
        at now: Int64
    ) throws(CertificateRefusal) {
        defer { ERR_clear_error() }
        guard between.count <= Self.mostBetween else { throw .tooLong }
        OpenSSL.start()
        guard let search = PathSearch(certificate, between, anchor) else { throw .unsupported }
        let path = try search.path(at: now)
        guard path.count >= 2, path.first == certificate, path.last == anchor else { throw .untrusted }
        certificates = path
        notAfter = path.map(\.notAfter).min() ?? certificate.notAfter
    }

    // MARK: What is asked beyond RFC 5280

    /// What keeps a certificate from being a client's.
    fileprivate static func faultOfClient(_ certificate: OpaquePointer) -> CertificateRefusal? {
        guard X509_get_version(certificate) == 2 else { return .unsupported }
        guard X509_check_ca(certificate) == 0 else { return .isAuthority }
        guard allows(UInt32(KU_DIGITAL_SIGNATURE), certificate) else { return .keyUsage }
        return CertificateKey(certificate) == nil ? .weakKey : nil
    }

    /// What keeps a certificate from being an authority's.
    static func faultOfAuthority(_ certificate: OpaquePointer) -> CertificateRefusal? {
        guard X509_get_version(certificate) == 2 else { return .unsupported }
        guard X509_get_extension_flags(certificate) & UInt32(EXFLAG_CA) != 0 else { return .notAuthority }
        return allows(UInt32(KU_KEY_CERT_SIGN), certificate) ? nil : .keyUsage
    }

    /// Whether the certificate says that its key may be used so.
    private static func allows(_ usage: UInt32, _ certificate: OpaquePointer) -> Bool {
        X509_get_extension_flags(certificate) & UInt32(EXFLAG_KUSAGE) != 0
            && X509_get_key_usage(certificate) & usage != 0
    }
}

extension Certificate {
    /// What NIST SP 800-131A revision 2 still allows for signatures: RSA of 2,048 bits, P-224 and above, SHA-224 and above.
    public static let leastSecurityBits = 112

    /// Why the certificate cannot be one that others are held against; nil if it can be.
    ///
    /// It must be an authority's, of version 3, for the signing of certificates, strong, and if it signed itself, rightly.
    public var faultAsAnchor: CertificateRefusal? {
        defer { ERR_clear_error() }
        guard let parsed = ParsedCertificate(der) else { return .unsupported }
        if let fault = CertificatePath.faultOfAuthority(parsed.pointer) { return fault }
        guard securityBits >= Self.leastSecurityBits else { return .weakKey }
        var bits: Int32 = 0
        guard X509_get_signature_info(parsed.pointer, nil, nil, &bits, nil) == 1,
            bits >= Self.leastSecurityBits
        else { return .weakSignature }
        let isOwn =
            X509_NAME_cmp(X509_get_issuer_name(parsed.pointer), X509_get_subject_name(parsed.pointer)) == 0
        return isOwn && !isSigned(by: self) ? .untrusted : nil
    }
}

/// OpenSSL's form of a list of certificates, freed with the object.
private final class CertificateList {
    let pointer: OpaquePointer

    init?(_ certificates: [Certificate]) {
        guard let list = latchkey_certificates_new() else { return nil }
        pointer = list
        for certificate in certificates {
            guard let parsed = ParsedCertificate(certificate.der), X509_up_ref(parsed.pointer) == 1 else { return nil }
            guard latchkey_certificates_push(list, parsed.pointer) > 0 else {
                X509_free(parsed.pointer)
                return nil
            }
        }
    }

    deinit { latchkey_certificates_free(pointer) }
}

/// One search of OpenSSL's for a path, freed with the object.
private final class PathSearch {
    /// OpenSSL's level that asks for 112 bits of security.
    private static let securityLevel: Int32 = 2

    private let context: OpaquePointer
    private let client: CertificateList
    private let untrusted: CertificateList
    private let trusted: CertificateList

    init?(_ client: Certificate, _ between: [Certificate], _ anchor: Certificate) {
        guard let client = CertificateList([client]), let untrusted = CertificateList(between),
            let trusted = CertificateList([anchor]), let context = X509_STORE_CTX_new()
        else { return nil }
        self.context = context
        self.client = client
        self.untrusted = untrusted
        self.trusted = trusted
    }

    deinit { X509_STORE_CTX_free(context) }

    /// The certificates from the client's to the trusted one.
    func path(at now: Int64) throws(CertificateRefusal) -> [Certificate] {
        guard let certificate = latchkey_certificates_at(client.pointer, 0) else { throw .unsupported }
        if let refusal = CertificatePath.faultOfClient(certificate) { throw refusal }
        guard let chain = try chain(from: certificate, at: now) else { throw .unsupported }
        var path: [Certificate] = []
        for place in 0..<max(0, latchkey_certificates_count(chain)) {
            guard let link = latchkey_certificates_at(chain, place) else { throw .unsupported }
            if place > 0, let refusal = CertificatePath.faultOfAuthority(link) { throw refusal }
            guard let der = Self.der(link), let certificate = try? Certificate(der: der) else { throw .unsupported }
            path.append(certificate)
        }
        return path
    }

    /// The chain, which lives as long as the search; nil when OpenSSL cannot even ask.
    private func chain(from certificate: OpaquePointer, at now: Int64) throws(CertificateRefusal) -> OpaquePointer? {
        guard X509_STORE_CTX_init(context, nil, certificate, untrusted.pointer) == 1,
            let parameters = X509_STORE_CTX_get0_param(context)
        else { return nil }
        X509_STORE_CTX_set0_trusted_stack(context, trusted.pointer)
        X509_VERIFY_PARAM_set_time(parameters, time_t(now))
        X509_VERIFY_PARAM_set_depth(parameters, Int32(CertificatePath.mostBetween))
        X509_VERIFY_PARAM_set_auth_level(parameters, Self.securityLevel)
        guard X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1,
            // The anchor is trusted itself, whoever signed it.
            X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN)) == 1
        else { return nil }
        if X509_verify_cert(context) == 1 { return X509_STORE_CTX_get0_chain(context) }
        throw Self.refusal(X509_STORE_CTX_get_error(context), isOfClient: X509_STORE_CTX_get_error_depth(context) == 0)
    }

    private static func der(_ certificate: OpaquePointer) -> [UInt8]? {
        let count = i2d_X509(certificate, nil)
        guard count > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_X509(certificate, &start)
        }
        return written == count ? bytes : nil
    }

    private static func refusal(_ error: Int32, isOfClient: Bool) -> CertificateRefusal {
        switch error {
        case X509_V_ERR_CERT_HAS_EXPIRED: .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: .notYetValid
        case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL: .weakKey
        case X509_V_ERR_CA_MD_TOO_WEAK: .weakSignature
        case X509_V_ERR_PATH_LENGTH_EXCEEDED, X509_V_ERR_CERT_CHAIN_TOO_LONG: .tooLong
        case X509_V_ERR_INVALID_PURPOSE: isOfClient ? .purpose : .notAuthority
        case X509_V_ERR_INVALID_CA: .notAuthority
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN: .keyUsage
        case X509_V_ERR_PERMITTED_VIOLATION, X509_V_ERR_EXCLUDED_VIOLATION, X509_V_ERR_SUBTREE_MINMAX,
            X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX,
            X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
            .nameConstraint
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, X509_V_ERR_INVALID_EXTENSION: .unsupported
        default: .untrusted
        }
    }
}
