// TwoNodeTests.swift: two authorities over one database: one winner for a code, and a revocation that binds at once on both.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Two nodes on one store", .everyDatabase, .serialized)
struct TwoNodeTests {
    /// Turns of each race and each revocation; PostgreSQL is the one that is for several nodes.
    private var rounds: Int { DatabaseKind.current == .postgreSQL ? 300 : 25 }

    @Test("take one of sixteen sign-ins with one code, eight on each")
    func race() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        for round in 0..<rounds {
            test.clock.advance(30)
            let code = try phone.code()
            let wins = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    let node = number % 2 == 0 ? test.authority : other
                    group.addTask { await node.signInFault(ann, code: code) == nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1, "round \(round)")
        }
        #expect(try await other.verifyAudit().damage == nil)
        await other.close()
    }

    @Test("take one of sixteen uses of a recovery code, eight on each")
    func recoveryRace() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        let (ann, _, _) = try await test.makeWholeUser("ann")
        for round in 0..<(rounds / 10) {
            let codes = try await test.perform(RenewRecoveryCodes(userName: ann, count: 1)).recoveryCodes
            test.clock.advance(901)
            let wins = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    let node = number % 2 == 0 ? test.authority : other
                    group.addTask { await node.signInFault(ann, recovery: codes[0]) == nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(wins == 1, "round \(round)")
        }
        await other.close()
    }

    @Test("give one user name to one of two callers at once, and count wrong codes together")
    func namesAndCounts() async throws {
        let test = try await TestAuthority { $0.codeLimit = 10 }
        let other = try await test.reopen { $0.codeLimit = 10 }
        for round in 0..<(rounds / 10) {
            let name = try UserName("user-\(round)")
            async let first = test.authority.fault(CreateUser(userName: name), as: test.local)
            async let second = other.fault(CreateUser(userName: name), as: test.local)
            let codes = await [first?.code, second?.code]
            #expect(codes.contains(nil) && codes.contains("EntityAlreadyExists"))
        }
        let ann = try await test.makeUser("ann")
        let phone = try await test.enroll(ann)
        for number in 0..<10 {
            test.clock.advance(901)
            let node = number % 2 == 0 ? test.authority : other
            #expect(await node.signInFault(ann, code: SecretText("000000")) != nil)
        }
        test.clock.advance(901)
        #expect(await other.signInFault(ann, code: try phone.code())?.reason == "device_disabled")
        #expect(await test.authority.signInFault(ann, code: try phone.code())?.reason == "device_disabled")
        await other.close()
    }

    @Test("refuse on one what was ended on the other, from the moment that the call returned")
    func sessions() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        let ann = try await test.makeUser("ann")
        for round in 0..<rounds {
            let token = try #require(try await test.signIn(ann).session?.token)
            _ = try await other.caller(ofSession: token)
            if round % 2 == 0 {
                try await test.perform(SignOut(token: SecretText(token)), as: .anonymous)
            } else {
                try await test.perform(EndSessions(userName: ann))
            }
            await #expect(throws: Fault.self, "round \(round)") { _ = try await other.caller(ofSession: token) }
        }
        await other.close()
    }

    /// What the other node says of a key.
    private func refusal(_ node: Authority, _ key: AccessKey) async -> String? {
        let claim = KeyClaim(accessKeyID: key.accessKeyId.text, sessionToken: nil, service: "iam", region: "here")
        do throws(Fault) {
            _ = try await node.authenticate(claim, at: UnixTime(1_800_000_000), peer: "192.0.2.2", id: "test") {
                (_: borrowing Secret) throws(Fault) in
            }
            return nil
        } catch {
            return error.code
        }
    }

    @Test("refuse on one a key that was disabled or deleted on the other, and take it when it is enabled again")
    func keys() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        let ann = try await test.makeUser("ann")
        for round in 0..<rounds {
            let key = try await test.perform(CreateAccessKey(userName: ann)).accessKey
            #expect(await refusal(other, key) == nil, "round \(round)")
            try await test.perform(UpdateAccessKey(userName: ann, accessKeyId: key.accessKeyId, status: .inactive))
            #expect(await refusal(other, key) == "InvalidClientTokenId", "round \(round)")
            try await test.perform(UpdateAccessKey(userName: ann, accessKeyId: key.accessKeyId, status: .active))
            #expect(await refusal(other, key) == nil, "round \(round)")
            try await test.perform(DeleteAccessKey(userName: ann, accessKeyId: key.accessKeyId))
            #expect(await refusal(other, key) == "InvalidClientTokenId", "round \(round)")
        }
        await other.close()
    }

    @Test("refuse on one the key and the password of a user who was deleted on the other")
    func users() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        for round in 0..<(rounds / 2) {
            let name = try UserName("user-\(round)")
            try await test.perform(CreateUser(userName: name))
            let key = try await test.perform(CreateAccessKey(userName: name)).accessKey
            #expect(await refusal(other, key) == nil)
            try await test.perform(DeleteAccessKey(userName: name, accessKeyId: key.accessKeyId))
            try await test.perform(DeleteUser(userName: name))
            #expect(await refusal(other, key) == "InvalidClientTokenId", "round \(round)")
            #expect(await other.fault(GetUser(userName: name), as: test.local)?.code == "NoSuchEntity")
        }
        await other.close()
    }

    @Test("decide on one by the policies that were changed on the other")
    func policies() async throws {
        let test = try await TestAuthority()
        let other = try await test.reopen()
        let ann = try await test.makeUser("ann")
        func deciding() async throws -> [String] {
            try await other.read { state throws(Fault) in
                let documents = try state.heldPolicies(of: try state.principal(ann, in: TestAuthority.accountID))
                var texts: [String] = []
                for document in documents.identity { texts.append(try state.text(of: document).text) }
                return texts
            }
        }
        let name = PolicyName(checked: "own")
        for round in 0..<rounds {
            let policy = PolicyText.allowing("iam:Get\(round)")
            try await test.perform(PutUserPolicy(userName: ann, policyName: name, policyDocument: policy))
            #expect(try await deciding() == [policy.text], "round \(round)")
            try await test.perform(DeleteUserPolicy(userName: ann, policyName: name))
            #expect(try await deciding().isEmpty, "round \(round)")
        }
        await other.close()
    }
}
