// Assertion.swift: what a stranger has proved: who says so, of whom, for whom and until when.
public import LatchkeyJSON

/// The proved claims of an identity token.
///
/// The subject is one of this issuer's, and of no other's: only both together name somebody.
public struct Assertion: Sendable {
    /// Who vouches: the issuer's URL, byte for byte as it is configured.
    public let issuer: String
    /// Who is vouched for, as the issuer names them.
    public let subject: String
    /// For whom the token was made: client identifiers, each of them configured.
    public let audiences: [String]
    /// The client that the token was given to, if the token says so; configured as well.
    public let authorizedParty: String?
    /// When the token was made, in seconds since 1970.
    public let issued: Int64
    /// When its time is over.
    public let expires: Int64
    /// How the subject proved itself to the issuer (`amr`, RFC 8176); empty if the token does not say.
    public let methods: [String]
    /// All claims.
    public let claims: JSON.Object

    /// The client that the token speaks to: the authorized party, or else the first audience.
    public var clientID: String { authorizedParty ?? audiences[0] }
}
