// Requests.swift: bytes on a socket: `Fuzz requests`: HTTP, then its form, its signature and an action's members.
import LatchkeyCrypto
import LatchkeyWire

@testable import LatchkeyHTTP

/// An action with a member of every shape.
private struct AnyAction: Decodable {
    struct Tag: Decodable {
        let key: String
        let value: String
    }

    let userName: String?
    let tags: [Tag]?
    let policyArns: [String]?
    let maxItems: Int?
    let reset: Bool?
    let serialNumber: String?
    let action: String?
}

/// Reads requests out of a stream, and goes with each as far as the server would.
func readRequest(_ bytes: [UInt8]) {
    var reader = RequestReader()
    reader.feed(bytes)
    while case .request(let request, _)? = reader.next() { read(request) }
    // An answer, as a client of ours would read it.
    if bytes.first == UInt8(ascii: "<") {
        _ = try? XMLReader.requestID(in: bytes)
        _ = try? FaultDocument(reading: bytes, status: 400)
    }
}

private func read(_ request: HTTPRequest) {
    if let form = try? Form(decoding: request.body.isEmpty ? Array(request.query.utf8) : request.body) {
        _ = try? FormDecoder(form, ignoring: ["Action", "Version"]).decode(AnyAction.self)
    }
    if let claim = try? SigV4.CertificateClaim(request, services: ["rolesanywhere"], regions: nil) {
        _ = try? claim.verify(at: claim.time, skew: 900)
    }
    do throws(SigV4.Refusal) {
        let claim = try SigV4.Claim(request, services: ["iam", "sts", "latchkey"], regions: nil)
        let secret = Secret(utf8: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        try claim.verify(with: secret, at: claim.time, skew: 900)
    } catch {
        _ = error
    }
}
