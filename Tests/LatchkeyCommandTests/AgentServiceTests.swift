// AgentServiceTests.swift: what the agent answers to requests that no client of AWS's sends.
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyOTP
import Testing

@testable import LatchkeyCommand

@Suite("The agent's two forms") struct AgentServiceTests {
    private static let secret = "0123456789abcdef0123456789abcdef"
    private static let list = "/latest/meta-data/iam/security-credentials/"
    private static let lent = LentCredentials(
        accessKeyID: "ASIAEXAMPLE",
        secretAccessKey: "shown to few",
        sessionToken: "token",
        expiration: UnixTime(2_000_000_000)
    )

    private func service(
        metadata: Bool = true,
        container: Bool = true,
        _ lent: LentCredentials? = lent
    ) throws -> AgentService {
        AgentService(
            role: ("arn:aws:iam::123456789012:role/ci/build", "build"),
            authorization: container ? try AuthorizationToken(file: nil, variable: Self.secret) : nil,
            hasMetadata: metadata,
            credentials: { lent }
        )
    }

    private func ask(
        _ service: AgentService,
        _ method: String,
        _ target: String,
        _ fields: [(String, String)] = [],
        host: String = "127.0.0.1:7444",
        at now: Int64 = 1_800_000_000
    ) -> HTTPResponse {
        let fields = [HTTPFields.Field("host", host)] + fields.map { HTTPFields.Field($0.0, $0.1) }
        return service.respond(
            to: HTTPRequest(method: method, target: target, fields: HTTPFields(fields)),
            at: UnixTime(now)
        )
    }

    private func token(_ service: AgentService, lasting seconds: String = "60") -> HTTPResponse {
        ask(service, "PUT", "/latest/api/token", [("X-aws-ec2-metadata-token-ttl-seconds", seconds)])
    }

    @Test("A token lasts as many seconds as its PUT says, and only where it was made")
    func tokens() throws {
        let service = try self.service()
        let answer = token(service)
        #expect(answer.status == 200 && answer.fields["x-aws-ec2-metadata-token-ttl-seconds"] == "60")
        let text = String(decoding: answer.body, as: UTF8.self)
        let field = [("x-aws-ec2-metadata-token", text)]
        #expect(ask(service, "GET", Self.list, field).body == Array("build".utf8))
        let document = try JSON(parsing: ask(service, "GET", Self.list + "build", field, at: 1_800_000_059).body.span)
        #expect(document["Code"]?.string == "Success" && document["Type"]?.string == "AWS-HMAC")
        #expect(document["Expiration"]?.string == "2033-05-18T03:33:20Z")
        #expect(ask(service, "GET", Self.list, field, at: 1_800_000_060).status == 401)
        #expect(try ask(self.service(), "GET", Self.list, field).status == 401)
        for place in text.indices {
            var other = text
            other.replaceSubrange(place...place, with: text[place] == "A" ? "B" : "A")
            #expect(ask(service, "GET", Self.list, [("x-aws-ec2-metadata-token", other)]).status == 401)
        }
    }

    @Test("A request of version 1, through a proxy, by a name, or with another lifetime gets nothing")
    func refused() throws {
        let service = try self.service()
        let field = [("x-aws-ec2-metadata-token", String(decoding: token(service).body, as: UTF8.self))]
        #expect(ask(service, "GET", Self.list).status == 401)
        #expect(ask(service, "GET", Self.list + "build").status == 401)
        #expect(ask(service, "GET", Self.list + "build", field + field).status == 401)
        for lifetime in ["0", "21601", "-1", "", "+60", "6e1", "60 ", "99999999999999999999"] {
            #expect(token(service, lasting: lifetime).status == 400)
        }
        #expect(ask(service, "PUT", "/latest/api/token").status == 400)
        #expect(ask(service, "GET", "/latest/api/token").status == 405)
        let forwarded = [("x-forwarded-for", "192.0.2.1")]
        let lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", "60")]
        #expect(ask(service, "PUT", "/latest/api/token", lifetime + forwarded).status == 403)
        #expect(ask(service, "GET", Self.list, field + forwarded).status == 403)
        for host in ["attacker.example", "127.0.0.1.attacker.example", "localhost.attacker.example:7444", "1.2.3.256"] {
            #expect(ask(service, "GET", Self.list, field, host: host).status == 403)
        }
        for host in ["localhost", "LOCALHOST:1", "[::1]:7444", "169.254.169.254"] {
            #expect(ask(service, "GET", Self.list, field, host: host).status == 200)
        }
        for target in ["/", "/latest/meta-data/", Self.list + "other", Self.list + "build/", "/v1/credentials"] {
            #expect(ask(service, "GET", target, field).status == 404)
        }
    }

    @Test("The container form wants its token to the letter")
    func container() throws {
        let service = try self.service()
        let right = [("Authorization", Self.secret)]
        let document = try JSON(parsing: ask(service, "GET", "/credentials", right).body.span)
        #expect(document["RoleArn"]?.string == "arn:aws:iam::123456789012:role/ci/build")
        #expect(document["Token"]?.string == "token")
        for wrong in ["", "x", Self.secret + "0", String(Self.secret.dropLast()), "Bearer \(Self.secret)"] {
            #expect(ask(service, "GET", "/credentials", [("Authorization", wrong)]).status == 401)
        }
        #expect(ask(service, "GET", "/credentials").status == 401)
        #expect(ask(service, "GET", "/credentials", right + right).status == 401)
        #expect(ask(service, "POST", "/credentials", right).status == 405)
    }

    @Test("A form that was not asked for is not there, and what has ended is not given")
    func absent() throws {
        let right = [("Authorization", Self.secret)]
        #expect(try ask(service(container: false), "GET", "/credentials", right).status == 404)
        #expect(try token(service(metadata: false)).status == 404)
        let empty = try service(nil)
        #expect(ask(empty, "GET", "/credentials", right).status == 503)
        let field = [("x-aws-ec2-metadata-token", String(decoding: token(empty).body, as: UTF8.self))]
        #expect(ask(empty, "GET", Self.list, field).status == 503)
    }
}
