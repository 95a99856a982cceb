// CertificateFiles.swift: a machine's certificate and its key, in files, with which it takes a role in the place of an access key.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyOTP
internal import LatchkeyWire

extension Option {
    /// The certificate that proves who this host is.
    static let certificate = Option.file(
        "certificate",
        "FILE",
        "takes the role with this certificate (PEM) and no access key; those that lead to the trust anchor may follow it"
    )
    static let privateKey = Option.file(
        "private-key",
        "FILE",
        "the certificate's key (PEM), which no one else may read"
    )
    static let certificateChain = Option.file(
        "certificate-chain",
        "FILE",
        "more certificates that lead to the trust anchor"
    )
    static let trustAnchor = Option.text("trust-anchor", "ARN", "the trust anchor that the certificate is held against")
    /// What proves who a host is by a certificate.
    static let certifying: [Option] = [certificate, privateKey, certificateChain, trustAnchor]
    /// What the commands say of it.
    static let certificateText =
        "With --certificate and --private-key no access key is needed: the request is signed by the certificate's key, as AWS's IAM "
        + "Roles Anywhere has it, and the certificate must lead to the trust anchor. The files are read anew every time, for "
        + "certificates are renewed."
}

/// Where a certificate, its key and its chain are; they are read anew for every request, for certificates are renewed.
struct CertificateFiles: Sendable {
    let certificate: String
    let privateKey: String
    let chain: String?
    let trustAnchor: String
    private let region: String

    private static let longest = 65_536

    /// Reads the options; nil when none of them is given.
    init?(_ call: Invocation) throws(Failure) {
        guard Option.certifying.contains(where: call.has) else { return nil }
        guard let certificate = call.text(.certificate), let privateKey = call.text(.privateKey),
            let trustAnchor = call.text(.trustAnchor)
        else { throw .misused("a certificate takes --certificate FILE, --private-key FILE and --trust-anchor ARN") }
        guard call.has(.roleARN) else { throw .misused("a certificate opens a role; give --role-arn too") }
        let others = [Option.profile, .identityTokenFile, .externalID, .mfaSerial, .codeStdin]
        if let other = others.first(where: call.has) {
            throw .misused("`--\(other.name)` is of no use with a certificate; leave it out")
        }
        self.certificate = certificate
        self.privateKey = privateKey
        self.trustAnchor = trustAnchor
        chain = call.text(.certificateChain)
        let environment = call.console.environment
        region = environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION") ?? "us-east-1"
    }

    /// The request, signed by the certificate's key.
    func sign(_ request: HTTPRequest) throws -> HTTPRequest {
        let own = try certificates(in: certificate)
        let more = try chain.map { file throws(Failure) in try certificates(in: file) } ?? []
        guard let first = own.first else { throw Failure.unusable("`\(certificate)` holds no certificate") }
        let key: CertificateKey
        let bytes = try PrivateFile.read(privateKey, limit: Self.longest)
        do throws(CertificateError) {
            key = try CertificateKey(privateKeyPEM: String(decoding: bytes, as: UTF8.self), of: first)
        } catch {
            throw Failure.unusable(
                "`\(privateKey)` is not the certificate's key: it must be RSA of 2,048 bits or more, or ECDSA, in PEM, unencrypted"
            )
        }
        let signer = SigV4.CertificateSigner(
            certificate: first,
            chain: Array(own.dropFirst()) + more,
            key: key,
            region: region,
            service: "rolesanywhere"
        )
        guard let signer else { throw Failure.unusable("the names in `\(certificate)` cannot be read") }
        return try signer.sign(request, at: UnixTime.now.seconds)
    }

    private func certificates(in file: String) throws(Failure) -> [Certificate] {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try PlainFile.read(file, atMost: Self.longest).bytes } catch {
            throw .unusable("cannot read `\(file)`: \(error.reason)")
        }
        do throws(CertificateError) { return try Certificate.list(pem: String(decoding: bytes, as: UTF8.self)) } catch {
            throw .unusable("`\(file)`: \(error)")
        }
    }
}
