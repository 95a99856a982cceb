// UserSealTests.swift: who a user is stands under a seal, and what waits for a user waits for that one only.
import LatchkeyOTP
import Testing

@testable import Latchkey

@Suite("A user whose row was changed by hand")
struct UserSealTests {
    /// What a writer of the database without the keys may try.
    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let sql: String

        init(_ name: String, _ sql: String) { (testDescription, self.sql) = (name, sql) }
    }

    static let changes = [
        Change(
            "two users change names",
            """
            UPDATE users SET name = 'x', folded = 'x' WHERE name = 'bob';
            UPDATE users SET name = 'bob', folded = 'bob' WHERE name = 'ann';
            UPDATE users SET name = 'ann', folded = 'ann' WHERE name = 'x'
            """
        ),
        Change("two users change paths", "UPDATE users SET path = '/admins/' WHERE name = 'ann'"),
        Change(
            "the name that is looked for is another",
            """
            UPDATE users SET folded = 'x' WHERE name = 'bob'; UPDATE users SET folded = 'bob' WHERE name = 'ann';
            UPDATE users SET folded = 'ann' WHERE name = 'bob'
            """
        ),
        Change("the user gets another identifier", "UPDATE users SET id = 'AIDAAAAAAAAAAAAAAAAAA' WHERE name = 'ann'"),
        Change("the user is younger", "UPDATE users SET created = created + 1 WHERE name = 'ann'"),
        Change("the seal is gone", "UPDATE users SET seal = NULL WHERE name = 'ann'"),
        Change(
            "the seal is another user's",
            "UPDATE users SET seal = (SELECT seal FROM users WHERE name = 'bob') WHERE name = 'ann'"
        ),
        Change("the name is no text", "UPDATE users SET name = x'00FF' WHERE folded = 'ann'"),
    ]

    @Test("cannot sign in, and is told like anybody; the check names the damage", arguments: changes)
    func refused(_ change: Change) async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        _ = try await test.makeWholeUser("bob")
        test.clock.advance(30)
        let token = try #require(try await test.signIn(ann, code: try phone.code()).session?.token)
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        test.clock.advance(30)
        #expect(try await test.authority.check() == [])
        try test.tamper(change.sql)
        let fault = try #require(try await test.signInFault(ann, code: try phone.code()))
        #expect(fault == TestAuthority.refusal)
        #expect(fault.message == TestAuthority.refusal.message && fault.status == 403)
        #expect(try await test.lastEvent()?.reason == "seal")
        let answer = AnswerChallenge(ticket: ticket, code: try phone.code())
        #expect(try await test.fault(answer, as: .anonymous)?.code == "ChallengeEnded")
        #expect(try await test.fault(GetUser(userName: ann))?.code == "StoreDamaged")
        await #expect(throws: Fault.self) { try await test.authority.caller(ofSession: token) }
        #expect(try await test.authority.check().contains { $0.contains("does not fit its seal") })
    }

    @Test("does not hinder the others, and whoever is renamed or moved by the rules signs in as before")
    func others() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let bob = try await test.makeUser("bob")
        try test.tamper("UPDATE users SET path = '/x/' WHERE name = 'bob'")
        #expect(try await test.signIn(ann).session != nil)
        #expect(try await test.signInFault(bob)?.reason == "seal")
        let eve = try UserName("Eve")
        try await test.perform(UpdateUser(userName: ann, newPath: try Path("/far/"), newUserName: eve))
        #expect(try await test.signIn(eve).session?.arn.text == "arn:aws:iam::123456789012:user/far/Eve")
        #expect(try await test.signIn(try UserName("eVE")).session != nil)
    }

    @Test("does not get a device that waits for another: its key opens for that user only")
    func pending() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let bob = try await test.makeUser("bob")
        let phone = try Phone(try await test.perform(BeginEnrollment(userName: bob)).enrollment, test.clock)
        let confirm = ConfirmEnrollment(serialNumber: phone.serial, code: try phone.code())
        try test.tamper(
            "UPDATE mfa_devices SET pending_for = (SELECT id FROM users WHERE name = 'ann') WHERE pending_for IS NOT NULL"
        )
        #expect(try await test.fault(confirm)?.code == "StoreDamaged")
        #expect(try await test.signIn(ann).session != nil)
        try test.tamper("UPDATE mfa_devices SET pending_for = NULL")
        let enable = EnableMFADevice(
            userName: ann,
            serialNumber: phone.serial,
            authenticationCode1: try phone.authenticationCode(0),
            authenticationCode2: try phone.authenticationCode(1)
        )
        #expect(try await test.fault(enable) != nil)
        #expect(try await test.signIn(ann).session != nil)
        try test.tamper("UPDATE mfa_devices SET pending_for = (SELECT id FROM users WHERE name = 'bob')")
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        try await test.perform(confirm)
        test.clock.advance(30)
        #expect(try await test.signIn(bob, code: try phone.code()).session != nil)
    }
}
