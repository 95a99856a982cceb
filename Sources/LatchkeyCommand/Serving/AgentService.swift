// AgentService.swift: the two forms in which a host's programs get its role's credentials, as AWS's clients ask for them.
internal import LatchkeyHTTP
internal import LatchkeyJSON
internal import LatchkeyOTP

/// Answers programs on this host.
///
/// The container credentials endpoint wants a token that only those know who may read its file. The instance metadata service,
/// version 2 only, is open to every program of the host, as it is in AWS: the token of its own making proves no more than that
/// whoever asks can send a PUT with header fields of their own, which a page in a browser and a careless proxy cannot.
final class AgentService: Sendable {
    /// Where the container credentials endpoint is.
    static let containerPath = "/credentials"
    private static let tokenPath = "/latest/api/token"
    private static let listPath = "/latest/meta-data/iam/security-credentials"
    private static let lifetimeField = "x-aws-ec2-metadata-token-ttl-seconds"
    private static let tokenField = "x-aws-ec2-metadata-token"

    private let role: (arn: String, name: String)
    private let authorization: AuthorizationToken?
    private let hasMetadata: Bool
    private let tokens = MetadataTokens()
    private let credentials: @Sendable () -> LentCredentials?

    /// Makes a service.
    ///
    /// - Parameters:
    ///   - role: The role's ARN and name.
    ///   - authorization: What the container form must be shown; nil leaves that form out.
    ///   - hasMetadata: Whether the metadata form is served.
    ///   - credentials: The present credentials; nil when there are none that work.
    init(
        role: (arn: String, name: String),
        authorization: AuthorizationToken?,
        hasMetadata: Bool,
        credentials: @escaping @Sendable () -> LentCredentials?
    ) {
        self.role = role
        self.authorization = authorization
        self.hasMetadata = hasMetadata
        self.credentials = credentials
    }

    /// The answer to a request.
    func respond(to request: HTTPRequest, at now: UnixTime) -> HTTPResponse {
        // A page of the internet whose name was led to this address cannot ask: its browser says the name.
        guard Self.isLiteral(request.fields["host"]) else { return Self.refusal(403, "Forbidden", "ask by address") }
        guard !request.fields.contains("x-forwarded-for") else {
            return Self.refusal(403, "Forbidden", "credentials are not given through a proxy")
        }
        switch request.path {
        case Self.containerPath:
            if let authorization { return container(request, authorization) }
            return Self.nothing
        case Self.tokenPath where hasMetadata: return token(request, now)
        case Self.listPath where hasMetadata, Self.listPath + "/" where hasMetadata:
            return metadata(request, now) { _ in Self.text(role.name) }
        case "\(Self.listPath)/\(role.name)" where hasMetadata:
            return metadata(request, now) { credentials in
                let members: [(String, JSON)] = [
                    ("Code", "Success"), ("LastUpdated", .string(now.description)), ("Type", "AWS-HMAC"),
                ]
                return Self.json(200, members + credentials.endpointMembers)
            }
        default: return Self.nothing
        }
    }

    // MARK: The container credentials endpoint

    private func container(_ request: HTTPRequest, _ token: AuthorizationToken) -> HTTPResponse {
        guard request.method == "GET" else { return Self.wrongMethod("GET") }
        guard let given = request.fields["authorization"], token.isRight(given) else {
            return Self.refusal(401, "Unauthorized", "the authorization token is missing or not the right one")
        }
        guard let credentials = credentials() else { return Self.unavailable }
        return Self.json(200, credentials.endpointMembers + [("RoleArn", .string(role.arn))])
    }

    // MARK: The instance metadata service

    private func token(_ request: HTTPRequest, _ now: UnixTime) -> HTTPResponse {
        guard request.method == "PUT" else { return Self.wrongMethod("PUT") }
        guard let text = request.fields[Self.lifetimeField],
            let seconds = Check.natural(text).flatMap(Int64.init(exactly:)),
            MetadataTokens.lifetimes.contains(seconds)
        else { return Self.refusal(400, "BadRequest", "\(Self.lifetimeField) is 1 to 21600") }
        var answer = Self.text(tokens.make(lasting: seconds, at: now))
        answer.fields.append(Self.lifetimeField, "\(seconds)")
        return answer
    }

    /// What a valid token is shown.
    private func metadata(
        _ request: HTTPRequest,
        _ now: UnixTime,
        _ answer: (LentCredentials) -> HTTPResponse
    ) -> HTTPResponse {
        guard request.method == "GET" else { return Self.wrongMethod("GET") }
        guard let token = request.fields[Self.tokenField], tokens.isValid(token, at: now) else {
            return Self.refusal(401, "Unauthorized", "a token of PUT \(Self.tokenPath) is missing or has ended")
        }
        guard let credentials = credentials() else { return Self.unavailable }
        return answer(credentials)
    }

    // MARK: Answers

    private static var unavailable: HTTPResponse {
        refusal(503, "Unavailable", "there are no credentials at present: the log says why")
    }

    private static var nothing: HTTPResponse { refusal(404, "NotFound", "there is nothing here") }

    private static func wrongMethod(_ allowed: String) -> HTTPResponse {
        var answer = refusal(405, "MethodNotAllowed", "use \(allowed)")
        answer.fields.append("allow", allowed)
        return answer
    }

    private static func refusal(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
        json(status, [("code", .string(code)), ("message", .string(message))])
    }

    private static func json(_ status: Int, _ members: [(String, JSON)]) -> HTTPResponse {
        answer(status, "application/json", JSON.object(JSON.Object(members)).text)
    }

    private static func text(_ text: String) -> HTTPResponse { answer(200, "text/plain", text) }

    private static func answer(_ status: Int, _ type: String, _ text: String) -> HTTPResponse {
        var answer = HTTPResponse(status: status, type: type, body: Array(text.utf8))
        answer.fields.append("cache-control", "no-store")
        return answer
    }

    /// Whether the field names an address, or `localhost`, with or without a port.
    private static func isLiteral(_ host: String?) -> Bool {
        guard let host else { return false }
        if host.utf8.first == UInt8(ascii: "[") { return true }
        let name = host.prefix { $0 != ":" }
        if name.lowercased() == "localhost" { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { Check.natural(String($0)).map { $0 <= 255 } ?? false }
    }
}
