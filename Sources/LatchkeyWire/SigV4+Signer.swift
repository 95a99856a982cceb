// SigV4+Signer.swift: signs requests, in their header fields or in their query.
public import LatchkeyCrypto
public import LatchkeyHTTP

extension SigV4 {
    /// A key that signs requests for one region and service.
    public struct Signer: ~Copyable, Sendable {
        private let keyID: String
        private let secret: Secret
        private let token: String?
        private let region: String
        private let service: String

        /// Takes a key, with the session token of temporary credentials.
        public init(keyID: String, secret: consuming Secret, token: String? = nil, region: String, service: String) {
            self.keyID = keyID
            self.secret = secret
            self.token = token
            self.region = region
            self.service = service
        }

        /// Returns the request with its signature in header fields.
        ///
        /// The request must have its `Host` field. What a former signature left is taken out. A query must be escaped with
        /// `%20` for blanks: see ``SigV4``.
        ///
        /// - Parameters:
        ///   - request: The request to sign.
        ///   - now: The time in seconds since 1970.
        /// - Returns: The request, with the fields that the signature needs.
        public borrowing func sign(_ request: HTTPRequest, at now: Int64) -> HTTPRequest {
            let moment = Moment(now)
            var fields = HTTPFields(request.fields.all.filter { !Self.ownFields.contains($0.name) })
            fields.append("x-amz-date", moment.text)
            if let token { fields.append("x-amz-security-token", token) }
            let (path, query) = SigV4.split(Array(request.target.utf8))
            let canonical = CanonicalRequest(
                method: request.method,
                path: path,
                query: Query(query),
                fields: Self.signedFields(fields),
                bodyHash: SigV4.hash(of: request.body)
            )
            fields.append(
                "authorization",
                "\(SigV4.algorithm) Credential=\(keyID)/\(scope(moment).text), SignedHeaders=\(canonical.names), "
                    + "Signature=\(signature(canonical, moment))"
            )
            return HTTPRequest(method: request.method, target: request.target, fields: fields, body: request.body)
        }

        /// Returns the request with its signature in the query, so that its URL alone is the request.
        ///
        /// - Parameters:
        ///   - request: The request to sign.
        ///   - now: The time in seconds since 1970.
        ///   - lifetime: How many seconds the request lives, 1 to 604 800.
        /// - Returns: The request, with the parameters that the signature needs.
        public borrowing func presign(_ request: HTTPRequest, at now: Int64, lifetime: Int64) -> HTTPRequest {
            let moment = Moment(now)
            let fields = HTTPFields(request.fields.all.filter { !Self.ownFields.contains($0.name) })
            let (path, rawQuery) = SigV4.split(Array(request.target.utf8))
            var query = Query(rawQuery)
            let signed = Self.signedFields(fields)
            query.add("X-Amz-Algorithm", SigV4.algorithm)
            query.add("X-Amz-Credential", "\(keyID)/\(scope(moment).text)")
            query.add("X-Amz-Date", moment.text)
            query.add("X-Amz-Expires", "\(lifetime)")
            query.add("X-Amz-SignedHeaders", signed.map(\.name).joined(separator: ";"))
            if let token { query.add("X-Amz-Security-Token", token) }
            let canonical = CanonicalRequest(
                method: request.method,
                path: path,
                query: query,
                fields: signed,
                bodyHash: SigV4.hash(of: request.body)
            )
            query.add("X-Amz-Signature", signature(canonical, moment))
            var target = Array(path)
            target.append(UInt8(ascii: "?"))
            query.write(to: &target)
            return HTTPRequest(
                method: request.method,
                target: String(decoding: target, as: UTF8.self),
                fields: fields,
                body: request.body
            )
        }

        private static let ownFields: Set = ["authorization", "x-amz-date", "x-amz-security-token"]

        /// The fields that must be signed, sorted by name.
        static func signedFields(_ fields: HTTPFields) -> [HTTPFields.Field] {
            fields.all.filter { SigV4.mustBeSigned($0.name) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }

        private borrowing func scope(_ moment: Moment) -> Scope {
            Scope(date: String(moment.day), region: region, service: service)
        }

        private borrowing func signature(_ canonical: CanonicalRequest, _ moment: Moment) -> String {
            let scope = scope(moment)
            let text = SigV4.stringToSign(of: canonical.bytes, at: moment, scope: scope)
            return String(decoding: scope.signature(of: text, secret: secret), as: UTF8.self)
        }
    }
}
