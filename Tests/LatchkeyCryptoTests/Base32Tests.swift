// Base32Tests.swift: what the strict and the forgiving reader of Base32 take and refuse.

import Testing

@testable import LatchkeyCrypto

struct Base32Tests {
    private static let published = [
        ("", ""), ("f", "MY======"), ("fo", "MZXQ===="), ("foo", "MZXW6==="), ("foob", "MZXW6YQ="),
        ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI======"),
    ]

    @Test("RFC 4648 section 10, padded, bare and forgiving", arguments: published)
    func rfc4648(plain: String, text: String) throws {
        let bytes = Array(plain.utf8)
        let bare = text.filter { $0 != "=" }
        #expect(Base32.encode(bytes, padded: true) == text)
        #expect(Base32.encode(bytes) == bare)
        for mode in [DecodingMode.strict, .forgiving] {
            #expect(try Base32.decode(text, mode) == bytes)
            #expect(try Base32.decode(bare, mode) == bytes)
        }
        #expect(try Base32.decode(bare.lowercased(), .forgiving) == bytes)
        #expect(try Base32.decode(bare + "=", .forgiving) == bytes)
    }

    @Test("Every length comes back as it went")
    func roundTrip() throws {
        for length in 0...200 {
            let bytes = SecureRandom.bytes(count: length)
            #expect(try Base32.decode(Base32.encode(bytes), .strict) == bytes)
            #expect(try Base32.decode(Base32.encode(bytes, padded: true), .strict) == bytes)
            guard length > 0 else { continue }
            let secret = try Base32.decodeSecret(Base32.encode(Secret(bytes)))
            #expect(secret.withBytes { $0.indices.map { _ in 0 }.count } == length)
            #expect(Base32.encode(secret) == Base32.encode(bytes))
        }
    }

    @Test("One, three or six digits past a group are no bytes", arguments: [1, 3, 6, 9, 11, 14])
    func impossibleLengths(digits: Int) {
        let text = String(repeating: "A", count: digits)
        for mode in [DecodingMode.strict, .forgiving] {
            #expect(throws: TextEncodingError.impossibleLength(encoding: "Base32", digits: digits)) {
                try Base32.decode(text, mode)
            }
        }
    }

    @Test(
        "Left-over bits: dropped when forgiving, refused when strict",
        arguments: ["MZ", "mz", "MZXR", "MZXW7", "MZXW6YR"]
    )
    func leftoverBits(text: String) throws {
        let canonical = try Base32.encode(Base32.decode(text, .forgiving))
        #expect(canonical != text.uppercased())
        #expect(throws: TextEncodingError.leftoverBits(encoding: "Base32")) {
            try Base32.decode(text.uppercased(), .strict)
        }
        if text == "MZ" { #expect(canonical == "MY") }
    }

    @Test(
        "People's spellings are forgiven, and are not strict",
        arguments: [
            "mzxw6ytboi", "MZXW 6YTB OI", "MZXW-6YTB-OI", "\tMZXW\r\n6YTB\nOI \n", "mzxw-6ytb-oi======",
            "MZXW6YTBOI = =",
            "MZXW6YTBOI=", "MZXW6YTBOI========", "MZXW6YTBOI===== =",
        ]
    )
    func forgiven(text: String) throws {
        #expect(try Base32.decode(text, .forgiving) == Array("foobar".utf8))
        #expect(throws: TextEncodingError.self) { try Base32.decode(text, .strict) }
    }

    @Test("`=` anywhere but at the end is refused", arguments: ["=MZXW6YTB", "MZXW=6YTB", "MY======MY", "MY==A"])
    func padding(text: String) {
        for mode in [DecodingMode.strict, .forgiving] {
            #expect(throws: TextEncodingError.badPadding(encoding: "Base32")) { try Base32.decode(text, mode) }
        }
    }

    @Test(
        "Figures that are no digits are refused with a hint",
        arguments: [("0", "`O`"), ("1", "`L`"), ("8", "`B`"), ("9", "`7`")]
    )
    func hints(figure: String, hint: String) {
        for mode in [DecodingMode.strict, .forgiving] {
            let error = #expect(throws: TextEncodingError.self) { try Base32.decode("MZXW" + figure + "YTB", mode) }
            #expect(error?.description.contains(hint) == true)
            #expect(error?.description.contains("character 5") == true)
        }
    }

    @Test(
        "Everything else is refused at its place, without repeating the secret",
        arguments: [
            "MZXW_YTB", "MZXW+YTB", "MZXWéYTB", "MZXW\0YTB", "MZXW\u{1b}YTB", "MZXWＡYTB", "MZXW\u{a0}YTB", "MZXWıYTB",
        ]
    )
    func otherCharacters(text: String) {
        for mode in [DecodingMode.strict, .forgiving] {
            let expected = TextEncodingError.badCharacter(encoding: "Base32", position: 5, hint: nil)
            let error = #expect(throws: expected) { try Base32.decode(text, mode) }
            #expect(error?.description.contains("MZXW") == false)
        }
    }

    @Test("A secret without a byte is refused", arguments: ["", " ", "==", "- -", "\n"])
    func emptySecret(text: String) {
        #expect(throws: TextEncodingError.empty) { try Base32.decodeSecret(text).count }
        #expect(throws: TextEncodingError.empty) { try Base32.decodeSecret(Secret(utf8: text)).count }
    }

    @Test("A secret read from text and one read from secret text are the same")
    func secretText() throws {
        let plain = try Base32.decodeSecret("gezd gnbv")
        let secret = try Base32.decodeSecret(Secret(utf8: "GEZDGNBV"))
        #expect(constantTimeEqual(plain, secret) == true)
        #expect(constantTimeEqual(plain, Secret(utf8: "12345")) == true)
    }
}
