// RestoreTests.swift: a backup put back: nothing that was used or given out since comes to life again.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@testable import Latchkey

@Suite("A restored store")
struct RestoreTests {
    private func restored(_ test: TestAuthority) async throws -> (Authority, RestoreReport) {
        await test.authority.close()
        let report = try await Authority.restore(
            from: test.folder + "/backup.sqlite",
            to: test.location,
            masterKey: .file(test.keyFile),
            world: test.authority.world,
            settings: test.authority.settings
        )
        return (try await test.reopen(), report)
    }

    @Test("takes no code that was good before, and takes the ones that come")
    func codes() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        test.clock.advance(300)
        #expect(try await test.signIn(ann, code: try phone.code(-1)).session != nil)
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
        // A fast phone: the server took the code of the next step already.
        #expect(try await test.signIn(ann, code: try phone.code(1)).session != nil)
        let (store, report) = try await restored(test)
        #expect(report == RestoreReport(devices: 1, disabled: [], withoutRecoveryCodes: []))
        for step: Int64 in [-1, 0, 1] {
            #expect(await store.signInFault(ann, code: try phone.code(step))?.reason == "replayed_code")
        }
        test.clock.advance(60)
        #expect(await store.signInFault(ann, code: try phone.code()) == nil)
        #expect(await store.signInFault(ann, code: try phone.code())?.reason == "replayed_code")
        #expect(try await store.check() == [])
        await store.close()
    }

    @Test("has no button-driven device, recovery code, session or half-done sign-in of before")
    func others() async throws {
        let test = try await TestAuthority()
        let (ann, _, recovery) = try await test.makeWholeUser("ann")
        let bob = try await test.makeUser("bob")
        let begun = try await test.perform(
            BeginEnrollment(userName: bob, parameters: DeviceParameters(kind: .hotp))
        )
        let button = try Phone(begun.enrollment, test.clock)
        try await test.perform(ConfirmEnrollment(serialNumber: button.serial, code: try button.code(counter: 0)))
        let pending = try await test.perform(BeginEnrollment(userName: bob)).enrollment
        let session = try #require(
            try await test.signIn(ann, recovery: recovery[0]).session?.token
        )
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        #expect(try await test.recoveryFault(ann, recovery[1]) == nil)
        #expect(try await test.signIn(bob, code: try button.code(counter: 1)).session != nil)
        let (store, report) = try await restored(test)
        #expect(report.disabled == ["arn:aws:iam::123456789012:user/bob"])
        #expect(report.withoutRecoveryCodes == ["arn:aws:iam::123456789012:user/ann"])
        for code in recovery {
            #expect(await store.signInFault(ann, recovery: code)?.reason == "no_recovery_codes")
        }
        #expect(await store.signInFault(bob, code: try button.code(counter: 1))?.reason == "device_disabled")
        #expect(await store.signInFault(bob, code: try button.code(counter: 2))?.reason == "device_disabled")
        await #expect(throws: Fault(code: "SessionEnded", status: 403, message: "")) {
            _ = try await store.caller(ofSession: session)
        }
        #expect(
            await store.fault(AnswerChallenge(ticket: ticket, code: SecretText("000000")))?.code == "ChallengeEnded"
        )
        let confirm = ConfirmEnrollment(serialNumber: pending.serialNumber, code: SecretText("000000"))
        #expect(await store.fault(confirm, as: test.local)?.code == "NoSuchEntity")
        await store.close()
    }

    @Test("lets no device of nobody, and no button that went on, be enabled by codes of before")
    func unassigned() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let made = try await test.perform(
            CreateVirtualMFADevice(virtualMFADeviceName: try VirtualMFADeviceName("spare"))
        )
        let serial = made.virtualMFADevice.serialNumber
        let seed = try Base32.decode(
            String(decoding: made.virtualMFADevice.base32StringSeed?.bytes ?? [], as: UTF8.self),
            .strict
        )
        func codes(from step: Int64) throws -> EnableMFADevice {
            let totp = try TOTP(secret: Secret(seed))
            func code(_ step: Int64) throws -> AuthenticationCode {
                try AuthenticationCode(totp.code(at: test.clock.now.adding(seconds: step * 30)).text)
            }
            return EnableMFADevice(
                userName: ann,
                serialNumber: serial,
                authenticationCode1: try code(step),
                authenticationCode2: try code(step + 1)
            )
        }
        let begun = try await test.perform(
            BeginEnrollment(userName: ann, parameters: DeviceParameters(kind: .hotp))
        )
        let button = try Phone(begun.enrollment, test.clock)
        try await test.perform(ConfirmEnrollment(serialNumber: button.serial, code: try button.code(counter: 0)))
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        let seen = try codes(from: -1)
        try await test.perform(seen)
        for counter: UInt64 in 5...6 {
            #expect(try await test.signIn(ann, code: try button.code(counter: counter)).session != nil)
        }
        let (store, _) = try await restored(test)
        #expect(await store.fault(seen, as: test.local)?.code == "InvalidAuthenticationCode")
        let resync = ResyncMFADevice(
            userName: ann,
            serialNumber: button.serial,
            authenticationCode1: try AuthenticationCode(button.code(counter: 5).text),
            authenticationCode2: try AuthenticationCode(button.code(counter: 6).text)
        )
        #expect(await store.fault(resync, as: test.local)?.code == "InvalidInput")
        let free = DeactivateMFADevice(userName: ann, serialNumber: button.serial)
        #expect(await store.fault(free, as: test.local) == nil)
        let again = EnableMFADevice(
            userName: ann,
            serialNumber: button.serial,
            authenticationCode1: try AuthenticationCode(button.code(counter: 5).text),
            authenticationCode2: try AuthenticationCode(button.code(counter: 6).text)
        )
        #expect(await store.fault(again, as: test.local)?.code == "InvalidInput")
        test.clock.advance(90)
        #expect(await store.fault(try codes(from: 0), as: test.local) == nil)
        #expect(try await store.check() == [])
        await store.close()
    }

    @Test("says in its trail that it was restored, and the trail is whole")
    func audit() async throws {
        let test = try await TestAuthority()
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        try await test.perform(CreateUser(userName: try UserName("late")))
        let (store, _) = try await restored(test)
        #expect(try await store.auditEvents().map(\.event) == ["CreateAccount", "RestoreStore"])
        #expect(try await store.verifyAudit().damage == nil)
        await store.close()
    }

    @Test("stays what it was when the backup is of another key, or is none", arguments: [true, false])
    func refused(_ isStore: Bool) async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        let other = try await TestAuthority()
        let path = test.folder + "/foreign"
        if isStore {
            try await other.authority.backup(to: path)
        } else {
            try Data("no database".utf8).write(to: URL(fileURLWithPath: path))
        }
        await test.authority.close()
        await #expect(throws: Fault.self) {
            _ = try await Authority.restore(
                from: path,
                to: test.location,
                masterKey: .file(test.keyFile),
                world: test.authority.world,
                settings: test.authority.settings
            )
        }
        let store = try await test.reopen()
        test.clock.advance(30)
        #expect(await store.signInFault(ann, code: try phone.code()) == nil)
        await store.close()
    }
}
