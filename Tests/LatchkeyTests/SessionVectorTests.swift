// SessionVectorTests.swift: the vectors that only an authority answers, put to a real one on each database.
import LatchkeyFederation
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyTestSupport
import LatchkeyVectors
import Testing

@testable import Latchkey

@Suite("The vectors of sessions", .everyDatabase)
struct SessionVectorTests {
    private static func cases(_ name: String) throws -> [VectorCase] {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return try VectorFile.load(parts.joined(separator: "/") + "/Vectors/session/\(name).json").cases
    }

    @Test(
        "each credential calls what it may call, by its kind and by policies, and nothing else",
        arguments: ["kinds", "narrowing"]
    )
    func calls(name: String) async throws {
        let scene = try await CredentialScene()
        var kinds: Set<String> = []
        for vector in try Self.cases(name) {
            let question = try #require(vector.hosted as? SessionVector)
            kinds.insert(question.credential.rawValue)
            let got = try await scene.answer(question)
            #expect(vector.judge(got).outcome == .passed, "\(vector.id): expected \(vector.expected), got \(got)")
            for wrong in Self.variants(got) { #expect(vector.judge(wrong).outcome != .passed, "\(vector.id)") }
        }
        #expect(name != "kinds" || kinds.count == SessionVector.Credential.allCases.count)
    }

    @Test("claims are asked about under the provider's name")
    func claims() throws {
        for vector in try Self.cases("claims") {
            let question = try #require(vector.hosted as? ClaimKeysVector)
            let rules = TokenRules(issuer: question.issuer, clientIDs: question.clients)
            let assertion = try rules.check(try #require(question.claims.object), at: question.at)
            let provider = StoredOIDCProvider(
                id: "OIDCAAAAAAAAAAAAAAAAA",
                account: TestAuthority.accountID,
                name: String(question.issuer.dropFirst("https://".count)),
                url: question.issuer,
                created: UnixTime(question.at),
                clients: question.clients.map { ClientID(checked: $0) },
                thumbprints: []
            )
            var keys = RequestKeys()
            keys.add(assertion, of: provider)
            var found = JSON.Object()
            for (name, values, isMany) in keys.values.sorted(by: { $0.name < $1.name }) {
                found[name] = isMany ? .array(values.map(JSON.string)) : values.first.map(JSON.string)
            }
            let got: JSON = ["keys": .object(found)]
            #expect(vector.judge(got).outcome == .passed, "\(vector.id): expected \(vector.expected), got \(got)")
            found["id.example/tenant:more"] = "x"
            #expect(vector.judge(["keys": .object(found)]).outcome != .passed)
        }
    }

    /// The answer with one call in another list, and with one call less.
    private static func variants(_ answer: JSON) -> [JSON] {
        guard let lists = answer.object else { return [] }
        var variants: [JSON] = []
        for (name, list) in lists.members {
            for (place, call) in (list.array ?? []).enumerated() {
                var without = lists
                var rest = list.array ?? []
                rest.remove(at: place)
                without[name] = .array(rest)
                variants.append(.object(without))
                for (other, there) in lists.members where other != name {
                    var moved = without
                    moved[other] = .array((there.array ?? []) + [call])
                    variants.append(.object(moved))
                }
            }
        }
        return variants
    }
}

/// An account in which every kind of credential can be come by.
private final class CredentialScene {
    private struct Stuck: Error, CustomStringConvertible {
        let description: String
    }

    /// Whose policies decide.
    private enum Holder {
        case user(UserName)
        case role(RoleName)
    }

    private static let name = PolicyName(checked: "case")

    private let provider: ProviderScene
    private var test: TestAuthority { provider.test }
    private let ann = UserName(checked: "ann")
    private let bea = UserName(checked: "bea")
    private let phone: Phone
    private let rootPhone: Phone
    private let key: AccessKey
    private let user: Caller
    private let root: Caller
    private let first: Role
    private let role: Role
    private let chained: Role
    private let web: Role
    private let next: Role
    private let token: WebIdentityToken
    private var groups = 0
    private var boundaries = 0

    init() async throws {
        provider = try await ProviderScene()
        let test = provider.test
        try await provider.makeProvider()
        _ = try await test.makeUser("ann")
        _ = try await test.makeUser("bea")
        phone = try await test.enroll(ann)
        rootPhone = try await test.enroll(.root)
        func caller(_ key: AccessKey) async throws -> Caller {
            try await AccessKeyTests.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
        }
        key = try await AccessKeyTests.makeKey(test, ann)
        user = try await caller(key)
        root = try await caller(try await test.perform(CreateAccessKey()).accessKey)
        let trust = PolicyText.trusting("arn:aws:iam::123456789012:user/ann")
        first = try await RoleTests.makeRole(test, "first", trusting: trust)
        role = try await RoleTests.makeRole(test, "role", trusting: trust)
        chained = try await RoleTests.makeRole(test, "chained", trusting: .trusting(first.arn.text))
        web = try await provider.makeRole()
        next = try await RoleTests.makeRole(test, "next")
        // Every case of the clock's is over long before.
        token = try provider.sign([provider.claims(["exp": .number(test.clock.now.seconds + 1_000_000)])])[0]
    }

    /// Comes by the credential, then sets the policies, which count as they are at the call; and calls.
    func answer(_ question: SessionVector) async throws -> JSON {
        let holder = holder(of: question.credential)
        // Also ann, who takes the roles: what the case before has left on her is not this one's.
        for holder in [holder, .user(ann)] { try await set(.allowing("*"), nil, on: holder) }
        let caller = try await caller(question)
        try await set(text(question.identityPolicy), text(question.permissionsBoundary), on: holder)
        var lists: JSON.Object = ["allowed": [], "forbidden": [], "denied": []]
        for call in question.calls {
            let fault = try await fault(of: call, by: caller)
            let list: String
            switch (fault?.code, fault?.reason) {
            case (nil, _): list = "allowed"
            case ("AccessDenied", "credential_kind"), ("AccessDenied", "root"): list = "forbidden"
            case ("AccessDenied", _): list = "denied"
            default: throw Stuck(description: "\(call): \(String(describing: fault))")
            }
            lists[list] = .array((lists[list]?.array ?? []) + [.string(call)])
        }
        return .object(lists)
    }

    private func text(_ policy: JSON?) -> PolicyText? { policy.map { PolicyText(checked: $0.text) } }

    private func holder(of credential: SessionVector.Credential) -> Holder? {
        switch credential {
        case .rootKey, .rootSession, .rootSessionMFA, .rootFederation: nil
        case .userKey, .session, .sessionMFA, .federation: .user(ann)
        case .login: .user(bea)
        case .role: .role(role.roleName)
        case .chain: .role(chained.roleName)
        case .webIdentity: .role(web.roleName)
        }
    }

    private func set(_ identity: PolicyText?, _ boundary: PolicyText?, on holder: Holder?) async throws {
        var arn: ARN?
        if let boundary {
            boundaries += 1
            arn = try await ManagedPolicyTests.makePolicy(test, "boundary\(boundaries)", boundary)
        }
        switch holder {
        case nil: break
        case .user(let user):
            try await test.perform(
                PutUserPolicy(userName: user, policyName: Self.name, policyDocument: identity ?? .allowing("none:None"))
            )
            if identity == nil { try await test.perform(DeleteUserPolicy(userName: user, policyName: Self.name)) }
            if let arn {
                try await test.perform(PutUserPermissionsBoundary(userName: user, permissionsBoundary: arn))
            } else {
                _ = try await test.fault(DeleteUserPermissionsBoundary(userName: user))
            }
        case .role(let role):
            try await test.perform(
                PutRolePolicy(roleName: role, policyName: Self.name, policyDocument: identity ?? .allowing("none:None"))
            )
            if identity == nil { try await test.perform(DeleteRolePolicy(roleName: role, policyName: Self.name)) }
            if let arn {
                try await test.perform(PutRolePermissionsBoundary(roleName: role, permissionsBoundary: arn))
            } else {
                _ = try await test.fault(DeleteRolePermissionsBoundary(roleName: role))
            }
        }
    }

    private func caller(_ question: SessionVector) async throws -> Caller {
        let policy = question.sessionPolicy.map(\.text)
        switch question.credential {
        case .rootKey: return root
        case .userKey: return user
        case .rootSession: return try await caller(test.perform(GetSessionToken(), as: root).credentials)
        case .session: return try await caller(test.perform(GetSessionToken(), as: user).credentials)
        case .rootSessionMFA: return try await proved(rootPhone, root)
        case .sessionMFA: return try await proved(phone, user)
        case .rootFederation: return try await federated(policy, by: root)
        case .federation: return try await federated(policy, by: user)
        case .login:
            guard let session = try await test.signIn(bea).session else { throw Stuck(description: "no session") }
            return try await test.authority.caller(ofSession: session.token)
        case .role: return try await taken(role, policy, by: user)
        case .chain: return try await taken(chained, policy, by: try await taken(first, nil, by: user))
        case .webIdentity:
            var action = try provider.take(web, token)
            action.policy = policy.map { FederationPolicyText(checked: $0) }
            return try await caller(provider.perform(action).credentials)
        }
    }

    private func caller(_ lent: TemporaryCredentials) async throws -> Caller { try await provider.caller(lent) }

    private func proved(_ phone: Phone, _ caller: Caller) async throws -> Caller {
        test.clock.advance(30)
        let code = try TokenCode(try phone.code().text)
        let action = GetSessionToken(serialNumber: phone.serial, tokenCode: code)
        return try await self.caller(test.perform(action, as: caller).credentials)
    }

    private func federated(_ policy: String?, by caller: Caller) async throws -> Caller {
        let action = GetFederationToken(
            name: try FederatedUserName("fed"),
            policy: policy.map { FederationPolicyText(checked: $0) }
        )
        return try await self.caller(test.perform(action, as: caller).credentials)
    }

    private func taken(_ role: Role, _ policy: String?, by caller: Caller) async throws -> Caller {
        var action = AssumeRole(roleArn: role.arn, roleSessionName: try RoleSessionName("work"))
        action.policy = policy.map { SessionPolicyText(checked: $0) }
        return try await self.caller(test.perform(action, as: caller).credentials)
    }

    /// What comes of a call; nil if it is answered.
    private func fault(of call: String, by caller: Caller) async throws -> Fault? {
        switch call {
        case "GetCallerIdentity": return try await test.fault(GetCallerIdentity(), as: caller)
        case "AssumeRole":
            let action = AssumeRole(roleArn: next.arn, roleSessionName: try RoleSessionName("work"))
            return try await test.fault(action, as: caller)
        case "GetSessionToken": return try await test.fault(GetSessionToken(), as: caller)
        case "GetFederationToken":
            return try await test.fault(GetFederationToken(name: try FederatedUserName("fed")), as: caller)
        case "GetAccessKeyInfo":
            return try await test.fault(GetAccessKeyInfo(accessKeyId: key.accessKeyId), as: caller)
        case "DecodeAuthorizationMessage":
            let fault = try await test.fault(
                DecodeAuthorizationMessage(encodedMessage: try EncodedMessage("x")),
                as: caller
            )
            // Whoever is told that the message is none may ask.
            return fault?.code == "InvalidAuthorizationMessageException" ? nil : fault
        case "ListUsers": return try await test.fault(ListUsers(), as: caller)
        case "ListRoles": return try await test.fault(ListRoles(), as: caller)
        case "CreateGroup":
            groups += 1
            return try await test.fault(CreateGroup(groupName: GroupName(checked: "g\(groups)")), as: caller)
        case "ListSessions": return try await test.fault(ListSessions(userName: bea), as: caller)
        case "Authorize":
            let question = AuthorizationQuestion(actionName: AskedAction(checked: "wiki:Read"))
            return try await test.fault(Authorize(questions: [question]), as: caller)
        default: throw Stuck(description: "\(call) is no call of this test")
        }
    }
}
