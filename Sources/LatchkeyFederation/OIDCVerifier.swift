// OIDCVerifier.swift: from a token to an assertion: the provider's keys, then the signature, then the claims.

/// Checks identity tokens of OpenID Connect providers.
public struct OIDCVerifier: Sendable {
    private let keys: ProviderKeys

    /// Checks tokens with keys that are kept in `keys`.
    public init(_ keys: ProviderKeys) { self.keys = keys }

    /// Checks a token: that the provider which the rules name signed it, and that its claims are what the rules want.
    ///
    /// - Parameters:
    ///   - token: The token, taken apart.
    ///   - rules: Issuer, clients, and perhaps the login's nonce.
    ///   - now: The time, in seconds since 1970.
    /// - Returns: What the token proves.
    /// - Throws: `FederationError`.
    public func verify(_ token: JWT, _ rules: TokenRules, at now: Int64) async throws(FederationError) -> Assertion {
        // Nobody makes a provider be asked with a token that says itself that it is another's.
        guard let issuer = token.unverifiedIssuer, issuer.utf8.elementsEqual(rules.issuer.utf8) else {
            throw .claimRefused(name: "iss", reason: "is another issuer")
        }
        let provider = try await keys.provider(rules.issuer, having: token.jws.keyID, at: now)
        try provider.keys.check(token.jws, offered: provider.metadata.algorithms)
        return try rules.check(token.claims, at: now)
    }
}
