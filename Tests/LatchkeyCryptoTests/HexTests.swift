// HexTests.swift: what the readers of hexadecimal take and refuse.

import Testing

@testable import LatchkeyCrypto

struct HexTests {
    private static let published = [
        ("", ""), ("f", "66"), ("fo", "666F"), ("foo", "666F6F"), ("foob", "666F6F62"), ("fooba", "666F6F6261"),
        ("foobar", "666F6F626172"),
    ]

    @Test("RFC 4648 section 10", arguments: published)
    func rfc4648(plain: String, text: String) throws {
        let bytes = Array(plain.utf8)
        #expect(Hex.encode(bytes, uppercase: true) == text)
        #expect(Hex.encode(bytes) == text.lowercased())
        #expect(try Hex.decode(text, .strict) == bytes)
        #expect(try Hex.decode(text.lowercased(), .strict) == bytes)
    }

    @Test("Every byte comes back as it went")
    func roundTrip() throws {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(try Hex.decode(Hex.encode(bytes), .strict) == bytes)
        #expect(try Hex.decode(Hex.encode(bytes, uppercase: true), .strict) == bytes)
    }

    @Test(
        "Separators are forgiven, and are not strict",
        arguments: ["66:6f:6F", "66-6f-6f", "66 6f\n6f", "6 6 6 f 6 f"]
    )
    func separators(text: String) throws {
        #expect(try Hex.decode(text, .forgiving) == Array("foo".utf8))
        #expect(throws: TextEncodingError.self) { try Hex.decode(text, .strict) }
    }

    @Test(
        "Half a byte, other letters and prefixes are refused",
        arguments: ["6", "666", "6g", "0x66", "66=", "٦٦", "６６"]
    )
    func refused(text: String) {
        for mode in [DecodingMode.strict, .forgiving] {
            #expect(throws: TextEncodingError.self) { try Hex.decode(text, mode) }
        }
    }

    @Test("Secrets go both ways, and are never empty")
    func secrets() throws {
        let secret = try Hex.decodeSecret("66:6F")
        #expect(Hex.encode(secret) == "666f")
        #expect(constantTimeEqual(secret, try Hex.decodeSecret(Secret(utf8: "666f"))) == true)
        #expect(throws: TextEncodingError.empty) { try Hex.decodeSecret(" : ").count }
    }
}
