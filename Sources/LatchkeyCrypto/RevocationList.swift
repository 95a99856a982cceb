// RevocationList.swift: certificate revocation lists (RFC 5280 section 5) as authorities publish them.

internal import CLatchkeyOpenSSL

/// A list of the certificates that an authority has taken back.
public struct RevocationList: Sendable, Equatable {
    /// The list in DER.
    public let der: [UInt8]
    /// The SHA-256 of the issuer's name in DER.
    public let issuer: [UInt8]
    /// When it was made, in seconds since 1970.
    public let thisUpdate: Int64
    /// When the next one is due, in seconds since 1970, if it says so.
    public let nextUpdate: Int64?

    /// Parses the one list that `text` must hold: PEM with the label `X509 CRL`.
    public init(pem text: String) throws(CertificateError) {
        guard let blocks = PEM.blocks(text), let block = blocks.first, blocks.count == 1, block.label == "X509 CRL",
            let der = try? Base64.decode(block.body, .strict)
        else { throw .notPEM }
        try self.init(der: der)
    }

    /// Parses a list in DER.
    ///
    /// Only whole lists are taken: not those of changes since another one, nor those of some reasons or other issuers only.
    public init(der: [UInt8]) throws(CertificateError) {
        OpenSSL.start()
        defer { ERR_clear_error() }
        guard let parsed = ParsedList(der), let issuer = Self.digest(X509_CRL_get_issuer(parsed.pointer)),
            let thisUpdate = Certificate.seconds(X509_CRL_get0_lastUpdate(parsed.pointer))
        else { throw .malformedList }
        for kind in [NID_delta_crl, NID_issuing_distribution_point] {
            guard X509_CRL_get_ext_by_NID(parsed.pointer, kind, -1) < 0 else { throw .malformedList }
        }
        self.der = der
        self.issuer = issuer
        self.thisUpdate = thisUpdate
        if let next = X509_CRL_get0_nextUpdate(parsed.pointer) {
            guard let seconds = Certificate.seconds(next) else { throw .malformedList }
            nextUpdate = seconds
        } else {
            nextUpdate = nil
        }
    }

    /// Whether the list bears a strong signature by the key of `issuer`, which may sign lists, and its name as the issuer's.
    public func isSigned(by issuer: Certificate) -> Bool {
        defer { ERR_clear_error() }
        guard let own = ParsedList(der), let issuer = ParsedCertificate(issuer.der),
            let key = X509_get0_pubkey(issuer.pointer),
            // All bits are set where the certificate says nothing of the use of its key.
            X509_get_key_usage(issuer.pointer) & UInt32(KU_CRL_SIGN) != 0
        else { return false }
        var digest: Int32 = 0
        guard OBJ_find_sigid_algs(X509_CRL_get_signature_nid(own.pointer), &digest, nil) == 1,
            ![NID_md5, NID_sha1].contains(digest)
        else { return false }
        return X509_NAME_cmp(X509_CRL_get_issuer(own.pointer), X509_get_subject_name(issuer.pointer)) == 0
            && X509_CRL_verify(own.pointer, key) == 1
    }

    /// Whether the list takes back the certificate, which must be of the list's issuer.
    public func lists(_ certificate: Certificate) -> Bool {
        defer { ERR_clear_error() }
        // What cannot be looked up counts as taken back.
        guard let own = ParsedList(der), let certificate = ParsedCertificate(certificate.der),
            let serial = X509_get_serialNumber(certificate.pointer)
        else { return true }
        guard X509_NAME_cmp(X509_CRL_get_issuer(own.pointer), X509_get_issuer_name(certificate.pointer)) == 0 else {
            return false
        }
        var entry: OpaquePointer?
        // 2 is an entry that was taken off again.
        return X509_CRL_get0_by_serial(own.pointer, &entry, serial) == 1
    }

    /// Whether the list is one of the certificate's issuer.
    public func isOfIssuer(of certificate: Certificate) -> Bool {
        defer { ERR_clear_error() }
        guard let own = ParsedList(der), let certificate = ParsedCertificate(certificate.der) else { return false }
        return X509_NAME_cmp(X509_CRL_get_issuer(own.pointer), X509_get_issuer_name(certificate.pointer)) == 0
    }

    private static func digest(_ name: OpaquePointer?) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        guard let name, X509_NAME_digest(name, EVP_sha256(), &digest, nil) == 1 else { return nil }
        return digest
    }
}

/// OpenSSL's form of a list, freed with the value.
private struct ParsedList: ~Copyable {
    let pointer: OpaquePointer

    init?(_ der: [UInt8]) {
        let parsed: OpaquePointer? = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            guard let parsed = d2i_X509_CRL(nil, &start, bytes.count) else { return nil }
            // Bytes behind the list belong to nobody.
            guard start == bytes.baseAddress.map({ $0 + bytes.count }) else {
                X509_CRL_free(parsed)
                return nil
            }
            return parsed
        }
        guard let parsed else { return nil }
        pointer = parsed
    }

    deinit { X509_CRL_free(pointer) }
}
