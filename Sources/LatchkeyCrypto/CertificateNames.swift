// CertificateNames.swift: what a certificate says of whom: serial number, subject, issuer and alternative names.

internal import CLatchkeyOpenSSL

/// The names in a certificate (RFC 5280 sections 4.1.2 and 4.2.1.6), as far as they can be told apart as text.
public struct CertificateNames: Sendable, Equatable {
    /// One part of a name: `CN` and `host-7.example`.
    public struct Attribute: Sendable, Equatable {
        /// The type's short name, as RFC 4514 and OpenSSL have it.
        public let type: String
        /// The value.
        public let value: String
    }

    /// The serial number, big-endian and without leading zeros: 1 to 20 bytes.
    public let serialNumber: [UInt8]
    /// The serial number in decimal digits.
    public let decimalSerialNumber: String
    /// The subject's attributes, in order; those of types that are not widely known are left out.
    public let subject: [Attribute]
    /// The issuer's attributes.
    public let issuer: [Attribute]
    /// The attributes of the first alternative name that is a directory name.
    public let directory: [Attribute]
    /// The first alternative DNS name.
    public let dns: String?
    /// The first alternative URI.
    public let uri: String?

    /// Reads the names; nil where one is no text, or the serial number none of RFC 5280.
    public init?(_ certificate: Certificate) {
        defer { ERR_clear_error() }
        guard let parsed = ParsedCertificate(certificate.der), let serial = Self.serial(parsed.pointer),
            let subject = Self.attributes(X509_get_subject_name(parsed.pointer)),
            let issuer = Self.attributes(X509_get_issuer_name(parsed.pointer))
        else { return nil }
        (serialNumber, decimalSerialNumber) = serial
        self.subject = subject
        self.issuer = issuer
        guard let names = latchkey_alternative_names(parsed.pointer) else {
            // A list that cannot be read is not the same as none.
            guard X509_get_ext_by_NID(parsed.pointer, NID_subject_alt_name, -1) < 0 else { return nil }
            (directory, dns, uri) = ([], nil, nil)
            return
        }
        defer { latchkey_alternative_names_free(names) }
        guard let dns = Self.optional(latchkey_alternative_text(names, Int32(GEN_DNS))),
            let uri = Self.optional(latchkey_alternative_text(names, Int32(GEN_URI)))
        else { return nil }
        self.dns = dns
        self.uri = uri
        if let name = latchkey_alternative_directory(names) {
            guard let directory = Self.attributes(name) else { return nil }
            self.directory = directory
        } else {
            directory = []
        }
    }

    /// The types that policies know; others have no name that all agree on.
    private static let types: [Int32: String] = [
        NID_commonName: "CN", NID_countryName: "C", NID_stateOrProvinceName: "ST", NID_localityName: "L",
        NID_organizationName: "O", NID_organizationalUnitName: "OU", NID_surname: "SN", NID_givenName: "GN",
        NID_title: "title", NID_serialNumber: "serialNumber", NID_domainComponent: "DC", NID_userId: "UID",
        NID_pkcs9_emailAddress: "emailAddress", NID_dnQualifier: "dnQualifier", NID_pseudonym: "pseudonym",
        NID_initials: "initials", NID_generationQualifier: "generationQualifier",
    ]

    private static func attributes(_ name: OpaquePointer?) -> [Attribute]? {
        guard let name else { return nil }
        var attributes: [Attribute] = []
        for place in 0..<max(0, X509_NAME_entry_count(name)) {
            guard let entry = X509_NAME_get_entry(name, place) else { return nil }
            guard let type = types[OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry))] else { continue }
            guard let value = text(X509_NAME_ENTRY_get_data(entry)) else { return nil }
            attributes.append(Attribute(type: type, value: value))
        }
        return attributes
    }

    /// The text of a string that may be missing; nil where it is there and is no text.
    private static func optional(_ string: UnsafePointer<ASN1_STRING>?) -> String?? {
        guard let string else { return .some(nil) }
        guard let text = text(string) else { return nil }
        return .some(text)
    }

    private static func text(_ string: UnsafePointer<ASN1_STRING>?) -> String? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&bytes, string)
        guard count >= 0, let bytes else { return nil }
        defer { latchkey_openssl_free(bytes) }
        return String(validating: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
    }

    private static func serial(_ certificate: OpaquePointer) -> ([UInt8], String)? {
        guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return nil }
        defer { BN_free(number) }
        let bits = BN_num_bits(number)
        guard BN_is_negative(number) == 0, (1...160).contains(bits) else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int((bits + 7) / 8))
        guard BN_bn2bin(number, &bytes) == Int32(bytes.count), let digits = BN_bn2dec(number) else { return nil }
        defer { latchkey_openssl_free(digits) }
        return (bytes, String(cString: digits))
    }
}
