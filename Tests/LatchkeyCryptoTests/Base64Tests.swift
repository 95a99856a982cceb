// Base64Tests.swift: what the readers of Base64 and Base64URL take and refuse.

import Testing

@testable import LatchkeyCrypto

struct Base64Tests {
    private static let published = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test("RFC 4648 section 10", arguments: published)
    func rfc4648(plain: String, text: String) throws {
        let bytes = Array(plain.utf8)
        let bare = text.filter { $0 != "=" }
        #expect(Base64.encode(bytes) == text)
        #expect(Base64URL.encode(bytes) == bare)
        #expect(try Base64.decode(text, .strict) == bytes)
        #expect(try Base64.decode(bare, .forgiving) == bytes)
        #expect(try Base64URL.decode(bare, .strict) == bytes)
        #expect(try Base64URL.decode(text, .forgiving) == bytes)
    }

    @Test("Every length comes back as it went, in both alphabets")
    func roundTrip() throws {
        for length in 0...200 {
            let bytes = SecureRandom.bytes(count: length)
            #expect(try Base64.decode(Base64.encode(bytes), .strict) == bytes)
            #expect(try Base64URL.decode(Base64URL.encode(bytes), .strict) == bytes)
        }
    }

    @Test("The alphabets differ in their last two digits only")
    func alphabets() throws {
        let all = (0..<64)
            .reduce(into: [UInt8]()) { bytes, value in
                // Four digits of the same value make three bytes.
                let group = value << 18 | value << 12 | value << 6 | value
                bytes += [UInt8(group >> 16), UInt8(group >> 8 & 0xff), UInt8(group & 0xff)]
            }
        let text = Base64.encode(all)
        let expected = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        #expect(text == expected.map { String(repeating: $0, count: 4) }.joined())
        #expect(Base64URL.encode(all).suffix(8) == "----____")
        #expect(throws: TextEncodingError.self) { try Base64.decode("--__", .forgiving) }
        #expect(throws: TextEncodingError.self) { try Base64URL.decode("++//", .forgiving) }
    }

    @Test(
        "Only the canonical text is strict",
        arguments: ["Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v====", " Zm9v", "Zm9v\n", "Zm 9v", "=", "===="]
    )
    func strict(text: String) {
        #expect(throws: TextEncodingError.self) { try Base64.decode(text, .strict) }
    }

    @Test("No spelling has five digits, or padding inside", arguments: ["A", "AAAAA", "Zg==Zg==", "Z=g=", "Zm9v*"])
    func refused(text: String) {
        #expect(throws: TextEncodingError.self) { try Base64.decode(text, .forgiving) }
        #expect(throws: TextEncodingError.self) { try Base64URL.decode(text, .forgiving) }
    }

    @Test("Base64URL is strict without padding", arguments: ["Zg==", "Zm8=", "Zh", "Zm9"])
    func strictURL(text: String) {
        #expect(throws: TextEncodingError.self) { try Base64URL.decode(text, .strict) }
    }

    @Test("Left-over bits are dropped when forgiving")
    func leftoverBits() throws {
        #expect(try Base64.decode("Zh==", .forgiving) == Array("f".utf8))
        #expect(try Base64.decode("Zm9", .forgiving) == Array("fo".utf8))
    }

    @Test("Secrets go both ways, and are never empty")
    func secrets() throws {
        let secret = try Base64.decodeSecret(" Zm9v\nYmFy ")
        #expect(Base64.encode(secret) == "Zm9vYmFy")
        #expect(constantTimeEqual(secret, try Base64.decodeSecret(Secret(utf8: "Zm9vYmFy"))) == true)
        #expect(throws: TextEncodingError.empty) { try Base64.decodeSecret("==").count }
    }
}
