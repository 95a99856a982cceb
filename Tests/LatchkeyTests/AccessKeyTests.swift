// AccessKeyTests.swift: access keys and temporary credentials: what they open, and when they no longer do.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Access keys and temporary credentials", .everyDatabase)
struct AccessKeyTests {
    /// Proves knowledge of the secret as a signature would.
    static func authenticate(
        _ test: TestAuthority,
        _ id: String,
        _ secret: String,
        token: String? = nil
    ) async throws -> Caller {
        try await test.authority.authenticate(
            KeyClaim(accessKeyID: id, sessionToken: token, service: "iam", region: "eu-central-1"),
            at: test.clock.now,
            peer: "192.0.2.1",
            id: "test"
        ) { kept throws(Fault) in
            let isRight = kept.withBytes { span in
                span.count == secret.utf8.count && span.indices.elementsEqual(secret.utf8) { span[$0] == $1 }
            }
            guard isRight else { throw Fault(code: "SignatureDoesNotMatch", status: 403, message: "no") }
        }
    }

    static func refusal(
        _ test: TestAuthority,
        _ id: String,
        _ secret: String,
        token: String? = nil
    ) async throws -> String? {
        do {
            _ = try await authenticate(test, id, secret, token: token)
            return nil
        } catch let fault as Fault {
            return fault.code
        }
    }

    /// Who lent credentials make of whoever holds them.
    static func authenticate(_ test: TestAuthority, _ lent: TemporaryCredentials) async throws -> Caller {
        try await authenticate(test, lent.accessKeyId.text, lent.secretAccessKey.text, token: lent.sessionToken.text)
    }

    static func refusal(_ test: TestAuthority, _ lent: TemporaryCredentials) async throws -> String? {
        try await refusal(test, lent.accessKeyId.text, lent.secretAccessKey.text, token: lent.sessionToken.text)
    }

    static func makeKey(_ test: TestAuthority, _ user: UserName) async throws -> AccessKey {
        try await test.perform(CreateAccessKey(userName: user)).accessKey
    }

    @Test("a key has 20 and 40 characters, two live at once, and a third is refused")
    func quota() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let first = try await Self.makeKey(test, user)
        let second = try await Self.makeKey(test, user)
        #expect(first.accessKeyId.text.count == 20 && first.accessKeyId.text.hasPrefix("AKIA"))
        #expect(first.secretAccessKey.text.count == 40)
        #expect(first.secretAccessKey.text != second.secretAccessKey.text)
        #expect(try await test.fault(CreateAccessKey(userName: user))?.code == "LimitExceeded")
        let keys = try await test.perform(ListAccessKeys(userName: user)).accessKeyMetadata
        #expect(keys.map(\.accessKeyId.text) == [first.accessKeyId.text, second.accessKeyId.text].sorted())
    }

    @Test("a key is refused when unknown, wrong, inactive or deleted, each with AWS's code")
    func refusals() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let key = try await Self.makeKey(test, user)
        let (id, secret) = (key.accessKeyId.text, key.secretAccessKey.text)
        let caller = try await Self.authenticate(test, id, secret)
        #expect(caller.auditName == "arn:aws:iam::123456789012:user/ann")
        #expect(try await Self.refusal(test, id, "x" + secret.dropFirst()) == "SignatureDoesNotMatch")
        #expect(try await test.lastEvent()?.event == "Authenticate")
        #expect(try await test.lastEvent()?.subject == id)
        #expect(try await Self.refusal(test, "AKIAAAAAAAAAAAAAAAAA", secret) == "InvalidClientTokenId")
        #expect(try await Self.refusal(test, "no such", secret) == "InvalidClientTokenId")
        #expect(try await Self.refusal(test, id, secret, token: "AAAA") == "InvalidClientTokenId")
        try await test.perform(UpdateAccessKey(userName: user, accessKeyId: key.accessKeyId, status: .inactive))
        #expect(try await Self.refusal(test, id, secret) == "InvalidClientTokenId")
        try await test.perform(UpdateAccessKey(userName: user, accessKeyId: key.accessKeyId, status: .active))
        #expect(try await Self.refusal(test, id, secret) == nil)
        #expect(try await test.fault(DeleteUser(userName: user))?.code == "DeleteConflict")
        try await test.perform(DeleteAccessKey(userName: user, accessKeyId: key.accessKeyId))
        #expect(try await Self.refusal(test, id, secret) == "InvalidClientTokenId")
        #expect(
            try await test.fault(DeleteAccessKey(userName: user, accessKeyId: key.accessKeyId))?.code == "NoSuchEntity"
        )
    }

    @Test("the last use is told to a quarter of an hour")
    func lastUse() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let key = try await Self.makeKey(test, user)
        let never = try await test.perform(GetAccessKeyLastUsed(accessKeyId: key.accessKeyId)).accessKeyLastUsed
        #expect(never.lastUsedDate == nil && never.serviceName == "N/A" && never.region == "N/A")
        _ = try await Self.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        let used = try await test.perform(GetAccessKeyLastUsed(accessKeyId: key.accessKeyId))
        #expect(used.userName == user && used.accessKeyLastUsed.lastUsedDate == test.clock.now)
        #expect(used.accessKeyLastUsed.region == "eu-central-1")
    }

    @Test("a row that is planted or edited in the database opens nothing")
    func tampering() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let key = try await Self.makeKey(test, user)
        let (id, secret) = (key.accessKeyId.text, key.secretAccessKey.text)
        try await test.perform(UpdateAccessKey(userName: user, accessKeyId: key.accessKeyId, status: .inactive))
        try test.tamper("UPDATE access_keys SET active = 1")
        #expect(try await Self.refusal(test, id, secret) == "StoreDamaged")
        try test.tamper("UPDATE access_keys SET active = 0")
        #expect(try await Self.refusal(test, id, secret) == "InvalidClientTokenId")
        try test.tamper("UPDATE access_keys SET owner = '123456789012'")
        #expect(try await Self.refusal(test, id, secret) == "StoreDamaged")
    }

    @Test("temporary credentials carry the second factor and end to the second")
    func temporary() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let phone = try await test.enroll(user)
        let key = try await Self.makeKey(test, user)
        let caller = try await Self.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        test.clock.advance(30)
        let right = GetSessionToken(
            durationSeconds: 900,
            serialNumber: phone.serial,
            tokenCode: try TokenCode(try phone.code().text)
        )
        let lent = try await test.perform(right, as: caller).credentials
        #expect(try await test.fault(right, as: caller)?.code == "AccessDenied", "the code is spent")
        let (id, secret, token) = (lent.accessKeyId.text, lent.secretAccessKey.text, lent.sessionToken.text)
        #expect(lent.expiration == test.clock.now.adding(seconds: 900))
        let session = try await Self.authenticate(test, id, secret, token: token)
        #expect(session.mfa == test.clock.now)
        for wrong in [nil, "", String(token.dropLast()), token + "A", token.lowercased(), token + "="] {
            #expect(try await Self.refusal(test, id, secret, token: wrong) == "InvalidClientTokenId")
        }
        test.clock.advance(899)
        #expect(try await Self.refusal(test, id, secret, token: token) == nil)
        test.clock.advance(1)
        #expect(try await Self.refusal(test, id, secret, token: token) == "ExpiredToken")
        // Credentials that were changed by hand prove no second factor, and are told like a wrong code.
        try test.tamper("UPDATE mfa_devices SET last_step = -1")
        #expect(try await test.fault(right, as: caller)?.code == "AccessDenied")
        #expect(try await test.lastEvent()?.reason == "seal")
    }

    @Test("durations outside AWS's bounds are refused, and root gets an hour at most")
    func durations() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let key = try await Self.makeKey(test, user)
        let caller = try await Self.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        for wrong in [899, 129_601, 0, -1, Int.max, Int.min] {
            #expect(
                try await test.fault(GetSessionToken(durationSeconds: wrong), as: caller)?.code == "ValidationError"
            )
        }
        let longest = try await test.perform(GetSessionToken(durationSeconds: 129_600), as: caller)
        #expect(longest.credentials.expiration == test.clock.now.adding(seconds: 129_600))
        let standard = try await test.perform(GetSessionToken(), as: caller)
        #expect(standard.credentials.expiration == test.clock.now.adding(seconds: 43_200))
        let root = try await test.perform(GetSessionToken())
        #expect(root.credentials.expiration == test.clock.now.adding(seconds: 3_600))
    }

    @Test("what was lent dies with the key, with the user and with the session")
    func endings() async throws {
        let test = try await TestAuthority()
        let user = try await test.makeUser("ann")
        let key = try await Self.makeKey(test, user)
        let caller = try await Self.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        func lend(_ caller: Caller) async throws -> TemporaryCredentials {
            try await test.perform(GetSessionToken(), as: caller).credentials
        }
        func refusal(_ lent: TemporaryCredentials) async throws -> String? {
            try await Self.refusal(
                test,
                lent.accessKeyId.text,
                lent.secretAccessKey.text,
                token: lent.sessionToken.text
            )
        }
        let byKey = try await lend(caller)
        #expect(try await refusal(byKey) == nil)
        try await test.perform(UpdateAccessKey(userName: user, accessKeyId: key.accessKeyId, status: .inactive))
        #expect(try await refusal(byKey) == "InvalidClientTokenId")
        try await test.perform(UpdateAccessKey(userName: user, accessKeyId: key.accessKeyId, status: .active))
        #expect(try await refusal(byKey) == nil)
        try await test.perform(DeleteAccessKey(userName: user, accessKeyId: key.accessKeyId))
        #expect(try await refusal(byKey) == "InvalidClientTokenId")

        let session = try #require(try await test.signIn(user).session)
        let bySession = try await lend(try await test.authority.caller(ofSession: session.token))
        #expect(try await refusal(bySession) == nil)
        try await test.perform(SignOut(token: SecretText(session.token)), as: .anonymous)
        #expect(try await refusal(bySession) == "InvalidClientTokenId")
        #expect(
            try await test.fault(GetSession(token: SecretText(session.token)), as: .anonymous)?.code == "SessionEnded"
        )
    }

    @Test("credentials made without a second factor call nothing of IAM, and of STS only who they are")
    func matrix() async throws {
        let test = try await TestAuthority()
        let key = try await test.perform(CreateAccessKey()).accessKey
        let root = try await Self.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        let lent = try await test.perform(GetSessionToken(), as: root).credentials
        let session = try await Self.authenticate(
            test,
            lent.accessKeyId.text,
            lent.secretAccessKey.text,
            token: lent.sessionToken.text
        )
        #expect(try await test.perform(GetCallerIdentity(), as: session).userId == "123456789012")
        #expect(try await test.fault(ListUsers(), as: session)?.code == "AccessDenied")
        #expect(try await test.fault(GetSessionToken(), as: session)?.code == "AccessDenied")
        #expect(
            try await test.fault(GetAccessKeyInfo(accessKeyId: key.accessKeyId), as: session)?.code == "AccessDenied"
        )
    }
}
