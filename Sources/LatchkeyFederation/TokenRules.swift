// TokenRules.swift: which claims a token must make to be believed (OpenID Connect Core section 3.1.3.7, RFC 8725).
public import LatchkeyJSON

/// What the claims of a proved token are held against.
public struct TokenRules: Sendable {
    /// The most seconds that clocks may differ by.
    public static let mostSkew: Int64 = 60

    /// The issuer, which must be the token's byte for byte.
    public var issuer: String
    /// The clients that tokens may be for.
    public var clientIDs: [String]
    /// The value that the login began with; a token must bring it back if there was one.
    public var nonce: String?
    /// By how many seconds the issuer's clock may differ from ours: 0 to 60.
    public var skew: Int64 {
        didSet { skew = min(max(skew, 0), Self.mostSkew) }
    }

    /// Makes rules, with clocks that may differ by a minute.
    public init(issuer: String, clientIDs: [String], nonce: String? = nil) {
        self.issuer = issuer
        self.clientIDs = clientIDs
        self.nonce = nonce
        skew = Self.mostSkew
    }

    /// Turns claims whose signature has been checked into an assertion.
    ///
    /// - Throws: `FederationError.claimRefused`, `.expired`, `.notYetValid`.
    public func check(_ claims: JSON.Object, at now: Int64) throws(FederationError) -> Assertion {
        let claims = Claims(claims)
        guard Self.same(try claims.text("iss", most: 2_048), issuer) else {
            throw .claimRefused(name: "iss", reason: "is another issuer")
        }
        // RFC 8417: a logout or another event is signed with the same keys and says nothing of who is there.
        if claims.object["events"] != nil { throw .claimRefused(name: "events", reason: "is none of identity") }
        let subject = try claims.text("sub", most: 255)
        guard subject.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
            throw .claimRefused(name: "sub", reason: "has characters outside printable ASCII")
        }
        let audiences = try claims.texts("aud", most: 1_024)
        // All of them: a token that a stranger may use as well is no proof that its bearer came by way of our client.
        guard audiences.allSatisfy(isClient) else {
            throw .claimRefused(name: "aud", reason: "names an audience that is not a client of this provider")
        }
        var authorizedParty: String?
        if claims.object["azp"] != nil {
            let party = try claims.text("azp", most: 1_024)
            guard isClient(party) else {
                throw .claimRefused(name: "azp", reason: "names a party that is not a client of this provider")
            }
            authorizedParty = party
        }
        let (issued, expires) = try times(claims, now)
        if let nonce {
            guard Self.same(try claims.text("nonce", most: 1_024), nonce) else {
                throw .claimRefused(name: "nonce", reason: "is not the one of this login")
            }
        }
        return Assertion(
            issuer: issuer,
            subject: subject,
            audiences: audiences,
            authorizedParty: authorizedParty,
            issued: issued,
            expires: expires,
            methods: claims.object["amr"] == nil ? [] : try claims.texts("amr", most: 255),
            claims: claims.object
        )
    }

    private func times(_ claims: Claims, _ now: Int64) throws(FederationError) -> (issued: Int64, expires: Int64) {
        let issued = try claims.time("iat")
        let expires = try claims.time("exp")
        let begins = claims.object["nbf"] == nil ? issued : try claims.time("nbf")
        guard expires > issued else { throw .claimRefused(name: "exp", reason: "is not after `iat`") }
        guard now < expires + skew else { throw .expired(now: now, expiration: expires) }
        guard now >= issued - skew, now >= begins - skew else { throw .notYetValid }
        return (issued, expires)
    }

    private func isClient(_ name: String) -> Bool { clientIDs.contains { Self.same($0, name) } }

    /// By bytes: `String` holds two spellings of é for one.
    private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}

/// Claims, read strictly.
private struct Claims {
    let object: JSON.Object

    init(_ object: JSON.Object) { self.object = object }

    private func value(_ name: String) throws(FederationError) -> JSON {
        guard let value = object[name] else { throw .claimRefused(name: name, reason: "is missing") }
        return value
    }

    func text(_ name: String, most: Int) throws(FederationError) -> String {
        guard case .string(let text) = try value(name), (1...most).contains(text.utf8.count) else {
            throw .claimRefused(name: name, reason: "is not a text of 1 to \(most) bytes")
        }
        return text
    }

    /// One text, or a list of 1 to 100.
    func texts(_ name: String, most: Int) throws(FederationError) -> [String] {
        guard case .array(let elements) = try value(name) else { return [try text(name, most: most)] }
        guard (1...100).contains(elements.count) else {
            throw .claimRefused(name: name, reason: "is not a list of 1 to 100 texts")
        }
        return try elements.map { element throws(FederationError) in
            guard case .string(let text) = element, (1...most).contains(text.utf8.count) else {
                throw .claimRefused(name: name, reason: "is not a list of texts of 1 to \(most) bytes")
            }
            return text
        }
    }

    /// Seconds since 1970, whole or not (RFC 7519 section 2), up to the year 9999.
    func time(_ name: String) throws(FederationError) -> Int64 {
        guard let seconds = try value(name).double, (0...253_402_300_799).contains(seconds) else {
            throw .claimRefused(name: name, reason: "is not a number of seconds since 1970")
        }
        return Int64(seconds.rounded(.down))
    }
}
