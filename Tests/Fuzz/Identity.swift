// Identity.swift: what strangers bring to be believed: `Fuzz identity`: tokens, and the keys of providers.
import LatchkeyCrypto
import LatchkeyFederation

/// Reads a token and a set of keys, which a blank line parts, and holds the one against the other.
func readIdentity(_ bytes: [UInt8]) {
    let cut = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    let keys = try? KeySet(Array(bytes[cut...].dropFirst()))
    let text = String(decoding: bytes[..<cut], as: UTF8.self)
    guard let token = try? JWT(text) else { return }
    do throws(FederationError) {
        try keys?.check(token.jws, offered: Set(SignatureAlgorithm.allCases))
        let rules = TokenRules(issuer: token.unverifiedIssuer ?? "", clientIDs: ["client-1"])
        _ = try rules.check(token.claims, at: 1_790_000_000)
    } catch {
        _ = "\(error)"
    }
}
