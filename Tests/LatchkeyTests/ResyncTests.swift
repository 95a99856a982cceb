// ResyncTests.swift: a device whose clock is off: resynchronised by two codes, it is in step from then on, and in nothing else.
import LatchkeyOTP
import Testing

@testable import Latchkey

@Suite("A device whose clock is off")
struct ResyncTests {
    private func resync(_ user: UserName, _ phone: Phone, _ steps: Int64) throws -> ResyncMFADevice {
        ResyncMFADevice(
            userName: user,
            serialNumber: phone.serial,
            authenticationCode1: try phone.authenticationCode(steps - 1),
            authenticationCode2: try phone.authenticationCode(steps)
        )
    }

    @Test(
        "signs in again after two consecutive codes, within the window around its own clock",
        arguments: [-20, 20] as [Int64]
    )
    func signsIn(_ off: Int64) async throws {
        let test = try await TestAuthority { $0.freeFailures = 1_000 }
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(3_600)
        #expect(try await test.signInFault(ann, code: try phone.code(off))?.reason == "wrong_code")
        try await test.perform(try resync(ann, phone, off))
        let device = try #require(try await test.perform(ListDevices(userName: ann)).devices.first)
        #expect(device.clockOffset == off * 30)
        // What resynchronised it is spent.
        for spent in [off - 1, off] {
            #expect(try await test.signInFault(ann, code: try phone.code(spent))?.reason == "replayed_code")
        }
        test.clock.advance(90)
        // Three codes, and no other: not those of the right time either.
        for wrong in [-2, 2, -off, -off - 1, -off + 1] {
            #expect(try await test.signInFault(ann, code: try phone.code(off + wrong))?.reason == "wrong_code")
        }
        for right: Int64 in [-1, 0, 1] {
            #expect(try await test.signIn(ann, code: try phone.code(off + right)).session != nil)
            #expect(try await test.signInFault(ann, code: try phone.code(off + right))?.reason == "replayed_code")
        }
        // A code at the window's edge does not move the window.
        test.clock.advance(90)
        #expect(try await test.signInFault(ann, code: try phone.code(off + 2))?.reason == "wrong_code")
        #expect(try await test.signIn(ann, code: try phone.code(off - 1)).session != nil)
        #expect(try await test.authority.check() == [])
    }

    @Test("is set right by another resynchronisation, when somebody has set its clock")
    func setRight() async throws {
        let test = try await TestAuthority { $0.freeFailures = 1_000 }
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(3_600)
        try await test.perform(try resync(ann, phone, -20))
        #expect(try await test.signInFault(ann, code: try phone.code())?.reason == "wrong_code")
        try await test.perform(try resync(ann, phone, 0))
        test.clock.advance(30)
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
    }

    @Test("is not put elsewhere by whoever writes the database without the keys")
    func sealed() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(3_600)
        try test.tamper("UPDATE mfa_devices SET anchor = -20")
        #expect(try await test.signInFault(ann, code: try phone.code(-20))?.reason == "seal")
    }

    @Test("goes on behind its own codes after a restore, however fast it is")
    func restored() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        test.clock.advance(3_600)
        try await test.perform(try resync(ann, phone, 20))
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        test.clock.advance(60)
        let used = try phone.code(21)
        #expect(try await test.signIn(ann, code: used).session != nil)
        await test.authority.close()
        _ = try await Authority.restore(
            from: test.folder + "/backup.sqlite",
            to: test.location,
            masterKey: .file(test.keyFile),
            world: test.authority.world,
            settings: test.authority.settings
        )
        let store = try await test.reopen()
        #expect(await store.signInFault(ann, code: used)?.reason == "replayed_code")
        test.clock.advance(60)
        #expect(await store.signInFault(ann, code: try phone.code(20)) == nil)
        await store.close()
    }
}
