// SameWorkTests.swift: a refusal at the door costs the same whatever its reason: one run of Argon2, counted and not timed.
import CLatchkeyHashes
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("The work of a refusal", .everyDatabase)
struct SameWorkTests {
    /// How many times Argon2 runs during `body`; in a process of its own, where nobody else hashes.
    private static func hashes(_ body: () async throws -> Void) async throws -> Int {
        let before = latchkey_hash_count()
        try await body()
        return latchkey_hash_count() - before
    }

    @Test("is one hash: for an unknown name, a wrong password, none at all, a locked user, damaged credentials")
    func oneHash() async {
        await #expect(processExitsWith: .success) {
            let test = try await TestAuthority()
            let (ann, phone, _) = try await test.makeWholeUser("ann")
            let bare = try UserName("bare")
            try await test.perform(CreateUser(userName: bare))
            let (damaged, _, _) = try await test.makeWholeUser("damaged")
            try test.tamper("UPDATE mfa_devices SET last_step = 1 WHERE serial LIKE '%damaged%'")
            let locked = try await test.makeUser("locked")
            let wrong = SecretText("not the password at all")
            test.clock.advance(30)
            for _ in 0..<5 { _ = try await test.signInFault(locked, wrong) }
            let codes: [SecretText?] = [nil, SecretText("000000"), try phone.code()]
            for code in codes {
                let refusals: [(UserName, SecretText, String)] = [
                    (try UserName("nobody"), wrong, "unknown_user"), (ann, wrong, "wrong_password"),
                    (bare, wrong, "no_password"), (damaged, TestAuthority.password, "seal"),
                    (locked, wrong, "throttled"), (locked, TestAuthority.password, "throttled"),
                ]
                for (user, password, reason) in refusals {
                    var fault: Fault?
                    let count = try await SameWorkTests.hashes {
                        fault = try await test.signInFault(user, password, code: code)
                    }
                    try #require(fault == TestAuthority.refusal)
                    try #require(fault?.reason == reason)
                    try #require(count == 1, "\(reason) took \(count) hashes")
                }
            }
            // The right password and a wrong code: one as well.
            let count = try await SameWorkTests.hashes {
                _ = try await test.signInFault(ann, code: SecretText("000000"))
            }
            try #require(count == 1)
        }
    }

    @Test("is none where the input is too long for a password, whoever is named")
    func tooLong() async {
        await #expect(processExitsWith: .success) {
            let test = try await TestAuthority()
            let ann = try await test.makeUser("ann")
            let long = SecretText(String(repeating: "x", count: 100_000))
            for user in [ann, try UserName("nobody")] {
                let count = try await SameWorkTests.hashes { _ = try await test.signInFault(user, long) }
                try #require(count == 0)
            }
        }
    }

    @Test("is counted truly: a right password at a raised cost takes two, a new password with three before it four")
    func counter() async {
        await #expect(processExitsWith: .success) {
            let test = try await TestAuthority()
            let ann = try await test.makeUser("ann")
            let dear = try await test.reopen { $0.passwordCost = PasswordHash.Cost(memory: 16, passes: 2) }
            var count = try await SameWorkTests.hashes { _ = await dear.signInFault(ann) }
            try #require(count == 2)
            try await test.perform(UpdateAccountPasswordPolicy(passwordReusePrevention: 3))
            for number in 0..<3 {
                let next = SecretText("number \(number) of many otters")
                try await test.perform(UpdateLoginProfile(userName: ann, password: next))
            }
            count = try await SameWorkTests.hashes {
                try await test.perform(
                    UpdateLoginProfile(userName: ann, password: SecretText("herons in the shallows"))
                )
            }
            try #require(count == 4)
            await dear.close()
        }
    }
}
