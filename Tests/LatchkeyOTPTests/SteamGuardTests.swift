// SteamGuardTests.swift: Steam's codes (their values are held against pyotp in DifferentialTests).
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("SteamGuard")
struct SteamGuardTests {
    @Test("codes are five characters that read back, and match their step")
    func codes() throws {
        var random = SeededGenerator()
        let key = try SteamGuard(secret: Secret(random.bytes(20)))
        for _ in 0..<500 {
            let now = UnixTime(Int64.random(in: 60...100_000_000_000, using: &random))
            let code = try key.code(at: now)
            #expect(code.text.utf8.count == 5, "seed \(random.seed)")
            #expect(try OneTimeCode(steam: code.text) == code, "seed \(random.seed)")
            let step = try key.step(at: now)
            #expect(try key.match(code, at: now, after: nil) == step, "seed \(random.seed)")
            #expect(try key.match(code, at: now, after: step) == nil, "seed \(random.seed)")
            #expect(try key.match(key.code(of: TOTP.Step(number: step.number + 2)), at: now, after: nil) == nil)
        }
    }

    @Test("refusals and edges")
    func refusals() throws {
        #expect(throws: OTPError.emptySecret) { _ = try SteamGuard(secret: Secret([])).code(of: step(0)) }
        let key = try SteamGuard(secret: Secret(utf8: rfcKey))
        #expect(throws: OTPError.beforeEpoch(epoch: UnixTime(0))) { try key.code(at: UnixTime(-1)) }
        #expect(try key.match(code("123456"), at: UnixTime(0), after: nil) == nil)
        #expect(try key.match(key.code(at: UnixTime(0)), at: UnixTime(0), window: -1, after: nil) == nil)
        #expect(try key.secondsLeft(at: UnixTime(29)) == 1)
        #expect(key.code(of: step(.max)).text.utf8.count == 5)
    }
}
