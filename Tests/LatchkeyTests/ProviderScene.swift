// ProviderScene.swift: an identity provider on loopback whose tokens joserfc signs, and a role that trusts it.
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyTestSupport
import Synchronization

@testable import Latchkey

/// A provider, its key set, and an authority with a role that may trust it.
final class ProviderScene: Sendable {
    let test: TestAuthority
    let server: HTTPServer
    let issuer: String
    private let documents: Documents

    private final class Documents: Sendable {
        let issuer = Mutex("")
        let keys = Mutex("")
        let isDown = Mutex(false)
        let asked = Mutex(0)

        func answer(_ path: String) -> HTTPResponse {
            asked.withLock { $0 += 1 }
            if isDown.withLock({ $0 }) { return HTTPResponse(status: 503) }
            let issuer = issuer.withLock { $0 }
            let body =
                path == "/keys"
                ? keys.withLock { $0 }
                : #"{"issuer":"\#(issuer)","jwks_uri":"\#(issuer)/keys","id_token_signing_alg_values_supported":["ES256"]}"#
            return HTTPResponse(status: 200, type: "application/json", body: Array(body.utf8))
        }
    }

    init() async throws {
        test = try await TestAuthority { $0.allowsLoopbackProviders = true }
        let documents = Documents()
        self.documents = documents
        server = try HTTPServer(
            HTTPServer.Configuration(listeners: ["127.0.0.1:0"]),
            onRefusal: { _, _, _ in },
            respond: { request, _ in documents.answer(request.target) }
        )
        try server.start()
        let address = server.addresses.first ?? ""
        issuer = address.last == "/" ? String(address.dropLast()) : address
        documents.issuer.withLock { [issuer] in $0 = issuer }
    }

    /// The provider's name in ARNs and condition keys.
    var name: String { String(issuer.dropFirst("http://".count)) }
    var arn: ARN { ARN(checked: "arn:aws:iam::123456789012:oidc-provider/\(name)") }

    var asked: Int { documents.asked.withLock { $0 } }

    func setDown(_ isDown: Bool) { documents.isDown.withLock { $0 = isDown } }

    func makeProvider(_ clients: [String] = ["app"]) async throws {
        try await test.perform(
            CreateOpenIDConnectProvider(
                url: try OpenIDConnectProviderURL(issuer),
                clientIDList: try clients.map { try ClientID($0) }
            )
        )
    }

    /// A role that trusts the provider.
    func makeRole(
        _ name: String = "web",
        condition: String? = nil,
        actions: String = #""sts:AssumeRoleWithWebIdentity""#
    ) async throws -> Role {
        try await RoleTests.makeRole(test, name, trusting: trust(condition: condition, actions: actions))
    }

    func trust(condition: String? = nil, actions: String = #""sts:AssumeRoleWithWebIdentity""#) -> PolicyText {
        let condition = condition.map { #", "Condition": \#($0)"# } ?? ""
        return PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": "\(arn)"}, \
                "Action": [\(actions)]\(condition)}}
                """
        )
    }

    /// The claims that are needed, with others over them; `null` takes one away.
    func claims(_ more: JSON.Object = JSON.Object()) -> JSON {
        let now = test.clock.now.seconds
        var claims: JSON.Object = [
            "iss": .string(issuer), "sub": "repo:acme/app", "aud": "app", "iat": .number(now),
            "exp": .number(now + 600),
        ]
        for (name, value) in more.members { claims[name] = value.isNull ? .none : .some(value) }
        return .object(claims)
    }

    /// Signs the claims with one new key, which the provider publishes.
    func sign(_ all: [JSON], keyID: String = "k1") throws -> [WebIdentityToken] {
        let output = try PythonEnvironment.run(
            """
            import json, sys
            from joserfc import jws
            from joserfc.jwk import ECKey

            key = ECKey.generate_key("P-256", {"kid": sys.argv[1], "alg": "ES256", "use": "sig"})
            print(json.dumps({"keys": [key.as_dict(private=False)]}))
            for claims in json.load(sys.stdin):
                payload = json.dumps(claims).encode()
                print(jws.serialize_compact({"alg": "ES256", "kid": sys.argv[1], "typ": "JWT"}, payload, key))
            """,
            [keyID],
            with: ["joserfc==1.8.0"],
            stdin: JSON.array(all).bytes()
        )
        documents.keys.withLock { $0 = String(output.lines[0]) }
        return output.lines.dropFirst().map { WebIdentityToken(checked: String($0)) }
    }

    func take(_ role: Role, _ token: WebIdentityToken) throws -> AssumeRoleWithWebIdentity {
        AssumeRoleWithWebIdentity(
            roleArn: role.arn,
            roleSessionName: try RoleSessionName("build"),
            webIdentityToken: token
        )
    }

    func perform(_ action: AssumeRoleWithWebIdentity) async throws -> AssumeRoleWithWebIdentity.Output {
        try await test.perform(action, as: .anonymous)
    }

    func fault(_ action: AssumeRoleWithWebIdentity) async throws -> Fault? {
        try await test.fault(action, as: .anonymous)
    }

    func caller(_ lent: TemporaryCredentials) async throws -> Caller {
        try await AccessKeyTests.authenticate(test, lent)
    }

    func refusal(_ lent: TemporaryCredentials) async throws -> String? {
        try await AccessKeyTests.refusal(test, lent)
    }
}
