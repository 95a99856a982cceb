// SigV4+Claim.swift: what a signed request says of its signer, read once; proved when it is held against a secret.
public import LatchkeyCrypto
public import LatchkeyHTTP

extension SigV4 {
    /// The claim of a signed request: who says to have signed it, when and for what.
    ///
    /// Reading a claim refuses every request whose signature could cover anything less than what is read of it: it does
    /// not know yet whether the signature is right. The body's hash is always that of the body that was received.
    public struct Claim: Sendable {
        /// The identifier of the key.
        public let keyID: String
        /// The session token that came with it.
        public let token: String?
        /// What the signature is good for.
        public let scope: Scope
        /// When it was signed, in seconds since 1970.
        public let time: Int64
        /// How many seconds a presigned request lives, where it says so.
        public let lifetime: Int64?
        /// The first stage: the request in its one spelling.
        public let canonicalRequest: [UInt8]
        /// The second stage: what the signature is of.
        public let stringToSign: [UInt8]
        /// The signature that came, if it is one at all.
        private let signature: [UInt8]

        /// Reads the claim of a request, in its `Authorization` field or its query.
        ///
        /// - Parameters:
        ///   - request: The request as it came.
        ///   - services: The services that a scope may name.
        ///   - regions: The regions that a scope may name; any, if nil.
        /// - Throws: `Refusal`: `MissingAuthenticationToken`, `IncompleteSignature`, `MalformedQueryString`, or
        ///   `SignatureDoesNotMatch` for a signature that cannot cover this request.
        public init(_ request: HTTPRequest, services: Set<String>, regions: Set<String>?) throws(Refusal) {
            let (path, rawQuery) = SigV4.split(Array(request.target.utf8))
            let query = Query(rawQuery)
            let authentication = try Authentication(request.fields, query)
            let (keyID, scope, canonical) = try Self.covered(request, path, query, authentication, services, regions)
            self.keyID = keyID
            self.scope = scope
            token = authentication.token
            time = authentication.moment.seconds
            lifetime = authentication.lifetime
            signature = authentication.signature
            canonicalRequest = canonical.bytes
            stringToSign = SigV4.stringToSign(of: canonicalRequest, at: authentication.moment, scope: scope)
        }

        /// Holds the claim against the clock and the secret of its key, in constant time.
        ///
        /// - Parameters:
        ///   - secret: The secret of `keyID`.
        ///   - now: The time in seconds since 1970.
        ///   - skew: How many seconds the signer's clock may be off, either way. A presigned request with a lifetime ends
        ///     with it, to the second.
        /// - Throws: `Refusal`, always `SignatureDoesNotMatch`.
        public func verify(with secret: borrowing Secret, at now: Int64, skew: Int64) throws(Refusal) {
            try SigV4.check(time, at: now, skew: skew, lifetime: lifetime)
            guard constantTimeEqual(expectedSignature(with: secret), signature) else { throw .differs }
        }

        /// The third stage: the signature that this request should have under a secret, as 64 hexadecimal digits.
        ///
        /// It is as good as the secret for this request; show it only to someone who has the secret.
        public func expectedSignature(with secret: borrowing Secret) -> [UInt8] {
            scope.signature(of: stringToSign, secret: secret)
        }
    }
}

extension SigV4 {
    /// Refuses what was signed too long ago, or is not signed yet by this clock.
    static func check(_ time: Int64, at now: Int64, skew: Int64, lifetime: Int64? = nil) throws(Refusal) {
        // Within the years that can be written down, nothing below overflows.
        let now = min(max(now, 0), Moment.last)
        let skew = min(max(skew, 0), Moment.last)
        let life = lifetime ?? skew
        if now - time > life { throw .expired(Moment(time), at: now, after: life) }
        if time - now > skew { throw .early(Moment(time), at: now, skew: skew) }
    }
}

extension SigV4.Claim {
    /// Who signed a request for what, and what the signature covers, whatever made it: nothing twice, nothing left out.
    static func covered(
        _ request: HTTPRequest,
        _ path: ArraySlice<UInt8>,
        _ query: SigV4.Query,
        _ authentication: SigV4.Authentication,
        _ services: Set<String>,
        _ regions: Set<String>?
    ) throws(SigV4.Refusal) -> (signer: String, scope: SigV4.Scope, canonical: SigV4.CanonicalRequest) {
        if let fault = query.fault { throw fault }
        if let name = query.repeated { throw .repeatedParameter(name) }
        let fields = try signedFields(authentication, request.fields)
        let bodyHash = SigV4.hash(of: request.body)
        try check(bodyHash, request.fields, query)
        let (signer, scope) = try credential(
            authentication.credential,
            authentication.moment,
            services,
            regions
        )
        let canonical = SigV4.CanonicalRequest(
            method: request.method,
            path: path,
            query: query,
            left: authentication.signaturePlace,
            fields: fields,
            bodyHash: bodyHash
        )
        return (signer, scope, canonical)
    }

    /// The header fields that are signed, in the order of their names: each is there once, and none is missing that must
    /// be signed.
    static func signedFields(
        _ authentication: SigV4.Authentication,
        _ fields: HTTPFields
    ) throws(SigV4.Refusal) -> [HTTPFields.Field] {
        var signed: [HTTPFields.Field] = []
        for name in try names(authentication.signedHeaders) {
            var found: HTTPFields.Field?
            for field in fields.all where field.name == name {
                if found != nil { throw .notOnce(name) }
                found = field
            }
            guard let found, isOneLine(found.value) else { throw .notOnce(name) }
            signed.append(found)
        }
        for name in ["host", authentication.dateField] {
            if let name, !signed.contains(where: { $0.name == name }) { throw .unsigned(name) }
        }
        for field in fields.all where SigV4.mustBeSigned(field.name) {
            guard signed.contains(where: { $0.name == field.name }) else { throw .unsigned(field.name) }
        }
        return signed
    }

    /// The names that a list holds: tokens in small letters, sorted, each once.
    private static func names(_ list: [UInt8]) throws(SigV4.Refusal) -> [String] {
        var names: [String] = []
        var last: ArraySlice<UInt8> = []
        for name in list.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            guard !name.isEmpty, name.allSatisfy(isSmallToken), last.lexicographicallyPrecedes(name) else {
                throw .headerList
            }
            names.append(String(decoding: name, as: UTF8.self))
            last = name
        }
        return names
    }

    /// Whether a byte may stand in a field's name (RFC 9110 section 5.6.2) and is no capital.
    private static func isSmallToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: "!#$%&'*+.^_`|~".utf8.contains(byte)
        }
    }

    /// Whether a value cannot pass for two lines of a canonical request.
    private static func isOneLine(_ value: [UInt8]) -> Bool {
        value.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
    }

    /// Refuses a hash of the body that was sent along and is not that of the body.
    static func check(
        _ bodyHash: [UInt8],
        _ fields: HTTPFields,
        _ query: SigV4.Query
    ) throws(SigV4.Refusal) {
        for value in fields.values("x-amz-content-sha256") where value != bodyHash { throw .bodyHash }
        for place in query.places(named: "X-Amz-Content-Sha256") where query.value(at: place) != bodyHash {
            throw .bodyHash
        }
    }

    /// The key's identifier and the scope that a credential names.
    static func credential(
        _ credential: [UInt8],
        _ moment: SigV4.Moment,
        _ services: Set<String>,
        _ regions: Set<String>?
    ) throws(SigV4.Refusal) -> (String, SigV4.Scope) {
        let parts = credential.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 5, parts.allSatisfy({ !$0.isEmpty }), parts[0].allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw .credentialParts }
        guard parts[4].elementsEqual(SigV4.terminator.utf8) else { throw .terminator(Array(parts[4])) }
        guard parts[1].elementsEqual(moment.day.utf8) else { throw .scopeDate(Array(parts[1]), moment) }
        let region = String(decoding: parts[2], as: UTF8.self)
        guard parts[2].allSatisfy(isRegionCharacter), regions?.contains(region) ?? true else { throw .region(region) }
        let service = String(decoding: parts[3], as: UTF8.self)
        guard services.contains(where: { $0.utf8.elementsEqual(parts[3]) }) else { throw .service(services) }
        return (
            String(decoding: parts[0], as: UTF8.self),
            SigV4.Scope(date: String(moment.day), region: region, service: service)
        )
    }

    private static func isRegionCharacter(_ byte: UInt8) -> Bool { SigV4.isUnreserved(byte) }
}
