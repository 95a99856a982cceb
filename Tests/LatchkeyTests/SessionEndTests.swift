// SessionEndTests.swift: two nodes on one store: what a session may is what holds at its next call, wherever that arrives.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Sessions on another node", .everyDatabase)
struct SessionEndTests {
    let scene: RoleScene
    let other: Authority

    init() async throws {
        scene = try await RoleScene()
        other = try await scene.test.reopen()
    }

    /// Why the other node does not take the credentials; nil if it does.
    private func refusal(_ lent: TemporaryCredentials) async throws -> String? {
        do {
            _ = try await caller(lent)
            return nil
        } catch let fault as Fault {
            return fault.code
        }
    }

    /// Who holds the credentials, as the other node has it.
    private func caller(_ lent: TemporaryCredentials) async throws -> Caller {
        let claim = KeyClaim(
            accessKeyID: lent.accessKeyId.text,
            sessionToken: lent.sessionToken.text,
            service: "iam",
            region: "here"
        )
        return try await other.authenticate(claim, at: scene.test.clock.now, peer: "192.0.2.2", id: "test") {
            (kept) throws(Fault) in
            let secret = lent.secretAccessKey.text
            let isRight = kept.withBytes { span in
                span.count == secret.utf8.count && span.indices.elementsEqual(secret.utf8) { span[$0] == $1 }
            }
            guard isRight else { throw Fault(code: "SignatureDoesNotMatch", status: 403, message: "no") }
        }
    }

    /// Whether the other node lets the holder of the credentials list users, and groups.
    private func may(_ lent: TemporaryCredentials) async throws -> [Bool] {
        [try await may(ListUsers(), lent), try await may(ListGroups(), lent)]
    }

    private func may<A: Action>(_ action: A, _ lent: TemporaryCredentials) async throws -> Bool {
        let caller = try await caller(lent)
        do throws(Fault) {
            _ = try await other.perform(action, other.call(by: caller, for: RoleScene.home, from: "192.0.2.2"))
            return true
        } catch {
            if error.code == "AccessDenied" { return false }
            throw error
        }
    }

    private func lend() async throws -> TemporaryCredentials { try await scene.take(try scene.assume()) }

    /// A session of the user's own, in which a code was proved.
    private func own() async throws -> TemporaryCredentials {
        let phone = try await scene.test.enroll(scene.ann)
        scene.test.clock.advance(30)
        let action = GetSessionToken(serialNumber: phone.serial, tokenCode: try TokenCode(try phone.code().text))
        return try await scene.perform(action, as: try await scene.caller()).credentials
    }

    @Test("ends with the user, the trust, the revocation and the role, from the moment that the call returned")
    func ends() async throws {
        var lent = try await lend()
        #expect(try await refusal(lent) == nil)
        try await scene.trust(.trusting("arn:aws:iam::123456789012:role/ops/r"))
        #expect(try await refusal(lent) == "InvalidClientTokenId")
        try await scene.trust(.trusting(RoleSessionTests.ann))
        lent = try await lend()
        #expect(try await refusal(lent) == nil)
        try await scene.test.perform(RevokeRoleSessions(roleName: scene.role.roleName))
        #expect(try await refusal(lent) == "InvalidClientTokenId")
        lent = try await lend()
        let mine = try await scene.perform(GetSessionToken(), as: try await scene.caller()).credentials
        #expect(try await refusal(lent) == nil)
        #expect(try await refusal(mine) == nil)
        try await scene.test.perform(EndSessions(userName: scene.ann))
        #expect(try await refusal(lent) == "InvalidClientTokenId")
        #expect(try await refusal(mine) == "InvalidClientTokenId")
        lent = try await lend()
        let last = try await scene.perform(GetSessionToken(), as: try await scene.caller()).credentials
        try await scene.test.perform(DeleteLoginProfile(userName: scene.ann))
        try await scene.test.perform(DeleteAccessKey(userName: scene.ann, accessKeyId: scene.key.accessKeyId))
        try await scene.test.perform(DeleteUser(userName: scene.ann))
        #expect(try await refusal(lent) == "InvalidClientTokenId")
        #expect(try await refusal(last) == "InvalidClientTokenId")
        await other.close()
    }

    @Test("ends to the second, of whichever kind")
    func seconds() async throws {
        var assume = try scene.assume()
        assume.durationSeconds = try RoleDuration(900)
        let root = try await scene.test.perform(CreateAccessKey()).accessKey
        let rootCaller = try await AccessKeyTests.authenticate(
            scene.test,
            root.accessKeyId.text,
            root.secretAccessKey.text
        )
        let caller = try await scene.caller()
        try await scene.allow("sts:GetFederationToken")
        let federation = GetFederationToken(
            name: try FederatedUserName("fed"),
            durationSeconds: try FederationDuration(900)
        )
        let all = [
            try await scene.take(assume),
            try await scene.perform(GetSessionToken(durationSeconds: 900), as: caller).credentials,
            try await scene.perform(federation, as: caller).credentials,
            try await scene.perform(federation, as: rootCaller).credentials,
        ]
        scene.test.clock.advance(899)
        for lent in all { #expect(try await refusal(lent) == nil) }
        scene.test.clock.advance(1)
        for lent in all { #expect(try await refusal(lent) == "ExpiredToken") }
        await other.close()
    }

    @Test("may what the policy's default version says, whichever that is by now")
    func versions() async throws {
        let policy = try await ManagedPolicyTests.makePolicy(scene.test, "work", .allowing("iam:ListUsers"))
        try await scene.test.perform(AttachRolePolicy(roleName: scene.role.roleName, policyArn: policy))
        let lent = try await lend()
        let groups = PolicyText.allowing("iam:ListGroups")
        #expect(try await may(lent) == [true, false])
        let version = try await scene.test
            .perform(
                CreatePolicyVersion(policyArn: policy, policyDocument: groups, setAsDefault: false)
            )
            .policyVersion.versionId
        #expect(try await may(lent) == [true, false])
        for _ in 0..<3 {
            try await scene.test.perform(SetDefaultPolicyVersion(policyArn: policy, versionId: version))
            #expect(try await may(lent) == [false, true])
            try await scene.test.perform(
                SetDefaultPolicyVersion(policyArn: policy, versionId: PolicyVersionID(checked: "v1"))
            )
            #expect(try await may(lent) == [true, false])
        }
        // As a boundary, and as a policy that was passed, the version counts that is the default now as well.
        try await scene.test.perform(
            PutRolePolicy(
                roleName: scene.role.roleName,
                policyName: PolicyName(checked: "all"),
                policyDocument: .allowing("*")
            )
        )
        var assume = try scene.assume(session: "narrow")
        assume.policyArns = [PolicyDescriptor(arn: policy)]
        let narrow = try await scene.take(assume)
        #expect(try await may(narrow) == [true, false])
        try await scene.test.perform(SetDefaultPolicyVersion(policyArn: policy, versionId: version))
        #expect(try await may(narrow) == [false, true])
        try await scene.test.perform(
            PutRolePermissionsBoundary(roleName: scene.role.roleName, permissionsBoundary: policy)
        )
        #expect(try await may(lent) == [false, true])
        try await scene.test.perform(
            SetDefaultPolicyVersion(policyArn: policy, versionId: PolicyVersionID(checked: "v1"))
        )
        #expect(try await may(lent) == [true, false])
        await other.close()
    }

    @Test("may what the user's groups may, and no longer than the user is in them")
    func groups() async throws {
        let group = GroupName(checked: "readers")
        try await scene.test.perform(CreateGroup(groupName: group))
        try await scene.test.perform(
            PutGroupPolicy(
                groupName: group,
                policyName: PolicyName(checked: "read"),
                policyDocument: .allowing("iam:ListUsers")
            )
        )
        let lent = try await own()
        #expect(try await may(ListUsers(), lent) == false)
        for _ in 0..<3 {
            try await scene.test.perform(AddUserToGroup(groupName: group, userName: scene.ann))
            #expect(try await may(ListUsers(), lent))
            try await scene.test.perform(RemoveUserFromGroup(groupName: group, userName: scene.ann))
            #expect(try await may(ListUsers(), lent) == false)
        }
        await other.close()
    }

    @Test("may no more when a policy is taken off, a denial is added or a boundary is set")
    func policies() async throws {
        let name = scene.role.roleName
        let (own, deny) = (PolicyName(checked: "own"), PolicyName(checked: "deny"))
        try await scene.test.perform(PutRolePolicy(roleName: name, policyName: own, policyDocument: .allowing("iam:*")))
        let lent = try await lend()
        #expect(try await may(ListUsers(), lent))
        let denial = PolicyText(
            checked: #"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}"#
        )
        try await scene.test.perform(PutRolePolicy(roleName: name, policyName: deny, policyDocument: denial))
        #expect(try await may(ListUsers(), lent) == false)
        try await scene.test.perform(DeleteRolePolicy(roleName: name, policyName: deny))
        #expect(try await may(ListUsers(), lent))
        let boundary = try await ManagedPolicyTests.makePolicy(scene.test, "groups", .allowing("iam:ListGroups"))
        try await scene.test.perform(PutRolePermissionsBoundary(roleName: name, permissionsBoundary: boundary))
        #expect(try await may(lent) == [false, true])
        try await scene.test.perform(DeleteRolePermissionsBoundary(roleName: name))
        #expect(try await may(ListUsers(), lent))
        try await scene.test.perform(DeleteRolePolicy(roleName: name, policyName: own))
        #expect(try await may(ListUsers(), lent) == false)
        await other.close()
    }
}
