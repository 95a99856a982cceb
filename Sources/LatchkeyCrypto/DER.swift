// DER.swift: the few forms of ASN.1 (X.690) that public keys and signatures are handed to OpenSSL in.

enum DER {
    /// The algorithms of keys, as `AlgorithmIdentifier`s (RFC 3279 section 2.3, RFC 5480 section 2.1, RFC 8410 section 3).
    static let rsa = sequence([0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00])
    static let ed25519 = sequence([0x06, 0x03, 0x2b, 0x65, 0x70])
    static let p256 = curve([0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07])
    static let p384 = curve([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22])
    static let p521 = curve([0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23])

    private static func curve(_ name: [UInt8]) -> [UInt8] {
        sequence([0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] + name)
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { element(0x30, content) }

    /// A number that is not negative, given big-endian; leading zeros are dropped.
    static func integer(_ number: [UInt8]) -> [UInt8] {
        let digits = Array(number.drop { $0 == 0 })
        // A zero goes before a first bit that would make the number negative, and is what zero itself is.
        return element(0x02, (digits.first ?? 0x80) >= 0x80 ? [0] + digits : digits)
    }

    /// A public key as a `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    static func keyInfo(_ algorithm: [UInt8], _ key: [UInt8]) -> [UInt8] {
        sequence(algorithm + element(0x03, [0] + key))
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        if content.count < 0x80 { return [tag, UInt8(content.count)] + content }
        let length = withUnsafeBytes(of: UInt64(content.count).bigEndian) { Array($0.drop { $0 == 0 }) }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }
}
