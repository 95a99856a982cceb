// OCRATests.swift: suites and their inputs (the 70 vectors of RFC 6287 are in Vectors/).
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("OCRA")
struct OCRATests {
    @Test("a suite's parts")
    func parts() throws {
        let text = "OCRA-1:HOTP-SHA512-8:C-QA10-PSHA256-S128-T30S"
        let suite = try OCRA.Suite(text)
        #expect(suite.text == text)
        #expect(suite.description == text)
        #expect(suite.algorithm == .sha512)
        #expect(suite.digits == 8)
        #expect(suite.hasCounter)
        #expect(suite.format == .alphanumeric)
        #expect(suite.questionLength == 10)
        #expect(suite.pin == .sha256)
        #expect(suite.sessionLength == 128)
        #expect(suite.timeStep == 30)
    }

    @Test("what a suite leaves out has its default")
    func defaults() throws {
        let suite = try OCRA.Suite("OCRA-1:HOTP-SHA1-6:Q-P-S-T")
        #expect(suite.format == .numeric)
        #expect(suite.questionLength == 8)
        #expect(suite.pin == .sha1)
        #expect(suite.sessionLength == 64)
        #expect(suite.timeStep == 60)
        let plain = try OCRA.Suite("OCRA-1:HOTP-SHA1-6:QH64")
        #expect(plain.pin == nil && plain.sessionLength == nil && plain.timeStep == nil && !plain.hasCounter)
        #expect(try OCRA.Suite("OCRA-1:HOTP-SHA1-6:Q-T48H").timeStep == 48 * 3600)
        #expect(try OCRA.Suite("OCRA-1:HOTP-SHA1-6:Q-T59M").timeStep == 59 * 60)
    }

    @Test(
        "what is no suite is refused",
        arguments: [
            "", "OCRA", "OCRA-1", "OCRA-1:", "OCRA-2:HOTP-SHA1-6:QN08", "ocra-1:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA1-6",
            "OCRA-1:HOTP-SHA1-6:", "OCRA-1:HOTP-SHA1:QN08", "OCRA-1:HOTP-MD5-6:QN08", "OCRA-1:HOTP-SHA224-6:QN08",
            "OCRA-1:HOTP-SHA1-3:QN08", "OCRA-1:HOTP-SHA1-1:QN08", "OCRA-1:HOTP-SHA1-11:QN08",
            "OCRA-1:HOTP-SHA1-06:QN08",
            "OCRA-1:HOTP-SHA1-00:QN08", "OCRA-1:HOTP-SHA1--6:QN08", "OCRA-1:HOTP-SHA1-6:C", "OCRA-1:HOTP-SHA1-6:CQN08",
            "OCRA-1:HOTP-SHA1-6:QN", "OCRA-1:HOTP-SHA1-6:QN8", "OCRA-1:HOTP-SHA1-6:QN03", "OCRA-1:HOTP-SHA1-6:QN65",
            "OCRA-1:HOTP-SHA1-6:QN008", "OCRA-1:HOTP-SHA1-6:QX08", "OCRA-1:HOTP-SHA1-6:qn08",
            "OCRA-1:HOTP-SHA1-6:QN08-",
            "OCRA-1:HOTP-SHA1-6:QN08-C", "OCRA-1:HOTP-SHA1-6:QN08-PMD5", "OCRA-1:HOTP-SHA1-6:QN08-PSHA1-PSHA1",
            "OCRA-1:HOTP-SHA1-6:QN08-S064-PSHA1", "OCRA-1:HOTP-SHA1-6:QN08-T1M-S064", "OCRA-1:HOTP-SHA1-6:QN08-S64",
            "OCRA-1:HOTP-SHA1-6:QN08-S000", "OCRA-1:HOTP-SHA1-6:QN08-S0064", "OCRA-1:HOTP-SHA1-6:QN08-T0M",
            "OCRA-1:HOTP-SHA1-6:QN08-T60S", "OCRA-1:HOTP-SHA1-6:QN08-T60M", "OCRA-1:HOTP-SHA1-6:QN08-T0H",
            "OCRA-1:HOTP-SHA1-6:QN08-T49H", "OCRA-1:HOTP-SHA1-6:QN08-T1D", "OCRA-1:HOTP-SHA1-6:QN08-T01M",
            "OCRA-1:HOTP-SHA1-6:QN08-T1", "OCRA-1:HOTP-SHA1-6:QN08 ", " OCRA-1:HOTP-SHA1-6:QN08",
            "OCRA-1:HOTP-SHA1-6:QN08\0",
            "OCRA-1:HOTP-SHA1-６:QN08", "OCRA-1:HOTP-SHA1-6:QN٠٨", "OCRA-1:HOTP-SHA1-6:QN08-X",
            "OCRA-1:HOTP-SHA1-99999999999999999999999:QN08", "OCRA-1:HOTP-SHA1-6:QN08-T99999999999999999999999M",
            String(repeating: "OCRA-1:", count: 1000),
        ]
    )
    func refused(text: String) {
        #expect {
            _ = try OCRA.Suite(text)
        } throws: { error in
            if case OTPError.malformedSuite = error { true } else { false }
        }
    }

    private func ocra(_ suite: String) throws -> OCRA {
        try OCRA(suite: OCRA.Suite("OCRA-1:" + suite), secret: Secret(utf8: rfcKey))
    }

    private func pin() -> Secret? { Secret(utf8: "1234") }

    @Test("one vector of the RFC for each form of question")
    func questions() throws {
        #expect(try ocra("HOTP-SHA1-6:QN08").response(to: "00000000") == "237653")
        #expect(try ocra("HOTP-SHA1-6:QN08").response(to: "99999999") == "294470")
        let key = Secret(utf8: "12345678901234567890123456789012")
        let suite = try OCRA.Suite("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1")
        let ocra = try OCRA(suite: suite, secret: key)
        #expect(try ocra.response(to: "12345678", counter: 0, pin: Secret(utf8: "1234")) == "65347737")
    }

    @Test("leading zeros of a number mean nothing, and a hexadecimal question has no case")
    func equalQuestions() throws {
        let numeric = try ocra("HOTP-SHA1-8:QN10")
        #expect(try numeric.response(to: "0") == numeric.response(to: "0000000000"))
        #expect(try numeric.response(to: "17") == numeric.response(to: "0000000017"))
        #expect(try numeric.response(to: "17") != numeric.response(to: "170"))
        let hexadecimal = try ocra("HOTP-SHA1-8:QH10")
        #expect(try hexadecimal.response(to: "abcdef") == hexadecimal.response(to: "ABCDEF"))
        #expect(try hexadecimal.response(to: "abc") == hexadecimal.response(to: "abc0"))
        #expect(try hexadecimal.response(to: "abc") != hexadecimal.response(to: "0abc"))
    }

    @Test("without truncation the whole HMAC is answered, in hexadecimal")
    func whole() throws {
        for (hash, length) in [("SHA1", 40), ("SHA256", 64), ("SHA512", 128)] {
            let response = try ocra("HOTP-\(hash)-0:QN08").response(to: "1")
            #expect(response.utf8.count == length)
            #expect(response.allSatisfy { "0123456789abcdef".contains($0) })
        }
    }

    @Test("each digit count, and its digits are the last of the longest")
    func digits() throws {
        let ten = try ocra("HOTP-SHA1-10:QN08")
        for digits in 4...10 {
            // The name goes into the response, so the numbers differ; only their form can be compared.
            let response = try ocra("HOTP-SHA1-\(digits):QN08").response(to: "12345678")
            #expect(response.utf8.count == digits)
        }
        #expect("012".contains(try ten.response(to: "12345678").prefix(1)))
    }

    @Test("the longest questions of every form")
    func longQuestions() throws {
        for (format, digit) in [("N", "9"), ("A", "z"), ("H", "f")] {
            let ocra = try ocra("HOTP-SHA1-6:Q\(format)64")
            #expect(throws: Never.self) { try ocra.response(to: String(repeating: digit, count: 128)) }
            #expect(throws: OTPError.self) { try ocra.response(to: String(repeating: digit, count: 129)) }
            #expect(throws: OTPError.self) { try ocra.response(to: "") }
        }
    }

    @Test("inputs that the suite does not name are refused, and missing ones too")
    func inputs() throws {
        let plain = try ocra("HOTP-SHA1-6:QN08")
        #expect(throws: OTPError.self) { try plain.response(to: "1", counter: 0) }
        #expect(throws: OTPError.self) { try plain.response(to: "1", pin: pin()) }
        #expect(throws: OTPError.self) { try plain.response(to: "1", session: [1]) }
        #expect(throws: OTPError.self) { try plain.response(to: "1", time: UnixTime(0)) }
        let all = try ocra("HOTP-SHA1-6:C-QN08-PSHA1-S004-T1M")
        let time = UnixTime(0)
        #expect(throws: Never.self) {
            try all.response(to: "1", counter: .max, pin: pin(), session: [1, 2, 3, 4], time: time)
        }
        #expect(throws: Never.self) {
            try all.response(to: "1", counter: 0, pin: pin(), session: [], time: UnixTime(.max))
        }
        #expect(throws: OTPError.self) { try all.response(to: "1", pin: pin(), session: [1], time: time) }
        #expect(throws: OTPError.self) { try all.response(to: "1", counter: 1, session: [1], time: time) }
        #expect(throws: OTPError.self) { try all.response(to: "1", counter: 1, pin: pin(), time: time) }
        #expect(throws: OTPError.self) { try all.response(to: "1", counter: 1, pin: pin(), session: [1]) }
        #expect(throws: OTPError.self) {
            try all.response(to: "1", counter: 1, pin: pin(), session: [1, 2, 3, 4, 5], time: time)
        }
        #expect(throws: OTPError.beforeEpoch(epoch: UnixTime(0))) {
            try all.response(to: "1", counter: 1, pin: pin(), session: [1], time: UnixTime(-1))
        }
        // Shorter session data stands at the right.
        #expect(
            try all.response(to: "1", counter: 1, pin: pin(), session: [9], time: time)
                == all.response(to: "1", counter: 1, pin: pin(), session: [0, 0, 0, 9], time: time)
        )
    }

    @Test("a question must be of the suite's form")
    func forms() throws {
        for question in ["12a4", "-1", "+1", "1 2", "１", "٣", "1\0"] {
            #expect(throws: OTPError.self) { try ocra("HOTP-SHA1-6:QN08").response(to: question) }
        }
        for question in ["g", "0x1", "ａ", "1 "] {
            #expect(throws: OTPError.self) { try ocra("HOTP-SHA1-6:QH08").response(to: question) }
        }
        for question in ["é", "a\n", "a\0"] {
            #expect(throws: OTPError.self) { try ocra("HOTP-SHA1-6:QA08").response(to: question) }
        }
    }

    @Test("a response is accepted whole or not at all")
    func accepts() throws {
        let ocra = try ocra("HOTP-SHA1-6:QN08")
        #expect(try ocra.accepts("237653", to: "00000000"))
        for wrong in ["237654", "23765", "2376530", "", " 237653", "２37653"] {
            #expect(try !ocra.accepts(wrong, to: "00000000"))
        }
        #expect(throws: OTPError.emptySecret) {
            _ = try OCRA(suite: OCRA.Suite("OCRA-1:HOTP-SHA1-6:QN08"), secret: Secret([])).suite
        }
    }
}
