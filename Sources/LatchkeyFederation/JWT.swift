// JWT.swift: a signed JSON Web Token (RFC 7519): claims that nobody has proved yet.
public import LatchkeyJSON

/// A token of identity: claims in a ``JWS``.
public struct JWT: Sendable {
    /// The signed text.
    public let jws: JWS
    /// The claims, unproved.
    public let claims: JSON.Object

    /// Takes a token apart.
    ///
    /// By its `typ` an access token, a logout token or a DPoP proof is none of identity (RFC 8725 section 3.11).
    ///
    /// - Throws: `FederationError.malformed`, or `.algorithmRefused` for `none`, a MAC, or an algorithm that is not known.
    public init(_ text: String) throws(FederationError) {
        jws = try JWS(text)
        guard [nil, "jwt", "application/jwt"].contains(jws.type) else {
            throw .malformed("its `typ` is not JWT: give the identity token")
        }
        claims = try JWS.object(jws.payload, "payload")
    }

    /// Whom the token says that it is from: good for finding the provider, and for nothing else.
    public var unverifiedIssuer: String? { claims["iss"]?.string }
}
