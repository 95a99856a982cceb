// Server.swift: the authority on the wire: one pipeline from a request to its answer.
public import Latchkey
public import LatchkeyHTTP
import LatchkeyOTP

/// The authority's service: AWS's Query APIs at `/`, IAM Roles Anywhere at `/sessions`, JSON at `/v1/ACTION`, and what operators look at.
///
/// A request becomes a claim, a caller, a call, an action, an answer; nothing stands beside that line but the access log and the
/// metrics, which look at what came out.
public final class Server: Sendable {
    let authority: Authority
    let configuration: ServerConfiguration
    let routes = Routes()
    let metrics = Metrics()
    private let log: @Sendable (AccessLogLine) -> Void

    /// Makes the service; `log` is given one line a request.
    public init(
        authority: Authority,
        configuration: ServerConfiguration = ServerConfiguration(),
        log: @escaping @Sendable (AccessLogLine) -> Void = { _ in }
    ) {
        self.authority = authority
        self.configuration = configuration
        self.log = log
    }

    /// Answers one request.
    public func respond(to request: HTTPRequest, from peer: HTTPPeer) async -> HTTPResponse {
        let start = Moment()
        let visit = Visit(id: authority.world.requestID(), now: authority.world.now(), peer: peer, request: request)
        var outcome = await answer(visit)
        outcome.response.fields.append("x-amzn-requestid", visit.id)
        outcome.response.fields.append("cache-control", "no-store")
        if outcome.response.status == 503 { outcome.response.fields.append("retry-after", "1") }
        let seconds = start.seconds
        metrics.count(outcome, seconds: seconds)
        log(AccessLogLine(visit, outcome, seconds: seconds))
        return outcome.response
    }

    /// Counts and logs a request that the reader refused before it became one.
    public func noteRefusal(from peer: HTTPPeer, status: Int, reason: String) {
        metrics.countMalformed(status: status)
        log(AccessLogLine(refusal: reason, status: status, peer: peer, at: authority.world.now()))
    }

    private func answer(_ visit: Visit) async -> Outcome {
        let path = visit.request.path
        if path == "/" { return await answerQuery(visit) }
        if path.hasPrefix(Self.jsonPrefix) {
            return await answerJSON(visit, String(path.dropFirst(Self.jsonPrefix.count)))
        }
        if path == Self.sessionsPath { return await answerSessions(visit) }
        if path == Self.authRequestPath { return await answerAuthRequest(visit) }
        if let page = await page(path, visit) { return page }
        // AWS's clients understand errors in AWS's form only.
        return Outcome(fault: .noSuchPath, visit, service: .iam)
    }

    static let jsonPrefix = "/v1/"

    /// What operators and programs read without proof: health, metrics, the description of the JSON API.
    private func page(_ path: String, _ visit: Visit) async -> Outcome? {
        let response: HTTPResponse
        switch path {
        case "/healthz": response = HTTPResponse(status: 200, type: "text/plain", body: Array("ok\n".utf8))
        case "/readyz": response = await readiness()
        case "/metrics":
            response = HTTPResponse(
                status: 200,
                type: "text/plain; version=0.0.4",
                body: Array(metrics.text(hashing: authority.world.hashing).utf8)
            )
        case "/openapi.json": response = HTTPResponse(status: 200, type: "application/json", body: OpenAPI.document)
        default: return nil
        }
        guard ["GET", "HEAD"].contains(visit.request.method) else {
            return Outcome(response: HTTPResponse(status: 405).allowing("GET, HEAD"))
        }
        return Outcome(response: response)
    }

    /// Ready is who can read the store with its key.
    private func readiness() async -> HTTPResponse {
        do throws(Fault) {
            _ = try await authority.accounts()
            return HTTPResponse(status: 200, type: "text/plain", body: Array("ready\n".utf8))
        } catch {
            return HTTPResponse(status: 503, type: "text/plain", body: Array("the store cannot be read\n".utf8))
        }
    }
}

/// What the service is told when it is made.
public struct ServerConfiguration: Sendable {
    /// The regions that requests may be signed for; any when empty, as SDKs sign for whatever they were given.
    public var regions: Set<String>
    /// How far a client's clock may be off, in seconds.
    public var skew: Int64

    /// Makes a configuration.
    public init(regions: Set<String> = [], skew: Int64 = 900) {
        self.regions = regions
        self.skew = skew
    }
}

/// One request on its way.
struct Visit: Sendable {
    let id: String
    let now: UnixTime
    let peer: HTTPPeer
    let request: HTTPRequest

    /// How the call came, for policies; the region is what the request was signed for.
    func carriage(region: String?) -> Call.Carriage {
        Call.Carriage(
            isSecure: peer.isSecure,
            userAgent: request.fields["user-agent"],
            referer: request.fields["referer"],
            region: region
        )
    }

    /// The call that the caller makes.
    func call(by caller: Caller, for account: AccountID, region: String?) -> Call {
        Call(
            caller: caller,
            account: account,
            id: id,
            now: now,
            peer: peer.address,
            carriage: carriage(region: region)
        )
    }
}

/// What came of a request: the answer, and what log and metrics tell of it.
struct Outcome: Sendable {
    var response: HTTPResponse
    var action: String?
    var caller: String?
    var fault: Fault?
    var login: LoginOutcome?
}

extension Fault {
    static let noSuchPath = Fault(
        code: "InvalidAction",
        status: 404,
        message: "there is nothing at this path: the AWS APIs are at /, Latchkey's own at /v1/ACTION",
        reason: "path"
    )

    /// A failure that is nobody's business: the sentence stays in the server's log.
    static let internalFailure = Fault(
        code: "InternalFailure",
        status: 500,
        message: "The request could not be processed because of an internal failure: look into the server's log.",
        reason: "failure"
    )
}
