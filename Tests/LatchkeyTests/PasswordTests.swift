// PasswordTests.swift: what a password must be, how long it lasts, and what of it counts.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Passwords", .everyDatabase)
struct PasswordTests {
    /// A text of so many characters that no list and no pattern holds.
    private static func unguessable(_ count: Int, of letters: String = "abcdefghijkmnopqrstuvwxyz") -> String {
        let letters = Array(letters)
        var state: UInt64 = 20_260_101
        return String(
            (0..<count)
                .map { _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return letters[Int(state >> 33) % letters.count]
                }
        )
    }

    private func set(_ test: TestAuthority, _ user: UserName, _ password: String) async throws -> Fault? {
        try await test.fault(UpdateLoginProfile(userName: user, password: SecretText(password)))
    }

    @Test("have 15 characters, or 8 beside a device; fewer are refused")
    func length() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        #expect(
            try await set(test, ann, Self.unguessable(14))?.message == "Password should have a minimum length of 15"
        )
        #expect(try await set(test, ann, Self.unguessable(15)) == nil)
        let phone = try await test.enroll(ann)
        #expect(try await set(test, ann, Self.unguessable(7))?.code == "PasswordPolicyViolation")
        #expect(try await set(test, ann, Self.unguessable(8)) == nil)
        test.clock.advance(30)
        #expect(try await test.signIn(ann, SecretText(Self.unguessable(8)), code: try phone.code()).session != nil)
        // Without the device eight are too few: the next sign-in must change it.
        try await test.perform(DeactivateMFADevice(serialNumber: phone.serial))
        let output = try await test.signIn(ann, SecretText(Self.unguessable(8)))
        #expect(output.session == nil)
        #expect(output.passwordChangeRequired == true)
        let change = SignIn(
            userName: ann,
            password: SecretText(Self.unguessable(8)),
            newPassword: SecretText(Self.unguessable(14))
        )
        #expect(try await test.fault(change, as: .anonymous)?.code == "PasswordPolicyViolation")
    }

    @Test("have at most 128 characters, of which each one counts", arguments: ["abcdefghijkmn0123", "aé漢😀ßжñ中文字"])
    func longest(_ letters: String) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let whole = Self.unguessable(128, of: letters)
        #expect(try await set(test, ann, whole + "x")?.message == "Password should have at most 128 characters")
        #expect(try await set(test, ann, whole) == nil)
        let wrongs = [String(whole.dropLast()) + "!", String(whole.prefix(127)), String(whole.prefix(72)), whole + "x"]
        for wrong in wrongs {
            #expect(try await test.signInFault(ann, SecretText(wrong))?.code == "SignInRefused")
            test.clock.advance(901)
        }
        #expect(try await test.signIn(ann, SecretText(whole)).session != nil)
    }

    @Test("are the same however the keyboard composes an accent, and differ where letters differ")
    func normalisation() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        #expect(try await set(test, ann, "caf\u{E9} on the quiet hill ﬁve") == nil)
        #expect(try await test.signIn(ann, SecretText("cafe\u{301} on the quiet hill ﬁve")).session != nil)
        let others = [
            "cafe on the quiet hill ﬁve", "caf\u{E9} on the quiet hill five", "CAF\u{C9} on the quiet hill ﬁve",
        ]
        for other in others {
            #expect(try await test.signInFault(ann, SecretText(other))?.reason == "wrong_password")
        }
        // Counted in code points after composing: 14 of them are too few, however many bytes they take.
        #expect(try await set(test, ann, String(repeating: "e\u{301}ж", count: 7))?.code == "PasswordPolicyViolation")
    }

    @Test(
        "that everybody guesses are refused, with the reason",
        arguments: [
            "password1234567", "passwordpassword", "123456789012345", "aaaaaaaaaaaaaaaaaaaa", "qwertyuiopasdfghjkl",
            "latchkeylatchkey", "LatchkeyLatchkey1", "annika.berg12345678", "ANNIKA.BERG2026!", "acmeacmeacmeacme",
            "P@ssw0rdP@ssw0rd", "iloveyouiloveyou", "abcdefghijklmnopqrst",
        ]
    )
    func common(_ password: String) async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("annika.berg")
        let fault = try await set(test, user, password)
        #expect(fault?.code == "PasswordPolicyViolation")
        #expect(fault?.message.contains("too easy to guess") == true)
        #expect(fault?.message.contains(password) == false)
    }

    @Test("need no capitals, digits or signs, and never end by themselves")
    func noComposition() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        #expect(try await set(test, ann, Self.unguessable(20)) == nil)
        test.clock.advance(400 * 86_400)
        #expect(try await test.signIn(ann, SecretText(Self.unguessable(20))).session != nil)
    }

    static let compositions: [(policy: UpdateAccountPasswordPolicy, missing: String, word: String)] = [
        (UpdateAccountPasswordPolicy(requireUppercaseCharacters: true), "a1! ä over the dark hill", "uppercase"),
        (UpdateAccountPasswordPolicy(requireLowercaseCharacters: true), "A1! Ä OVER THE DARK HILL", "lowercase"),
        (UpdateAccountPasswordPolicy(requireNumbers: true), "Aa! Ä ٣ over the dark hill", "number"),
        (UpdateAccountPasswordPolicy(requireSymbols: true), "Aa1 Ä § over the dark hill", "symbol"),
        (UpdateAccountPasswordPolicy(minimumPasswordLength: 40), "Aa1! over the dark hill", "minimum length of 40"),
    ]

    @Test("meet what an administrator's policy adds", arguments: compositions.indices)
    func policy(_ index: Int) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let (policy, missing, word) = Self.compositions[index]
        try await test.perform(policy)
        #expect(try await set(test, ann, missing)?.message.contains(word) == true)
        #expect(try await set(test, ann, "Aa1! over the dark hill to the sea and back") == nil)
        // AWS's length of 6 cannot lower the floor.
        try await test.perform(UpdateAccountPasswordPolicy(minimumPasswordLength: 6))
        #expect(try await set(test, ann, Self.unguessable(14))?.code == "PasswordPolicyViolation")
    }

    static let ranges: [(policy: UpdateAccountPasswordPolicy, isTaken: Bool)] = [
        (UpdateAccountPasswordPolicy(minimumPasswordLength: 5), false),
        (UpdateAccountPasswordPolicy(minimumPasswordLength: 6), true),
        (UpdateAccountPasswordPolicy(minimumPasswordLength: 128), true),
        (UpdateAccountPasswordPolicy(minimumPasswordLength: 129), false),
        (UpdateAccountPasswordPolicy(maxPasswordAge: 0), false),
        (UpdateAccountPasswordPolicy(maxPasswordAge: 1), true),
        (UpdateAccountPasswordPolicy(maxPasswordAge: 1_095), true),
        (UpdateAccountPasswordPolicy(maxPasswordAge: 1_096), false),
        (UpdateAccountPasswordPolicy(passwordReusePrevention: 0), false),
        (UpdateAccountPasswordPolicy(passwordReusePrevention: 24), true),
        (UpdateAccountPasswordPolicy(passwordReusePrevention: 25), false),
    ]

    @Test("follow a policy of AWS's ranges, whose fields fall back when they are not given", arguments: ranges.indices)
    func policyRanges(_ index: Int) async throws {
        let test = try await TestAuthority()
        let (policy, isTaken) = Self.ranges[index]
        #expect(try await test.fault(policy)?.code == (isTaken ? nil : "ValidationError"))
        try await test.perform(UpdateAccountPasswordPolicy(requireNumbers: true))
        let kept = try await test.perform(GetAccountPasswordPolicy()).passwordPolicy
        #expect(kept.requireNumbers && !kept.requireSymbols)
        #expect(kept.minimumPasswordLength == 6)
        #expect(kept.maxPasswordAge == nil && kept.passwordReusePrevention == nil)
    }

    @Test(
        "of the last three are refused where three are remembered, and the one before is taken",
        arguments: [1, 3, 24]
    )
    func history(_ remembered: Int) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(UpdateAccountPasswordPolicy(passwordReusePrevention: remembered))
        let passwords = (0...remembered).map { "number \($0) of many otters at dusk" }
        for password in passwords { #expect(try await set(test, ann, password) == nil) }
        for old in passwords.dropFirst() {
            let fault = try await set(test, ann, old)
            #expect(fault?.message.contains("one of the last \(remembered)") == true, "\(old)")
        }
        #expect(try await set(test, ann, passwords[0]) == nil)
    }

    @Test("end at the policy's age: then the sign-in asks for a new one")
    func age() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(UpdateAccountPasswordPolicy(maxPasswordAge: 90))
        test.clock.advance(90 * 86_400 - 1)
        #expect(try await test.signIn(ann).session != nil)
        test.clock.advance(1)
        let output = try await test.signIn(ann)
        #expect(output.session == nil && output.passwordChangeRequired == true)
        let new = SecretText("herons stand in the shallows")
        let change = SignIn(userName: ann, password: TestAuthority.password, newPassword: new)
        #expect(try await test.perform(change, as: .anonymous).session != nil)
        #expect(try await test.signInFault(ann)?.reason == "wrong_password")
        #expect(try await test.signIn(ann, new).session != nil)
        try await test.perform(UpdateAccountPasswordPolicy(maxPasswordAge: 90, hardExpiry: true))
        test.clock.advance(90 * 86_400)
        #expect(try await test.signInFault(ann, new)?.code == "PasswordExpired")
        // Root's never ends: nobody could renew it.
        #expect(try await test.signIn(.root).session != nil)
    }

    @Test("are not changed at a sign-in that asks for no new one: the account's policy says who may")
    func unasked() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let new = SecretText("herons stand in the shallows")
        let change = SignIn(userName: ann, password: TestAuthority.password, newPassword: new)
        // Without a device that is one step: there is nothing else to bring.
        let phone = try await test.enroll(ann)
        test.clock.advance(30)
        let withCode = SignIn(
            userName: ann,
            password: TestAuthority.password,
            code: try phone.code(),
            newPassword: new
        )
        #expect(try await test.fault(withCode, as: .anonymous)?.code == "InvalidInput")
        let ticket = try #require(try await test.perform(change, as: .anonymous).challenge?.ticket)
        let answer = AnswerChallenge(ticket: ticket, code: try phone.code(), newPassword: new)
        #expect(try await test.fault(answer, as: .anonymous)?.code == "InvalidInput")
        #expect(try await test.signInFault(ann, new)?.reason == "wrong_password")
        // The code was not spent on it.
        #expect(try await test.signIn(ann, code: try phone.code()).session != nil)
    }

    @Test("are not changed by whoever knew the one before, while an administrator sets another")
    func overtaken() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        try await test.perform(UpdateAccountPasswordPolicy(allowUsersToChangePassword: true))
        let token = try #require(try await test.signIn(ann).session?.token)
        let caller = try await test.authority.caller(ofSession: token)
        let change = ChangePassword(
            oldPassword: TestAuthority.password,
            newPassword: SecretText("herons stand in the shallows")
        )
        let call = test.authority.call(by: caller, for: TestAuthority.accountID, from: "192.0.2.1")
        let evidence = try await change.gather(call, test.authority)
        let reset = SecretText("owls sleep through the noon")
        try await test.perform(UpdateLoginProfile(userName: ann, password: reset))
        await #expect(throws: Fault.accessDenied("")) {
            _ = try await test.authority.write { state throws(Fault) in try change.perform(call, state, evidence) }
        }
        #expect(try await test.signIn(ann, reset).session != nil)
    }

    @Test("are changed by their owner only with the old one, which is guarded like a sign-in")
    func ownChange() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let token = try #require(try await test.signIn(ann).session?.token)
        let caller = try await test.authority.caller(ofSession: token)
        let new = SecretText("herons stand in the shallows")
        let right = ChangePassword(oldPassword: TestAuthority.password, newPassword: new)
        #expect(try await test.fault(right, as: caller)?.code == "AccessDenied")
        try await test.perform(UpdateAccountPasswordPolicy(allowUsersToChangePassword: true))
        let wrong = ChangePassword(oldPassword: new, newPassword: new)
        for _ in 0..<5 { #expect(try await test.fault(wrong, as: caller)?.reason == "wrong_password") }
        #expect(try await test.fault(right, as: caller)?.reason == "throttled")
        #expect(try await test.signInFault(ann)?.reason == "throttled")
        test.clock.advance(1)
        #expect(try await test.fault(right, as: caller) == nil)
        #expect(try await test.signIn(ann, new).session != nil)
        await #expect(throws: Fault.self) { _ = try await test.authority.caller(ofSession: token) }
    }

    @Test("are hashed anew at the next sign-in when the cost was raised, and keep their seal")
    func rehash() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let dear = try await test.reopen { $0.passwordCost = PasswordHash.Cost(memory: 16, passes: 2) }
        #expect(await dear.signInFault(ann) == nil)
        let hashes = try await dear.read { state throws(Fault) in
            let user = try state.principal(ann, in: TestAuthority.accountID)
            return try state.credentials(of: user).password?.hash
        }
        #expect(hashes?.hasPrefix("$argon2id$v=19$m=16,t=2,p=1$") == true)
        #expect(try await test.signIn(ann).session != nil)
        #expect(try await test.authority.check() == [])
        await dear.close()
    }

    @Test("are hashed at no less than OWASP's cost unless somebody says otherwise")
    func standardCost() {
        #expect(Settings().passwordCost.memory >= 19 * 1_024)
        #expect(Settings().passwordCost.passes >= 2)
    }
}
