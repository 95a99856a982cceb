// SigV4+CertificateClaim.swift: requests that the key of a certificate signed, as IAM Roles Anywhere has them.
public import LatchkeyCrypto
public import LatchkeyHTTP

extension SigV4 {
    /// The claim of a request that the key of a certificate signed (`AWS4-X509-RSA-SHA256`, `AWS4-X509-ECDSA-SHA256`).
    ///
    /// What is signed is what every request signs; the certificate is in the field `X-Amz-X509`, those that lead from it to a
    /// trusted one are in `X-Amz-X509-Chain`, and both are signed too. Whether anyone trusts the certificate is asked elsewhere.
    public struct CertificateClaim: Sendable {
        /// The signer's certificate.
        public let certificate: Certificate
        /// The certificates that the request brings besides.
        public let chain: [Certificate]
        /// What the signature is good for.
        public let scope: Scope
        /// When it was signed, in seconds since 1970.
        public let time: Int64
        private let stringToSign: [UInt8]
        private let signature: [UInt8]

        /// Whether a request says that it was signed so; what it says besides may be anything.
        public static func isMade(by request: HTTPRequest) -> Bool {
            request.fields.values("authorization").contains { $0.starts(with: "AWS4-X509-".utf8) }
        }

        /// Reads the claim of a request, in its header fields.
        ///
        /// - Parameters:
        ///   - request: The request as it came.
        ///   - services: The services that a scope may name.
        ///   - regions: The regions that a scope may name; any, if nil.
        /// - Throws: `Refusal`, as for other signatures, and `IncompleteSignature` for certificates that cannot be read.
        public init(_ request: HTTPRequest, services: Set<String>, regions: Set<String>?) throws(Refusal) {
            let (path, rawQuery) = SigV4.split(Array(request.target.utf8))
            let query = Query(rawQuery)
            let authentication = try Authentication(byCertificate: request.fields, query)
            let (serial, scope, canonical) = try Claim.covered(request, path, query, authentication, services, regions)
            let own = try Self.certificates(request.fields, "x-amz-x509", most: 1)
            guard let certificate = own.first else { throw .certificate("X-Amz-X509") }
            chain = try Self.certificates(request.fields, "x-amz-x509-chain", most: CertificatePath.mostBetween)
            guard let kind = certificate.keyKind, authentication.algorithm == kind.algorithm else {
                throw .certificateKey
            }
            guard CertificateNames(certificate)?.decimalSerialNumber == serial else { throw .certificateSerial }
            guard let signature = try? Hex.decode(String(decoding: authentication.signature, as: UTF8.self), .strict)
            else { throw .differs }
            self.certificate = certificate
            self.scope = scope
            self.signature = signature
            time = authentication.moment.seconds
            stringToSign = SigV4.stringToSign(
                of: canonical.bytes,
                at: authentication.moment,
                scope: scope,
                by: authentication.algorithm
            )
        }

        /// Holds the claim against the clock and the certificate's key.
        ///
        /// - Parameters:
        ///   - now: The time in seconds since 1970.
        ///   - skew: How many seconds the signer's clock may be off, either way; for as long a request may be sent again.
        /// - Throws: `Refusal`, always `SignatureDoesNotMatch`.
        public func verify(at now: Int64, skew: Int64) throws(Refusal) {
            try SigV4.check(time, at: now, skew: skew)
            guard certificate.isSignature(signature, of: stringToSign) else { throw .differs }
        }

        /// The certificates of a field that is there once or not at all.
        private static func certificates(
            _ fields: HTTPFields,
            _ name: String,
            most: Int
        ) throws(Refusal) -> [Certificate] {
            let values = fields.values(name)
            guard let value = values.first else { return [] }
            let parts = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            guard values.count == 1, parts.count <= most else { throw .certificate("the field \(name)") }
            var certificates: [Certificate] = []
            for part in parts {
                let text = String(decoding: part.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
                guard let der = try? Base64.decode(text, .strict), let certificate = try? Certificate(der: der) else {
                    throw .certificate("the field \(name)")
                }
                certificates.append(certificate)
            }
            return certificates
        }
    }

    /// A certificate and its key, which sign requests for one region and service.
    public struct CertificateSigner: Sendable {
        private let certificate: Certificate
        private let chain: [Certificate]
        private let key: CertificateKey
        private let serial: String
        private let region: String
        private let service: String

        /// Takes a certificate with its key, and those that lead from it to a trusted one.
        ///
        /// - Returns: Nil for a certificate whose names or serial number cannot be read.
        public init?(
            certificate: Certificate,
            chain: [Certificate],
            key: CertificateKey,
            region: String,
            service: String
        ) {
            guard let names = CertificateNames(certificate) else { return nil }
            self.certificate = certificate
            self.chain = chain
            self.key = key
            serial = names.decimalSerialNumber
            self.region = region
            self.service = service
        }

        /// Returns the request with its signature in header fields; the request must have its `Host` field.
        ///
        /// - Throws: `CryptoError` if the library refuses to sign.
        public func sign(_ request: HTTPRequest, at now: Int64) throws(CryptoError) -> HTTPRequest {
            let moment = Moment(now)
            var fields = HTTPFields(request.fields.all.filter { !Self.ownFields.contains($0.name) })
            fields.append("x-amz-date", moment.text)
            fields.append("x-amz-x509", Base64.encode(certificate.der))
            if !chain.isEmpty {
                fields.append("x-amz-x509-chain", chain.map { Base64.encode($0.der) }.joined(separator: ","))
            }
            let (path, query) = SigV4.split(Array(request.target.utf8))
            let canonical = CanonicalRequest(
                method: request.method,
                path: path,
                query: Query(query),
                fields: Signer.signedFields(fields),
                bodyHash: SigV4.hash(of: request.body)
            )
            let scope = Scope(date: String(moment.day), region: region, service: service)
            let algorithm = key.kind.algorithm
            let text = SigV4.stringToSign(of: canonical.bytes, at: moment, scope: scope, by: algorithm)
            let signature = Hex.encode(try key.signature(of: text))
            fields.append(
                "authorization",
                "\(algorithm) Credential=\(serial)/\(scope.text), SignedHeaders=\(canonical.names), "
                    + "Signature=\(signature)"
            )
            return HTTPRequest(method: request.method, target: request.target, fields: fields, body: request.body)
        }

        private static let ownFields: Set = ["authorization", "x-amz-date", "x-amz-x509", "x-amz-x509-chain"]
    }
}

extension CertificateKeyKind {
    /// The algorithm's name in the `Authorization` field.
    fileprivate var algorithm: String {
        switch self {
        case .rsa: "AWS4-X509-RSA-SHA256"
        case .ecdsa: "AWS4-X509-ECDSA-SHA256"
        }
    }
}
