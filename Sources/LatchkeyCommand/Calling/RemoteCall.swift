// RemoteCall.swift: an action performed at a server: a form that is signed as AWS's clients sign, and XML back.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyWire

/// One server, and the key that requests to it are signed with.
struct RemoteCall: Sendable {
    private let endpoint: Endpoint
    private let client: HTTPClient
    private let environment: Environment
    private let profile: String?

    init(_ endpoint: String, caFile: String?, _ environment: Environment, profile: String? = nil) throws(Failure) {
        self.endpoint = try Endpoint(endpoint)
        self.environment = environment
        self.profile = profile
        client = HTTPClient(caFile: caFile)
    }

    /// The answer, as the store itself would give it.
    func perform<A: Action>(_ action: A.Type, _ members: JSON) throws -> JSON {
        let value = try decode(action, members)
        return try JSON(encoding: try blocking { try await answer(to: value) })
    }

    /// The answer to an action, which is signed with the key unless it is open to everyone, or by a certificate's key.
    func answer<A: Action>(to action: A, by certificate: CertificateFiles? = nil) async throws -> A.Output {
        let request = try request(action, certificate)
        let answer: HTTPResponse
        do throws(HTTPClient.Failure) {
            answer = try await client.send(
                method: request.method,
                url: endpoint.url,
                fields: request.fields,
                body: request.body
            )
        } catch {
            throw Failure.unreachable(error.description)
        }
        guard answer.status == 200 else { throw refusal(answer) }
        do {
            return try XMLReader.decode(A.Output.self, from: answer.body, action: A.name)
        } catch {
            throw Failure.unreachable("the server's answer is not one of \(A.name): is it an endpoint of IAM and STS?")
        }
    }

    private func request<A: Action>(_ action: A, _ certificate: CertificateFiles?) throws -> HTTPRequest {
        let members = try FormEncoder().encode(action)
        let form = [Form.Field("Action", A.name), Form.Field("Version", A.service.version)] + members
        let request = HTTPRequest(
            method: "POST",
            target: endpoint.target,
            fields: HTTPFields([
                HTTPFields.Field("host", endpoint.host),
                HTTPFields.Field("content-type", "application/x-www-form-urlencoded"),
                HTTPFields.Field("user-agent", "latchkey"),
            ]),
            body: FormEncoder.body(of: form)
        )
        if let certificate { return try certificate.sign(request) }
        if A.access == .open { return request }
        let key = try SharedCredentials(environment, profile: profile)
        let signer = SigV4.Signer(
            keyID: key.accessKeyID,
            secret: Secret(Array(key.secretAccessKey.utf8)),
            token: key.sessionToken,
            region: environment.text("AWS_REGION") ?? environment.text("AWS_DEFAULT_REGION") ?? "us-east-1",
            service: A.service.rawValue
        )
        return signer.sign(request, at: UnixTime.now.seconds)
    }

    private func refusal(_ answer: HTTPResponse) -> Failure {
        guard let fault = try? FaultDocument(reading: answer.body, status: answer.status) else {
            return .unreachable("the server answered \(answer.status) and no error of IAM's: is it an endpoint of IAM?")
        }
        let sentence = "\(fault.code.escapedForDisplay): \(fault.message.escapedForDisplay)"
        // The one refusal that another try may undo: the server could not ask the provider.
        return fault.code == "IDPCommunicationError" ? .unreachable(sentence) : .refused(sentence)
    }
}

/// Where a server is asked: `http://HOST:PORT`, `https://HOST`, or `unix:PATH`.
private struct Endpoint: Sendable {
    let url: String
    let host: String
    let target: String

    init(_ text: String) throws(Failure) {
        if text.hasPrefix("unix:") {
            (url, host, target) = ("\(text):/", "localhost", "/")
            return
        }
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            throw .misused("`--endpoint` takes http://HOST:PORT, https://HOST or unix:PATH")
        }
        let rest = text.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(host.count)
        guard !host.isEmpty, !host.contains(where: { "@?# ".contains($0) }),
            !path.contains(where: { "?# ".contains($0) })
        else {
            throw .misused("`--endpoint` takes http://HOST:PORT or https://HOST, without user, query or fragment")
        }
        self.host = String(host)
        target = path.isEmpty ? "/" : String(path)
        url = scheme + host + target
    }
}
