// RoleChainTests.swift: from one role to the next: an hour at most, tags and source identity that go on, and ends that reach all.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Chains of roles", .everyDatabase)
struct RoleChainTests {
    let scene: RoleScene
    let next: Role

    private static let all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]

    init() async throws {
        scene = try await RoleScene(trusting: .trusting(RoleSessionTests.ann, to: Self.all))
        next = try await RoleTests.makeRole(
            scene.test,
            "next",
            trusting: .trusting("arn:aws:iam::123456789012:role/ops/r", to: Self.all)
        )
        for name in [scene.role.roleName, next.roleName] {
            try await scene.test.perform(UpdateRole(roleName: name, maxSessionDuration: try MaxSessionDuration(43_200)))
        }
    }

    private func chain(_ first: AssumeRole? = nil, _ second: AssumeRole? = nil) async throws -> [TemporaryCredentials] {
        let lent = try await scene.take(try first ?? scene.assume())
        let caller = try await scene.caller(lent)
        return [
            lent, try await scene.perform(try second ?? scene.assume(next, session: "then"), as: caller).credentials,
        ]
    }

    @Test("a session taken by a session lasts an hour at most, however long the role's may")
    func hour() async throws {
        var first = try scene.assume()
        first.durationSeconds = try RoleDuration(43_200)
        var second = try scene.assume(next, session: "then")
        let lent = try await chain(first, second)
        #expect(lent[1].expiration == scene.test.clock.now.adding(seconds: 3_600))
        second.durationSeconds = try RoleDuration(3_601)
        let fault = try await scene.fault(second, as: try await scene.caller(lent[0]))
        #expect(fault?.code == "ValidationError")
        #expect(
            fault?.message
                == "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    }

    @Test("transitive tags and the source identity go on and cannot be changed; other tags stay behind")
    func inheritance() async throws {
        var first = try scene.assume()
        first.tags = [Tag(key: "Team", value: "red"), Tag(key: "shift", value: "late")]
        first.transitiveTagKeys = [try TagKey("team")]
        first.sourceIdentity = try SourceIdentity("ann.b")
        let lent = try await scene.take(first)
        let caller = try await scene.caller(lent)
        var second = try scene.assume(next, session: "then")
        second.tags = [Tag(key: "TEAM", value: "blue")]
        #expect(try await scene.fault(second, as: caller)?.code == "InvalidParameterValue")
        second.tags = [Tag(key: "shift", value: "early")]
        second.sourceIdentity = try SourceIdentity("bob")
        #expect(try await scene.fault(second, as: caller)?.code == "AccessDenied")
        second.sourceIdentity = nil
        let answer = try await scene.perform(second, as: caller)
        #expect(answer.sourceIdentity?.text == "ann.b" && (answer.packedPolicySize ?? 0) > 0)
        let last = try await scene.caller(answer.credentials)
        let call = scene.test.authority.call(by: last, for: RoleScene.home, from: "192.0.2.1")
        let keys = try await scene.test.authority.read { state throws(Fault) in
            let keys = try state.requestKeys(ListUsers(), on: Target(arn: "*"), call)
            return LentSession.Maker(arn: "", id: "", keys).context
                .map { "\($0.name)=\($0.values ?? [$0.value ?? ""])" }
        }
        for key in [
            "aws:principaltag/team=[\"red\"]", "aws:principaltag/shift=[\"early\"]", "aws:sourceidentity=[\"ann.b\"]",
            "aws:principalarn=[\"\(next.arn)\"]", "aws:principaltype=[\"AssumedRole\"]",
            "aws:userid=[\"\(next.roleId):then\"]", "aws:tokenissuetime=[\"\(scene.test.clock.now)\"]",
            "aws:multifactorauthpresent=[\"false\"]",
        ] {
            #expect(keys.contains(key), "\(key)")
        }
        #expect(!keys.contains { $0.hasPrefix("aws:username") })
    }

    @Test("tags and a source identity must be trusted each by its own action, inherited ones too")
    func ownActions() async throws {
        var tagged = try scene.assume()
        tagged.tags = [Tag(key: "team", value: "red")]
        tagged.transitiveTagKeys = [try TagKey("team")]
        var named = try scene.assume()
        named.sourceIdentity = try SourceIdentity("ann.b")
        let lent = (try await scene.take(tagged), try await scene.take(named))
        try await scene.test.perform(
            UpdateAssumeRolePolicy(
                roleName: next.roleName,
                policyDocument: .trusting("arn:aws:iam::123456789012:role/ops/r")
            )
        )
        let second = try scene.assume(next, session: "then")
        let tagFault = try await scene.fault(second, as: try await scene.caller(lent.0))
        #expect(tagFault?.message.contains("perform: sts:TagSession on") == true)
        let nameFault = try await scene.fault(second, as: try await scene.caller(lent.1))
        #expect(nameFault?.message.contains("perform: sts:SetSourceIdentity on") == true)
        try await scene.trust(.trusting(RoleSessionTests.ann))
        #expect(try await scene.fault(tagged, as: try await scene.caller())?.code == "AccessDenied")
        #expect(try await scene.fault(named, as: try await scene.caller())?.code == "AccessDenied")
        #expect(try await scene.fault(try scene.assume(), as: try await scene.caller()) == nil)
    }

    @Test("tags that collide, that are too many, or that go on without being there are refused")
    func wrongTags() async throws {
        let caller = try await scene.caller()
        var assume = try scene.assume()
        assume.tags = [Tag(key: "a", value: "1"), Tag(key: "A", value: "2")]
        #expect(try await scene.fault(assume, as: caller)?.code == "InvalidParameterValue")
        assume.tags = (0...50).map { Tag(key: "k\($0)", value: "") }
        #expect(try await scene.fault(assume, as: caller)?.code == "ValidationError")
        assume.tags = [Tag(key: "a", value: "1")]
        assume.transitiveTagKeys = [try TagKey("b")]
        #expect(try await scene.fault(assume, as: caller)?.code == "InvalidParameterValue")
        assume.transitiveTagKeys = nil
        assume.tags = (0..<50).map { Tag(key: "k\($0)", value: String(repeating: "v", count: 100)) }
        #expect(try await scene.fault(assume, as: caller)?.code == "PackedPolicyTooLarge")
    }

    @Test("whatever ends a link ends all that hangs on it: the key, the role between, its revocation, the user")
    func ends() async throws {
        func states(_ lent: [TemporaryCredentials]) async throws -> [Bool] {
            var states: [Bool] = []
            for credentials in lent { states.append(try await scene.refusal(credentials) == nil) }
            return states
        }
        let status = { (status: AccessKeyStatus) in
            UpdateAccessKey(userName: scene.ann, accessKeyId: scene.key.accessKeyId, status: status)
        }
        var lent = try await chain()
        try await scene.test.perform(status(.inactive))
        #expect(try await states(lent) == [false, false])
        try await scene.test.perform(status(.active))
        #expect(try await states(lent) == [true, true])
        // Revoked by name: another session of the role lives.
        let spared = try await scene.take(try scene.assume(session: "spared"))
        let ended = try await scene.test.perform(
            RevokeRoleSessions(roleName: scene.role.roleName, roleSessionName: try RoleSessionName("work"))
        )
        #expect(ended.ended == 2)
        #expect(try await states(lent + [spared]) == [false, false, true])
        // Revoked by age: what began at the moment itself lives.
        scene.test.clock.advance(10)
        lent = try await chain()
        try await scene.test.perform(
            RevokeRoleSessions(roleName: scene.role.roleName, olderThan: scene.test.clock.now)
        )
        #expect(try await states(lent + [spared]) == [true, true, false])
        try await scene.test.perform(RevokeRoleSessions(roleName: next.roleName))
        #expect(try await states(lent) == [true, false])
        // The middle role goes.
        lent = try await chain()
        try await scene.test.perform(DeleteRole(roleName: scene.role.roleName))
        #expect(try await states(lent) == [false, false])
        _ = try await RoleTests.makeRole(scene.test, "r", at: "/ops/", trusting: .trusting(RoleSessionTests.ann))
        try await scene.test.perform(
            UpdateAssumeRolePolicy(
                roleName: next.roleName,
                policyDocument: .trusting("arn:aws:iam::123456789012:role/ops/r")
            )
        )
        // All of a user's, older than a moment and altogether.
        lent = try await chain()
        scene.test.clock.advance(10)
        let later = try await chain()
        try await scene.test.perform(EndSessions(userName: scene.ann, olderThan: scene.test.clock.now))
        #expect(try await states(lent + later) == [false, false, true, true])
        try await scene.test.perform(EndSessions(userName: scene.ann))
        #expect(try await states(later) == [false, false])
        // The user goes: nothing that they took outlives them.
        lent = try await chain()
        try await scene.test.perform(DeleteLoginProfile(userName: scene.ann))
        try await scene.test.perform(DeleteAccessKey(userName: scene.ann, accessKeyId: scene.key.accessKeyId))
        #expect(try await states(lent) == [false, false])
        try await scene.test.perform(DeleteUser(userName: scene.ann))
        #expect(try await states(lent) == [false, false])
    }

    @Test("what a login took ends with the login, through every link")
    func login() async throws {
        let session = try #require(try await scene.test.signIn(scene.ann).session)
        let caller = try await scene.test.authority.caller(ofSession: session.token)
        let first = try await scene.perform(try scene.assume(), as: caller).credentials
        let second =
            try await scene.perform(
                try scene.assume(next, session: "then"),
                as: try await scene.caller(first)
            )
            .credentials
        #expect(try await scene.refusal(second) == nil)
        try await scene.test.perform(SignOut(token: SecretText(session.token)), as: .anonymous)
        #expect(try await scene.refusal(first) == "InvalidClientTokenId")
        #expect(try await scene.refusal(second) == "InvalidClientTokenId")
    }

    @Test("a changed trust ends the sessions of those whom it no longer lets in, and no others")
    func changedTrust() async throws {
        let bob = try await scene.test.makeUser("bob")
        let key = try await AccessKeyTests.makeKey(scene.test, bob)
        let both = PolicyText.trusting(
            "\(RoleSessionTests.ann)\", \"arn:aws:iam::123456789012:user/bob",
            to: ["sts:AssumeRole"],
            condition: #"{"StringLike": {"sts:RoleSessionName": "*"}}"#
        )
        try await scene.trust(
            PolicyText(
                checked: both.text.replacing("{\"AWS\": ", with: "{\"AWS\": [")
                    .replacing("user/bob\"}", with: "user/bob\"]}")
            )
        )
        let caller = try await AccessKeyTests.authenticate(scene.test, key.accessKeyId.text, key.secretAccessKey.text)
        let bobs = try await scene.perform(try scene.assume(), as: caller).credentials
        let anns = try await chain()
        let named = try await scene.take(try scene.assume(session: "named"))
        try await scene.trust(
            .trusting(RoleSessionTests.ann, condition: #"{"StringEquals": {"sts:RoleSessionName": ["work", "x1"]}}"#)
        )
        #expect(try await scene.refusal(bobs) == "InvalidClientTokenId")
        #expect(try await scene.refusal(named) == "InvalidClientTokenId")
        for lent in anns { #expect(try await scene.refusal(lent) == nil) }
        try await scene.trust(.trusting("arn:aws:iam::123456789012:user/bob"))
        for lent in anns { #expect(try await scene.refusal(lent) == "InvalidClientTokenId") }
    }

    @Test("sessions are listed while they live, with who took them")
    func listing() async throws {
        let lent = try await chain()
        scene.test.clock.advance(1)
        _ = try await scene.take(try scene.assume(session: "later"))
        let listed = try await scene.test.perform(ListRoleSessions(roleName: scene.role.roleName)).sessions
        #expect(listed.map(\.roleSessionName.text) == ["work", "later"])
        #expect(listed.map(\.takenBy) == [RoleSessionTests.ann, RoleSessionTests.ann])
        #expect(listed[0].accessKeyId == lent[0].accessKeyId && listed[0].expires == lent[0].expiration)
        let next = try await scene.test.perform(ListRoleSessions(roleName: next.roleName)).sessions
        #expect(next.map(\.takenBy) == ["arn:aws:sts::123456789012:assumed-role/r/work"])
        scene.test.clock.advance(3_599)
        let left = try await scene.test.perform(ListRoleSessions(roleName: scene.role.roleName)).sessions
        #expect(left.map(\.roleSessionName.text) == ["later"])
    }
}
