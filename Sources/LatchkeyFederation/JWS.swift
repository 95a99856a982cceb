// JWS.swift: a signed text in its compact form (RFC 7515 section 7.1), taken apart and not believed yet.
public import LatchkeyCrypto
import LatchkeyJSON

/// A text of three parts, of which nothing is proved before a ``KeySet`` has checked the signature.
///
/// What RFC 8725 warns of is refused here, before any key is looked for: a header that brings its own key (`jwk`, `jku`,
/// `x5u`, `x5c`), one that is encrypted, compressed or has another token inside, extensions (`crit`, `b64`), a name twice in
/// one object, and text that is not the only one for its bytes.
public struct JWS: Sendable {
    /// The most characters of a token, which is what AWS takes.
    public static let longest = 20_000

    /// The algorithm that the token claims.
    public let algorithm: SignatureAlgorithm
    /// The name of the key that the token claims.
    public let keyID: String?
    /// The header's type, in small letters.
    let type: String?
    /// The text, unproved.
    public let payload: [UInt8]
    /// The signature's bytes.
    let signature: [UInt8]
    /// What is signed: the first two parts as they stand.
    let signed: [UInt8]

    /// Takes a token apart.
    ///
    /// - Throws: `FederationError.malformed`, or `.algorithmRefused` for `none`, a MAC, or an algorithm that is not known.
    public init(_ text: String) throws(FederationError) {
        guard text.utf8.count <= Self.longest else {
            throw .malformed("it is longer than \(Self.longest) characters")
        }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            throw .malformed(
                parts.count == 5 ? "it is encrypted" : "it has not three parts with dots between"
            )
        }
        let header = try Self.object(parts[0], "header")
        algorithm = try Self.algorithm(header)
        keyID = try Self.keyID(header)
        type = try Self.type(header)
        try Self.refuseTricks(header)
        payload = try Self.bytes(parts[1], "payload")
        guard !parts[2].isEmpty else { throw .malformed("it has no signature") }
        signature = try Self.bytes(parts[2], "signature")
        signed = Array(text.utf8.prefix(parts[0].count + 1 + parts[1].count))
    }

    // MARK: - Header

    private static func algorithm(_ header: JSON.Object) throws(FederationError) -> SignatureAlgorithm {
        guard case .string(let name)? = header["alg"] else { throw .malformed("its header names no algorithm") }
        // By bytes: `String` would hold other spellings for equal.
        guard let algorithm = SignatureAlgorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) })
        else { throw .algorithmRefused }
        return algorithm
    }

    private static func keyID(_ header: JSON.Object) throws(FederationError) -> String? {
        guard let value = header["kid"] else { return nil }
        guard case .string(let name) = value, (1...256).contains(name.utf8.count) else {
            throw .malformed("its `kid` is not a name of 1 to 256 bytes")
        }
        return name
    }

    private static func refuseTricks(_ header: JSON.Object) throws(FederationError) {
        for name in ["jwk", "jku", "x5u", "x5c"] where header[name] != nil {
            throw .malformed("its header brings a key of its own (`\(name)`)")
        }
        for name in ["crit", "b64"] where header[name] != nil {
            throw .malformed("its header demands an extension (`\(name)`)")
        }
        for name in ["enc", "zip"] where header[name] != nil {
            throw .malformed("it is encrypted or compressed (`\(name)`)")
        }
        if header["cty"] != nil { throw .malformed("it has another token inside (`cty`)") }
    }

    private static func type(_ header: JSON.Object) throws(FederationError) -> String? {
        guard let value = header["typ"] else { return nil }
        guard case .string(let type) = value else { throw .malformed("its `typ` is no text") }
        return lowercased(type)
    }

    private static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    // MARK: - Parts

    private static func object(_ part: Substring.UTF8View, _ name: String) throws(FederationError) -> JSON.Object {
        let bytes = try bytes(part, name)
        return try object(bytes, name)
    }

    static func object(_ bytes: [UInt8], _ name: String) throws(FederationError) -> JSON.Object {
        guard case .object(let object)? = try? JSON(parsing: bytes.span) else {
            throw .malformed("its \(name) is not one JSON object without a name twice")
        }
        return object
    }

    private static func bytes(_ part: Substring.UTF8View, _ name: String) throws(FederationError) -> [UInt8] {
        guard let bytes = try? Base64URL.decode(String(Substring(part)), .strict) else {
            throw .malformed("its \(name) is not Base64url without padding")
        }
        return bytes
    }
}
