// FederationError.swift: why a stranger's proof is not believed.

/// A refusal of a token, or of the provider that should vouch for it; never holds the token or a part of it.
@nonexhaustive
public enum FederationError: Error, Equatable {
    /// The token is not a signed JSON Web Token as this build takes them; the text says what is wrong with it.
    case malformed(String)
    /// The token names an algorithm that signs nothing, or that neither its key nor its provider goes with.
    case algorithmRefused
    /// The provider has no key of that name and kind, or several and the token does not say which.
    case unknownKey
    /// The provider's key is not one that may be used; the text says why.
    case keyRefused(String)
    /// The signature is not the key's.
    case badSignature
    /// The token's time is over.
    case expired(now: Int64, expiration: Int64)
    /// The token's time has not come.
    case notYetValid
    /// A claim is missing or not what is wanted.
    case claimRefused(name: String, reason: String)
    /// The provider could not be reached, or is out of order: another try may succeed.
    case unreachable(String)
    /// The provider answers with something else than its documents.
    case providerRefused(String)
}

extension FederationError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .malformed(let what): "the token is not a signed JSON Web Token: \(what)"
        case .algorithmRefused: "the token is signed with an algorithm that its key or provider does not go with"
        case .unknownKey: "the provider publishes no key, or no single one, that the token can be checked with"
        case .keyRefused(let why): "the provider's key cannot be used: \(why)"
        case .badSignature: "the token's signature is not its provider's"
        case .expired(let now, let expiration):
            "the token has expired: it is \(now), which must be before \(expiration); get a new one"
        case .notYetValid: "the token is not valid yet; check the clocks"
        case .claimRefused(let name, let reason): "the token's claim `\(name)` \(reason)"
        case .unreachable(let what): "the provider could not be asked for its keys: \(what)"
        case .providerRefused(let what): "the provider's documents cannot be used: \(what)"
        }
    }

    /// The name of the case, for tests and vectors.
    public var name: String {
        switch self {
        case .malformed: "malformed"
        case .algorithmRefused: "algorithmRefused"
        case .unknownKey: "unknownKey"
        case .keyRefused: "keyRefused"
        case .badSignature: "badSignature"
        case .expired: "expired"
        case .notYetValid: "notYetValid"
        case .claimRefused: "claimRefused"
        case .unreachable: "unreachable"
        case .providerRefused: "providerRefused"
        }
    }
}
