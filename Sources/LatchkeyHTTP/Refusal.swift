// Refusal.swift: why bytes are not a request that is served: a status and a sentence.

/// What the reader or the server answers instead of a response; the connection ends after it.
struct Refusal: Error, Equatable, Sendable {
    /// The status.
    let status: Int
    /// What is wrong and, where the client's operator can mend it, what to do.
    let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    static func malformed(_ reason: String) -> Refusal { Refusal(400, reason) }

    static let lineTooLong = Refusal(414, "the request line is too long")
    static let fieldsTooLarge = Refusal(431, "the header fields are too many or too long")
    static let bodyTooLarge = Refusal(413, "the body is too large")
    static let headTooSlow = Refusal(408, "the header fields did not arrive in time")
    static let bodyTooSlow = Refusal(408, "the body did not arrive in time")
    static let full = Refusal(503, "the server has no room for another connection; try again in a moment")
    static let unprotected = Refusal(403, "plain HTTP is served to declared proxies only; use HTTPS")

    /// The answer that tells it.
    var response: HTTPResponse {
        var response = HTTPResponse(status: status, type: "text/plain; charset=utf-8", body: Array("\(reason)\n".utf8))
        response.closes = true
        if status == 503 { response.fields.append("retry-after", "1") }
        return response
    }
}
