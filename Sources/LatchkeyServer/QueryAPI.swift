// QueryAPI.swift: AWS's Query protocol: a form in, XML out, for IAM, STS and Latchkey's own actions.
import Latchkey
import LatchkeyHTTP
import LatchkeyWire

extension Server {
    /// Answers a request of the Query APIs.
    func answerQuery(_ visit: Visit) async -> Outcome {
        var service = Service.iam
        var outcome = Outcome(response: HTTPResponse(status: 200))
        do throws(Fault) {
            let form = try visit.request.form()
            if let version = form["Version"], let known = Service(version: version) { service = known }
            let action = try routes.find(form["Action"], version: form["Version"])
            service = action.service
            outcome.action = action.name
            let proof = try await prove(visit, action)
            outcome.caller = proof.caller.auditName
            let account = try await account(of: proof, form, action)
            let call = visit.call(by: proof.caller, for: account, region: proof.region)
            outcome.response = try await performQuery(action, form, call, &outcome)
        } catch {
            outcome.refuse(error)
            outcome.response = Self.response(error, visit, service)
        }
        return outcome
    }

    /// The account that a call is about: the caller's own, that which a sign-in names, that of the role which a token is to
    /// open, or the only one.
    private func account(of proof: Proof, _ form: Form, _ action: any Action.Type) async throws(Fault) -> AccountID {
        if let own = proof.caller.account { return own }
        if proof.certificate == nil, FormFields.takesAccount(action), let name = form[FormFields.account] {
            return try await doorAccount(named: name)
        }
        return try await account(ofRole: form["RoleArn"])
    }

    /// The one place where errors of the Query APIs become answers.
    static func response(_ fault: Fault, _ visit: Visit, _ service: Service) -> HTTPResponse {
        // Busy may be said; what failed inside stays in the log.
        let shown = fault.isInternal && fault.status != 503 ? Fault.internalFailure : fault
        return FaultDocument(
            code: shown.code,
            status: shown.status,
            message: shown.message,
            requestID: visit.id,
            namespace: service.namespace
        )
        .response
        .allowing("GET, POST")
    }

    private func prove(_ visit: Visit, _ action: any Action.Type) async throws(Fault) -> Proof {
        let isSigned = visit.request.fields.contains("authorization") || visit.request.query.contains("X-Amz-")
        if action is AssumeRoleWithCertificate.Type, SigV4.CertificateClaim.isMade(by: visit.request) {
            return try signedByCertificate(visit)
        }
        if action.access == .open && !isSigned { return Proof(caller: .anonymous, region: nil) }
        let services: Set<String> =
            switch action.service {
            case .iam, .sts: [action.service.rawValue]
            case .latchkey: ["latchkey", "iam", "sts"]
            }
        return try await signed(visit, services: services)
    }

    private func performQuery<A: Action>(
        _ action: A.Type,
        _ form: Form,
        _ call: Call,
        _ outcome: inout Outcome
    ) async throws(Fault) -> HTTPResponse {
        let value = try Self.decode(action, form)
        let output = try await authority.perform(value, call)
        outcome.note(output)
        do {
            let body = try XMLWriter.document(
                output,
                action: A.name,
                namespace: A.service.namespace,
                requestID: call.id,
                userInfo: [.escapesDocuments: true]
            )
            return HTTPResponse(status: 200, type: "text/xml", body: body)
        } catch {
            throw .internalFailure
        }
    }

    private static func decode<A: Action>(_ action: A.Type, _ form: Form) throws(Fault) -> A {
        do {
            return try FormDecoder(form, ignoring: FormFields.besidesMembers(of: action)).decode(A.self)
        } catch let fault as Fault {
            throw fault
        } catch let refusal as FormDecoder.Refusal {
            throw .validation(refusal.description)
        } catch {
            throw .validation("a member of the request cannot be read")
        }
    }
}

/// Fields that are the protocol's and not the action's.
private enum FormFields {
    /// The account, by number or alias, where whoever has proved nothing yet must say which one is meant.
    static let account = "Account"

    static func takesAccount(_ action: any Action.Type) -> Bool {
        action.service == .latchkey && action.access == .open
    }

    static func besidesMembers(of action: any Action.Type) -> Set<String> {
        takesAccount(action) ? protocolNames.union([account]) : protocolNames
    }

    private static let protocolNames: Set<String> = [
        "Action", "Version", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
        "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Security-Token", "X-Amz-Content-Sha256",
    ]
}

extension HTTPRequest {
    /// The fields of query and body together: a name in both comes twice, and that is refused.
    fileprivate func form() throws(Fault) -> Form {
        guard method == "POST" || method == "GET" else {
            throw Fault(
                code: "MethodNotAllowed",
                status: 405,
                message: "The AWS APIs take POST, and GET for presigned requests.",
                reason: "method"
            )
        }
        do throws(Form.Fault) {
            if body.isEmpty { return try Form(decoding: query.utf8) }
            guard isOf(type: "application/x-www-form-urlencoded") else {
                throw Form.Fault.malformedEscape
            }
            let form = try Form(decoding: body)
            return query.isEmpty ? form : try Form(Form(decoding: query.utf8).fields + form.fields)
        } catch {
            throw Fault(
                code: "MalformedQueryString",
                status: 400,
                message: "The request is not a form (application/x-www-form-urlencoded): \(error.sentence).",
                reason: "form"
            )
        }
    }

    /// Whether the body is said to be of a media type, given in small letters; its parameters do not matter.
    func isOf(type: StaticString) -> Bool {
        let values = fields.values("content-type")
        guard values.count == 1 else { return false }
        var said = values[0].prefix { $0 != UInt8(ascii: ";") }
        while let last = said.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { said.removeLast() }
        guard said.count == type.utf8CodeUnitCount else { return false }
        return type.withUTF8Buffer { type in
            zip(said, type).allSatisfy { ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 }
        }
    }
}

extension Form.Fault {
    fileprivate var sentence: String {
        switch self {
        case .malformedEscape: "a percent sign without two hexadecimal digits, or another media type"
        case .notUTF8: "a field is not UTF-8"
        case .emptyName: "a field has no name"
        case .repeated(let name): "the field \(name.prefix(64).escapedForDisplay) comes twice"
        case .tooMany: "more than \(Form.mostFields) fields"
        }
    }
}

extension Outcome {
    /// A refusal before any action was found.
    init(fault: Fault, _ visit: Visit, service: Service) {
        self.init(response: Server.response(fault, visit, service), fault: fault)
    }
}
