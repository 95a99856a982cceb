// ProviderMetadata.swift: what a provider says of itself (OpenID Connect Discovery section 3), as far as it is used.
public import LatchkeyCrypto
import LatchkeyJSON

/// A provider's own description.
public struct ProviderMetadata: Sendable {
    /// Where its keys are.
    public let keySetAddress: WebAddress
    /// The algorithms that it signs identity tokens with; empty if it does not say.
    public let algorithms: Set<SignatureAlgorithm>

    /// Reads a provider's description; its `issuer` must be the one that was asked, byte for byte.
    ///
    /// - Throws: `FederationError.providerRefused`.
    public init(_ bytes: [UInt8], issuer: WebAddress, reach: WebAddress.Reach) throws(FederationError) {
        guard let document = try? JSON(parsing: bytes.span), case .object = document else {
            throw .providerRefused("its description is not a JSON object without a name twice")
        }
        guard case .string(let name)? = document["issuer"], name.utf8.elementsEqual(issuer.text.utf8) else {
            throw .providerRefused("its description is another issuer's")
        }
        guard case .string(let keys)? = document["jwks_uri"],
            let address = WebAddress(keys, reach: reach, queryAllowed: true)
        else { throw .providerRefused("its description names no `https` URL of its keys (`jwks_uri`)") }
        keySetAddress = address
        guard let offered = document["id_token_signing_alg_values_supported"] else {
            algorithms = []
            return
        }
        guard case .array(let names) = offered else {
            throw .providerRefused("its list of signing algorithms is none")
        }
        let known = SignatureAlgorithm.allCases.filter { names.contains(.string($0.rawValue)) }
        guard !known.isEmpty else {
            throw .providerRefused("it signs with none of the algorithms that are taken here")
        }
        algorithms = Set(known)
    }
}
