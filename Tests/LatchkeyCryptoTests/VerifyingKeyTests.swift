// VerifyingKeyTests.swift: which numbers are a key, and what a key refuses; signatures are in the vectors of tokens.
import LatchkeyCrypto
import Testing

@Suite("Keys that check signatures")
struct VerifyingKeyTests {
    /// RFC 8032 section 7.1, test 2.
    private static let key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    private static let signature =
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"

    private func bytes(_ hex: String) throws -> [UInt8] { try Hex.decode(hex, .strict) }

    @Test("a signature of RFC 8032 is valid, for its message and under its algorithm only")
    func ed25519() throws {
        let key = try VerifyingKey(ed25519: try bytes(Self.key))
        let signature = try bytes(Self.signature)
        #expect(key.kind == .ed25519)
        #expect(key.isValid(signature, for: [0x72], by: .edDSA))
        #expect(!key.isValid(signature, for: [0x73], by: .edDSA))
        #expect(!key.isValid(signature, for: [], by: .edDSA))
        for algorithm in SignatureAlgorithm.allCases where algorithm != .edDSA {
            #expect(!key.isValid(signature, for: [0x72], by: algorithm))
        }
        for bit in 0..<512 {
            var changed = signature
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!key.isValid(changed, for: [0x72], by: .edDSA))
        }
        for count in [0, 1, 63, 65] {
            #expect(!key.isValid(Array((signature + [0]).prefix(count)), for: [0x72], by: .edDSA))
        }
    }

    @Test(
        "an RSA key has 2,048 to 8,192 bits, an odd modulus, and an odd exponent from 3",
        arguments: [
            (2_047, [1, 0, 1], VerifyingKeyError.wrongSize(bits: 2_047)), (1_024, [1, 0, 1], .wrongSize(bits: 1_024)),
            (8_193, [1, 0, 1], .wrongSize(bits: 8_193)), (2_048, [1], .malformed), (2_048, [2], .malformed),
            (2_048, [], .malformed), (2_048, [0], .malformed), (2_048, [0, 3], .malformed),
            (2_048, [1, 0, 0, 0, 1], .malformed),
        ] as [(Int, [UInt8], VerifyingKeyError)]
    )
    func rsa(bits: Int, exponent: [UInt8], error: VerifyingKeyError) {
        var modulus = [UInt8](repeating: 0xA5, count: (bits + 7) / 8)
        modulus[0] = 1 << UInt8((bits - 1) % 8)
        #expect(throws: error) { try VerifyingKey(rsaModulus: modulus, exponent: exponent) }
    }

    @Test("a modulus that is even, empty or begins with zeros is none")
    func modulus() {
        for modulus in [[], [0] + [UInt8](repeating: 0xA5, count: 256), [UInt8](repeating: 0xA4, count: 256)] {
            #expect(throws: VerifyingKeyError.malformed) { try VerifyingKey(rsaModulus: modulus, exponent: [1, 0, 1]) }
        }
    }

    @Test(
        "a point lies on its curve and has its length, or is none",
        arguments: [VerifyingKey.Kind.p256, .p384, .p521]
    )
    func points(curve: VerifyingKey.Kind) {
        for length in [0, curve.fieldLength - 1, curve.fieldLength, curve.fieldLength + 1] {
            let zero = [UInt8](repeating: 0, count: length)
            #expect(throws: VerifyingKeyError.malformed) { try VerifyingKey(curve, x: zero, y: zero) }
        }
        #expect(throws: VerifyingKeyError.malformed) { try VerifyingKey(.rsa, x: [], y: []) }
        let bytes = [UInt8](repeating: 9, count: 32)
        #expect(throws: VerifyingKeyError.malformed) { try VerifyingKey(.ed25519, x: bytes, y: bytes) }
    }
}
