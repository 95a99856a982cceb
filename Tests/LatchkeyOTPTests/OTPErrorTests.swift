// OTPErrorTests.swift: what a refusal sounds like.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("OTPError")
struct OTPErrorTests {
    @Test(
        "one sentence, small, without a full stop",
        arguments: [
            .emptySecret, .badSecret(.impossibleLength(encoding: "Base32", digits: 3)), .digits(5), .period(0),
            .beforeEpoch(epoch: UnixTime(100)), .malformedCode(digits: 6), .malformedSteamCode, .malformedTime,
            .malformedRecoveryCode("it is short"), .malformedURI("it has no `secret`"), .malformedSuite("it is short"),
            .challenge("the suite needs a PIN; give one"),
        ] as [OTPError]
    )
    func sentence(error: OTPError) {
        let sentence = error.description
        #expect(sentence.utf8.count > 20)
        #expect(sentence.last != ".")
        #expect(sentence.unicodeScalars.first.map { !("B"..."Z").contains($0) } == true)
        #expect(!sentence.contains("OTPError"))
        #expect(!sentence.contains("\n"))
    }

    @Test("what the parsers say goes the same way")
    func parsers() {
        for text in ["", "otpauth://totp/x?secret=0", "otpauth://totp/x", "otpauth://totp/x?secret=GEZDGNBV&digits=4"] {
            do throws(OTPError) {
                _ = try KeyURI(parsing: text)
                Issue.record("accepted \(text)")
            } catch {
                sentence(error: error)
            }
        }
    }
}
