// SessionKindTests.swift: what each kind of credential may call, what narrows a session, and codes at the taking of a role.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Kinds of credentials", .everyDatabase)
struct SessionKindTests {
    @Test("each kind of credential calls what AWS lets it call, and nothing else")
    func matrix() async throws {
        let scene = try await RoleScene()
        let test = scene.test
        let phone = try await test.enroll(scene.ann)
        test.clock.advance(30)
        let long = try await scene.caller()
        let plain = try await scene.caller(try await scene.perform(GetSessionToken(), as: long).credentials)
        let proved = try await scene.caller(
            try await scene.perform(
                GetSessionToken(serialNumber: phone.serial, tokenCode: try TokenCode(try phone.code().text)),
                as: long
            )
            .credentials
        )
        let role = try await scene.caller(try await scene.take(try scene.assume()))
        let key = try await test.perform(CreateAccessKey()).accessKey
        let root = try await AccessKeyTests.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        let federation = GetFederationToken(name: try FederatedUserName("fed"))
        let federated = try await scene.caller(try await scene.perform(federation, as: root).credentials)

        /// Whether the kind of the credential, rather than a policy, forbids it.
        func isForbidden<A: Action>(_ action: A, _ caller: Caller) async throws -> Bool {
            try await scene.fault(action, as: caller)?.reason == "credential_kind"
        }
        typealias Row = (name: String, caller: Caller, forbidden: [Bool])
        let rows: [Row] = [
            // GetCallerIdentity, AssumeRole, GetSessionToken, GetFederationToken, DecodeAuthorizationMessage, ListUsers, ListSessions
            ("long-term key", long, [false, false, false, false, false, false, false]),
            ("GetSessionToken", plain, [false, false, true, true, true, true, true]),
            ("GetSessionToken with a code", proved, [false, false, true, true, true, false, false]),
            ("AssumeRole", role, [false, false, true, true, false, false, false]),
            ("GetFederationToken", federated, [false, true, true, true, true, true, true]),
        ]
        for (name, caller, forbidden) in rows {
            let found = [
                try await isForbidden(GetCallerIdentity(), caller),
                try await isForbidden(try scene.assume(), caller),
                try await isForbidden(GetSessionToken(), caller),
                try await isForbidden(federation, caller),
                try await isForbidden(
                    DecodeAuthorizationMessage(encodedMessage: try EncodedMessage("x")),
                    caller
                ),
                try await isForbidden(ListUsers(), caller),
                try await isForbidden(ListSessions(userName: scene.ann), caller),
            ]
            #expect(found == forbidden, "\(name)")
        }
        #expect(try await scene.perform(GetCallerIdentity(), as: plain).arn.text == RoleSessionTests.ann)
    }

    @Test("a session that is no user's does nothing in the name of root or of a user")
    func nobody() async throws {
        let scene = try await RoleScene()
        let role = try await scene.caller(try await scene.take(try scene.assume()))
        let own: [any Action] = [
            EndSessions(), EndSessions(userName: .root), ListSessions(), ListSessions(userName: .root),
            CreateAccessKey(),
            RenewRecoveryCodes(userName: .root), GetUser(),
        ]
        for action in own {
            func run<A: Action>(_ action: A) async throws -> Fault? { try await scene.fault(action, as: role) }
            let fault = try await run(action)
            #expect(fault?.code == "AccessDenied" || fault?.code == "ValidationError", "\(type(of: action))")
        }
        let user = try await scene.test.authority.read { state throws(Fault) -> String? in
            let call = Call(caller: role, account: RoleScene.home, id: "x", now: UnixTime(0), peer: "local")
            do throws(Fault) {
                return try state.subject(nil, call).arn.text
            } catch {
                return error.message
            }
        }
        #expect(user == "Must specify userName when calling with non-User credentials.")
    }

    @Test("a federated user is known by the name that was given, for an hour when root vouches")
    func federation() async throws {
        let scene = try await RoleScene()
        try await scene.test.perform(
            TagUser(userName: scene.ann, tags: [Tag(key: "team", value: "red"), Tag(key: "a", value: "1")])
        )
        let session = try #require(try await scene.test.signIn(scene.ann).session)
        let login = try await scene.test.authority.caller(ofSession: session.token)
        let get = GetFederationToken(
            name: try FederatedUserName("fed"),
            policy: try FederationPolicyText(PolicyText.allowing("iam:*").text),
            tags: [Tag(key: "Team", value: "blue")]
        )
        let denied = try await scene.fault(get, as: login)
        #expect(denied?.code == "AccessDenied")
        #expect(denied?.message.contains("arn:aws:sts::123456789012:federated-user/fed") == true)
        let answer = try await scene.perform(get, as: scene.test.local)
        #expect(answer.federatedUser.federatedUserId == "123456789012:fed")
        #expect(answer.credentials.expiration == scene.test.clock.now.adding(seconds: 3_600))
        #expect((answer.packedPolicySize ?? 0) > 0)
        let caller = try await scene.caller(answer.credentials)
        let identity = try await scene.perform(GetCallerIdentity(), as: caller)
        #expect(identity.arn == answer.federatedUser.arn && identity.userId == "123456789012:fed")
        #expect(identity.arn.text == "arn:aws:sts::123456789012:federated-user/fed")
        for seconds in [899, 129_601] { #expect(throws: Fault.validation("")) { try FederationDuration(seconds) } }
        #expect(throws: Fault.validation("")) { try FederatedUserName("f") }
        var wrong = get
        wrong.policy = FederationPolicyText(checked: "{")
        #expect(try await scene.fault(wrong, as: scene.test.local)?.code == "MalformedPolicyDocument")
        wrong.policy = nil
        wrong.policyArns = [PolicyDescriptor(arn: ARN(checked: "arn:aws:iam::123456789012:policy/none"))]
        #expect(try await scene.fault(wrong, as: scene.test.local)?.code == "MalformedPolicyDocument")
    }

    @Test("the policies that decide are the role's, its boundary's and those that were passed, as they are now")
    func documents() async throws {
        let scene = try await RoleScene()
        let policy = try await ManagedPolicyTests.makePolicy(scene.test, "mine")
        let name = scene.role.roleName
        try await scene.test.perform(
            PutRolePolicy(roleName: name, policyName: PolicyName(checked: "in"), policyDocument: .allowing("iam:A"))
        )
        try await scene.test.perform(AttachRolePolicy(roleName: name, policyArn: ManagedPolicyTests.readOnly))
        try await scene.test.perform(
            PutRolePermissionsBoundary(roleName: name, permissionsBoundary: ManagedPolicyTests.readOnly)
        )
        var assume = try scene.assume()
        assume.policy = try SessionPolicyText(PolicyText.allowing("iam:S").text)
        assume.policyArns = [PolicyDescriptor(arn: policy)]
        let caller = try await scene.caller(try await scene.take(assume))
        func layers() async throws -> [[String]] {
            try await scene.test.authority.read { state throws(Fault) in
                guard let documents = try state.heldPolicies(of: caller) else { return [] }
                var layers: [[String]] = []
                for layer in [
                    documents.identity, documents.groups, documents.boundary.map { [$0] } ?? [], documents.session,
                ] {
                    var texts: [String] = []
                    for document in layer {
                        texts.append("\(document.name) \(try state.text(of: document).text.contains("iam:"))")
                    }
                    layers.append(texts)
                }
                return layers
            }
        }
        #expect(
            try await layers() == [
                ["in true", "ReadOnlyAccess true"], [], ["ReadOnlyAccess true"], ["session true", "mine true"],
            ]
        )
        // A passed policy that is gone, or made anew, grants nothing: the session stays as narrow as it was.
        try await scene.test.perform(DeletePolicy(policyArn: policy))
        #expect(try await layers()[3] == ["session true", "session false"])
        _ = try await ManagedPolicyTests.makePolicy(scene.test, "mine")
        #expect(try await layers()[3] == ["session true", "session false"])
    }

    @Test("a session may do what the role, its boundary and the passed policies all allow")
    func narrowing() async throws {
        let scene = try await RoleScene()
        let name = scene.role.roleName
        let own = PolicyName(checked: "own")
        func may(_ caller: Caller) async throws -> [Bool] {
            [
                try await scene.fault(ListUsers(), as: caller) == nil,
                try await scene.fault(ListRoles(), as: caller) == nil,
                try await scene.fault(CreateGroup(groupName: GroupName(checked: "g")), as: caller)?.code
                    != "AccessDenied",
            ]
        }
        var assume = try scene.assume()
        let wide = try await scene.caller(try await scene.take(assume))
        assume.policy = try SessionPolicyText(PolicyText.allowing("iam:ListUsers").text)
        let narrow = try await scene.caller(try await scene.take(assume))
        assume.policy = nil
        assume.policyArns = [PolicyDescriptor(arn: ManagedPolicyTests.readOnly)]
        let reading = try await scene.caller(try await scene.take(assume))
        #expect(try await may(wide) == [false, false, false])
        #expect(try await may(narrow) == [false, false, false], "a session policy grants nothing alone")
        try await scene.test.perform(
            PutRolePolicy(roleName: name, policyName: own, policyDocument: .allowing("iam:*"))
        )
        #expect(try await may(wide) == [true, true, true])
        #expect(try await may(narrow) == [true, false, false])
        #expect(try await may(reading) == [true, true, false])
        let fault = try await scene.fault(ListRoles(), as: narrow)
        #expect(fault?.message.hasSuffix("because no session policy allows the iam:ListRoles action") == true)
        try await scene.test.perform(
            PutRolePermissionsBoundary(roleName: name, permissionsBoundary: ManagedPolicyTests.readOnly)
        )
        #expect(try await may(wide) == [true, true, false])
        // Nor does the next link get more than the narrowed one has: the account is trusted, so its own policies decide.
        let next = try await RoleTests.makeRole(scene.test, "next")
        #expect(try await scene.fault(try scene.assume(next), as: wide)?.code == "AccessDenied")
        try await scene.test.perform(DeleteRolePermissionsBoundary(roleName: name))
        try await scene.test.perform(
            PutRolePolicy(roleName: name, policyName: own, policyDocument: .allowing("*"))
        )
        #expect(try await scene.fault(try scene.assume(next), as: wide) == nil)
        #expect(try await scene.fault(try scene.assume(next), as: narrow)?.code == "AccessDenied")
    }

    @Test("sixteen servers that hear one code at once lend one session, and the rest is counted and refused")
    func race() async throws {
        let condition = #"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#
        let scene = try await RoleScene(trusting: .trusting(RoleSessionTests.ann, condition: condition))
        let phone = try await scene.test.enroll(scene.ann)
        scene.test.clock.advance(30)
        let caller = try await scene.caller()
        #expect(try await scene.fault(try scene.assume(), as: caller)?.code == "AccessDenied")
        var assume = try scene.assume()
        assume.serialNumber = phone.serial
        #expect(try await scene.fault(assume, as: caller)?.code == "ValidationError")
        assume.tokenCode = try TokenCode(try phone.code().text)
        let first = assume
        let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<16 {
                let authority = number % 2 == 0 ? scene.test.authority : try await scene.test.reopen()
                group.addTask {
                    let call = authority.call(by: caller, for: RoleScene.home, from: "192.0.2.1")
                    do throws(Fault) {
                        return "lent \(try await authority.perform(first, call).credentials.accessKeyId)"
                    } catch {
                        return error.code
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0.hasPrefix("lent") } == 1)
        #expect(outcomes.count { $0 == "AccessDenied" } == 15)
        scene.test.clock.advance(600)
        assume.tokenCode = try TokenCode(try phone.code().text)
        let session = try await scene.caller(try await scene.take(assume))
        #expect(session.mfa == scene.test.clock.now)
        #expect(try await scene.test.lastEvent()?.factors == ["totp"])
        // What was proved in a session is the session's; the next one has no device to prove anything with.
        let next = try await RoleTests.makeRole(
            scene.test,
            "next",
            trusting: .trusting("arn:aws:iam::123456789012:role/ops/r")
        )
        scene.test.clock.advance(30)
        var chained = try scene.assume(next)
        #expect(try await scene.caller(try await scene.perform(chained, as: session).credentials).mfa == nil)
        chained.serialNumber = phone.serial
        chained.tokenCode = try TokenCode(try phone.code().text)
        #expect(try await scene.fault(chained, as: session)?.code == "AccessDenied")
    }

    @Test(
        "a session's row that was edited behind the authority's back lends nothing",
        arguments: [
            "session = replace(session, 'work', 'other')", "session = NULL", "owner = (SELECT id FROM users)",
            "expires = expires + 1", "mfa = created", "parent_key = NULL", "account = '210987654321'",
            "session = replace(session, '\"kind\":\"role\"', '\"kind\":\"federated\"')",
        ]
    )
    func tampering(change: String) async throws {
        let scene = try await RoleScene()
        let lent = try await scene.take(try scene.assume())
        #expect(try await scene.refusal(lent) == nil)
        try scene.test.tamper("UPDATE temporary_credentials SET \(change)")
        #expect(try await scene.refusal(lent) == "StoreDamaged")
    }
}
