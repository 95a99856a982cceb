// SigV4Vectors.swift: vectors of signed requests: every stage of AWS Signature Version 4, and what is refused.

internal import LatchkeyCrypto
internal import LatchkeyWire

/// What a signed request claims, stage by stage, and whether its signature is right.
struct SigV4Vector: VectorKind {
    static let name = "sigv4"
    static let columns: Set = ["region", "service", "canonicalRequest", "stringToSign", "signature"]

    /// The request as text; each of its lines ends with LF.
    let request: String
    let secret: String
    /// The services that may be named; any region may be where none are given.
    let services: [String]
    let regions: [String]?
    let at: Int64
    let skew: Int64

    struct Answer: Codable {
        let keyID: String
        let token: String?
        let region: String?
        let service: String?
        let canonicalRequest: String?
        let stringToSign: String?
        let signature: String?
    }

    func answer() throws -> Answer {
        let secret = Secret(utf8: secret)
        let text: SigV4.RequestText
        do throws(SigV4.RequestText.Fault) { text = try SigV4.RequestText(Array(request.utf8)) } catch {
            throw VectorRefusal(.parse, "request", says: error.description)
        }
        do throws(SigV4.Refusal) {
            let claim = try SigV4.Claim(text.request, services: Set(services), regions: regions.map { Set($0) })
            try claim.verify(with: secret, at: at, skew: skew)
            return Answer(
                keyID: claim.keyID,
                token: claim.token,
                region: claim.scope.region,
                service: claim.scope.service,
                canonicalRequest: String(decoding: claim.canonicalRequest, as: UTF8.self),
                stringToSign: String(decoding: claim.stringToSign, as: UTF8.self),
                signature: String(decoding: claim.expectedSignature(with: secret), as: UTF8.self)
            )
        } catch {
            throw VectorRefusal(Self.layer(of: error), error.code, says: error.message)
        }
    }

    private static func layer(of refusal: SigV4.Refusal) -> VectorLayer {
        if refusal.code != "SignatureDoesNotMatch" { return .parse }
        let isOfTime = ["Signature expired", "Signature not yet current"]
            .contains { refusal.message.utf8.starts(with: $0.utf8) }
        return isOfTime ? .expired : .signature
    }
}
