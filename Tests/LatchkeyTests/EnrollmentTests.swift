// EnrollmentTests.swift: a device counts after its own codes and not before, and a wrong code is told apart while it is enrolled.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Enrolment", .everyDatabase)
struct EnrollmentTests {
    private func begin(
        _ test: TestAuthority,
        _ user: UserName,
        _ parameters: DeviceParameters = DeviceParameters()
    ) async throws -> Phone {
        try Phone(
            try await test.perform(BeginEnrollment(userName: user, parameters: parameters)).enrollment,
            test.clock
        )
    }

    /// A phone that takes the same key otherwise.
    private func misled(_ phone: Phone, _ parameters: DeviceParameters, _ clock: TestClock) throws -> Phone {
        try Phone(
            Enrollment(
                serialNumber: phone.serial,
                userName: .root,
                issuer: nil,
                parameters: parameters,
                uri: SecretText(""),
                secret: SecretText(Base32.encode(phone.seed)),
                expires: clock.now
            ),
            clock
        )
    }

    /// How a device is enrolled, how the app takes it, what is said and what is suggested.
    static let misunderstandings: [(DeviceParameters, DeviceParameters, says: String, suggests: String?)] = [
        (DeviceParameters(algorithm: .sha256), DeviceParameters(), "that is the SHA1 code", "--algorithm sha1"),
        (DeviceParameters(algorithm: .sha512), DeviceParameters(), "that is the SHA1 code", "--algorithm sha1"),
        (DeviceParameters(digits: 8), DeviceParameters(), "6-digit", "--digits 6"),
        (DeviceParameters(period: 60), DeviceParameters(), "30-second", "--period 30"),
        (
            DeviceParameters(algorithm: .sha512, digits: 8, period: 60), DeviceParameters(), "SHA1",
            "--algorithm sha1 --digits 6 --period 30"
        ),
    ]

    @Test("says what the app ignored, and under what the code would be right", arguments: misunderstandings.indices)
    func diagnosis(_ index: Int) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let (enrolled, used, says, suggests) = Self.misunderstandings[index]
        let phone = try await begin(test, ann, enrolled)
        let app = try misled(phone, used, test.clock)
        let fault = try await test.fault(ConfirmEnrollment(serialNumber: phone.serial, code: try app.code()))
        #expect(fault?.code == "InvalidAuthenticationCode")
        #expect(fault?.message.contains(says) == true, "\(fault?.message ?? "")")
        #expect(fault?.suggestion == suggests)
        #expect(fault?.message.contains("(1 of 5 tries)") == true)
        // The right code is still taken.
        try await test.perform(ConfirmEnrollment(serialNumber: phone.serial, code: try phone.code()))
    }

    static let clocks: [(steps: Int64, says: String)] = [
        (-8, "that code is 4 minutes old: set the phone's clock to automatic"),
        (10, "5 minutes"), (120, "60 minutes"), (-660, "5.5 hours"), (240, "time zone"),
    ]

    @Test("says how wrong the phone's clock is", arguments: clocks.indices)
    func clock(_ index: Int) async throws {
        let test = try await TestAuthority()
        let phone = try await begin(test, try await test.makeUser("ann"))
        let code = try phone.code(Self.clocks[index].steps)
        let fault = try await test.fault(ConfirmEnrollment(serialNumber: phone.serial, code: code))
        #expect(fault?.message.contains(Self.clocks[index].says) == true, "\(fault?.message ?? "")")
        #expect(fault?.suggestion == nil)
    }

    @Test("is the only place that explains a code: a sign-in says the one sentence")
    func onlyHere() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(300)
        let fault = try await test.signInFault(ann, code: try phone.code(-8))
        #expect(fault?.message == TestAuthority.refusal.message)
        #expect(fault?.suggestion == nil)
    }

    @Test("neither protects nor locks before it is confirmed, lapses after an hour, and is void after five wrong codes")
    func pending() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let first = try await begin(test, ann)
        #expect(try await test.signIn(ann).session != nil)
        #expect(try await test.signInFault(ann, code: try first.code()) == nil)
        test.clock.advance(3_600)
        let late = ConfirmEnrollment(serialNumber: first.serial, code: try first.code())
        let lateByTwo = EnableMFADevice(
            userName: ann,
            serialNumber: first.serial,
            authenticationCode1: try first.authenticationCode(0),
            authenticationCode2: try first.authenticationCode(1)
        )
        #expect(try await test.fault(lateByTwo)?.code == "NoSuchEntity")
        #expect(try await test.fault(late)?.code == "NoSuchEntity")
        let second = try await begin(test, ann)
        for _ in 0..<5 {
            let wrong = ConfirmEnrollment(serialNumber: second.serial, code: SecretText("12345"))
            #expect(try await test.fault(wrong)?.code == "InvalidAuthenticationCode")
        }
        let right = ConfirmEnrollment(serialNumber: second.serial, code: try second.code())
        #expect(try await test.fault(right)?.code == "NoSuchEntity")
        #expect(try await test.signIn(ann).session != nil)
    }

    @Test("spends its code, ends what was signed in without it, and shows the key no more")
    func confirmed() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let token = try #require(try await test.signIn(ann).session?.token)
        let phone = try await begin(test, ann)
        #expect(try await test.perform(ShowEnrollment(serialNumber: phone.serial)).enrollment.secret.text.count == 32)
        let code = try phone.code()
        try await test.perform(ConfirmEnrollment(serialNumber: phone.serial, code: code))
        await #expect(throws: Fault.self) { _ = try await test.authority.caller(ofSession: token) }
        #expect(try await test.signInFault(ann, code: code)?.reason == "replayed_code")
        #expect(try await test.fault(ShowEnrollment(serialNumber: phone.serial))?.code == "InvalidInput")
        #expect(try await test.fault(ConfirmEnrollment(serialNumber: phone.serial, code: code))?.code == "InvalidInput")
    }

    @Test("by the API takes two consecutive codes of that device, in order, and nothing less")
    func twoCodes() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await begin(test, ann)
        let other = try await begin(test, ann)
        func enable(_ first: AuthenticationCode, _ second: AuthenticationCode) async throws -> Fault? {
            try await test.fault(
                EnableMFADevice(
                    userName: ann,
                    serialNumber: phone.serial,
                    authenticationCode1: first,
                    authenticationCode2: second
                )
            )
        }
        let (past, present) = (try phone.authenticationCode(-1), try phone.authenticationCode())
        #expect(try await enable(present, present)?.code == "InvalidAuthenticationCode")
        #expect(try await enable(present, past)?.code == "InvalidAuthenticationCode")
        #expect(try await enable(past, try phone.authenticationCode(1))?.code == "InvalidAuthenticationCode")
        #expect(try await enable(try other.authenticationCode(-1), present)?.code == "InvalidAuthenticationCode")
        #expect(try await test.signIn(ann).session != nil)
        #expect(try await enable(past, present) == nil)
        for step: Int64 in [-1, 0] {
            #expect(try await test.signInFault(ann, code: try phone.code(step))?.reason == "replayed_code")
        }
        #expect(try await test.signIn(ann, code: try phone.code(1)).session != nil)
    }

    @Test("gives 160 random bits each time")
    func seeds() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        var seeds: Set<[UInt8]> = []
        for _ in 0..<50 {
            let phone = try await begin(test, ann)
            #expect(phone.seed.count == 20)
            seeds.insert(phone.seed)
        }
        #expect(seeds.count == 50)
    }

    @Test("of a button takes a press ahead, and each press once")
    func button() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await begin(test, ann, DeviceParameters(kind: .hotp))
        try await test.perform(ConfirmEnrollment(serialNumber: phone.serial, code: try phone.code(counter: 3)))
        for counter: UInt64 in 0...3 {
            #expect(try await test.signInFault(ann, code: try phone.code(counter: counter)) != nil)
        }
        test.clock.advance(60)
        #expect(try await test.signIn(ann, code: try phone.code(counter: 14)).session != nil)
        #expect(try await test.signInFault(ann, code: try phone.code(counter: 14)) != nil)
        // Eleven presses ahead is too far; two in a row say where the device stands.
        #expect(try await test.signInFault(ann, code: try phone.code(counter: 26)) != nil)
        func resync(_ first: UInt64, _ second: UInt64) async throws -> Fault? {
            try await test.fault(
                ResyncMFADevice(
                    userName: ann,
                    serialNumber: phone.serial,
                    authenticationCode1: try AuthenticationCode(try phone.code(counter: first).text),
                    authenticationCode2: try AuthenticationCode(try phone.code(counter: second).text)
                )
            )
        }
        #expect(try await resync(40, 42)?.code == "InvalidAuthenticationCode")
        #expect(try await resync(13, 14)?.code == "InvalidAuthenticationCode")
        test.clock.advance(60)
        #expect(try await resync(40, 41) == nil)
        #expect(try await test.signInFault(ann, code: try phone.code(counter: 41)) != nil)
        #expect(try await test.signIn(ann, code: try phone.code(counter: 42)).session != nil)
    }
}
