// KeySet.swift: the keys of a provider (RFC 7517 section 5), and the one key that a token's signature is checked with.
public import LatchkeyCrypto
import LatchkeyJSON

/// The public keys that a provider signs with.
public struct KeySet: Sendable {
    /// The most entries that a set may have.
    public static let most = 100

    /// The keys that can be used, in order.
    public let keys: [JSONWebKey]
    private let refused: [(keyID: String?, reason: String)]

    /// Reads a key set: strictly what is used, and passing over keys of other kinds and uses.
    ///
    /// - Throws: `FederationError.providerRefused` if it is none.
    public init(_ bytes: [UInt8]) throws(FederationError) {
        guard let document = try? JSON(parsing: bytes.span), case .array(let entries)? = document["keys"] else {
            throw .providerRefused("its key set is not a JSON object with a list of `keys`")
        }
        guard entries.count <= Self.most else {
            throw .providerRefused("its key set has more than \(Self.most) keys")
        }
        var keys: [JSONWebKey] = []
        var refused: [(keyID: String?, reason: String)] = []
        for entry in entries {
            switch JSONWebKey.entry(entry) {
            case .usable(let key): keys.append(key)
            case .refused(let keyID, let reason): refused.append((keyID, reason))
            case .foreign: break
            }
        }
        self.keys = keys
        self.refused = refused
    }

    /// Whether the set says anything of a key of that name; of a token without a name, whether there is any key.
    public func holds(_ keyID: String?) -> Bool {
        guard let keyID else { return !keys.isEmpty }
        return keys.contains { Self.same($0.keyID, keyID) } || refused.contains { Self.same($0.keyID, keyID) }
    }

    /// Checks a signed text with the one key that it can be.
    ///
    /// The key fixes the algorithm: by its own `alg`, by its curve, or, an RSA key without `alg`, by what the provider says
    /// that it signs with. The token's header only has to agree. A token that names no key is checked only if one key
    /// alone can be meant, and two keys of one name and kind are never tried in turn.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - offered: The algorithms that the provider says that it signs identity tokens with; empty if it does not say.
    /// - Throws: `FederationError`.
    public func check(_ token: JWS, offered: Set<SignatureAlgorithm>) throws(FederationError) {
        let named = token.keyID.map { name in keys.filter { Self.same($0.keyID, name) } } ?? keys
        guard !named.isEmpty else {
            if let keyID = token.keyID, let bad = refused.first(where: { Self.same($0.keyID, keyID) }) {
                throw .keyRefused(bad.reason)
            }
            throw .unknownKey
        }
        let fitting = named.filter { $0.allows(token.algorithm, offered: offered) }
        guard let key = fitting.first else { throw .algorithmRefused }
        guard fitting.count == 1 else { throw .unknownKey }
        guard key.key.isValid(token.signature, for: token.signed, by: token.algorithm) else { throw .badSignature }
    }

    /// By bytes: `String` holds two spellings of é for one.
    private static func same(_ left: String?, _ right: String) -> Bool {
        left.map { $0.utf8.elementsEqual(right.utf8) } ?? false
    }
}

extension JSONWebKey {
    /// Whether the key may be used with `algorithm`.
    fileprivate func allows(_ algorithm: SignatureAlgorithm, offered: Set<SignatureAlgorithm>) -> Bool {
        guard key.kind.algorithms.contains(algorithm), offered.isEmpty || offered.contains(algorithm) else {
            return false
        }
        if let own = self.algorithm { return own == algorithm }
        // OpenID Connect Core section 3.1.3.7: RS256 where nothing else was agreed on.
        return key.kind != .rsa || !offered.isEmpty || algorithm == .rs256
    }
}
