// TOTPTests.swift: steps of time, windows at their edges, spent steps, resynchronising.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("TOTP")
struct TOTPTests {
    private func totp(
        _ algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        epoch: Int64 = 0
    ) throws -> TOTP {
        try TOTP(secret: Secret(utf8: rfcKey), algorithm: algorithm, digits: digits, period: period, epoch: epoch)
    }

    @Test("refusals")
    func refusals() {
        for period in [Int64.min, -30, -1, 0] {
            #expect(throws: OTPError.period(period)) { _ = try totp(period: period).digits }
        }
        #expect(throws: OTPError.digits(5)) { _ = try totp(digits: 5).digits }
        #expect(throws: OTPError.emptySecret) { _ = try TOTP(secret: Secret([])).digits }
    }

    @Test(
        "steps begin at T0 and last a period, exactly, over all of 64 bits",
        arguments: [
            (0, 30, 0, 0, 30), (29, 30, 0, 0, 1), (30, 30, 0, 1, 30), (59, 30, 0, 1, 1),
            (1_111_111_109, 30, 0, 37_037_036, 1),
            (20_000_000_000, 30, 0, 666_666_666, 10), (.max, 30, 0, 307_445_734_561_825_860, 23),
            (.max, 1, .min, .max, 1), (.max, .max, .min, 2, .max - 1), (.min, 1, .min, 0, 1), (-1, 30, -31, 1, 30),
            (-2, 30, -31, 0, 1), (5_000_000_000, 30, 4_999_999_999, 0, 29), (.max, 2, .min, UInt64.max / 2, 1),
            (.max, .max, 0, 1, .max), (.max - 1, .max, 0, 0, 1),
        ] as [(Int64, Int64, Int64, UInt64, Int64)]
    )
    func steps(now: Int64, period: Int64, epoch: Int64, number: UInt64, left: Int64) throws {
        let totp = try totp(period: period, epoch: epoch)
        let found = try totp.step(at: UnixTime(now))
        #expect(found.number == number)
        #expect(try totp.secondsLeft(at: UnixTime(now)) == left)
        #expect(totp.start(of: found).seconds == now - (period - left))
        #expect(try totp.code(at: UnixTime(now)) == totp.code(of: found))
        #expect(try totp.match(totp.code(of: found), at: UnixTime(now), after: nil) == found)
    }

    @Test("a step that begins after the last moment begins at it")
    func startBeyond() throws {
        #expect(try totp().start(of: step(.max)).seconds == .max)
        #expect(try totp(epoch: .max).start(of: step(1)).seconds == .max)
        #expect(try totp(epoch: .max).start(of: step(0)).seconds == .max)
        #expect(try totp(epoch: .min).start(of: step(0)).seconds == .min)
        #expect(try totp(period: 1, epoch: .min).start(of: step(.max)).seconds == .max)
        #expect(try totp(period: .max, epoch: .min).start(of: step(.max)).seconds == .max)
    }

    @Test(
        "before T0 there is no code",
        arguments: [(-1, 0), (.min, 0), (99, 100), (.max - 1, .max)] as [(Int64, Int64)]
    )
    func beforeEpoch(now: Int64, epoch: Int64) throws {
        let totp = try totp(epoch: epoch)
        let now = UnixTime(now)
        let refusal = OTPError.beforeEpoch(epoch: UnixTime(epoch))
        let code = totp.code(of: step(0))
        #expect(throws: refusal) { try totp.step(at: now) }
        #expect(throws: refusal) { try totp.code(at: now) }
        #expect(throws: refusal) { try totp.secondsLeft(at: now) }
        #expect(throws: refusal) { try totp.match(code, at: now, after: nil) }
        #expect(throws: refusal) { try totp.resync(code, code, at: now, within: 10, after: nil) }
    }

    @Test("the accepted steps are those of the window and no others", arguments: 0...3)
    func window(window: Int) throws {
        let totp = try totp(digits: 10)
        let now = UnixTime(1_795_466_802)
        let present = try totp.step(at: now).number
        for offset in -10...10 {
            let offered = step(UInt64(Int64(present) + Int64(offset)))
            let answer = try totp.match(totp.code(of: offered), at: now, window: window, after: nil)
            #expect(answer == (abs(offset) <= window ? offered : nil))
        }
    }

    @Test("at step 0 the window has no past")
    func firstStep() throws {
        let totp = try totp()
        for number in UInt64(0)...2 {
            let code = totp.code(of: step(number))
            #expect(try totp.match(code, at: UnixTime(0), window: 2, after: nil) == step(number))
            #expect(try totp.match(code, at: UnixTime(0), window: 2, after: step(number)) == nil)
        }
        #expect(try totp.match(totp.code(of: step(.max)), at: UnixTime(0), window: 2, after: nil) == nil)
        #expect(
            try totp.resync(totp.code(of: step(0)), totp.code(of: step(1)), at: UnixTime(0), within: 5, after: nil)
                == step(1)
        )
        #expect(
            try totp.resync(totp.code(of: step(.max)), totp.code(of: step(0)), at: UnixTime(0), within: 5, after: nil)
                == nil
        )
    }

    @Test("at the last step the window has no future")
    func lastStep() throws {
        let totp = try totp(period: 1, epoch: .min)
        let now = UnixTime(.max)
        #expect(try totp.step(at: now).number == .max)
        for distance in UInt64(0)...2 {
            let offered = step(.max - distance)
            #expect(try totp.match(totp.code(of: offered), at: now, window: 2, after: nil) == offered)
        }
        #expect(try totp.match(totp.code(of: step(0)), at: now, window: 2, after: nil) == nil)
        #expect(try totp.match(totp.code(of: step(.max)), at: now, window: 2, after: step(.max)) == nil)
        #expect(try totp.match(totp.code(of: step(.max)), at: now, window: 2, after: step(.max - 1)) == step(.max))
        let (first, second) = (totp.code(of: step(.max - 1)), totp.code(of: step(.max)))
        #expect(try totp.resync(first, second, at: now, within: 5, after: nil) == step(.max))
        #expect(try totp.resync(first, second, at: now, within: 5, after: step(.max - 1)) == nil)
        #expect(try totp.resync(first, second, at: now, within: 5, after: step(.max)) == nil)
    }

    @Test("absurd windows are cut, negative ones find nothing")
    func absurdWindows() throws {
        let totp = try totp(digits: 10)
        let now = UnixTime(30 * 1_000_000)
        let widest = UInt64(HOTP.widestSearch)
        let code = totp.code(of: step(1_000_000 + widest))
        #expect(try totp.match(code, at: now, window: .max, after: nil) == step(1_000_000 + widest))
        #expect(try totp.match(totp.code(of: step(1_000_001 + widest)), at: now, window: .max, after: nil) == nil)
        for window in [-1, Int.min] {
            #expect(try totp.match(totp.code(at: now), at: now, window: window, after: nil) == nil)
            #expect(try totp.resync(totp.code(at: now), code, at: now, within: window, after: nil) == nil)
        }
    }

    @Test("no step up to the spent one is ever answered")
    func spent() throws {
        let totp = try totp(digits: 10)
        let now = UnixTime(1_795_466_802)
        let present = try totp.step(at: now).number
        for spent in (present - 4)...(present + 4) {
            for offered in (present - 3)...(present + 3) {
                let answer = try totp.match(totp.code(of: step(offered)), at: now, window: 2, after: step(spent))
                let isGood = offered > spent && offered >= present - 2 && offered <= present + 2
                #expect(answer == (isGood ? step(offered) : nil))
            }
        }
        #expect(try totp.match(totp.code(at: now), at: now, after: step(.max)) == nil)
        #expect(try totp.match(totp.code(at: now), at: now, after: step(0)) == step(present))
    }

    @Test("of two steps with one code the later is answered, so that the text is spent")
    func collision() throws {
        let totp = try totp()
        // Found by trying: steps 910737 and 910738 share 911617.
        let text = try code("911617")
        let now = UnixTime(910_737 * 30)
        let first = try #require(try totp.match(text, at: now, after: nil))
        #expect(first == step(910_738))
        for seconds in stride(from: now.seconds, through: now.seconds + 120, by: 5) {
            #expect(try totp.match(text, at: UnixTime(seconds), after: first) == nil)
        }
        #expect(try totp.match(text, at: now, after: step(910_737)) == step(910_738))
    }

    @Test("resynchronising takes two neighbouring steps in their order, anywhere in the range, above the spent one")
    func resync() throws {
        let totp = try totp(digits: 8)
        let now = UnixTime(1_795_466_802)
        let present = try totp.step(at: now).number
        for first in (present - 13)...(present + 13) {
            let codes = (totp.code(of: step(first)), totp.code(of: step(first + 1)))
            for spent in [nil, present - 20, present - 5, present, present + 9] as [UInt64?] {
                let answer = try totp.resync(codes.0, codes.1, at: now, within: 10, after: spent.map(step))
                let isInside = first >= present - 10 && first + 1 <= present + 10
                let isGood = isInside && spent.map { first > $0 } ?? true
                #expect(answer == (isGood ? step(first + 1) : nil))
            }
            #expect(try totp.resync(codes.1, codes.0, at: now, within: 20, after: nil) == nil)
            #expect(try totp.resync(codes.0, codes.0, at: now, within: 20, after: nil) == nil)
            #expect(try totp.resync(codes.0, totp.code(of: step(first + 2)), at: now, within: 20, after: nil) == nil)
        }
        #expect(try totp.resync(totp.code(at: now), totp.code(at: now), at: now, within: 0, after: nil) == nil)
    }

    @Test("one code twice resynchronises only where two neighbouring steps share it")
    func resyncTwice() throws {
        let totp = try totp()
        let text = try code("911617")
        let now = UnixTime(910_740 * 30)
        #expect(try totp.resync(text, text, at: now, within: 10, after: nil) == step(910_738))
        #expect(try totp.resync(text, text, at: now, within: 10, after: step(910_736)) == step(910_738))
        #expect(try totp.resync(text, text, at: now, within: 10, after: step(910_737)) == nil)
        let apart = try code("468457")  // Of steps 153567 and 153569, which are not neighbours.
        #expect(try totp.resync(apart, apart, at: UnixTime(153_568 * 30), within: 10, after: nil) == nil)
    }

    @Test("a code of another length or alphabet matches nothing")
    func otherLengths() throws {
        let totp = try totp()
        let now = UnixTime(59)
        let text = try totp.code(at: now).text
        #expect(try totp.match(code("0" + text), at: now, after: nil) == nil)
        #expect(try totp.match(OneTimeCode(steam: "22222"), at: now, after: nil) == nil)
        #expect(try totp.resync(code("0" + text), code("0" + text), at: now, within: 9, after: nil) == nil)
    }

    @Test("matching never answers outside window and watermark, whatever is offered")
    func property() throws {
        var random = SeededGenerator()
        for _ in 0..<400 {
            let epoch = random.pick([0, -1, Int64.min, Int64.random(in: .min ... .max, using: &random)])
            let period = random.pick([1, 2, 30, 60, Int64.max, Int64.random(in: 1...100_000, using: &random)])
            let totp = try TOTP(
                secret: Secret(random.bytes(Int.random(in: 1...40, using: &random))),
                algorithm: random.pick(HashAlgorithm.allCases),
                digits: Int.random(in: 6...10, using: &random),
                period: period,
                epoch: epoch
            )
            let now = UnixTime(random.pick([epoch, .max, Int64.random(in: epoch ... .max, using: &random)]))
            let present = try totp.step(at: now).number
            let window = Int.random(in: 0...3, using: &random)
            let spent = random.pick([nil, 0, present, present &+ 1, present &- 1, UInt64.max]).map(step)
            let offered = random.pick([present, present &+ 1, present &- 1, present &+ 3, random.next()])
            let code = totp.code(of: step(offered))
            if let answer = try totp.match(code, at: now, window: window, after: spent) {
                let distance = max(answer.number, present) - min(answer.number, present)
                #expect(distance <= UInt64(window), "seed \(random.seed)")
                #expect(spent.map { answer > $0 } ?? true, "seed \(random.seed)")
                #expect(totp.code(of: answer) == code, "seed \(random.seed)")
            } else if offered == present {
                #expect(spent.map { $0.number >= present } ?? false, "seed \(random.seed)")
            }
            let next = totp.code(of: step(offered &+ 1))
            if let answer = try totp.resync(code, next, at: now, within: window, after: spent) {
                #expect(answer.number > 0 && totp.code(of: step(answer.number - 1)) == code, "seed \(random.seed)")
                #expect(spent.map { answer.number - 1 > $0.number } ?? true, "seed \(random.seed)")
            }
        }
    }
}
