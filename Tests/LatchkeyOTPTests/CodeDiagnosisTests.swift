// CodeDiagnosisTests.swift: what a person is told about a wrong code.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("CodeDiagnosis")
struct CodeDiagnosisTests {
    private static let now = UnixTime(1_795_466_802)

    private func key(_ facts: KeyFacts) throws -> KeyURI { try facts.uri() }

    /// The code of an app that has taken the key in its own way.
    private func app(
        _ algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        clock offset: Int64 = 0
    ) throws -> String {
        try TOTP(secret: Secret(utf8: rfcKey), algorithm: algorithm, digits: digits, period: period)
            .code(at: Self.now.adding(seconds: offset)).text
    }

    private func app(counter: UInt64, _ algorithm: HashAlgorithm = .sha1, digits: Int = 6) throws -> String {
        try HOTP(secret: Secret(utf8: rfcKey), algorithm: algorithm, digits: digits).code(at: counter).text
    }

    private func diagnose(_ typed: String, _ facts: KeyFacts, after spent: TOTP.Step? = nil) throws -> CodeDiagnosis? {
        CodeDiagnosis(of: typed, for: try key(facts), at: Self.now, after: spent)
    }

    @Test("the app ignored an algorithm, digits, a period, or all")
    func parameters() throws {
        let algorithm = try #require(try diagnose(app(), KeyFacts(algorithm: .sha256)))
        #expect(algorithm.causes == [.algorithm(.sha1)])
        #expect(algorithm.description == "that is the SHA1 code; your app ignores SHA256")
        #expect(algorithm.suggestion == "--algorithm sha1")
        #expect(algorithm.algorithm == .sha1)

        let digits = try #require(try diagnose(app(digits: 6), KeyFacts(digits: 8)))
        #expect(digits.causes == [.digits(6)])
        #expect(digits.description == "that is the 6-digit code; your app ignores 8 digits")
        #expect(digits.suggestion == "--digits 6")

        let period = try #require(try diagnose(app(), KeyFacts(period: 60)))
        #expect(period.causes == [.period(30)])
        #expect(period.description == "that is the 30-second code; your app ignores 60 seconds")
        #expect(period.suggestion == "--period 30")

        let all = try #require(try diagnose(app(), KeyFacts(algorithm: .sha512, digits: 8, period: 60)))
        #expect(all.causes == [.algorithm(.sha1), .digits(6), .period(30)])
        #expect(
            all.description
                == "that is the SHA1, 6-digit and 30-second code; your app ignores SHA512, 8 digits and 60 seconds"
        )
        #expect(all.suggestion == "--algorithm sha1 --digits 6 --period 30")

        for period in [15, 60, 90] as [Int64] {
            #expect(try diagnose(app(period: period), KeyFacts())?.causes == [.period(period)])
        }
        #expect(try diagnose(app(.sha256), KeyFacts())?.causes == [.algorithm(.sha256)])
        #expect(try diagnose(app(.sha512), KeyFacts(algorithm: .sha256))?.suggestion == "--algorithm sha512")
    }

    @Test(
        "the clock is off",
        arguments: [
            (-240, "that code is 4 minutes old: set the phone's clock to automatic"),
            (-60, "that code is 60 seconds old: set the phone's clock to automatic"),
            (-3600, "that code is 60 minutes old: set the phone's clock to automatic"),
            (240, "that code is good only in 4 minutes: set the phone's clock to automatic"),
            (60, "that code is good only in 60 seconds: set the phone's clock to automatic"),
        ] as [(Int64, String)]
    )
    func clock(offset: Int64, sentence: String) throws {
        let found = try #require(try diagnose(app(clock: offset), KeyFacts()))
        #expect(found.causes == [.clock(seconds: offset)])
        #expect(found.description == sentence)
        #expect(found.suggestion == nil)
        #expect(found.causes.map(\.name) == ["clock"])
    }

    @Test("the time zone or the date is off", arguments: [-2, 3, -11, 19, 24, -48, 48] as [Int64])
    func timeZone(halves: Int64) throws {
        let found = try #require(try diagnose(app(clock: halves * 1800), KeyFacts()))
        if halves.magnitude > 2 {
            #expect(found.causes == [.timeZone(seconds: halves * 1800)])
            #expect(found.description.contains("time zone"))
            #expect(found.description.contains(halves < 0 ? "old" : "good only in"))
        } else {
            #expect(found.causes == [.clock(seconds: halves * 1800)])
        }
    }

    @Test("durations are told in halves of hours")
    func durations() throws {
        #expect(try diagnose(app(clock: -5400), KeyFacts())?.description.contains("1.5 hours old") == true)
        #expect(try diagnose(app(clock: 7200), KeyFacts())?.description.contains("in 2 hours") == true)
        #expect(try diagnose(app(clock: -86_400), KeyFacts())?.description.contains("24 hours old") == true)
    }

    @Test("a clock that is off in an app that knows only the usual")
    func both() throws {
        let found = try #require(try diagnose(app(clock: -600), KeyFacts(algorithm: .sha256, digits: 8)))
        #expect(found.causes == [.clock(seconds: -600), .algorithm(.sha1), .digits(6)])
        #expect(
            found.description
                == "that is the SHA1 and 6-digit code; your app ignores SHA256 and 8 digits, and the code is 10 minutes old: "
                + "set the phone's clock to automatic"
        )
        #expect(found.suggestion == "--algorithm sha1 --digits 6")
    }

    @Test("a code of the window is right, or spent")
    func spent() throws {
        #expect(try diagnose(app(), KeyFacts()) == nil)
        #expect(try diagnose(app(clock: 30), KeyFacts()) == nil)
        let present = TOTP.Step(number: 1_795_466_802 / 30)
        #expect(try diagnose(app(), KeyFacts(), after: present)?.causes == [.spent])
        #expect(try diagnose(app(clock: -30), KeyFacts(), after: present)?.causes == [.spent])
        #expect(try diagnose(app(clock: 30), KeyFacts(), after: present) == nil)
    }

    @Test("the app took a key by time for one by counter", arguments: [0, 1, 20] as [UInt64])
    func byCounter(counter: UInt64) throws {
        let found = try #require(try diagnose(app(counter: counter), KeyFacts()))
        #expect(found.causes == [.counter(counter)])
        #expect(found.suggestion == "--hotp")
        #expect(found.description.contains("by counter (\(counter))"))
        #expect(found.type == .hotp)
        let other = try diagnose(app(counter: counter), KeyFacts(algorithm: .sha512, digits: 8))
        #expect(other?.suggestion == "--hotp --algorithm sha1 --digits 6")
    }

    @Test("a key by counter")
    func counters() throws {
        let facts = KeyFacts(.hotp, counter: 50)
        #expect(try diagnose(app(counter: 12), facts)?.causes == [.counter(12)])
        #expect(try diagnose(app(counter: 12), facts)?.description.contains("has passed") == true)
        #expect(try diagnose(app(counter: 120), facts)?.description.contains("too far ahead") == true)
        #expect(try diagnose(app(counter: 52, .sha256), facts)?.causes == [.counter(52), .algorithm(.sha256)])
        #expect(try diagnose(app(counter: 52, digits: 8), facts)?.causes == [.counter(52), .digits(8)])
        #expect(try diagnose(app(), facts)?.causes == [.time])
        #expect(try diagnose(app(.sha256), facts)?.description.contains("with SHA256") == true)
        let last = KeyFacts(.hotp, counter: .max)
        #expect(try diagnose(app(counter: .max), last)?.causes == [.counter(.max)])
    }

    @Test("Steam Guard, taken or given")
    func steam() throws {
        let steam = KeyFacts(.steam, digits: 5)
        let key = try SteamGuard(secret: Secret(utf8: rfcKey))
        #expect(try diagnose(key.code(at: Self.now).text, KeyFacts())?.causes == [.steam])
        #expect(try diagnose(app(), steam)?.causes == [.digits(6)])
        #expect(
            try diagnose(key.code(at: Self.now.adding(seconds: -240)).text, steam)?.causes == [.clock(seconds: -240)]
        )
    }

    @Test("what is no code has no diagnosis", arguments: ["", "12345", "abcdef", "1234567890123", "１２３４５６", "22222"])
    func none(typed: String) throws {
        #expect(try diagnose(typed, KeyFacts()) == nil)
        #expect(CodeDiagnosis(of: typed, for: try key(KeyFacts()), at: UnixTime(-1)) == nil)
    }

    @Test("moments and periods at the ends", arguments: [0, 1, 29, 3599, 5400, Int64.max - 1, Int64.max])
    func edges(seconds: Int64) throws {
        for period in [1, 30, 7200, Int64.max] {
            for facts in [KeyFacts(period: period), KeyFacts(.hotp), KeyFacts(.hotp, counter: .max)] {
                for window in [Int.min, -1, 0, 1, Int.max] {
                    let uri = try key(facts)
                    _ = CodeDiagnosis(of: "000000", for: uri, at: UnixTime(seconds), window: window, after: step(.max))
                    _ = CodeDiagnosis(of: "22222", for: uri, at: UnixTime(seconds), window: window)
                }
            }
        }
    }

    @Test("random wrong codes are seldom explained")
    func falseExplanations() throws {
        var random = SeededGenerator(seed: 20)
        var explained = 0
        for _ in 0..<1000 {
            let text = String(Int.random(in: 100_000...999_999, using: &random))
            if try diagnose(text, KeyFacts()) != nil { explained += 1 }
        }
        #expect(explained <= 6)
    }
}
