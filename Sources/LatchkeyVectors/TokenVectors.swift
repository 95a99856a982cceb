// TokenVectors.swift: vectors of signed tokens: whose key a signature is checked with, and which claims are believed.

internal import LatchkeyCrypto
internal import LatchkeyFederation
internal import LatchkeyJSON

/// What a signed text says, once its signature is found to be a key's of the set.
struct JWSVector: VectorKind {
    static let name = "jws"
    static let columns: Set = ["keyID"]

    let token: String
    /// The key set, as a provider publishes it.
    let keys: String
    /// What the provider says that it signs with; nothing, if missing.
    let algorithms: [String]?

    struct Answer: Codable {
        let algorithm: String
        let keyID: String?
        let payload: HexBytes
    }

    func answer() throws -> Answer {
        try refusing { () throws(FederationError) in
            let jws = try JWS(token)
            try KeySet(Array(keys.utf8)).check(jws, offered: offered(algorithms))
            return Answer(algorithm: jws.algorithm.rawValue, keyID: jws.keyID, payload: HexBytes(jws.payload))
        }
    }
}

/// What an identity token proves.
struct JWTVector: VectorKind {
    static let name = "jwt"
    static let columns: Set = ["issued", "methods"]

    let token: String
    /// The key set, as a provider publishes it.
    let keys: String
    let algorithms: [String]?
    let issuer: String
    let clients: [String]
    let nonce: String?
    let at: Int64

    struct Answer: Codable {
        let subject: String
        let audiences: [String]
        let authorizedParty: String?
        let issued: Int64?
        let expires: Int64
        let methods: [String]?
    }

    func answer() throws -> Answer {
        try refusing { () throws(FederationError) in
            let token = try JWT(token)
            try KeySet(Array(keys.utf8)).check(token.jws, offered: offered(algorithms))
            let rules = TokenRules(issuer: issuer, clientIDs: clients, nonce: nonce)
            let assertion = try rules.check(token.claims, at: at)
            return Answer(
                subject: assertion.subject,
                audiences: assertion.audiences,
                authorizedParty: assertion.authorizedParty,
                issued: assertion.issued,
                expires: assertion.expires,
                methods: assertion.methods
            )
        }
    }
}

private func offered(_ names: [String]?) -> Set<SignatureAlgorithm> {
    Set((names ?? []).compactMap(SignatureAlgorithm.init))
}

private func refusing<Answer>(_ body: () throws(FederationError) -> Answer) throws -> Answer {
    do throws(FederationError) {
        return try body()
    } catch {
        throw VectorRefusal(layer(of: error), error.name, says: error.description)
    }
}

private func layer(of error: FederationError) -> VectorLayer {
    switch error {
    case .malformed, .algorithmRefused, .providerRefused: .parse
    case .unknownKey, .keyRefused, .badSignature, .unreachable: .signature
    case .expired, .notYetValid: .expired
    case .claimRefused: .denied
    @unknown default: .denied
    }
}
