// SignInTests.swift: the login flow: one step, two steps, refusals that all sound alike, throttling and replay.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Sign-in", .everyDatabase)
struct SignInTests {
    @Test("a user without a device signs in with the password alone")
    func passwordAlone() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let output = try await test.signIn(ann)
        let session = try #require(output.session)
        #expect(session.mfa == nil)
        #expect(output.challenge == nil)
        let caller = try await test.authority.caller(ofSession: session.token)
        #expect(caller.account == TestAuthority.accountID)
        #expect(caller.mfa == nil)
    }

    @Test("root signs in by the name root, case apart, and by no other")
    func root() async throws {
        let test = try await TestAuthority()
        let output = try await test.signIn(try UserName("Root"))
        #expect(output.session?.arn.text == "arn:aws:iam::123456789012:root")
        let fault = try await test.fault(CreateUser(userName: try UserName("ROOT")))
        #expect(fault?.code == "EntityAlreadyExists")
    }

    @Test("with a device, one step takes password and code together and spends the code")
    func oneStep() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        // The code that enrolled the device is spent.
        #expect(try await test.signInFault(ann, code: try phone.code())?.reason == "replayed_code")
        test.clock.advance(30)
        let output = try await test.signIn(ann, code: try phone.code())
        #expect(output.session?.mfa == test.clock.now)
        #expect(try await test.signInFault(ann, code: try phone.code())?.reason == "replayed_code")
        // Once a step is spent an earlier one of the window is dead as well.
        #expect(try await test.signInFault(ann, code: try phone.code(-1))?.reason == "replayed_code")
        #expect(try await test.signIn(ann, code: try phone.code(1)).session != nil)
    }

    @Test("two steps: the password gives a challenge, the code ends it, and it ends once")
    func twoSteps() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(30)
        let output = try await test.signIn(ann)
        #expect(output.session == nil)
        // The trail tells it from a sign-in by password alone.
        #expect(try await test.lastEvent()?.detail == ["asked=code"])
        let challenge = try #require(output.challenge)
        let answer = AnswerChallenge(ticket: challenge.ticket, code: try phone.code())
        #expect(try await test.perform(answer, as: .anonymous).session?.userName == ann)
        #expect(try await test.fault(answer, as: .anonymous)?.code == "ChallengeEnded")
    }

    @Test("a challenge hears five answers, for five minutes")
    func challengeLimits() async throws {
        let test = try await TestAuthority { $0.freeFailures = 100 }
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(30)
        let first = try #require(try await test.signIn(ann).challenge)
        for _ in 0..<5 {
            let wrong = AnswerChallenge(ticket: first.ticket, code: SecretText("000000"))
            #expect(try await test.fault(wrong, as: .anonymous)?.code == "InvalidAuthenticationCode")
        }
        let sixth = AnswerChallenge(ticket: first.ticket, code: try phone.code())
        #expect(try await test.fault(sixth, as: .anonymous)?.code == "ChallengeEnded")

        let second = try #require(try await test.signIn(ann).challenge)
        test.clock.advance(300)
        let late = AnswerChallenge(ticket: second.ticket, code: try phone.code())
        #expect(try await test.fault(late, as: .anonymous)?.code == "ChallengeEnded")
    }

    @Test("unknown user, wrong password, no password and throttled give one answer, and the audit tells them apart")
    func oneAnswer() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let bob = try UserName("bob")
        try await test.perform(CreateUser(userName: bob))
        let wrong = SecretText("not the password at all")
        var faults: [Fault?] = []
        faults.append(try await test.signInFault(try UserName("nobody"), wrong))
        #expect(try await test.lastEvent()?.reason == "unknown_user")
        #expect(try await test.lastEvent()?.subject == nil)
        faults.append(try await test.signInFault(ann, wrong))
        #expect(try await test.lastEvent()?.reason == "wrong_password")
        faults.append(try await test.signInFault(bob, wrong))
        #expect(try await test.lastEvent()?.reason == "no_password")
        for _ in 0..<5 { faults.append(try await test.signInFault(ann, wrong)) }
        faults.append(try await test.signInFault(ann))
        #expect(try await test.lastEvent()?.reason == "throttled")
        let messages = Set(faults.map { $0?.message })
        #expect(messages.count == 1)
        #expect(Set(faults.map { $0?.code }) == ["SignInRefused"])
        #expect(Set(faults.map { $0?.status }) == [403])
    }

    @Test("the delay doubles from one second to a quarter of an hour, and refused attempts do not prolong it")
    func delay() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let wrong = SecretText("not the password at all")
        for _ in 0..<4 { #expect(try await test.signInFault(ann, wrong)?.reason == "wrong_password") }
        var expected: Int64 = 1
        while expected < 900 {
            #expect(try await test.signInFault(ann, wrong)?.reason == "wrong_password")
            #expect(try await test.signInFault(ann)?.reason == "throttled")
            test.clock.advance(expected - 1)
            #expect(try await test.signInFault(ann)?.reason == "throttled")
            test.clock.advance(1)
            expected *= 2
        }
        #expect(try await test.signInFault(ann, wrong)?.reason == "wrong_password")
        test.clock.advance(900)
        #expect(try await test.signIn(ann).session != nil)
        // A right password forgets the failures.
        #expect(try await test.signInFault(ann, wrong)?.reason == "wrong_password")
        #expect(try await test.signIn(ann).session != nil)
    }

    @Test("a password over 128 characters is refused before any hashing")
    func tooLong() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let long = SecretText(String(repeating: "x", count: 129))
        #expect(try await test.signInFault(ann, long)?.reason == "password_too_long")
        #expect(try await test.signInFault(try UserName("nobody"), long)?.reason == "password_too_long")
    }

    @Test("a hundred wrong codes disable the device and leave the password's counter alone")
    func hundredWrongCodes() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(30)
        for _ in 0..<100 {
            #expect(try await test.signInFault(ann, code: SecretText("000000"))?.code == "SignInRefused")
            test.clock.advance(901)
        }
        #expect(try await test.lastEvent()?.detail == ["disabled=\(phone.serial)"])
        #expect(try await test.signInFault(ann, code: try phone.code())?.reason == "device_disabled")
        // The password is still heard: it gives a challenge.
        #expect(try await test.signIn(ann).challenge != nil)
        // Two consecutive codes prove the device anew.
        try await test.perform(
            ResyncMFADevice(
                userName: ann,
                serialNumber: phone.serial,
                authenticationCode1: try phone.authenticationCode(0),
                authenticationCode2: try phone.authenticationCode(1)
            )
        )
        test.clock.advance(60)
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
    }

    @Test("sixteen sign-ins at once with one code: exactly one wins, two hundred times")
    func race() async throws {
        let test = try await TestAuthority {
            $0.freeFailures = 1_000_000
            $0.codeLimit = 1_000_000
        }
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        for _ in 0..<200 {
            test.clock.advance(30)
            let code = try phone.code()
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask { try await test.signInFault(ann, code: code) == nil }
                }
                var wins = 0
                for try await won in group where won { wins += 1 }
                return wins
            }
            #expect(wins == 1)
        }
    }

    @Test("the next sign-in tells how many wrong codes there were")
    func notice() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(30)
        for _ in 0..<3 { _ = try await test.signInFault(ann, code: SecretText("000000")) }
        #expect(try await test.signIn(ann, code: try phone.code()).failedCodes == 3)
        test.clock.advance(30)
        #expect(try await test.signIn(ann, code: try phone.code()).failedCodes == nil)
    }
}
