// UnixTimeTests.swift: moments, their texts, and their arithmetic at the ends.
import Foundation
import LatchkeyOTP
import Testing

@Suite("UnixTime")
struct UnixTimeTests {
    @Test(
        "text both ways",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"), (59, "1970-01-01T00:00:59Z"),
            (1_795_466_802, "2026-11-23T20:46:42Z"), (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"), (20_000_000_000, "2603-10-11T11:33:20Z"),
            (2_147_483_648, "2038-01-19T03:14:08Z"), (-62_167_219_200, "0000-01-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (253_402_300_800, "@253402300800"),
            (-62_167_219_201, "@-62167219201"), (Int64.max, "@9223372036854775807"),
            (Int64.min, "@-9223372036854775808"),
        ] as [(Int64, String)]
    )
    func text(seconds: Int64, text: String) throws {
        #expect(UnixTime(seconds).description == text)
        #expect(try UnixTime(iso8601: text).seconds == seconds)
    }

    @Test("Foundation's calendar agrees, on days of a thousand years and on random seconds")
    func calendar() throws {
        var random = SeededGenerator()
        // From 1600 on: Foundation's formatter follows the Julian calendar before 1582.
        var moments = stride(from: Int64(-135_000), through: 230_000, by: 37).map { $0 * 86_400 + 43_199 }
        moments += (0..<5000).map { _ in Int64.random(in: -11_676_096_000...253_402_300_799, using: &random) }
        let formatter = ISO8601DateFormatter()
        let wrong = try moments.filter { seconds in
            let text = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            return try UnixTime(seconds).description != text || UnixTime(iso8601: text).seconds != seconds
        }
        #expect(wrong == [], "seed \(random.seed)")
    }

    @Test("days from year 0 to 9999 have one text each, later days a greater one, that reads back")
    func everyDay() throws {
        var previous: [UInt8] = []
        var wrong: [Int64] = []
        // The whole cycle of 400 years that holds 1970, and every 97th day of the others.
        let days = Array(Int64(-100_000)...46_097)
        let before = stride(from: Int64(-719_528), to: -100_000, by: 97)
        for day in Array(before) + days + stride(from: Int64(2_932_896 - 97 * 29_700), through: 2_932_896, by: 97) {
            let text = UnixTime(day * 86_400).description
            let bytes = Array(text.utf8)
            let isGood = bytes.count == 20 && previous.lexicographicallyPrecedes(bytes)
            if try !isGood || (day % 97 == 0 && UnixTime(iso8601: text).seconds != day * 86_400) { wrong.append(day) }
            previous = bytes
        }
        #expect(wrong == [])
        #expect(String(decoding: previous, as: UTF8.self) == "9999-12-31T00:00:00Z")
    }

    @Test(
        "other spellings of RFC 3339",
        arguments: [
            "2026-11-23T21:46:42+01:00", "2026-11-23t20:46:42z", "2026-11-23 20:46:42Z", "2026-11-23T20:46:42.999Z",
            "2026-11-23T20:46:42-00:00", "2026-11-23T15:16:42-05:30", "@1795466802", "2026-11-24T20:45:42+23:59",
        ]
    )
    func spellings(text: String) throws {
        #expect(try UnixTime(iso8601: text).seconds == 1_795_466_802)
    }

    @Test("a leap second is the first second after it")
    func leapSecond() throws {
        #expect(try UnixTime(iso8601: "2016-12-31T23:59:60Z").description == "2017-01-01T00:00:00Z")
    }

    @Test(
        "what is no moment is refused",
        arguments: [
            "", "@", "@-", "@+1", "@ 1", "@1 ", "@9223372036854775808", "@-9223372036854775809",
            "@99999999999999999999999", "2026-11-23", "2026-11-23T20:46Z", "2026-11-23T20:46:42",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
            "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+01:60", "+026-01-01T00:00:00Z", "2026-1-01T00:00:00Z", "2026-01-01T00:00:00ZZ",
            " 2026-01-01T00:00:00Z", "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00Z\n", "2026-01-01T00:00:00Z\0",
            "٢٠٢٦-01-01T00:00:00Z",
        ]
    )
    func refused(text: String) {
        #expect(throws: OTPError.malformedTime) { try UnixTime(iso8601: text) }
    }

    @Test("sums and differences stay at the ends")
    func saturation() {
        #expect(UnixTime(.max).adding(seconds: 1).seconds == .max)
        #expect(UnixTime(.min).adding(seconds: -1).seconds == .min)
        #expect(UnixTime(.max).adding(seconds: .min).seconds == -1)
        #expect(UnixTime(5).adding(seconds: -6).seconds == -1)
        #expect(UnixTime(.max).seconds(since: UnixTime(.min)) == .max)
        #expect(UnixTime(.min).seconds(since: UnixTime(.max)) == .min)
        #expect(UnixTime(.min).seconds(since: UnixTime(.min)) == 0)
        #expect(UnixTime(10).seconds(since: UnixTime(40)) == -30)
        #expect(UnixTime(1) < UnixTime(2))
    }

    @Test("JSON keeps the text")
    func json() throws {
        let time = UnixTime(1_795_466_802)
        let data = try JSONEncoder().encode([time])
        #expect(String(decoding: data, as: UTF8.self) == #"["2026-11-23T20:46:42Z"]"#)
        #expect(try JSONDecoder().decode([UnixTime].self, from: data) == [time])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([UnixTime].self, from: Data(#"["soon"]"#.utf8)) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([UnixTime].self, from: Data("[1]".utf8)) }
    }
}
