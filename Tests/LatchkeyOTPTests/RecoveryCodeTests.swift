// RecoveryCodeTests.swift: recovery codes and the many ways to type one.
import LatchkeyOTP
import Testing

@Suite("RecoveryCode")
struct RecoveryCodeTests {
    @Test("a code reads back from its text")
    func roundTrip() throws {
        for _ in 0..<2000 {
            let code = RecoveryCode.random()
            #expect(code.bytes.count == 10)
            #expect(code.text.utf8.count == 19)
            #expect(try RecoveryCode(typed: code.text).bytes == code.bytes)
            #expect(
                code.text.utf8.enumerated().allSatisfy { ($0.offset % 5 == 4) == ($0.element == UInt8(ascii: "-")) }
            )
            #expect(!code.text.contains { "ILOU".contains($0) })
        }
    }

    @Test("codes differ, and every bit of them does")
    func randomness() {
        let codes = (0..<4000).map { _ in RecoveryCode.random().bytes }
        #expect(Set(codes).count == codes.count)
        for bit in 0..<80 {
            let ones = codes.count { $0[bit / 8] >> (bit % 8) & 1 == 1 }
            // 2000 expected, six standard deviations are 190.
            #expect((1810...2190).contains(ones))
        }
    }

    @Test(
        "spellings of one code",
        arguments: [
            "7K2M-9QXA-RT4D-HV60", "7k2m-9qxa-rt4d-hv60", "7K2M9QXART4DHV60", " 7K2M 9QXA RT4D HV60 ",
            "7K2M-9QXA-RT4D-HV6O",
            "7k2m–9qxa—rt4d−hv6o", "7K2M-9QXA-RT4D-HV60\n", "7-K-2-M-9-Q-X-A-R-T-4-D-H-V-6-0",
            "\t7K2M9QXA\u{a0}RT4DHV6o",
        ]
    )
    func spellings(typed: String) throws {
        #expect(try RecoveryCode(typed: typed).text == "7K2M-9QXA-RT4D-HV60")
    }

    @Test("I and L are 1, O is 0")
    func lookalikes() throws {
        #expect(try RecoveryCode(typed: "iIlL-oO00-1111-0000").text == "1111-0000-1111-0000")
    }

    @Test(
        "what is no code is refused",
        arguments: [
            "", "7K2M", "7K2M-9QXA-RT4D-HV6", "7K2M-9QXA-RT4D-HV600", "7K2M-9QXA-RT4D-HVU0", "7K2M-9QXA-RT4D-HV6!",
            "7K2M_9QXA_RT4D_HV60", "７K2M-9QXA-RT4D-HV60", "7K2M-9QXA-RT4D-HV6\0", "7K2M-9QXA-RT4D-HV60\u{301}",
            "7ſ2M-9QXA-RT4D-HV60", "7K2M-9QXA-RT4D-HV60x", "\u{212a}K2M-9QXA-RT4D-HV60",
        ]
    )
    func refused(typed: String) {
        #expect {
            _ = try RecoveryCode(typed: typed)
        } throws: { error in
            guard case OTPError.malformedRecoveryCode = error else { return false }
            // The sentence must not repeat what was typed.
            return typed.isEmpty || !"\(error)".contains(typed)
        }
    }

    @Test("a code does not print itself")
    func printing() {
        let code = RecoveryCode.random()
        var dumped = ""
        dump(code, to: &dumped)
        for text in ["\(code)", String(reflecting: code), dumped, "\([code])", "\(Optional(code) as Any)"] {
            #expect(!text.contains(code.text))
            #expect(!text.contains("\(code.bytes[0])\(code.bytes[1])"))
            #expect(text.contains("hidden"))
        }
    }
}
