// UnicodeTextTests.swift: Normalization Form C, for text and for secret text.

import Foundation
import Testing

@testable import LatchkeyCrypto

struct UnicodeTextTests {
    @Test(
        "Spellings that look the same become the same bytes",
        arguments: [
            ("e\u{301}", "\u{e9}"), ("\u{212b}", "\u{c5}"), ("A\u{30a}", "\u{c5}"),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{958}", "\u{915}\u{93c}"),
            ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}"),
            ("ﬁ", "ﬁ"), ("\u{1113}\u{1161}", "\u{1113}\u{1161}"), ("\u{ac00}\u{11a7}", "\u{ac00}\u{11a7}"),
            ("a\0e\u{301}", "a\0\u{e9}"), ("", ""), ("plain ~", "plain ~"),
            ("\u{ad}\u{feff}x", "\u{ad}\u{feff}x"),
        ]
    )
    func composed(text: String, expected: String) throws {
        // Bytes are compared: `String ==` would call both spellings equal.
        #expect(Array(UnicodeText.nfc(text).utf8) == Array(expected.utf8))
        let secret = try UnicodeText.nfc(Secret(utf8: text))
        #expect(constantTimeEqual(secret, Secret(utf8: expected)) == true)
    }

    @Test("Every Hangul syllable is composed of its jamo (Unicode standard, section 3.12)")
    func hangul() {
        var differing: [UInt32] = []
        for syllable in UInt32(0xac00)...0xd7a3 {
            let index = syllable - 0xac00
            let final = index % 28
            let jamo = [0x1100 + index / 588, 0x1161 + index % 588 / 28] + (final == 0 ? [] : [0x11a7 + final])
            let halves = [syllable - final] + (final == 0 ? [] : [0x11a7 + final])
            for spelling in [jamo, halves] {
                let text = String(String.UnicodeScalarView(spelling.compactMap(Unicode.Scalar.init)))
                if UnicodeText.nfc(text).unicodeScalars.map(\.value) != [syllable] { differing.append(syllable) }
            }
        }
        #expect(differing.isEmpty)
    }

    // Without Hangul, where Foundation itself errs (it composes U+1113, and not U+CD78 with U+11AA).
    @Test("Agrees with Foundation over random texts, and does nothing twice")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let blocks: [ClosedRange<UInt32>] = [
            0x20...0x24f, 0x300...0x36f, 0x900...0x9ff, 0x1e00...0x1fff,
        ]
        for _ in 0..<300 {
            var text = ""
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                guard let block = blocks.randomElement(using: &generator) else { continue }
                if let scalar = Unicode.Scalar(UInt32.random(in: block, using: &generator)),
                    scalar.properties.age != nil
                {
                    text.unicodeScalars.append(scalar)
                }
            }
            let composed = UnicodeText.nfc(text)
            #expect(Array(composed.utf8) == Array(text.precomposedStringWithCanonicalMapping.utf8))
            #expect(Array(UnicodeText.nfc(composed).utf8) == Array(composed.utf8))
        }
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
    )
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: CryptoError.notUTF8) { try UnicodeText.nfc(Secret(bytes)).count }
    }

    @Test("A long text of marks only is no burden")
    func marks() {
        let text = "a" + String(repeating: "\u{301}\u{323}", count: 2000)
        #expect(UnicodeText.nfc(text).unicodeScalars.count == 4000)
    }
}
