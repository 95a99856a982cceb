// WebIdentity.swift: what a proved token means here: condition keys, session tags, a source identity, or a fault as AWS has it.
import LatchkeyFederation
import LatchkeyJSON
import LatchkeyPolicy

extension RequestKeys {
    /// Adds the token's claims, each under the provider's name: `PROVIDER:sub` and so on.
    ///
    /// As in AWS `aud` is the party that the token was given to, if it names one (`azp`), and then `oaud` is for whom it was made.
    /// Claims of other kinds than texts, numbers, truth values and lists of texts cannot be asked about.
    mutating func add(_ assertion: Assertion, of provider: StoredOIDCProvider) {
        func key(_ claim: String) -> String { "\(provider.name):\(claim)" }
        for (name, value) in assertion.claims.members where !Self.ownClaims.contains(name) {
            guard name.unicodeScalars.allSatisfy({ !$0.movesCursorOrHides }) else { continue }
            switch value {
            case .string(let text): set(key(name), text)
            case .number(let text): set(key(name), text)
            case .bool(let truth): set(key(name), truth ? "true" : "false")
            case .array(let elements):
                let texts = elements.compactMap(\.string)
                if texts.count == elements.count { set(key(name), many: texts) }
            case .null, .object: break
            }
        }
        set(key("sub"), assertion.subject)
        if !assertion.methods.isEmpty { set(key("amr"), many: assertion.methods) }
        if let party = assertion.authorizedParty {
            set(key("aud"), party)
            set(key("oaud"), texts: assertion.audiences)
        } else {
            set(key("aud"), texts: assertion.audiences)
        }
    }

    private mutating func set(_ name: String, texts: [String]) {
        if texts.count == 1 { set(name, texts[0]) } else { set(name, many: texts) }
    }

    /// What is not the subject's, or is put in our own words.
    private static let ownClaims: Set = ["sub", "aud", "oaud", "azp", "amr", "iss", "exp", "nbf", "iat", "nonce"]
}

/// What a token says of the session that is made with it, under AWS's names.
struct SessionClaims {
    var tags: [Tag] = []
    var transitiveKeys: [String] = []
    var sourceIdentity: SourceIdentity?

    private static let tagsClaim = "https://aws.amazon.com/tags"
    private static let sourceClaim = "https://aws.amazon.com/source_identity"

    /// Reads the claims; fails with `InvalidIdentityToken` if they are there and are not as they should be.
    init(_ assertion: Assertion) throws(Fault) {
        if let value = assertion.claims[Self.sourceClaim] {
            guard let text = value.string, let identity = try? SourceIdentity(text) else {
                throw Self.malformed(Self.sourceClaim)
            }
            sourceIdentity = identity
        }
        guard let value = assertion.claims[Self.tagsClaim] else { return }
        guard let principal = value["principal_tags"]?.object else { throw Self.malformed(Self.tagsClaim) }
        for (name, values) in principal.members {
            // One value, in a list or alone.
            guard let text = values.string ?? (values.array?.count == 1 ? values[0]?.string : nil) else {
                throw Self.malformed(Self.tagsClaim)
            }
            tags.append(Tag(key: name, value: text))
        }
        guard let keys = value["transitive_tag_keys"] else { return }
        guard let names = keys.array?.compactMap(\.string), names.count == keys.array?.count,
            Set(names.map { $0.lowercased() }).isSubset(of: tags.map { $0.key.lowercased() })
        else { throw Self.malformed(Self.tagsClaim) }
        transitiveKeys = names
    }

    private static func malformed(_ name: String) -> Fault {
        .invalidIdentityToken("The claim \(name) of the token is not as it should be.", "session_claims")
    }
}

extension Fault {
    /// A token that proves nothing.
    static func invalidIdentityToken(_ message: String, _ reason: String) -> Fault {
        Fault(code: "InvalidIdentityToken", status: 400, message: message, reason: reason)
    }

    /// What a refusal of a token is called in AWS.
    init(_ error: FederationError) {
        let message = error.description
        switch error {
        case .expired(let now, let expiration):
            self.init(
                code: "ExpiredTokenException",
                status: 400,
                message:
                    "Token expired: current date/time \(now) must be before the expiration date/time \(expiration)",
                reason: error.name
            )
        case .unreachable:
            self.init(code: "IDPCommunicationError", status: 400, message: message, reason: error.name)
        case .claimRefused("iss", _), .claimRefused("aud", _), .claimRefused("azp", _), .malformed, .algorithmRefused,
            .unknownKey, .keyRefused, .badSignature, .providerRefused:
            self = .invalidIdentityToken(message, error.name)
        case .claimRefused, .notYetValid:
            self.init(code: "IDPRejectedClaim", status: 403, message: message, reason: error.name)
        @unknown default: self = .invalidIdentityToken(message, error.name)
        }
    }
}
