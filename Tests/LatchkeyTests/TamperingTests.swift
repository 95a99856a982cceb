// TamperingTests.swift: a writer of the database who has no key gains nothing: each change is refused, audited and named.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("A changed store", .everyDatabase)
struct TamperingTests {
    /// One change of rows, made while nobody looks.
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let sql: String

        init(_ what: String, _ sql: String) { (testDescription, self.sql) = (what, sql) }
    }

    private static let ann = "(SELECT id FROM users WHERE name = 'ann')"
    private static let bob = "(SELECT id FROM users WHERE name = 'bob')"

    static let changes = [
        Change(
            "another user's password hash",
            "UPDATE passwords SET hash = (SELECT hash FROM passwords WHERE owner = \(bob)) WHERE owner = \(ann)"
        ),
        Change("the password's row deleted", "DELETE FROM passwords WHERE owner = \(ann)"),
        Change("the age of the password changed", "UPDATE passwords SET changed = changed + 9 WHERE owner = \(ann)"),
        Change("a duty to change the password taken away", "UPDATE passwords SET must_change = 1 - must_change"),
        Change("the device deleted", "DELETE FROM mfa_devices WHERE owner = \(ann)"),
        Change("the device taken from its user", "UPDATE mfa_devices SET owner = NULL WHERE owner = \(ann)"),
        Change("the device given to another user", "UPDATE mfa_devices SET owner = \(bob) WHERE owner = \(ann)"),
        Change("another user's device given", "UPDATE mfa_devices SET owner = \(ann) WHERE owner = \(bob)"),
        Change(
            "a device planted",
            """
            CREATE TEMP TABLE t AS SELECT * FROM mfa_devices WHERE owner = \(bob);
            UPDATE t SET owner = \(ann), serial = serial || '2', name = 'x', folded = folded || '2';
            INSERT INTO mfa_devices SELECT * FROM t
            """
        ),
        Change(
            "the seeds of two devices swapped",
            """
            CREATE TEMP TABLE t AS SELECT serial, seed FROM mfa_devices;
            UPDATE mfa_devices SET seed = (SELECT seed FROM t WHERE t.serial <> mfa_devices.serial)
            """
        ),
        Change("the spent step lowered", "UPDATE mfa_devices SET last_step = last_step - 1"),
        Change("the spent step forgotten", "UPDATE mfa_devices SET last_step = -1"),
        Change("the period stretched", "UPDATE mfa_devices SET period = 300"),
        Change("the hash changed", "UPDATE mfa_devices SET algorithm = 'SHA512'"),
        Change("wrong codes forgotten", "UPDATE mfa_devices SET failures = failures - 1"),
        Change("the device disabled", "UPDATE mfa_devices SET disabled = 'failures'"),
        Change("a used recovery code made new", "UPDATE recovery_codes SET used = NULL"),
        Change(
            "a recovery code planted",
            "INSERT INTO recovery_codes (owner, number, hash) VALUES (\(ann), 99, zeroblob(32))"
        ),
        Change("the recovery codes deleted", "DELETE FROM recovery_codes; DELETE FROM recovery_sets"),
        Change("the seal deleted", "DELETE FROM credential_seals WHERE owner = \(ann)"),
        Change(
            "another user's seal",
            """
            UPDATE credential_seals SET seal = (SELECT seal FROM credential_seals WHERE owner = \(bob))
                WHERE owner = \(ann)
            """
        ),
        Change("a hash that is no text", "UPDATE passwords SET hash = x'00FF'"),
        Change("a spent step that is no number", "UPDATE mfa_devices SET last_step = 'none'"),
        Change("a seal that is no bytes", "UPDATE credential_seals SET seal = hex(seal)"),
        Change("the seal cut short", "UPDATE credential_seals SET seal = substr(seal, 1, 16)"),
        Change(
            "everything of another user, seal included",
            """
            UPDATE passwords SET hash = (SELECT hash FROM passwords WHERE owner = \(bob)) WHERE owner = \(ann);
            DELETE FROM mfa_devices; DELETE FROM recovery_codes; DELETE FROM recovery_sets;
            UPDATE credential_seals SET seal = (SELECT seal FROM credential_seals WHERE owner = \(bob))
            """
        ),
    ]

    @Test("is an ordinary refusal, audited with the reason, and named by the check", arguments: changes)
    func refused(_ change: Change) async throws {
        let test = try await TestAuthority()
        let (ann, phone, recovery) = try await test.makeWholeUser("ann")
        _ = try await test.makeWholeUser("bob")
        test.clock.advance(30)
        #expect(try await test.recoveryFault(ann, recovery[0]) == nil)
        #expect(try await test.signInFault(ann, code: SecretText("000000"))?.reason == "wrong_code")
        let token = try #require(try await test.signIn(ann, code: try phone.code()).session?.token)
        #expect(try await test.signInFault(ann, code: SecretText("000000"))?.reason == "wrong_code")
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        test.clock.advance(30)
        #expect(try await test.authority.check() == [])
        do { try test.tamper(change.sql) } catch let error as PostgreSQLCluster.Failure {
            // A column takes values of its own type alone there.
            #expect(error.description.contains("type") && change.testDescription.contains("is no "))
            return
        }

        for code in [nil, try phone.code(), try phone.code(-1), SecretText("000000")] {
            let fault = try #require(try await test.signInFault(ann, code: code))
            #expect(fault == TestAuthority.refusal)
            #expect(fault.message == TestAuthority.refusal.message)
            #expect(fault.status == 403)
            let event = try #require(try await test.lastEvent())
            #expect(event.event == "SignIn" && event.outcome == .refused)
            #expect(event.reason == "seal")
            #expect(event.subject == "arn:aws:iam::123456789012:user/ann")
            // Counted like any other, these would soon be throttled.
            test.clock.advance(901)
        }
        #expect(try await test.recoveryFault(ann, recovery[0])?.reason == "seal")
        test.clock.advance(901)
        #expect(try await test.recoveryFault(ann, recovery[1])?.reason == "seal")
        let answer = AnswerChallenge(ticket: ticket, code: try phone.code())
        #expect(try await test.fault(answer, as: .anonymous)?.isInternal == false)
        let verify = VerifyOneTimeCode(userName: ann, code: try phone.code())
        #expect(try await test.fault(verify) == .codeRefused(""))
        #expect(try await test.lastEvent()?.reason == "seal")
        #expect(try await test.authority.check().contains { $0.contains("the credentials of ann") })
        #expect(try await test.authority.verifyAudit().damage == nil)
        // What was proved before stays good, until somebody ends it.
        #expect(try await test.authority.caller(ofSession: token).account == TestAuthority.accountID)
    }

    @Test("a half-done sign-in does not end on changed credentials")
    func challenge() async throws {
        let test = try await TestAuthority()
        let (ann, phone, recovery) = try await test.makeWholeUser("ann")
        test.clock.advance(30)
        let ticket = try #require(try await test.signIn(ann).challenge?.ticket)
        try test.tamper("UPDATE mfa_devices SET last_step = 1")
        for answer in [
            AnswerChallenge(ticket: ticket, code: try phone.code()),
            AnswerChallenge(ticket: ticket, recoveryCode: recovery[0]),
        ] {
            let fault = try await test.fault(answer, as: .anonymous)
            #expect(fault == .codeRefused(""))
            #expect(fault?.message == Fault.codeRefused("").message)
            #expect(try await test.lastEvent()?.reason == "seal")
        }
    }

    @Test("a row of yesterday is refused today, although it was sealed then")
    func oldRow() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        test.clock.advance(30)
        try test.tamper("CREATE TABLE kept AS SELECT * FROM mfa_devices")
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
        try test.tamper("DELETE FROM mfa_devices; INSERT INTO mfa_devices SELECT * FROM kept; DROP TABLE kept")
        #expect(try await test.signInFault(ann, code: try phone.code())?.reason == "seal")
    }

    @Test("other users sign in as ever")
    func others() async throws {
        let test = try await TestAuthority()
        let (ann, _, _) = try await test.makeWholeUser("ann")
        let (bob, phone, _) = try await test.makeWholeUser("bob")
        test.clock.advance(30)
        try test.tamper("DELETE FROM passwords WHERE owner = \(Self.ann)")
        #expect(try await test.signInFault(ann)?.reason == "seal")
        #expect(try await test.signIn(bob, code: try phone.code()).session != nil)
    }

    @Test(
        "a forged session opens nothing",
        arguments: [
            "UPDATE sessions SET owner = \(bob)", "UPDATE sessions SET expires = expires + 1",
            "UPDATE sessions SET mfa = created", "UPDATE sessions SET account = '210987654321'",
            "UPDATE sessions SET seal = zeroblob(32)", "UPDATE sessions SET id = zeroblob(32)",
        ]
    )
    func session(_ sql: String) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        _ = try await test.makeUser("bob")
        let other = AccountID(checked: "210987654321")
        _ = await test.authority.fault(CreateAccount(accountId: other), as: .local("tester", account: other), in: other)
        let token = try #require(try await test.signIn(ann).session?.token)
        #expect(try await test.authority.caller(ofSession: token).account == TestAuthority.accountID)
        try test.tamper(sql)
        await #expect(throws: Fault.self) { try await test.authority.caller(ofSession: token) }
    }

    @Test("what was sealed under another master key's store does not open here")
    func foreignKey() async throws {
        let test = try await TestAuthority()
        let (ann, phone, _) = try await test.makeWholeUser("ann")
        test.clock.advance(30)
        try test.tamper("UPDATE data_keys SET wrapped = zeroblob(length(wrapped))")
        await #expect(throws: Fault.self) { _ = try await test.reopen() }
        // Whoever had the store open still holds the keys.
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
    }
}
