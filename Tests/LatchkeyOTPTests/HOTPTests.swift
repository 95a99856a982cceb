// HOTPTests.swift: codes by counter, and how they are found again.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@Suite("HOTP")
struct HOTPTests {
    private func rfcHOTP() throws -> HOTP {
        try HOTP(secret: Secret(utf8: rfcKey))
    }

    @Test("refusals")
    func refusals() throws {
        let secret = Secret(utf8: rfcKey)
        for digits in [Int.min, -1, 0, 5, 11, Int.max] {
            #expect(throws: OTPError.digits(digits)) { _ = try HOTP(secret: secret, digits: digits).digits }
        }
        for algorithm in HashAlgorithm.allCases {
            #expect(throws: OTPError.emptySecret) { _ = try HOTP(secret: Secret([]), algorithm: algorithm).digits }
        }
    }

    @Test("more digits only add in front, and the tenth is 0, 1 or 2", arguments: HashAlgorithm.allCases)
    func digits(algorithm: HashAlgorithm) throws {
        var random = SeededGenerator()
        let secret = Secret(random.bytes(20))
        let ten = try HOTP(secret: secret, algorithm: algorithm, digits: 10)
        for digits in 6...10 {
            let key = try HOTP(secret: secret, algorithm: algorithm, digits: digits)
            for _ in 0..<300 {
                let counter = random.next()
                let text = key.code(at: counter).text
                let long = ten.code(at: counter).text
                #expect(text == String(long.suffix(digits)), "seed \(random.seed)")
                #expect("012".contains(long.prefix(1)), "seed \(random.seed)")
                #expect(UInt32(text) == key.value(at: counter), "seed \(random.seed)")
                #expect(written(key, counter) == text, "seed \(random.seed)")
            }
        }
    }

    private func written(_ key: borrowing HOTP, _ counter: UInt64) -> String {
        var buffer = InlineArray<12, UInt8>(repeating: UInt8(ascii: "x"))
        var span = buffer.mutableSpan
        key.write(codeAt: counter, into: &span)
        let bytes = buffer.indices.map { buffer[$0] }
        #expect(bytes[key.digits...].allSatisfy { $0 == UInt8(ascii: "x") })
        return String(decoding: bytes[..<key.digits], as: UTF8.self)
    }

    @Test(
        "the counter has all of 64 bits",
        arguments: ["0", "4294967296", "9223372036854775807", "18446744073709551615"]
    )
    func wideCounters(counter: String) throws {
        let hotp = try rfcHOTP()
        let hex = Hex.encode(Array(rfcKey.utf8))
        let expected = try Subprocess.run("oathtool", ["--hotp", "-c", counter, hex]).lines.first.map(String.init)
        #expect(try hotp.code(at: #require(UInt64(counter))).text == expected)
    }

    @Test("a code is found from the counter up to the look-ahead, and nowhere else")
    func match() throws {
        let hotp = try rfcHOTP()
        let code = hotp.code(at: 100)
        for lookAhead in 0...5 {
            for counter in UInt64(90)...105 {
                let isInside = counter <= 100 && 100 - counter <= UInt64(lookAhead)
                #expect(hotp.match(code, from: counter, lookAhead: lookAhead) == (isInside ? 100 : nil))
            }
        }
    }

    @Test("looking ahead ends at the last counter")
    func lastCounter() throws {
        let hotp = try rfcHOTP()
        let last = hotp.code(at: .max)
        #expect(hotp.match(last, from: .max, lookAhead: 0) == .max)
        #expect(hotp.match(last, from: .max, lookAhead: 100) == .max)
        #expect(hotp.match(last, from: .max - 5, lookAhead: Int.max) == .max)
        #expect(hotp.match(last, from: .max - 5, lookAhead: 4) == nil)
        #expect(hotp.resync(hotp.code(at: .max - 1), last, from: .max - 5, lookAhead: 10) == .max)
        #expect(hotp.resync(last, hotp.code(at: 0), from: .max, lookAhead: 10) == nil)
    }

    @Test("an absurd look-ahead is cut, a negative one finds nothing")
    func absurdLookAhead() throws {
        let hotp = try rfcHOTP()
        #expect(hotp.match(hotp.code(at: 7), from: 7, lookAhead: -1) == nil)
        #expect(hotp.match(hotp.code(at: 7), from: 7, lookAhead: Int.min) == nil)
        #expect(hotp.resync(hotp.code(at: 7), hotp.code(at: 8), from: 7, lookAhead: -1) == nil)
        let eight = try HOTP(secret: Secret(utf8: rfcKey), digits: 10)
        let far = UInt64(HOTP.widestSearch)
        #expect(eight.match(eight.code(at: far), from: 0, lookAhead: Int.max) == far)
        #expect(eight.match(eight.code(at: far + 1), from: 0, lookAhead: Int.max) == nil)
    }

    @Test("a code of another length or alphabet matches nothing")
    func otherLengths() throws {
        let hotp = try rfcHOTP()
        let text = hotp.code(at: 3).text
        for other in ["0" + text, "00" + text] {
            #expect(hotp.match(try code(other), from: 0, lookAhead: 10) == nil)
            #expect(hotp.resync(try code(other), hotp.code(at: 4), from: 0, lookAhead: 10) == nil)
            #expect(hotp.resync(hotp.code(at: 3), try code(other), from: 0, lookAhead: 10) == nil)
        }
        #expect(hotp.match(try OneTimeCode(steam: "22222"), from: 0, lookAhead: 10) == nil)
        let ten = try HOTP(secret: Secret(utf8: rfcKey), digits: 10)
        // Typed codes reach beyond 32 bits: 4294967296 is not 0.
        #expect(ten.match(try code("9999999999"), from: 0, lookAhead: 1000) == nil)
        let wrapped = UInt64(ten.value(at: 0)) + (1 << 32)
        if wrapped < 10_000_000_000 { #expect(ten.match(try code("\(wrapped)"), from: 0, lookAhead: 0) == nil) }
    }

    @Test("of two counters with one code, the first is answered")
    func collision() throws {
        let hotp = try rfcHOTP()
        // Found by trying: counters 910737 and 910738 share 911617, 153567 and 153569 share 468457.
        #expect(hotp.code(at: 910_737).text == "911617")
        #expect(hotp.code(at: 910_738).text == "911617")
        #expect(hotp.match(hotp.code(at: 910_738), from: 910_730, lookAhead: 20) == 910_737)
        #expect(hotp.match(hotp.code(at: 153_569), from: 153_560, lookAhead: 20) == 153_567)
        #expect(hotp.match(hotp.code(at: 153_569), from: 153_568, lookAhead: 20) == 153_569)
    }

    @Test("resynchronising takes two neighbours in their order, anywhere in the range")
    func resync() throws {
        let hotp = try rfcHOTP()
        for counter in UInt64(50)...70 {
            let (first, second) = (hotp.code(at: counter), hotp.code(at: counter + 1))
            let isInside = counter >= 55 && counter + 1 <= 65
            #expect(hotp.resync(first, second, from: 55, lookAhead: 10) == (isInside ? counter + 1 : nil))
            #expect(hotp.resync(second, first, from: 0, lookAhead: 100) == nil)
            #expect(hotp.resync(first, first, from: 0, lookAhead: 100) == nil)
            #expect(hotp.resync(first, hotp.code(at: counter + 2), from: 0, lookAhead: 100) == nil)
        }
        #expect(hotp.resync(hotp.code(at: 5), hotp.code(at: 6), from: 5, lookAhead: 0) == nil)
    }

    @Test("one code twice resynchronises only where two neighbours share it")
    func resyncTwice() throws {
        let hotp = try rfcHOTP()
        let code = hotp.code(at: 910_737)
        #expect(hotp.resync(code, code, from: 910_700, lookAhead: 100) == 910_738)
        #expect(hotp.resync(code, code, from: 910_738, lookAhead: 100) == nil)
        let apart = hotp.code(at: 153_567)
        #expect(hotp.resync(apart, apart, from: 153_500, lookAhead: 100) == nil)
    }

    @Test("zeros at a key's end change nothing up to the block, which is why empty keys are refused")
    func trailingZeros() throws {
        for algorithm in HashAlgorithm.allCases {
            let plain = try HOTP(secret: Secret(utf8: rfcKey), algorithm: algorithm)
            let block = Array(rfcKey.utf8) + [UInt8](repeating: 0, count: algorithm.blockLength - 20)
            let padded = try HOTP(secret: Secret(block), algorithm: algorithm)
            let longer = try HOTP(secret: Secret(block + [0]), algorithm: algorithm)
            let range = UInt64(0)..<50
            #expect(range.allSatisfy { plain.code(at: $0) == padded.code(at: $0) })
            #expect(!range.allSatisfy { plain.code(at: $0) == longer.code(at: $0) })
        }
    }
}
