// RoleSessionTests.swift: taking a role: who may, what it makes of them, and when it ends.
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Sessions of roles", .everyDatabase)
struct RoleSessionTests {
    static let ann = "arn:aws:iam::123456789012:user/ann"

    @Test("whoever takes a role is the role's session in every name that there is")
    func names() async throws {
        let scene = try await RoleScene()
        let answer = try await scene.perform(try scene.assume(), as: try await scene.caller())
        #expect(answer.assumedRoleUser.arn.text == "arn:aws:sts::123456789012:assumed-role/r/work")
        #expect(answer.assumedRoleUser.assumedRoleId == scene.role.roleId + ":work")
        #expect(answer.packedPolicySize == nil && answer.sourceIdentity == nil)
        #expect(answer.credentials.expiration == scene.test.clock.now.adding(seconds: 3_600))
        let caller = try await scene.caller(answer.credentials)
        let identity = try await scene.perform(GetCallerIdentity(), as: caller)
        #expect(identity.arn == answer.assumedRoleUser.arn && identity.userId == answer.assumedRoleUser.assumedRoleId)
        #expect(identity.account == RoleScene.home)
        #expect(caller.auditName == "arn:aws:sts::123456789012:assumed-role/r/work" && caller.mfa == nil)
        let last = try await scene.test.perform(GetRole(roleName: scene.role.roleName)).role.roleLastUsed
        #expect(last?.lastUsedDate == scene.test.clock.now && last?.region == "eu-central-1")
    }

    @Test("in one account a named user needs no policy of their own; a named account leaves it to the user's policies")
    func sameAccount() async throws {
        let scene = try await RoleScene()
        let caller = try await scene.caller()
        #expect(try await scene.fault(try scene.assume(), as: caller) == nil)
        try await scene.trust(.trusting("arn:aws:iam::123456789012:root"))
        let fault = try await scene.fault(try scene.assume(), as: caller)
        #expect(fault?.code == "AccessDenied" && fault?.reason == "trust")
        #expect(
            fault?.message
                == "User: \(Self.ann) is not authorized to perform: sts:AssumeRole on resource: \(scene.role.arn)"
        )
        try await scene.allow("sts:AssumeRole", on: scene.role.arn.text)
        #expect(try await scene.fault(try scene.assume(), as: caller) == nil)
        try await scene.trust(.trusting("arn:aws:iam::123456789012:role/ops/r"))
        #expect(try await scene.fault(try scene.assume(), as: caller)?.code == "AccessDenied")
    }

    @Test("a role that is not there is refused in the same words as one that does not trust")
    func unknown() async throws {
        let scene = try await RoleScene(trusting: .trusting("arn:aws:iam::123456789012:root"))
        let caller = try await scene.caller()
        try await scene.allow("sts:*")
        func message(_ arn: String) async throws -> String? {
            let assume = AssumeRole(roleArn: ARN(checked: arn), roleSessionName: try RoleSessionName("work"))
            let fault = try await scene.fault(assume, as: caller)
            #expect(fault?.code == "AccessDenied")
            return fault?.message.replacing(arn, with: "ARN")
        }
        let expected = "User: \(Self.ann) is not authorized to perform: sts:AssumeRole on resource: ARN"
        for arn in [
            "arn:aws:iam::123456789012:role/none", "arn:aws:iam::123456789012:role/r",
            "arn:aws:iam::123456789012:role/ops/R", "arn:aws:iam::999999999999:role/ops/r",
        ] {
            #expect(try await message(arn) == expected)
        }
        for arn in ["arn:aws:iam::123456789012:user/ann", "arn:aws:sts::123456789012:assumed-role/r/work"] {
            let assume = AssumeRole(roleArn: ARN(checked: arn), roleSessionName: try RoleSessionName("work"))
            #expect(try await scene.fault(assume, as: caller)?.code == "ValidationError")
        }
    }

    @Test("across accounts trust and the user's own policies must both allow, and both accounts hear of it")
    func otherAccount() async throws {
        let scene = try await RoleScene()
        let far = try await scene.makeFar(trusting: .trusting(Self.ann))
        let caller = try await scene.caller()
        let assume = try scene.assume(far)
        #expect(try await scene.fault(assume, as: caller)?.code == "AccessDenied")
        try await scene.allow("sts:AssumeRole", on: far.arn.text)
        let lent = try await scene.perform(assume, as: caller).credentials
        let session = try await scene.caller(lent)
        #expect(session.account == RoleScene.other)
        #expect(session.auditName == "arn:aws:sts::210987654321:assumed-role/far/work")
        // The session is the other account's, and has nothing in the first.
        #expect(try await scene.test.fault(GetCallerIdentity(), as: session)?.code == "AccessDenied")
        let events = try await scene.test.authority.auditEvents(limit: 100_000).filter { $0.event == "AssumeRole" }
        #expect(events.suffix(2).map(\.account) == ["210987654321", "123456789012"])
        #expect(events.suffix(2).allSatisfy { $0.caller == Self.ann && $0.outcome == .succeeded })
        #expect(events.last?.detail == ["session=work"])
        try await scene.there(
            UpdateAssumeRolePolicy(roleName: far.roleName, policyDocument: .trusting("arn:aws:iam::210987654321:root"))
        )
        #expect(try await scene.refusal(lent) == "InvalidClientTokenId")
        #expect(try await scene.fault(assume, as: caller)?.code == "AccessDenied")
        try await scene.there(
            UpdateAssumeRolePolicy(roleName: far.roleName, policyDocument: .trusting("123456789012"))
        )
        #expect(try await scene.fault(assume, as: caller) == nil)
        try await scene.test.perform(DeleteUserPolicy(userName: scene.ann, policyName: PolicyName(checked: "own")))
        #expect(try await scene.fault(assume, as: caller)?.code == "AccessDenied")
    }

    @Test("a user or role that was made anew under the same name is not the one that is trusted")
    func namesake() async throws {
        let scene = try await RoleScene()
        try await scene.test.perform(DeleteAccessKey(userName: scene.ann, accessKeyId: scene.key.accessKeyId))
        try await scene.test.perform(DeleteLoginProfile(userName: scene.ann))
        try await scene.test.perform(DeleteUser(userName: scene.ann))
        try await scene.test.perform(CreateUser(userName: scene.ann))
        let key = try await AccessKeyTests.makeKey(scene.test, scene.ann)
        let namesake = try await AccessKeyTests.authenticate(
            scene.test,
            key.accessKeyId.text,
            key.secretAccessKey.text
        )
        #expect(namesake.auditName == Self.ann)
        #expect(try await scene.fault(try scene.assume(), as: namesake)?.code == "AccessDenied")
        try await scene.trust(.trusting(Self.ann))
        #expect(try await scene.fault(try scene.assume(), as: namesake) == nil)
        // A role that trusts a role, or one of its sessions.
        for principal in ["arn:aws:iam::123456789012:role/ops/r", "arn:aws:sts::123456789012:assumed-role/r/work"] {
            let next = try await RoleTests.makeRole(scene.test, "next", trusting: .trusting(principal))
            let first = try await scene.perform(try scene.assume(), as: namesake).credentials
            #expect(try await scene.fault(try scene.assume(next), as: try await scene.caller(first)) == nil)
            try await scene.test.perform(DeleteRole(roleName: scene.role.roleName))
            #expect(try await scene.refusal(first) == "InvalidClientTokenId")
            try await RoleTests.makeRole(scene.test, "r", at: "/ops/", trusting: .trusting(Self.ann))
            let again = try await scene.perform(try scene.assume(), as: namesake).credentials
            let fault = try await scene.fault(try scene.assume(next), as: try await scene.caller(again))
            #expect(fault?.code == "AccessDenied", "\(principal)")
            try await scene.test.perform(DeleteRole(roleName: next.roleName))
        }
    }

    @Test("an external identifier must be the one that was agreed; none is not an empty one")
    func externalID() async throws {
        let scene = try await RoleScene(
            trusting: .trusting(Self.ann, condition: #"{"StringEquals": {"sts:ExternalId": "shop-17"}}"#)
        )
        let caller = try await scene.caller()
        var assume = try scene.assume()
        #expect(try await scene.fault(assume, as: caller)?.code == "AccessDenied")
        for (id, isRight) in [("shop-18", false), ("SHOP-17", false), ("shop-17", true)] {
            assume.externalId = try ExternalID(id)
            #expect((try await scene.fault(assume, as: caller) == nil) == isRight)
        }
        #expect(throws: Fault.validation("")) { try ExternalID("") }
        #expect(throws: Fault.validation("")) { try ExternalID("a b") }
    }

    @Test(
        "a trust policy may ask for anything about the call: who, whence, what for, and with which tags",
        arguments: [
            (#"{"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}"#, true),
            (#"{"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}"#, false),
            (#"{"StringLike": {"sts:RoleSessionName": "${aws:username}-*"}}"#, true),
            (#"{"StringLike": {"sts:RoleSessionName": "${aws:username}"}}"#, false),
            (#"{"StringEquals": {"aws:PrincipalTag/Team": "red", "aws:ResourceTag/team": "red"}}"#, true),
            (#"{"StringEquals": {"aws:PrincipalTag/Team": "blue"}}"#, false),
            (#"{"StringEquals": {"aws:RequestTag/Shift": "late"}}"#, true),
            (#"{"StringEquals": {"aws:RequestTag/Team": "red"}}"#, false),
            (#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["shift", "case"]}}"#, true),
            (#"{"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "case"}}"#, true),
            (#"{"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": "shift"}}"#, false),
            (#"{"StringEquals": {"sts:SourceIdentity": "ann.b"}}"#, true),
            (#"{"NumericLessThanEquals": {"sts:DurationSeconds": "900"}}"#, true),
            (#"{"NumericLessThan": {"sts:DurationSeconds": "900"}}"#, false),
            (#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}}"#, true),
            (#"{"StringEquals": {"aws:PrincipalType": "User", "aws:ResourceAccount": "123456789012"}}"#, true),
            (#"{"Null": {"aws:MultiFactorAuthPresent": "true"}}"#, true),
            (#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#, true),
            (#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#, false),
            (#"{"StringNotEquals": {"sts:ExternalId": "x"}}"#, true),
        ]
    )
    func conditions(condition: String, isRight: Bool) async throws {
        let all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
        let scene = try await RoleScene(trusting: .trusting(Self.ann, to: all, condition: condition))
        let red = [Tag(key: "team", value: "red")]
        try await scene.test.perform(TagUser(userName: scene.ann, tags: red))
        try await scene.test.perform(TagRole(roleName: scene.role.roleName, tags: red))
        var assume = try scene.assume(session: "ann-1")
        assume.tags = [Tag(key: "shift", value: "late"), Tag(key: "case", value: "7")]
        assume.transitiveTagKeys = [try TagKey("case")]
        assume.sourceIdentity = try SourceIdentity("ann.b")
        assume.durationSeconds = try RoleDuration(900)
        #expect((try await scene.fault(assume, as: try await scene.caller()) == nil) == isRight)
    }

    @Test("a denial in the trust policy, in the user's policies or in the boundary counts")
    func denials() async throws {
        let scene = try await RoleScene()
        let caller = try await scene.caller()
        let deny = PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}}
                """
        )
        let name = PolicyName(checked: "deny")
        try await scene.test.perform(PutUserPolicy(userName: scene.ann, policyName: name, policyDocument: deny))
        #expect(try await scene.fault(try scene.assume(), as: caller)?.code == "AccessDenied")
        try await scene.test.perform(DeleteUserPolicy(userName: scene.ann, policyName: name))
        #expect(try await scene.fault(try scene.assume(), as: caller) == nil)
        let trust = """
            {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"},
            {"Effect": "Deny", "Principal": {"AWS": "\(Self.ann)"}, "Action": "sts:AssumeRole"}]}
            """
        try await scene.trust(PolicyText(checked: trust))
        #expect(try await scene.fault(try scene.assume(), as: caller)?.code == "AccessDenied")
    }

    @Test("durations run from a quarter of an hour to the role's maximum, an hour unless given, and end to the second")
    func durations() async throws {
        let scene = try await RoleScene()
        let caller = try await scene.caller()
        var assume = try scene.assume()
        for seconds in [0, -1, 899, 43_201, Int(Int32.max)] {
            #expect(throws: Fault.validation("")) { try RoleDuration(seconds) }
        }
        assume.durationSeconds = try RoleDuration(3_601)
        let fault = try await scene.fault(assume, as: caller)
        #expect(fault?.message == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        try await scene.test.perform(
            UpdateRole(roleName: scene.role.roleName, maxSessionDuration: try MaxSessionDuration(7_200))
        )
        assume.durationSeconds = try RoleDuration(7_200)
        let lent = try await scene.perform(assume, as: caller).credentials
        #expect(lent.expiration == scene.test.clock.now.adding(seconds: 7_200))
        assume.durationSeconds = try RoleDuration(900)
        let short = try await scene.perform(assume, as: caller).credentials
        scene.test.clock.advance(899)
        #expect(try await scene.refusal(short) == nil)
        scene.test.clock.advance(1)
        #expect(try await scene.refusal(short) == "ExpiredToken")
        scene.test.clock.advance(6_299)
        #expect(try await scene.refusal(lent) == nil)
        scene.test.clock.advance(1)
        #expect(try await scene.refusal(lent) == "ExpiredToken")
    }

    @Test("root takes no role, whatever the role says")
    func root() async throws {
        let scene = try await RoleScene(trusting: .trusting("*"))
        let key = try await scene.test.perform(CreateAccessKey()).accessKey
        let root = try await AccessKeyTests.authenticate(scene.test, key.accessKeyId.text, key.secretAccessKey.text)
        for caller in [root, scene.test.local] {
            let fault = try await scene.fault(try scene.assume(), as: caller)
            #expect(fault?.code == "AccessDenied" && fault?.message == "Roles may not be assumed by root accounts.")
        }
    }
}
