// SigV4Command.swift: `latchkey sigv4 verify`, which shows a signed request stage by stage and says if its signature holds.
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyWire

extension Option {
    fileprivate static let accessKey = Option.text(
        "access-key",
        "ID",
        "the key that must have signed; any if not said"
    )
    fileprivate static let signingSecret = Option.secret(
        "secret",
        "SECRET",
        "the secret of that key; `-` reads the first line of standard input"
    )
    fileprivate static let region = Option.text("region", "REGION", "the region it must be for; any if not said")
    fileprivate static let service = Option.text("service", "SERVICE", "the service it must be for; iam if not said")
    fileprivate static let now = Option.moment("now", "the moment of the check; now if not said")
    fileprivate static let skew = Option.integer(
        "skew",
        "SECONDS",
        0...604_800,
        "how far the clocks may be apart; 900 if not said"
    )
}

let sigV4Command = Command(
    path: ["sigv4", "verify"],
    group: .stateless,
    summary: "shows a signed request stage by stage and checks its signature",
    usage: ["--secret SECRET [OPTIONS] < REQUEST", "--secret-stdin [OPTIONS] < SECRET-LINE-AND-REQUEST"],
    options: [.accessKey, .signingSecret, .secretStdin, .region, .service, .now, .skew, .json],
    text: [
        "Reads an HTTP request as text: the request line, the header fields, an empty line, and the body. With "
            + "--secret-stdin the secret stands on a line of its own before it.",
        "Prints the canonical request, the string to sign and the signature that is right, as AWS Signature Version 4 "
            + "makes them, so that they can be laid beside what another signer made.",
    ],
    examples: [
        Command.Example("latchkey sigv4 verify --secret-stdin --service sts < request.txt", "canonical request:", "…")
    ],
    exits: [
        (.done, "the signature is right"), (.refused, "the signature is refused"), (.misused, ExitCode.misused.meaning),
        (.unusable, "standard input is not a request"),
    ],
    run: { call in
        let secret = try call.signingSecret()
        let request = try call.request()
        let now = call.moment(.now) ?? .now
        var stages = Stages()
        do throws(SigV4.Refusal) {
            let claim = try SigV4.Claim(
                request,
                services: [call.text(.service) ?? "iam"],
                regions: call.text(.region).map { [$0] }
            )
            stages.claim = claim
            stages.signature = String(decoding: claim.expectedSignature(with: secret), as: UTF8.self)
            try claim.verify(with: secret, at: now.seconds, skew: call.integer(.skew) ?? 900)
        } catch {
            stages.refusal = (error.code, error.message)
        }
        if let wanted = call.text(.accessKey), let claim = stages.claim, claim.keyID != wanted, stages.refusal == nil {
            stages.refusal = ("InvalidClientTokenId", "The request is signed by another key, \(claim.keyID).")
        }
        if call.wantsJSON {
            call.console.print(stages.json)
        } else {
            for line in stages.lines { call.console.print(Shown.text(line)) }
        }
        return stages.refusal == nil ? .done : .refused
    }
)

/// How far a request came.
private struct Stages {
    var claim: SigV4.Claim?
    /// The signature that is right.
    var signature: String?
    var refusal: (code: String, message: String)?

    var lines: [String] {
        var lines: [String] = []
        if let claim {
            lines.append("canonical request:")
            lines += Self.text(claim.canonicalRequest).split(separator: "\n", omittingEmptySubsequences: false)
                .map { "  \($0)" }
            lines.append("string to sign:")
            lines += Self.text(claim.stringToSign).split(separator: "\n").map { "  \($0)" }
        }
        if let signature { lines.append("signature: \(signature)") }
        if let refusal {
            lines.append("refused: \(refusal.code): \(refusal.message)")
        } else if let claim {
            lines.append("accepted: \(claim.keyID) for \(claim.scope.service) in \(claim.scope.region)")
        }
        return lines
    }

    var json: JSON {
        var object: JSON.Object = ["accepted": .bool(refusal == nil)]
        if let claim {
            object["keyID"] = .string(claim.keyID)
            object["scope"] = .string(claim.scope.text)
            object["canonicalRequest"] = .string(Self.text(claim.canonicalRequest))
            object["stringToSign"] = .string(Self.text(claim.stringToSign))
        }
        if let signature { object["signature"] = .string(signature) }
        if let refusal {
            object["code"] = .string(refusal.code)
            object["message"] = .string(refusal.message)
        }
        return .object(object)
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension Invocation {
    /// The secret as it stands: a key's secret is text and is not decoded.
    fileprivate func signingSecret() throws -> Secret {
        try exclude(.signingSecret, .secretStdin)
        if let given = text(.signingSecret), given != "-" { return Secret(utf8: given) }
        guard has(.signingSecret) || has(.secretStdin) else {
            throw Failure.misused(
                "the key's secret is missing; give --secret, or --secret-stdin and a line before the request"
            )
        }
        return try console.readSecretLine("secret")
    }

    /// The request on standard input.
    fileprivate func request() throws(Failure) -> HTTPRequest {
        do throws(FileError) {
            let bytes = try ByteInput.all(0, atMost: 2 << 20)
            do throws(SigV4.RequestText.Fault) {
                return try SigV4.RequestText(bytes).request
            } catch {
                throw FileError(number: 0, ownReason: error.description)
            }
        } catch {
            throw .unusable("standard input is not a request: \(error.reason)")
        }
    }
}
