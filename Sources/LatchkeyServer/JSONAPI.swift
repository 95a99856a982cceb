// JSONAPI.swift: `POST /v1/ACTION`: an action's members as a JSON object in, its output as a JSON object out.
import Latchkey
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyWire

extension Server {
    /// Answers a request of the JSON API.
    func answerJSON(_ visit: Visit, _ name: String) async -> Outcome {
        var outcome = Outcome(response: HTTPResponse(status: 200))
        do throws(Fault) {
            guard let action = routes[JSONName.action(name)] else { throw .noSuchJSONAction }
            outcome.action = action.name
            try visit.request.checkIsJSONPost()
            let proof = try await prove(visit, action)
            outcome.caller = proof.caller.auditName
            var members = try visit.request.jsonMembers()
            let named = try JSONName.takeAccount(from: &members, for: action)
            let role = members["roleArn"]?.string
            let account = try await proof.certificate == nil ? account(named: named, proof) : account(ofRole: role)
            let call = visit.call(by: proof.caller, for: account, region: proof.region)
            outcome.response = try await performJSON(action, members, call, &outcome)
        } catch {
            outcome.refuse(error)
            outcome.response = JSONFault(error, id: visit.id).response
        }
        return outcome
    }

    private func performJSON<A: Action>(
        _ action: A.Type,
        _ members: JSON,
        _ call: Call,
        _ outcome: inout Outcome
    ) async throws(Fault) -> HTTPResponse {
        let value: A
        do throws(JSONError) {
            value = try members.decode(A.self, refusingUnknown: true)
        } catch {
            throw .validation(error.description)
        }
        let output = try await authority.perform(value, call)
        outcome.note(output)
        do throws(JSONError) {
            return HTTPResponse(status: 200, type: "application/json", body: try JSON(encoding: output).bytes())
        } catch {
            throw .internalFailure
        }
    }

    /// Who calls: a session's token as a bearer, a signature, a certificate's holder, or nobody.
    private func prove(_ visit: Visit, _ action: any Action.Type) async throws(Fault) -> Proof {
        if action is AssumeRoleWithCertificate.Type, SigV4.CertificateClaim.isMade(by: visit.request) {
            return try signedByCertificate(visit)
        }
        guard let header = visit.request.fields["authorization"] else {
            guard !visit.request.fields.contains("authorization") else { throw .twoProofs }
            guard visit.request.query.isEmpty else {
                throw .validation("the JSON API takes no query: put every member into the body")
            }
            return Proof(caller: .anonymous, region: nil)
        }
        guard let token = Bearer.token(header) else {
            return try await signed(visit, services: ["latchkey", "iam", "sts"])
        }
        return Proof(caller: try await authority.caller(ofSession: token), region: nil)
    }

    /// The account that a call is about: the caller's own; for whoever proved nothing the one that is named, or the only one.
    private func account(named name: String?, _ proof: Proof) async throws(Fault) -> AccountID {
        guard let own = proof.caller.account else { return try await doorAccount(named: name) }
        guard let name else { return own }
        // An account that is not there is another one as well: nobody is told which there are.
        guard let named = try? await authority.account(name).id, named == own else { throw .otherAccount }
        return own
    }

    /// The account that whoever proved nothing speaks of; how many there are is not told.
    func doorAccount(named name: String?) async throws(Fault) -> AccountID {
        do throws(Fault) {
            return try await authority.account(name).id
        } catch {
            if error.isInternal { throw error }
            guard name == nil else { throw .validation("there is no such account") }
            throw .validation("name the account: its number or alias as the member `account`")
        }
    }
}

/// Who was proved, and what the request was signed for.
struct Proof: Sendable {
    let caller: Caller
    let region: String?
    /// The certificate whose key it was signed with.
    var certificate: Certificate?
}

/// Names in the JSON API.
private enum JSONName {
    /// `/v1/Session` is what a login service says; the action is `GetSession`.
    static func action(_ name: String) -> String { name == "Session" ? "GetSession" : name }

    /// Takes the member `account` out, unless the action has one of its own.
    static func takeAccount(from members: inout JSON, for action: any Action.Type) throws(Fault) -> String? {
        guard let object = members.object, let account = object["account"],
            !action.inputShape.members.contains(where: { $0.name == "account" })
        else { return nil }
        guard let name = account.string else { throw .validation("account: expected a string") }
        members = .object(JSON.Object(object.members.filter { $0.name != "account" }.map { ($0.name, $0.value) }))
        return name
    }
}

/// The `Bearer` scheme (RFC 6750 section 2.1).
enum Bearer {
    static func token(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

/// A refusal as JSON.
private struct JSONFault: Encodable {
    struct Body: Encodable {
        let code: String
        let message: String
        let requestId: String
    }

    let error: Body
    let status: Int

    enum CodingKeys: CodingKey { case error }

    init(_ fault: Fault, id: String) {
        let shown = fault.isInternal && fault.status != 503 ? Fault.internalFailure : fault
        error = Body(code: shown.code, message: shown.message, requestId: id)
        status = shown.status
    }

    var response: HTTPResponse {
        let body = (try? JSON(encoding: self))?.bytes() ?? Array("{}".utf8)
        return HTTPResponse(status: status, type: "application/json", body: body).allowing("POST")
    }
}

extension HTTPResponse {
    /// The answer, with the methods that may be used where another one was refused (RFC 9110 section 15.5.6).
    func allowing(_ methods: String) -> HTTPResponse {
        guard status == 405 else { return self }
        var answer = self
        answer.fields.append("allow", methods)
        return answer
    }
}

extension HTTPRequest {
    fileprivate func checkIsJSONPost() throws(Fault) {
        guard method == "POST" else {
            throw Fault(
                code: "MethodNotAllowed",
                status: 405,
                message: "the JSON API takes POST only",
                reason: "method"
            )
        }
        // Asked for, so that no form on a stranger's page can call in a browser's name.
        guard isOf(type: "application/json") else {
            throw Fault(
                code: "UnsupportedMediaType",
                status: 415,
                message: "send the members as a JSON object with `Content-Type: application/json`",
                reason: "media_type"
            )
        }
    }

    /// The body as an object; an empty body has no members.
    fileprivate func jsonMembers() throws(Fault) -> JSON {
        if body.isEmpty { return [:] }
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: body.span) } catch { throw .validation(error.description) }
        guard json.object != nil else { throw .validation("the body must be a JSON object") }
        return json
    }
}

extension Outcome {
    /// Notes a refusal for log and metrics.
    mutating func refuse(_ fault: Fault) {
        self.fault = fault
        if action == "SignIn" || action == "AnswerChallenge" { login = .refused }
    }

    /// Notes how a sign-in ended.
    mutating func note(_ output: some Sendable) {
        guard let output = output as? SignInOutput else { return }
        login = output.session == nil ? .challenge : .session
    }
}

extension Fault {
    fileprivate static let noSuchJSONAction = Fault(
        code: "InvalidAction",
        status: 404,
        message: "there is no such action: /openapi.json lists them",
        reason: "action"
    )

    static let twoProofs = Fault(
        code: "IncompleteSignature",
        status: 400,
        message: "The request carries more than one proof of who calls: send one.",
        reason: "two_proofs"
    )

    fileprivate static let otherAccount = Fault.accessDenied("the caller belongs to another account")
}
