// TrustedCertificates.swift: what a certificate means here: condition keys, session tags, a source identity, a session's name.
public import LatchkeyCrypto
import LatchkeyPolicy

/// A certificate whose key signed a call, with those that the call brings besides.
public struct HeldCertificate: Sendable, Equatable {
    let certificate: Certificate
    let chain: [Certificate]

    /// Names the certificate; that its key signed the call is for whoever says so to know.
    public init(_ certificate: Certificate, chain: [Certificate]) {
        self.certificate = certificate
        self.chain = chain
    }
}

/// The certificate that a session was opened with, as it is kept with it: revocation is asked about it as long as it lives.
struct ProvedCertificate: Codable, Equatable, Sendable {
    /// The client's own first, without the anchor's; Base64 of DER.
    let path: [String]
    /// The first second in which one of them, or the anchor's, is no longer valid.
    let notAfter: Int64

    init(_ path: CertificatePath) {
        self.path = path.certificates.dropLast().map { Base64.encode($0.der) }
        notAfter = path.notAfter
    }

    /// The certificates; fails with `StoreDamaged`, for they were read before they were kept.
    func certificates() throws(Fault) -> [Certificate] {
        var certificates: [Certificate] = []
        for text in path {
            guard let der = try? Base64.decode(text, .strict), let certificate = try? Certificate(der: der) else {
                throw .damaged("a temporary credential")
            }
            certificates.append(certificate)
        }
        return certificates
    }
}

/// The words of AWS's IAM Roles Anywhere, which policies use.
enum TrustedCertificates {
    /// The service that trust policies name.
    static let service = "rolesanywhere.amazonaws.com"
}

/// What a trusted certificate says of its holder, under AWS's names.
struct CertificateClaims {
    /// `x509Subject/CN`, `x509Issuer/O`, `x509SAN/DNS`, `x509SAN/URI`, `x509SAN/Name/CN` and so on.
    let tags: [Tag]
    /// `CN=` and the subject's common name, if it has one.
    let sourceIdentity: String?
    /// The subject in one line, for the audit trail.
    let subject: String

    private static let longestValue = 256

    /// Reads the claims; fails with `AccessDenied` for names that a policy could not tell from others.
    ///
    /// Values stay as they are, whatever characters a tag may have. Several of one type are joined with a slash, as AWS does, and so
    /// none of them may have one.
    init(_ names: CertificateNames) throws(Fault) {
        var tags: [Tag] = []
        for (prefix, name) in [
            ("x509Subject", names.subject), ("x509Issuer", names.issuer), ("x509SAN/Name", names.directory),
        ] {
            for (type, value) in try Self.joined(name) { tags.append(Tag(key: "\(prefix)/\(type)", value: value)) }
        }
        if let dns = names.dns { tags.append(Tag(key: "x509SAN/DNS", value: dns)) }
        if let uri = names.uri { tags.append(Tag(key: "x509SAN/URI", value: uri)) }
        guard tags.allSatisfy({ Self.isTellable($0.value) }) else {
            throw .certificateRefused(
                "a name in it is empty, too long, or holds characters that cannot be seen",
                "names"
            )
        }
        self.tags = tags
        sourceIdentity = tags.first { $0.key == "x509Subject/CN" }.map { "CN=\($0.value)" }
        subject = names.subject.map { "\($0.type)=\($0.value)" }.joined(separator: ",")
    }

    private static func isTellable(_ value: String) -> Bool {
        !value.isEmpty && value.unicodeScalars.count <= longestValue
            && value.unicodeScalars.allSatisfy { !$0.movesCursorOrHides }
    }

    /// The values by type, in the order of the types' first ones.
    private static func joined(_ name: [CertificateNames.Attribute]) throws(Fault) -> [(String, String)] {
        var types: [String] = []
        var values: [String: [String]] = [:]
        for attribute in name {
            if values[attribute.type] == nil { types.append(attribute.type) }
            values[attribute.type, default: []].append(attribute.value)
        }
        var joined: [(String, String)] = []
        for type in types {
            let all = values[type] ?? []
            guard all.count == 1 || !all.contains(where: { $0.utf8.contains(UInt8(ascii: "/")) }) else {
                throw .certificateRefused(
                    "it has several names of the type \(type), and one of them has a slash",
                    "names"
                )
            }
            joined.append((type, all.joined(separator: "/")))
        }
        return joined
    }
}

extension CertificateNames {
    /// The serial number in hexadecimal digits, in small letters and whole bytes.
    var serialDigits: String { Hex.encode(serialNumber) }
}

extension Fault {
    /// A certificate that lets nobody in; the words end the sentence.
    static func certificateRefused(_ words: String, _ reason: String) -> Fault {
        .accessDenied("The certificate is not trusted: \(words).", reason: "certificate_\(reason)")
    }

    init(_ refusal: CertificateRefusal) { self = .certificateRefused(refusal.description, refusal.rawValue) }
}
