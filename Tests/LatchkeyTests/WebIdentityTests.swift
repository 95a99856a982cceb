// WebIdentityTests.swift: taking a role with a provider's token: what is proved, what is asked about, and when it ends.
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Roles by web identity", .everyDatabase)
struct WebIdentityTests {
    let scene: ProviderScene

    init() async throws { scene = try await ProviderScene() }

    @Test("a token of the trusted provider makes a session of the role, and says whose")
    func life() async throws {
        try await scene.makeProvider()
        let role = try await scene.makeRole()
        let token = try scene.sign([scene.claims()])[0]
        let answer = try await scene.perform(try scene.take(role, token))
        #expect(answer.assumedRoleUser.arn.text == "arn:aws:sts::123456789012:assumed-role/web/build")
        #expect(answer.subjectFromWebIdentityToken == "repo:acme/app" && answer.audience == "app")
        #expect(answer.provider == scene.issuer && answer.packedPolicySize == nil && answer.sourceIdentity == nil)
        #expect(answer.credentials.expiration == scene.test.clock.now.adding(seconds: 3_600))
        let caller = try await scene.caller(answer.credentials)
        let identity = try await scene.test.perform(GetCallerIdentity(), as: caller)
        #expect(identity.arn == answer.assumedRoleUser.arn && caller.mfa == nil)
        // What the role may, and no more.
        #expect(try await scene.test.fault(ListUsers(), as: caller)?.code == "AccessDenied")
        try await scene.test.perform(
            PutRolePolicy(
                roleName: role.roleName,
                policyName: try PolicyName("p"),
                policyDocument: .allowing("iam:ListUsers")
            )
        )
        #expect(try await scene.test.fault(ListUsers(), as: caller) == nil)
        #expect(scene.asked == 2)
        _ = try await scene.perform(try scene.take(role, token))
        #expect(scene.asked == 2)
    }

    @Test("each thing that is wrong has AWS's own code")
    func refusals() async throws {
        let role = try await scene.makeRole()
        let now = scene.test.clock.now.seconds
        let cases: [(JSON.Object, String)] = [
            (["iat": .number(now - 600), "exp": .number(now - 60)], "ExpiredTokenException"),
            (["nbf": .number(now + 61)], "IDPRejectedClaim"),
            (["aud": "other"], "InvalidIdentityToken"), (["aud": ["app", "other"]], "InvalidIdentityToken"),
            (["azp": "other"], "InvalidIdentityToken"), (["sub": nil], "IDPRejectedClaim"),
            (["iss": "https://id.example"], "InvalidIdentityToken"), (["iss": nil], "InvalidIdentityToken"),
            (["iss": .string(scene.issuer + "/")], "InvalidIdentityToken"), (["iat": nil], "IDPRejectedClaim"),
            (["https://aws.amazon.com/tags": ["principal_tags": ["a": ["b", "c"]]]], "InvalidIdentityToken"),
            (["https://aws.amazon.com/source_identity": "a b"], "InvalidIdentityToken"),
        ]
        let tokens = try scene.sign(cases.map { scene.claims($0.0) } + [scene.claims()])
        // No provider of the account.
        #expect(try await scene.fault(try scene.take(role, tokens[cases.count]))?.code == "InvalidIdentityToken")
        #expect(scene.asked == 0)
        try await scene.makeProvider()
        for (token, (claims, code)) in zip(tokens, cases) {
            #expect(try await scene.fault(try scene.take(role, token))?.code == code, "\(JSON.object(claims))")
        }
        for text in ["none", "a.b.c", tokens[cases.count].text + "x"] {
            let fault = try await scene.fault(try scene.take(role, WebIdentityToken(checked: text)))
            #expect(fault?.code == "InvalidIdentityToken")
        }
        var action = try scene.take(role, tokens[cases.count])
        action.providerId = OAuthProviderID(checked: "www.amazon.com")
        #expect(try await scene.fault(action)?.code == "ValidationError")
        // The same key name, another key.
        let stranger = try await ProviderScene().sign([scene.claims()])[0]
        #expect(try await scene.fault(try scene.take(role, stranger))?.code == "InvalidIdentityToken")
    }

    @Test("a role that is not there and one that does not trust the provider are refused in the same words")
    func untrusted() async throws {
        try await scene.makeProvider()
        let role = try await RoleTests.makeRole(scene.test, "other")
        let token = try scene.sign([scene.claims()])[0]
        let fault = try await scene.fault(try scene.take(role, token))
        #expect(fault?.code == "AccessDenied")
        #expect(fault?.message == "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        var action = try scene.take(role, token)
        action.roleArn = ARN(checked: "arn:aws:iam::123456789012:role/none")
        #expect(try await scene.fault(action)?.message == fault?.message)
        // Trust in the action of others, or in another provider, is none.
        for trust in [
            scene.trust(actions: #""sts:AssumeRole""#), .trusting("arn:aws:iam::123456789012:root"),
            PolicyText(checked: scene.trust().text.replacing(scene.name, with: scene.name + "/x")),
        ] {
            let update = UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: trust)
            try await scene.test.perform(update)
            #expect(try await scene.fault(try scene.take(role, token))?.code == "AccessDenied")
        }
    }

    @Test("the trust policy asks about the token's claims under the provider's name")
    func conditions() async throws {
        try await scene.makeProvider(["app", "phone"])
        let name = scene.name
        let cases: [(String, JSON.Object)] = [
            (#"{"StringEquals": {"\#(name):sub": "repo:acme/app"}}"#, ["sub": "repo:acme/other"]),
            (#"{"StringLike": {"\#(name):sub": "repo:acme/*"}}"#, ["sub": "repo:evil/acme"]),
            (#"{"StringEquals": {"\#(name):aud": "app"}}"#, ["aud": "phone"]),
            (#"{"StringEquals": {"\#(name):aud": "app"}}"#, ["azp": "phone"]),
            (#"{"Null": {"\#(name):oaud": "true"}}"#, ["azp": "app"]),
            (#"{"Bool": {"\#(name):email_verified": "true"}}"#, ["email_verified": false]),
            (#"{"NumericLessThan": {"\#(name):level": "3"}}"#, ["level": 3]),
            (#"{"ForAnyValue:StringEquals": {"\#(name):amr": "otp"}}"#, ["amr": ["pwd"]]),
            (#"{"ForAnyValue:StringEquals": {"\#(name):groups": "ops"}}"#, ["groups": ["dev"]]),
            (#"{"StringEquals": {"aws:FederatedProvider": "\#(scene.arn)"}}"#, ["iss": nil]),
            (#"{"StringEquals": {"sts:RoleSessionName": "${\#(name):session}"}}"#, ["session": "other"]),
        ]
        let good: JSON.Object = [
            "email_verified": true, "level": 2, "amr": ["pwd", "otp"], "groups": ["dev", "ops"], "session": "build",
        ]
        let bad = cases.map { claims in
            var all = good
            for (name, value) in claims.1.members { all[name] = value }
            return scene.claims(all)
        }
        let tokens = try scene.sign([scene.claims(good)] + bad)
        for (place, (condition, _)) in cases.enumerated() {
            let role = try await scene.makeRole("r\(place)", condition: condition)
            #expect(try await scene.fault(try scene.take(role, tokens[0])) == nil, "\(condition)")
            #expect(try await scene.fault(try scene.take(role, tokens[place + 1])) != nil, "\(condition)")
        }
    }

    @Test("tags and the source identity come from the token, and the trust policy must allow them")
    func sessionClaims() async throws {
        try await scene.makeProvider()
        let token =
            try
            scene.sign([
                scene.claims([
                    "https://aws.amazon.com/tags": [
                        "principal_tags": ["Team": ["red"], "shift": ["late"]], "transitive_tag_keys": ["Team"],
                    ],
                    "https://aws.amazon.com/source_identity": "ann",
                ])
            ])[0]
        let role = try await scene.makeRole()
        #expect(
            try await scene.fault(try scene.take(role, token))?.message == "Not authorized to perform sts:TagSession"
        )
        let actions = #""sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity""#
        try await scene.test.perform(
            UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: scene.trust(actions: actions))
        )
        let answer = try await scene.perform(try scene.take(role, token))
        #expect(answer.sourceIdentity?.text == "ann" && answer.packedPolicySize != nil)
        let lent = try #require(try await scene.caller(answer.credentials).lent)
        #expect(lent.tags.map(\.key) == ["Team", "shift"] && lent.transitiveKeys == ["team"])
        #expect(lent.provider == scene.arn.text)
    }

    @Test("the session ends with its provider, with the role's trust in it, and with the second that it was lent until")
    func ends() async throws {
        try await scene.makeProvider()
        let role = try await scene.makeRole()
        let token = try scene.sign([scene.claims(["exp": .number(scene.test.clock.now.seconds + 90_000)])])[0]
        func lend() async throws -> TemporaryCredentials {
            try await scene.perform(try scene.take(role, token)).credentials
        }
        let first = try await lend()
        #expect(try await scene.refusal(first) == nil)
        try await scene.test.perform(DeleteOpenIDConnectProvider(openIDConnectProviderArn: scene.arn))
        #expect(try await scene.refusal(first) == "InvalidClientTokenId")
        try await scene.makeProvider()
        #expect(try await scene.refusal(first) == "InvalidClientTokenId")
        let second = try await lend()
        func trust(_ condition: String) async throws {
            try await scene.test.perform(
                UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: scene.trust(condition: condition))
            )
        }
        try await trust(#"{"StringEquals": {"\#(scene.name):sub": "repo:acme/app"}}"#)
        #expect(try await scene.refusal(second) == nil)
        try await trust(#"{"StringEquals": {"\#(scene.name):sub": "somebody else"}}"#)
        #expect(try await scene.refusal(second) == "InvalidClientTokenId")
        try await trust(#"{"StringEquals": {"\#(scene.name):sub": "repo:acme/app"}}"#)
        let third = try await lend()
        scene.test.clock.advance(3_599)
        #expect(try await scene.refusal(third) == nil)
        scene.test.clock.advance(1)
        #expect(try await scene.refusal(third) == "ExpiredToken")
    }

    @Test("a client that is taken off while the keys are at hand is out at once; a provider that is down is said to be")
    func changes() async throws {
        try await scene.makeProvider()
        let role = try await scene.makeRole()
        let token = try scene.sign([scene.claims()])[0]
        scene.setDown(true)
        #expect(try await scene.fault(try scene.take(role, token))?.code == "IDPCommunicationError")
        scene.setDown(false)
        scene.test.clock.advance(15)
        #expect(try await scene.fault(try scene.take(role, token)) == nil)
        let client = ClientID(checked: "app")
        try await scene.test.perform(
            RemoveClientIDFromOpenIDConnectProvider(openIDConnectProviderArn: scene.arn, clientID: client)
        )
        #expect(try await scene.fault(try scene.take(role, token))?.code == "InvalidIdentityToken")
        try await scene.test.perform(
            AddClientIDToOpenIDConnectProvider(openIDConnectProviderArn: scene.arn, clientID: client)
        )
        #expect(try await scene.fault(try scene.take(role, token)) == nil)
        // The provider goes on with a new key.
        scene.test.clock.advance(61)
        let rotated = try scene.sign([scene.claims()], keyID: "k2")[0]
        #expect(try await scene.fault(try scene.take(role, rotated)) == nil)
        #expect(try await scene.fault(try scene.take(role, token))?.code == "InvalidIdentityToken")
    }

    @Test("a session policy narrows the session, the role's maximum bounds it, and a chain from it lasts an hour")
    func bounds() async throws {
        try await scene.makeProvider()
        let role = try await scene.makeRole()
        let token = try scene.sign([scene.claims()])[0]
        var action = try scene.take(role, token)
        action.durationSeconds = try RoleDuration(3_601)
        #expect(try await scene.fault(action)?.code == "ValidationError")
        action.durationSeconds = try RoleDuration(900)
        action.policy = FederationPolicyText(checked: PolicyText.allowing("iam:ListGroups").text)
        for name in ["iam:ListUsers", "iam:ListGroups"] {
            try await scene.test.perform(
                PutRolePolicy(
                    roleName: role.roleName,
                    policyName: try PolicyName(name.replacing(":", with: "-")),
                    policyDocument: .allowing(name)
                )
            )
        }
        let answer = try await scene.perform(action)
        #expect(answer.credentials.expiration == scene.test.clock.now.adding(seconds: 900))
        let caller = try await scene.caller(answer.credentials)
        #expect(try await scene.test.fault(ListGroups(), as: caller) == nil)
        #expect(try await scene.test.fault(ListUsers(), as: caller)?.code == "AccessDenied")
    }
}
