// OneTimeCodeTests.swift: what counts as a code.
import LatchkeyOTP
import Testing

@Suite("OneTimeCode")
struct OneTimeCodeTests {
    @Test(
        "a code keeps its text",
        arguments: ["000000", "012345", "999999", "0000000", "12345678", "000000001", "9999999999"]
    )
    func text(text: String) throws {
        let code = try code(text)
        #expect(code.text == text)
        #expect(code.description == text)
        #expect(code.digits == text.utf8.count)
    }

    @Test("equal codes are of equal length")
    func equality() throws {
        #expect(try code("012345") != code("0012345"))
        #expect(try code("012345") == code("012345"))
        #expect(Set([try code("000000"), try code("0000000"), try code("000000")]).count == 2)
    }

    @Test(
        "anything but six ASCII digits is refused",
        arguments: [
            "", "12345", "1234567", " 12345", "12345 ", "123 456", "+12345", "-12345", "１２３４５６", "١٢٣٤٥٦", "12345\0",
            "12345\n", "123456\0", "123456\n", "12345a", "0x1234", "1e5000", "123,456", "12345\u{301}",
            "123456\u{200b}",
            "²²²²²²", "½½½½½½", String(repeating: "1", count: 100_000),
        ]
    )
    func malformed(text: String) {
        #expect(throws: OTPError.malformedCode(digits: 6)) { try OneTimeCode(text, digits: 6) }
    }

    @Test("only 6 to 10 digits make a code", arguments: [Int.min, -1, 0, 1, 5, 11, 19, 20, Int.max])
    func digits(count: Int) {
        #expect(throws: OTPError.digits(count)) { try OneTimeCode("123456", digits: count) }
    }

    @Test("Steam Guard's alphabet, and nothing else")
    func steam() throws {
        for text in ["22222", "YYYYY", "2345B", "CDFGH", "JKMNP", "QRTVW", "XY789", "6CD2Y"] {
            #expect(try OneTimeCode(steam: text).text == text)
        }
        for text in [
            "", "2222", "222222", "0CD2Y", "1CD2Y", "ACD2Y", "6cd2y", "6CD2 ", "６CD2Y", "6CD2É", "6CDS2", "6CDU2",
        ] {
            #expect(throws: OTPError.malformedSteamCode) { try OneTimeCode(steam: text) }
        }
    }
}
