// IsolationTests.swift: two accounts in one store share nothing: not a name, a password, a device, a code or a session.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Two accounts", .everyDatabase)
struct IsolationTests {
    static let other = AccountID(checked: "210987654321")
    private let otherPassword = SecretText("herons stand in the shallows")

    private var local: Caller { .local("tester", account: Self.other) }

    /// A second account with an `ann` of its own.
    private func makeOther(_ test: TestAuthority) async throws {
        for fault in [
            await test.authority.fault(
                CreateAccount(accountId: Self.other, rootPassword: otherPassword),
                as: local,
                in: Self.other
            ),
            await test.authority.fault(CreateUser(userName: try UserName("ann")), as: local, in: Self.other),
            await test.authority.fault(
                CreateLoginProfile(userName: try UserName("ann"), password: otherPassword),
                as: local,
                in: Self.other
            ),
        ] { #expect(fault == nil) }
    }

    @Test("have users of one name with passwords, devices and codes of their own")
    func sameName() async throws {
        let test = try await TestAuthority()
        try await makeOther(test)
        let (ann, phone, recovery) = try await test.makeWholeUser("ann")
        test.clock.advance(30)
        func other(_ action: SignIn) async -> Fault? { await test.authority.fault(action, in: Self.other) }
        #expect(await other(SignIn(userName: ann, password: TestAuthority.password))?.reason == "wrong_password")
        #expect(await other(SignIn(userName: .root, password: TestAuthority.password))?.reason == "wrong_password")
        #expect(try await test.signInFault(ann, otherPassword)?.reason == "wrong_password")
        // The other ann has no device, and neither a code nor a recovery code of this one's stands for anything.
        #expect(await other(SignIn(userName: ann, password: otherPassword)) == nil)
        let call = test.authority.call(by: .anonymous, for: Self.other, from: "192.0.2.1")
        let output = try await test.authority.perform(
            SignIn(userName: ann, password: otherPassword, code: try phone.code()),
            call
        )
        #expect(output.session?.mfa == nil)
        #expect(output.session?.account == Self.other)
        _ = await other(SignIn(userName: ann, password: otherPassword, recoveryCode: recovery[0]))
        #expect(try await test.recoveryFault(ann, recovery[0]) == nil)
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
    }

    @Test("do not throttle each other")
    func throttles() async throws {
        let test = try await TestAuthority()
        try await makeOther(test)
        let ann = try await test.makeUser("ann")
        let wrong = SignIn(userName: ann, password: SecretText("not the password at all"))
        for _ in 0..<6 { _ = await test.authority.fault(wrong, in: Self.other) }
        #expect(
            await test.authority.fault(SignIn(userName: ann, password: otherPassword), in: Self.other)?.reason
                == "throttled"
        )
        #expect(try await test.signIn(ann).session != nil)
    }

    @Test("are closed to each other's callers, root and session alike")
    func callers() async throws {
        let test = try await TestAuthority()
        try await makeOther(test)
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        let rootToken = try #require(try await test.signIn(.root).session?.token)
        let root = try await test.authority.caller(ofSession: rootToken)
        for caller in [root, test.local] {
            for fault in [
                await test.authority.fault(GetUser(userName: ann), as: caller, in: Self.other),
                await test.authority.fault(ListUsers(), as: caller, in: Self.other),
                await test.authority.fault(DeleteUser(userName: ann), as: caller, in: Self.other),
                await test.authority.fault(ListDevices(), as: caller, in: Self.other),
                await test.authority.fault(RenewRecoveryCodes(userName: ann), as: caller, in: Self.other),
            ] { #expect(fault?.code == "AccessDenied") }
        }
        // Nor does a serial or a ticket of one account lead anywhere in the other.
        let deactivate = DeactivateMFADevice(serialNumber: phone.serial)
        #expect(await test.authority.fault(deactivate, as: local, in: Self.other)?.code == "NoSuchEntity")
        let delete = DeleteVirtualMFADevice(serialNumber: phone.serial)
        #expect(await test.authority.fault(delete, as: local, in: Self.other)?.code == "NoSuchEntity")
        test.clock.advance(30)
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        let answer = AnswerChallenge(ticket: ticket, code: try phone.code())
        #expect(await test.authority.fault(answer, in: Self.other)?.code == "ChallengeEnded")
        #expect(try await test.perform(answer, as: .anonymous).session?.account == TestAuthority.accountID)
    }

    @Test("list only what is theirs")
    func lists() async throws {
        let test = try await TestAuthority()
        try await makeOther(test)
        _ = try await test.makeWholeUser("bob")
        let call = test.authority.call(by: local, for: Self.other, from: "local")
        #expect(try await test.authority.perform(ListUsers(), call).users.map(\.userName.text) == ["ann"])
        #expect(try await test.authority.perform(ListDevices(), call).devices.isEmpty)
        #expect(try await test.perform(ListUsers()).users.map(\.userName.text) == ["bob"])
        #expect(try await test.perform(ListDevices()).devices.count == 1)
    }
}
