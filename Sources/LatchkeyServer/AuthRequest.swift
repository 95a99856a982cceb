// AuthRequest.swift: `GET /authorize`, which web servers ask before they answer: nginx's auth_request and its like.
import Latchkey
import LatchkeyHTTP

extension Server {
    static let authRequestPath = "/authorize"

    /// Answers whether the holder of a session's token may do what the web server is asked for: 200, 401 or 403.
    ///
    /// The web server names action and resource in header fields of its own making, and passes the token on.
    func answerAuthRequest(_ visit: Visit) async -> Outcome {
        var outcome = Outcome(response: HTTPResponse(status: 200), action: Authorize.name)
        do throws(Fault) {
            let question = try visit.authQuestion()
            guard let token = visit.request.fields["authorization"].flatMap(Bearer.token) else { throw .noToken }
            let caller = try await authority.caller(ofSession: token)
            outcome.caller = caller.auditName
            guard let account = caller.account else { throw .noToken }
            let call = visit.call(by: caller, for: account, region: nil)
            let output = try await authority.perform(Authorize(questions: [question]), call)
            outcome.response.fields.append("x-latchkey-arn", output.principalArn.text)
            guard output.answers.allSatisfy(\.isAllowed) else { throw .accessDenied("no policy allows it") }
        } catch {
            outcome.refuse(error)
            outcome.response = HTTPResponse(status: Self.statusForWebServers(error))
            if outcome.response.status == 401 { outcome.response.fields.append("www-authenticate", "Bearer") }
        }
        return outcome
    }

    /// Web servers take 401 for "who are you?" and 403 for "no"; all else is an error of theirs or ours.
    private static func statusForWebServers(_ fault: Fault) -> Int {
        switch fault.code {
        case Fault.noToken.code, "SessionEnded": 401
        case "AccessDenied": 403
        default: fault.status
        }
    }
}

extension Visit {
    fileprivate func authQuestion() throws(Fault) -> AuthorizationQuestion {
        guard let action = request.fields["x-latchkey-action"] else {
            throw .validation("the web server must name the action in the header field X-Latchkey-Action, once")
        }
        guard request.fields.contains("x-latchkey-resource") == (request.fields["x-latchkey-resource"] != nil) else {
            throw .validation("the header field X-Latchkey-Resource may come once")
        }
        var context = [
            ContextEntry(ContextKeyName(checked: "aws:SecureTransport"), [peer.isSecure ? "true" : "false"], .boolean)
        ]
        if peer.address != "unix" {
            context.append(ContextEntry(ContextKeyName(checked: "aws:SourceIp"), [peer.address], .ip))
        }
        let resource = request.fields["x-latchkey-resource"]
        return AuthorizationQuestion(
            actionName: try AskedAction(action),
            resourceArn: try resource.map { text throws(Fault) in try AskedResource(text) },
            contextEntries: context
        )
    }
}

extension Fault {
    fileprivate static let noToken = Fault(
        code: "NoToken",
        status: 401,
        message: "send the session's token as `Authorization: Bearer TOKEN`",
        reason: "no_token"
    )
}
