// RecoveryCodeTests.swift: recovery codes: each works once, in any spelling, for its owner, and never counts against the phone.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Recovery codes of a user", .everyDatabase)
struct RecoveryCodesTests {
    @Test("sign in once each, in whatever spelling, and the audit says how many are left")
    func once() async throws {
        let test = try await TestAuthority()
        let (ann, _, codes) = try await test.makeWholeUser("ann")
        let typed = codes[0].text.lowercased().replacing("-", with: " ").replacing("0", with: "o")
        #expect(try await test.recoveryFault(ann, SecretText(typed)) == nil)
        #expect(try await test.lastEvent()?.factors == ["password", "recovery"])
        #expect(try await test.lastEvent()?.detail == ["recovery_codes_left=2"])
        #expect(try await test.recoveryFault(ann, codes[0])?.reason == "used_recovery_code")
        let output = try await test.signIn(ann, recovery: codes[1])
        #expect(output.session?.mfa == test.clock.now)
        let count = try await test.perform(CountRecoveryCodes(userName: ann))
        #expect(count.left == 1 && count.total == 3)
        #expect(try await test.signIn(ann).challenge?.recoveryCodesLeft == 1)
    }

    @Test("end a challenge as a code does")
    func challenge() async throws {
        let test = try await TestAuthority()
        let (ann, _, codes) = try await test.makeWholeUser("ann")
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        let wrong = AnswerChallenge(ticket: ticket, recoveryCode: SecretText("0000-0000-0000-0000"))
        #expect(try await test.fault(wrong, as: .anonymous) == .codeRefused(""))
        let right = AnswerChallenge(ticket: ticket, recoveryCode: codes[2])
        #expect(try await test.perform(right, as: .anonymous).session != nil)
        #expect(try await test.fault(right, as: .anonymous)?.code == "ChallengeEnded")
    }

    @Test("need the right password too")
    func password() async throws {
        let test = try await TestAuthority()
        let (ann, _, codes) = try await test.makeWholeUser("ann")
        let wrong = SignIn(userName: ann, password: SecretText("not it, not at all"), recoveryCode: codes[0])
        #expect(try await test.fault(wrong, as: .anonymous)?.reason == "wrong_password")
        #expect(try await test.recoveryFault(ann, codes[0]) == nil)
    }

    @Test("of an older set, and of another user, are worth nothing")
    func others() async throws {
        let test = try await TestAuthority()
        let (ann, _, old) = try await test.makeWholeUser("ann")
        let (bob, _, bobs) = try await test.makeWholeUser("bob")
        let new = try await test.perform(RenewRecoveryCodes(userName: ann)).recoveryCodes
        #expect(new.count == 10)
        #expect(Set(new.map(\.text)).count == 10)
        #expect(try await test.recoveryFault(ann, old[0])?.reason == "wrong_recovery_code")
        #expect(try await test.recoveryFault(ann, bobs[0])?.reason == "wrong_recovery_code")
        #expect(try await test.recoveryFault(bob, new[0])?.reason == "wrong_recovery_code")
        #expect(try await test.recoveryFault(ann, new[0]) == nil)
        #expect(try await test.recoveryFault(bob, bobs[0]) == nil)
    }

    @Test("that are wrong are throttled by themselves: the phone's codes go on, and a hundred make the set void")
    func throttled() async throws {
        let test = try await TestAuthority()
        let (ann, phone, codes) = try await test.makeWholeUser("ann")
        let wrong = SecretText("0000-0000-0000-0000")
        for _ in 0..<5 { #expect(try await test.recoveryFault(ann, wrong)?.reason == "wrong_recovery_code") }
        #expect(try await test.recoveryFault(ann, codes[0])?.reason == "throttled")
        test.clock.advance(30)
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
        for _ in 5..<100 {
            test.clock.advance(901)
            #expect(try await test.recoveryFault(ann, wrong)?.reason == "wrong_recovery_code")
        }
        test.clock.advance(901)
        #expect(try await test.recoveryFault(ann, codes[0])?.reason == "no_recovery_codes")
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
        let new = try await test.perform(RenewRecoveryCodes(userName: ann)).recoveryCodes
        #expect(try await test.recoveryFault(ann, new[0]) == nil)
    }

    @Test("are used by exactly one of sixteen who bring the same one at once, twenty times")
    func race() async throws {
        let test = try await TestAuthority {
            $0.freeFailures = 1_000_000
            $0.codeLimit = 1_000_000
        }
        let (ann, _, _) = try await test.makeWholeUser("ann")
        let codes = try await test.perform(RenewRecoveryCodes(userName: ann, count: 20)).recoveryCodes
        for code in codes {
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 { group.addTask { try await test.recoveryFault(ann, code) == nil } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1)
        }
        #expect(try await test.perform(CountRecoveryCodes(userName: ann)).left == 0)
    }

    @Test("are made for whom a device protects, one to twenty at a time")
    func limits() async throws {
        let test = try await TestAuthority()
        let bob = try await test.makeUser("bob")
        #expect(try await test.fault(RenewRecoveryCodes(userName: bob))?.code == "InvalidInput")
        _ = try await test.enroll(bob)
        for count in [0, 21, -1, Int.max] {
            #expect(try await test.fault(RenewRecoveryCodes(userName: bob, count: count))?.code == "InvalidInput")
        }
        #expect(try await test.perform(RenewRecoveryCodes(userName: bob, count: 20)).recoveryCodes.count == 20)
    }
}
