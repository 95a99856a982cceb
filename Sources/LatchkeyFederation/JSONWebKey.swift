// JSONWebKey.swift: a public key as a provider publishes it (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).
public import LatchkeyCrypto
import LatchkeyJSON

/// One public key of a provider, which fixes the algorithms that it can be used with.
public struct JSONWebKey: Sendable {
    /// The key's name, if it has one.
    public let keyID: String?
    /// The one algorithm that the provider gives the key to, if it says so.
    public let algorithm: SignatureAlgorithm?
    /// The key.
    public let key: VerifyingKey

    /// What became of an entry of a key set.
    enum Entry {
        case usable(JSONWebKey)
        /// A key to check signatures with, by its name, that must not be used.
        case refused(keyID: String?, reason: String)
        /// Something else: another kind, curve, use or algorithm.
        case foreign
    }

    /// Reads an entry; only what the key is used by is looked at, and that strictly.
    static func entry(_ value: JSON) -> Entry {
        guard case .object(let object) = value, case .string(let type)? = object["kty"] else { return .foreign }
        guard ["RSA", "EC", "OKP"].contains(type), isForSignatures(object) else { return .foreign }
        var keyID: String?
        if let value = object["kid"] {
            guard case .string(let name) = value else { return .refused(keyID: nil, reason: "its `kid` is no text") }
            keyID = name
        }
        // A key whose private half is published signs for everyone.
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] where object[name] != nil {
            return .refused(keyID: keyID, reason: "its private half is published")
        }
        do throws(VerifyingKeyError) {
            guard let key = try key(of: type, object) else { return .foreign }
            var algorithm: SignatureAlgorithm?
            if let value = object["alg"] {
                guard case .string(let name) = value,
                    let found = key.kind.algorithms.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) })
                else { return .foreign }
                algorithm = found
            }
            return .usable(JSONWebKey(keyID: keyID, algorithm: algorithm, key: key))
        } catch {
            return .refused(keyID: keyID, reason: "\(error)")
        }
    }

    private static func isForSignatures(_ object: JSON.Object) -> Bool {
        if let use = object["use"], use != .string("sig") { return false }
        if let operations = object["key_ops"] {
            guard case .array(let operations) = operations, operations.contains(.string("verify")) else { return false }
        }
        return true
    }

    /// The key itself; nil for a curve that is not known here.
    private static func key(of type: String, _ object: JSON.Object) throws(VerifyingKeyError) -> VerifyingKey? {
        if type == "RSA" {
            return try VerifyingKey(rsaModulus: try bytes(object, "n"), exponent: try bytes(object, "e"))
        }
        let curves: [String: VerifyingKey.Kind] =
            type == "EC" ? ["P-256": .p256, "P-384": .p384, "P-521": .p521] : ["Ed25519": .ed25519]
        guard case .string(let name)? = object["crv"], let curve = curves[name] else { return nil }
        if curve == .ed25519 { return try VerifyingKey(ed25519: try bytes(object, "x")) }
        return try VerifyingKey(curve, x: try bytes(object, "x"), y: try bytes(object, "y"))
    }

    private static func bytes(_ object: JSON.Object, _ name: String) throws(VerifyingKeyError) -> [UInt8] {
        guard case .string(let text)? = object[name], text.utf8.count <= 2_048,
            let bytes = try? Base64URL.decode(text, .strict)
        else { throw .malformed }
        return bytes
    }
}
