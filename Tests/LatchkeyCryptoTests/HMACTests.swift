// HMACTests.swift: HMAC against RFC 2202 and RFC 4231, and its two ways against each other.

import LatchkeyTestSupport
import Testing

@testable import LatchkeyCrypto

struct HMACTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let name: String
        let key: [UInt8]
        let message: [UInt8]
        let algorithm: HashAlgorithm
        let code: String

        var testDescription: String { "\(name) \(algorithm.rawValue)" }
    }

    @Test("RFC 2202 section 3 and RFC 4231 section 4, both ways", arguments: vectors)
    func published(_ vector: Vector) throws {
        for throughProvider in [false, true] {
            let hmac = HMAC(vector.algorithm, key: Secret(vector.key), throughProvider: throughProvider)
            let code = Hex.encode(hmac.code(for: vector.message))
            #expect(code.prefix(vector.code.utf8.count) == vector.code)
            #expect(hmac.code(for: vector.message.span) == hmac.code(for: vector.message))
        }
    }

    @Test("Both ways agree around every block border of key and message", arguments: HashAlgorithm.allCases)
    func borders(_ algorithm: HashAlgorithm) {
        let lengths = [0, 1, 19, 20, 32, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 200]
        for keyLength in lengths {
            let key = Secret((0..<keyLength).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 1) })
            let states = HMAC(algorithm, key: key)
            let provider = HMAC(algorithm, key: key, throughProvider: true)
            for length in lengths {
                let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 3) }
                #expect(states.code(for: message) == provider.code(for: message), "\(keyLength), \(length)")
            }
        }
    }

    @Test("The code of a counter is the code of its eight bytes", arguments: HashAlgorithm.allCases)
    func counters(_ algorithm: HashAlgorithm) {
        for keyLength in [1, 20, 63, 64, 65, 127, 128, 129] {
            let key = Secret([UInt8](repeating: 0xa5, count: keyLength))
            let states = HMAC(algorithm, key: key)
            let provider = HMAC(algorithm, key: key, throughProvider: true)
            for counter in [0, 1, 9, 1 << 32, 0x0102_0304_0506_0708, UInt64.max] {
                let expected = provider.code(for: withUnsafeBytes(of: counter.bigEndian) { Array($0) })
                var code = InlineArray<64, UInt8>(repeating: 0xee)
                states.write(codeOf: counter, into: &code)
                #expect((0..<algorithm.digestLength).map { code[$0] } == expected)
                #expect((algorithm.digestLength..<64).allSatisfy { code[$0] == 0xee })
                provider.write(codeOf: counter, into: &code)
                #expect((0..<algorithm.digestLength).map { code[$0] } == expected)
            }
        }
    }

    @Test("A key is one key: messages do not disturb the next ones")
    func reuse() {
        let hmac = HMAC(.sha256, key: Secret([1, 2, 3]))
        let first = hmac.code(for: [9])
        _ = hmac.code(for: [UInt8](repeating: 7, count: 1000))
        #expect(hmac.code(for: [9]) == first)
        let verdicts = [
            hmac.isValid(first, for: [9]), hmac.isValid(first, for: [8]),
            hmac.isValid(Array(first.dropLast()), for: [9]),
        ]
        #expect(verdicts == [true, false, false])
    }

    @Test("A key serves several threads at once")
    func shared() async {
        let expected = HMAC(.sha1, key: Secret([5])).code(for: [1])
        let key = Shared(HMAC(.sha1, key: Secret([5])))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<2000).allSatisfy { _ in key.hmac.code(for: [1]) == expected } }
            }
            for await agreed in group { #expect(agreed) }
        }
    }

    private final class Shared: Sendable {
        let hmac: HMAC
        init(_ hmac: consuming HMAC) { self.hmac = hmac }
    }
}

extension HMACTests {
    private static func ascii(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: byte, count: count) }

    private static func vector(
        _ name: String,
        _ algorithm: HashAlgorithm,
        _ key: [UInt8],
        _ message: [UInt8],
        _ code: String
    ) -> Vector {
        Vector(name: name, key: key, message: message, algorithm: algorithm, code: code)
    }

    static let vectors: [Vector] = rfc2202 + rfc4231

    private static let rfc2202: [Vector] = [
        vector(
            "RFC 2202 case 1",
            .sha1,
            bytes(0x0b, 20),
            ascii("Hi There"),
            "b617318655057264e28bc0b6fb378c8ef146be00"
        ),
        vector(
            "RFC 2202 case 2",
            .sha1,
            ascii("Jefe"),
            ascii("what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        ),
        vector("RFC 2202 case 3", .sha1, bytes(0xaa, 20), bytes(0xdd, 50), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        vector("RFC 2202 case 4", .sha1, Array(1...25), bytes(0xcd, 50), "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
        vector(
            "RFC 2202 case 5",
            .sha1,
            bytes(0x0c, 20),
            ascii("Test With Truncation"),
            "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"
        ),
        vector(
            "RFC 2202 case 6",
            .sha1,
            bytes(0xaa, 80),
            ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        ),
        vector(
            "RFC 2202 case 7",
            .sha1,
            bytes(0xaa, 80),
            ascii("Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data"),
            "e8e99d0f45237d786d6bbaa7965c7808bbff1a91"
        ),
    ]

    private static let rfc4231: [Vector] = [
        vector(
            "RFC 4231 case 1",
            .sha256,
            bytes(0x0b, 20),
            ascii("Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        vector(
            "RFC 4231 case 1",
            .sha512,
            bytes(0x0b, 20),
            ascii("Hi There"),
            "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"
        ),
        vector(
            "RFC 4231 case 2",
            .sha256,
            ascii("Jefe"),
            ascii("what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        vector(
            "RFC 4231 case 2",
            .sha512,
            ascii("Jefe"),
            ascii("what do ya want for nothing?"),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
                + "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        ),
        vector(
            "RFC 4231 case 3",
            .sha256,
            bytes(0xaa, 20),
            bytes(0xdd, 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        vector(
            "RFC 4231 case 3",
            .sha512,
            bytes(0xaa, 20),
            bytes(0xdd, 50),
            "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39"
                + "bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"
        ),
        vector(
            "RFC 4231 case 4",
            .sha256,
            Array(1...25),
            bytes(0xcd, 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        vector(
            "RFC 4231 case 4",
            .sha512,
            Array(1...25),
            bytes(0xcd, 50),
            "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3db"
                + "a91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"
        ),
        vector(
            "RFC 4231 case 5",
            .sha256,
            bytes(0x0c, 20),
            ascii("Test With Truncation"),
            "a3b6167473100ee06e0c796c2955552b"
        ),
        vector(
            "RFC 4231 case 5",
            .sha512,
            bytes(0x0c, 20),
            ascii("Test With Truncation"),
            "415fad6271580a531d4179bc891d87a6"
        ),
        vector(
            "RFC 4231 case 6",
            .sha256,
            bytes(0xaa, 131),
            ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
        vector(
            "RFC 4231 case 6",
            .sha512,
            bytes(0xaa, 131),
            ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                + "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
        ),
        vector(
            "RFC 4231 case 7",
            .sha256,
            bytes(0xaa, 131),
            ascii(
                "This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm."
            ),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
        ),
        vector(
            "RFC 4231 case 7",
            .sha512,
            bytes(0xaa, 131),
            ascii(
                "This is a test using a larger than block-size key and a larger than block-size data. "
                    + "The key needs to be hashed before being used by the HMAC algorithm."
            ),
            "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944"
                + "b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"
        ),
    ]
}
