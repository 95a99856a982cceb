// OCRAVector.swift: vectors of responses to challenges (RFC 6287).

internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The response to a question.
struct OCRAVector: VectorKind {
    static let name = "ocra"

    let suite: String
    let secret: HexBytes
    let question: String
    let counter: UInt64?
    let pin: String?
    let session: HexBytes?
    let time: Int64?

    struct Answer: Codable {
        let response: String
    }

    func answer() throws -> Answer {
        let key = try OCRA(suite: try OCRA.Suite(suite), secret: secret.secret)
        let response =
            if let pin {
                try key.response(
                    to: question,
                    counter: counter,
                    pin: Secret(utf8: pin),
                    session: session?.bytes,
                    time: time.map { UnixTime($0) }
                )
            } else {
                try key.response(
                    to: question,
                    counter: counter,
                    session: session?.bytes,
                    time: time.map { UnixTime($0) }
                )
            }
        return Answer(response: response)
    }
}
