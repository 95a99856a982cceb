// SealedBoxTests.swift: what a sealed box lets through, which is one key, one context and unchanged bytes.

import Testing

@testable import LatchkeyCrypto

struct SealedBoxTests {
    private let context = Array("arn:aws:iam::1:mfa/ann seed".utf8)

    private func opened(_ box: SealedBox, _ key: borrowing Secret, _ context: [UInt8]) throws -> [UInt8] {
        let secret = try box.open(using: key, context: context)
        return secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
    }

    @Test("A box opens with its key and context", arguments: [0, 1, 15, 16, 17, 20, 64, 5000])
    func roundTrip(length: Int) throws {
        let key = Secret.random(count: 32)
        let plain = SecureRandom.bytes(count: length)
        let box = try SealedBox.seal(Secret(plain), using: key, context: context)
        #expect(box.bytes.count == length + SealedBox.overhead)
        #expect(try opened(box, key, context) == plain)
        #expect(try opened(SealedBox(bytes: box.bytes), key, context) == plain)
    }

    @Test("A box without context opens without context")
    func emptyContext() throws {
        let key = Secret.random(count: 32)
        let box = try SealedBox.seal(Secret([1, 2, 3]), using: key, context: [])
        #expect(try opened(box, key, []) == [1, 2, 3])
        #expect(throws: CryptoError.sealBroken) { try opened(box, key, [0]) }
    }

    @Test("A change of any bit of any byte is refused")
    func tampering() throws {
        let key = Secret.random(count: 32)
        let box = try SealedBox.seal(Secret(Array("12345678901234567890".utf8)), using: key, context: context)
        for index in box.bytes.indices {
            for bit in 0..<8 {
                var bytes = box.bytes
                bytes[index] ^= 1 << UInt8(bit)
                let expected: CryptoError = index == 0 ? .malformedBox : .sealBroken
                #expect(throws: expected) { try opened(SealedBox(bytes: bytes), key, context) }
            }
        }
    }

    @Test("Another key, another context, a part of the box, more than the box: refused")
    func wrongSurroundings() throws {
        let key = Secret.random(count: 32)
        let box = try SealedBox.seal(Secret([7, 7, 7]), using: key, context: context)
        #expect(throws: CryptoError.sealBroken) { try opened(box, Secret.random(count: 32), context) }
        #expect(throws: CryptoError.sealBroken) { try opened(box, key, Array(context.dropLast())) }
        #expect(throws: CryptoError.sealBroken) { try opened(box, key, []) }
        for length in 0..<box.bytes.count {
            let part = SealedBox(bytes: Array(box.bytes.prefix(length)))
            let expected: CryptoError = length < SealedBox.overhead ? .malformedBox : .sealBroken
            #expect(throws: expected) { try opened(part, key, context) }
        }
        #expect(throws: CryptoError.sealBroken) { try opened(SealedBox(bytes: box.bytes + [0]), key, context) }
    }

    @Test("Only a key of 32 bytes seals or opens", arguments: [0, 16, 24, 31, 33, 64])
    func keyLength(length: Int) throws {
        let error = CryptoError.keyLength(expected: 32, found: length)
        let box = try SealedBox.seal(Secret([1]), using: Secret.random(count: 32), context: [])
        #expect(throws: error) {
            try SealedBox.seal(Secret([1]), using: Secret.random(count: length), context: [])
        }
        #expect(throws: error) { try opened(box, Secret.random(count: length), []) }
    }

    @Test("The same secret never gives the same box")
    func nonces() throws {
        let key = Secret.random(count: 32)
        var boxes: Set<[UInt8]> = []
        for _ in 0..<1000 {
            boxes.insert(Array(try SealedBox.seal(Secret([1]), using: key, context: []).bytes[1..<13]))
        }
        #expect(boxes.count == 1000)
    }

    @Test("A box made by another AES-256-GCM opens")
    func foreignBox() throws {
        // Python's `cryptography`: AESGCM(bytes(range(32))).encrypt(bytes(range(12)), b"seed", b"\x01" + b"ann").
        let key = Secret(Array(0..<32))
        let box = SealedBox(bytes: [1] + Array(0..<12) + (try Hex.decode(Self.foreign, .strict)))
        #expect(try opened(box, key, Array("ann".utf8)) == Array("seed".utf8))
    }

    private static let foreign = "3467b37fcc38b72413dee046f58acca9ee01e50b"
}
