// RolesAnywhere.swift: calls that a certificate's key signed, and `POST /sessions`, as AWS's IAM Roles Anywhere is asked.
import Latchkey
import LatchkeyCrypto
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyWire

extension Server {
    static let sessionsPath = "/sessions"

    /// Whoever holds the key of the certificate that signed the request.
    ///
    /// As with every signature, a request that is caught can be sent again until its time is over.
    func signedByCertificate(_ visit: Visit) throws(Fault) -> Proof {
        let claim: SigV4.CertificateClaim
        do throws(SigV4.Refusal) {
            claim = try SigV4.CertificateClaim(
                visit.request,
                services: ["rolesanywhere", "latchkey"],
                regions: configuration.regions.isEmpty ? nil : configuration.regions
            )
            try claim.verify(at: visit.now.seconds, skew: configuration.skew)
        } catch {
            throw Fault(error)
        }
        let held = HeldCertificate(claim.certificate, chain: claim.chain)
        return Proof(caller: .holder(of: held), region: claim.scope.region, certificate: claim.certificate)
    }

    /// Answers a request of `CreateSession`, the one operation of IAM Roles Anywhere that is signed by a certificate's key.
    ///
    /// There are no profiles here: which one is named does not matter.
    func answerSessions(_ visit: Visit) async -> Outcome {
        var outcome = Outcome(response: HTTPResponse(status: 201))
        do throws(Fault) {
            outcome.action = AssumeRoleWithCertificate.name
            guard visit.request.method == "POST" else { throw .onlyPost }
            let proof = try signedByCertificate(visit)
            outcome.caller = proof.caller.auditName
            let action = try visit.request.sessionAction()
            let account = try await account(ofRole: action.roleArn.text)
            let call = visit.call(by: proof.caller, for: account, region: proof.region)
            let output = try await authority.perform(action, call)
            let body = SessionAnswer.document(output, action, proof, in: account)
            outcome.response = HTTPResponse(status: 201, type: "application/json", body: body.bytes())
        } catch {
            outcome.refuse(error)
            outcome.response = SessionAnswer.refusal(error)
        }
        return outcome
    }

    /// The account that a role's ARN names, for whoever belongs to none; without an ARN the only account.
    func account(ofRole arn: String?) async throws(Fault) -> AccountID {
        let role = arn?.split(separator: ":", omittingEmptySubsequences: false) ?? []
        guard role.count >= 6, let named = try? AccountID(String(role[4])) else {
            return try await doorAccount(named: nil)
        }
        let known = try await authority.accounts()
        // What is not there is refused by the action itself, in the words for a role that does not trust.
        guard let account = known.first(where: { $0.id == named }) ?? known.first else { return named }
        return account.id
    }
}

/// The answers of IAM Roles Anywhere.
private enum SessionAnswer {
    static func document(
        _ output: AssumeRoleWithCertificate.Output,
        _ action: AssumeRoleWithCertificate,
        _ proof: Proof,
        in account: AccountID
    ) -> JSON {
        var set: JSON.Object = [
            "assumedRoleUser": [
                "arn": .string(output.assumedRoleUser.arn.text),
                "assumedRoleId": .string(output.assumedRoleUser.assumedRoleId),
            ],
            "credentials": [
                "accessKeyId": .string(output.credentials.accessKeyId.text),
                "secretAccessKey": .string(output.credentials.secretAccessKey.text),
                "sessionToken": .string(output.credentials.sessionToken.text),
                "expiration": .string(output.credentials.expiration.description),
            ],
            "packedPolicySize": .number(output.packedPolicySize ?? 0),
            "roleArn": .string(action.roleArn.text),
        ]
        if let sourceIdentity = output.sourceIdentity { set["sourceIdentity"] = .string(sourceIdentity) }
        // Subjects are no things of their own here: this one's identifier is its certificate's serial number.
        let serial = proof.certificate.flatMap(CertificateNames.init).map { Hex.encode($0.serialNumber) } ?? ""
        return [
            "credentialSet": [.object(set)],
            "subjectArn": .string("arn:aws:rolesanywhere::\(account):subject/\(serial)"),
        ]
    }

    /// A refusal, under the names of AWS's REST services.
    static func refusal(_ fault: Fault) -> HTTPResponse {
        let shown = fault.isInternal && fault.status != 503 ? Fault.internalFailure : fault
        let body: JSON = ["message": .string(shown.message)]
        var response = HTTPResponse(status: shown.status, type: "application/json", body: body.bytes())
        let name = shown.code == "ValidationError" ? "Validation" : shown.code
        response.fields.append("x-amzn-errortype", "\(name)Exception")
        return response.allowing("POST")
    }
}

extension HTTPRequest {
    /// The members that a session is asked for with, in the body or, as older clients do it, in the query; others are for AWS.
    fileprivate func sessionAction() throws(Fault) -> AssumeRoleWithCertificate {
        let names = ["roleArn", "trustAnchorArn", "roleSessionName", "durationSeconds"]
        var members = JSON.Object([])
        do throws(JSONError) {
            let json: JSON = try body.isEmpty ? [:] : JSON(parsing: body.span)
            for name in names { if let value = json[name], !value.isNull { members[name] = value } }
        } catch {
            throw .validation(error.description)
        }
        do throws(Form.Fault) {
            let form = try Form(decoding: query.utf8)
            for name in names {
                guard let value = form[name] else { continue }
                guard members[name] == nil, name != "durationSeconds" else { throw Form.Fault.repeated(name) }
                members[name] = .string(value)
            }
        } catch {
            throw .validation("the query cannot be read, or says again what the body says")
        }
        do throws(JSONError) {
            return try JSON.object(members).decode(AssumeRoleWithCertificate.self, refusingUnknown: true)
        } catch {
            throw .validation(error.description)
        }
    }
}

extension Fault {
    fileprivate static let onlyPost = Fault(
        code: "MethodNotAllowed",
        status: 405,
        message: "Sessions are asked for with POST.",
        reason: "method"
    )
}
