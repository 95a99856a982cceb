// KeyDerivationTests.swift: HKDF, PBKDF2, scrypt and Argon2id against their RFCs, and what they refuse.

import Testing

@testable import LatchkeyCrypto

struct KeyDerivationTests {
    struct HKDFCase: Sendable {
        let algorithm: HashAlgorithm
        let key: [UInt8]
        let salt: [UInt8]
        let info: [UInt8]
        let output: String
    }

    @Test("RFC 5869 appendix A", arguments: hkdfCases)
    func hkdf(_ vector: HKDFCase) throws {
        let output = try KeyDerivation.hkdf(
            vector.algorithm,
            key: Secret(vector.key),
            salt: vector.salt,
            info: vector.info,
            count: vector.output.utf8.count / 2
        )
        #expect(Hex.encode(output) == vector.output)
    }

    private static let hkdfCases = [
        HKDFCase(
            algorithm: .sha256,
            key: [UInt8](repeating: 0x0b, count: 22),
            salt: Array(0x00...0x0c),
            info: Array(0xf0...0xf9),
            output: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        HKDFCase(
            algorithm: .sha256,
            key: Array(0x00...0x4f),
            salt: Array(0x60...0xaf),
            info: Array(0xb0...0xff),
            output: "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        HKDFCase(
            algorithm: .sha256,
            key: [UInt8](repeating: 0x0b, count: 22),
            salt: [],
            info: [],
            output: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
        HKDFCase(
            algorithm: .sha1,
            key: [UInt8](repeating: 0x0b, count: 11),
            salt: Array(0x00...0x0c),
            info: Array(0xf0...0xf9),
            output: "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896"
        ),
        HKDFCase(
            algorithm: .sha1,
            key: [UInt8](repeating: 0x0c, count: 22),
            salt: [],
            info: [],
            output: "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48"
        ),
    ]

    @Test("HKDF gives 1 to 255 digests", arguments: [(0, false), (1, true), (8160, true), (8161, false), (-1, false)])
    func hkdfLengths(count: Int, isTaken: Bool) throws {
        let length = try? KeyDerivation.hkdf(key: Secret([1]), info: [], count: count).count
        #expect(length == (isTaken ? count : nil))
    }

    @Test(
        "RFC 6070, but the row of 16,777,216 rounds",
        arguments: [
            ("password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6"),
            ("password", "salt", 2, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"),
            ("password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1"),
            (
                "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096,
                "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"
            ),
            ("pass\0word", "sa\0lt", 4096, "56fa6aa75548099dcc37d7f03425e0c3"),
        ]
    )
    func pbkdf2(password: String, salt: String, rounds: Int, output: String) throws {
        let secret = try KeyDerivation.pbkdf2(
            .sha1,
            password: Secret(utf8: password),
            salt: Array(salt.utf8),
            rounds: rounds,
            count: output.utf8.count / 2
        )
        #expect(Hex.encode(secret) == output)
    }

    @Test("RFC 7914 section 11")
    func pbkdf2SHA256() throws {
        let secret = try KeyDerivation.pbkdf2(
            .sha256,
            password: Secret(utf8: "passwd"),
            salt: Array("salt".utf8),
            rounds: 1,
            count: 64
        )
        #expect(
            Hex.encode(secret)
                == "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        )
    }

    @Test(
        "RFC 7914 section 12, but the row of 1 GiB",
        arguments: [
            (
                "", "", 16, 1, 1,
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                    + "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
            ),
            (
                "password", "NaCl", 1024, 8, 16,
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                    + "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
            ),
            (
                "pleaseletmein", "SodiumChloride", 16384, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                    + "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
            ),
        ]
    )
    func scrypt(password: String, salt: String, n: Int, r: Int, p: Int, output: String) throws {
        let secret = try KeyDerivation.scrypt(
            password: Secret(utf8: password),
            salt: Array(salt.utf8),
            n: n,
            r: r,
            p: p,
            count: 64
        )
        #expect(Hex.encode(secret) == output)
    }

    @Test("Argon2id agrees with the argon2 tool")
    func argon2id() throws {
        // printf password | argon2 somesaltsomesalt -id -t 2 -k 64 -p 1 -l 32 -r
        let secret = try KeyDerivation.argon2id(
            password: Secret(utf8: "password"),
            salt: Array("somesaltsomesalt".utf8),
            cost: PasswordHash.Cost(memory: 64, passes: 2),
            count: 32
        )
        #expect(Hex.encode(secret) == "1a98fba8e6394425c9bdc333a9c750aaf811df070f5fb4a5788e1cf4db5793a1")
    }

    @Test(
        "Parameters that scrypt does not take are refused",
        arguments: [
            (0, 1, 1, 1), (1, 1, 1, 1), (3, 1, 1, 1), (16, 0, 1, 1), (16, 1, 0, 1), (16, 1, 1, 0), (-16, 1, 1, 1),
            (16, Int.max, 1, 1), (16, 1, Int.max, 1), (1 << 62, 8, 1, 1), (1 << 22, 8, 1, 1), (16, 1, 1, Int.max),
            (Int.min, 1, 1, 1),
        ]
    )
    func scryptRange(n: Int, r: Int, p: Int, count: Int) {
        #expect(throws: CryptoError.self) {
            try KeyDerivation.scrypt(password: Secret([1]), salt: [], n: n, r: r, p: p, count: count).count
        }
    }

    @Test(
        "Parameters that PBKDF2 does not take are refused",
        arguments: [(0, 1), (-1, 1), (Int.max, 1), (1, 0), (1, -1), (1, Int.max)]
    )
    func pbkdf2Range(rounds: Int, count: Int) {
        #expect(throws: CryptoError.self) {
            try KeyDerivation.pbkdf2(.sha1, password: Secret([1]), salt: [], rounds: rounds, count: count).count
        }
    }

    @Test(
        "An Argon2 salt has 16 bytes, its output 16 and more",
        arguments: [(15, 32), (17, 32), (0, 32), (16, 15), (16, 0)]
    )
    func argon2idRange(salt: Int, count: Int) {
        #expect(throws: CryptoError.self) {
            try KeyDerivation.argon2id(
                password: Secret([1]),
                salt: [UInt8](repeating: 0, count: salt),
                cost: PasswordHash.Cost(memory: 64, passes: 1),
                count: count
            )
            .count
        }
    }

    @Test("An empty password and salt are taken")
    func empty() throws {
        #expect(try KeyDerivation.pbkdf2(.sha512, password: Secret([]), salt: [], rounds: 1, count: 8).count == 8)
    }
}
