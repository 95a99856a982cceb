// QRCodeTests.swift: a text becomes the smallest code, and a reader gets every byte of it back.
import LatchkeyQR
import LatchkeyTestSupport
import Testing

@Suite("QR codes")
struct QRCodeTests {
    private func read(_ code: QRCode) throws -> [UInt8]? { try Scanner.read(code.png(scale: 4)) }

    @Test("the usual URIs take the versions that fit 80x24")
    func versions() throws {
        #expect(try enrolments.map { try QRCode($0).version } == [3, 4, 5, 5, 7])
        #expect(try enrolments.map { try QRCode($0).size } == [29, 33, 37, 37, 45])
    }

    @Test(
        "hostile text comes back byte for byte",
        arguments: [
            "\0", "\0\0\0", "a\0b", "secret\0otpauth://totp/x", "\u{1B}[2J\u{1B}]0;x\u{7}", "\r\n", "\n", " ",
            "'\"\\`$(reboot)",
            "]]>--><script>", "%s%n%x", "0", "A", "a", "00000000000000000000", "otpauth://totp/x?secret=\0", "1a1A1a1A",
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", "abc123ABC456abc789", "é", "Zoë & Söhne GmbH", "日本語のテキスト",
            "Ελληνικά 123456789 ΑΒΓ", "🔑🗝️👩‍👩‍👧", "e\u{301}", "\u{202E}evil", "\u{FEFF}x", "\u{10FFFF}", "ｆｕｌｌ",
        ]
    )
    func hostile(text: String) throws {
        #expect(try read(QRCode(text)) == Array(text.utf8))
    }

    @Test(
        "a reader that guesses the character set guesses UTF-8",
        arguments: [
            "Zoë & Söhne GmbH", "Ελληνικά 123456789 ΑΒΓ", "日本語のテキスト", "Привет, мир", "🔑 key",
        ]
    )
    func guessed(text: String) throws {
        #expect(try Scanner.readAsText(QRCode(text).png()) == text + "\n")
    }

    @Test("bytes that are no text come back, too")
    func bytes() throws {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect(try read(QRCode(utf8: bytes.span)) == bytes)
    }

    @Test("any mixture of the code's alphabets comes back, never larger than as bytes alone", arguments: 1...60)
    func mixture(seed: UInt64) throws {
        var random = Sequence64(seed: seed)
        var text = ""
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let alphabet = Array(
                ["0123456789", "ABCXYZ $%*+-./:", "abcxyz?&=~_@"][Int.random(in: 0...2, using: &random)]
            )
            for _ in 0..<Int.random(in: 1...40, using: &random) {
                text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
        }
        let code = try QRCode(text)
        #expect(try read(code) == Array(text.utf8))
        // A tilde is in the byte alphabet alone: as many of them are what the text costs without any cut.
        #expect(try code.size <= QRCode(String(repeating: "~", count: text.utf8.count)).size)
    }

    @Test(
        "the limits of ISO/IEC 18004, table 7",
        arguments: [
            (.low, 2953, 4296, 7089), (.medium, 2331, 3391, 5596), (.quartile, 1663, 2420, 3993),
            (.high, 1273, 1852, 3057),
        ] as [(QRCode.Level, Int, Int, Int)]
    )
    func limits(level: QRCode.Level, bytes: Int, capitals: Int, digits: Int) throws {
        #expect(level.capacity == bytes)
        for (letter, most) in [("~", bytes), ("A", capitals), ("7", digits)] {
            let code = try QRCode(String(repeating: letter, count: most), level: level)
            #expect(code.version == 40)
            #expect(throws: QRError.tooLong(bytes: most + 1, level: level)) {
                try QRCode(String(repeating: letter, count: most + 1), level: level)
            }
        }
    }

    @Test(
        "the first and the last byte count of a version, and its neighbours",
        arguments: [
            (17, 1), (18, 2), (32, 2), (33, 3), (53, 3), (54, 4), (78, 4), (79, 5), (106, 5), (107, 6), (134, 6),
            (135, 7),
            (230, 9), (231, 10), (271, 10), (1367, 26), (1368, 27), (1465, 27), (2953, 40),
        ]
    )
    func versionLimits(bytes: Int, version: Int) throws {
        #expect(try QRCode(String(repeating: "~", count: bytes)).version == version)
    }

    @Test(
        "a higher level is taken where the same version has room, never a lower one",
        arguments: QRCode.Level.allCases
    )
    func levels(level: QRCode.Level) throws {
        for text in enrolments {
            let code = try QRCode(text, level: level)
            #expect(code.level >= level)
            #expect(try read(code) == Array(text.utf8))
        }
        #expect(try QRCode("x", level: level).level == .high)
        #expect(try QRCode(String(repeating: "~", count: 17), level: .low).level == .low)
    }

    @Test("what is too long is told in one sentence")
    func sentences() {
        #expect(
            QRError.tooLong(bytes: 9000, level: .high).description
                == "9000 bytes are too long for a QR code, which holds 1273 at most at level high: "
                + "shorten the text or use level low"
        )
        #expect(
            QRError.tooLong(bytes: 3000, level: .low).description
                == "3000 bytes are too long for a QR code, which holds 2953 at most at level low: shorten the text"
        )
        #expect(QRError.tooLong(bytes: 2953, level: .low).description.contains("holds 2951 at most"))
        #expect(throws: QRError.empty) { try QRCode("") }
        #expect(throws: QRError.tooLong(bytes: 10_000_000, level: .low)) {
            try QRCode(String(repeating: "0", count: 10_000_000))
        }
    }

    @Test("everything outside of the code is light, and its corners are finders")
    func modules() throws {
        let code = try QRCode(enrolments[0])
        for (x, y) in [(-1, 0), (0, -1), (code.size, 0), (0, code.size), (.min, .min), (.max, .max)] {
            #expect(!code[x, y])
        }
        for (left, top) in [(0, 0), (code.size - 7, 0), (0, code.size - 7)] {
            let row = (0..<7).map { code[left + $0, top + 3] }
            #expect(row == [true, false, true, true, true, false, true])
        }
    }

    @Test("a value never shows its modules or its text")
    func silent() throws {
        let code = try QRCode(enrolments[0])
        var dumped = ""
        dump(code, to: &dumped)
        for shown in ["\(code)", String(reflecting: code), dumped] {
            #expect(!shown.contains("GEZDGNBV"))
            #expect(shown.utf8.count < 600)
        }
    }

    @Test("codes that are made at the same time do not disturb each other")
    func concurrent() async throws {
        let texts = (0..<200).map { "otpauth://totp/user\($0)?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" }
        let alone = try texts.map { try QRCode($0).terminal(.half) }
        let together = try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
            for (index, text) in texts.enumerated() {
                group.addTask { (index, try QRCode(text).terminal(.half)) }
            }
            return try await group.reduce(into: [Int: [String]]()) { $0[$1.0] = $1.1 }
        }
        for (index, lines) in alone.enumerated() { #expect(together[index] == lines) }
    }
}

/// Random numbers that are the same in each run.
private struct Sequence64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state ^ (state >> 29)) &* 0xBF58_476D_1CE4_E5B9
    }
}
