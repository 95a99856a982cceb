// HTTPResponse.swift: one answer: a status, header fields and a body; framing is the server's.

/// One answer to a request.
///
/// `Content-Length`, `Connection` and `Date` are the server's to write; everything else is said here.
public struct HTTPResponse: Sendable {
    /// The status, such as 200.
    public var status: Int
    /// The header fields, without those that frame the message.
    public var fields: HTTPFields
    /// The body.
    public var body: [UInt8]
    /// Whether the connection ends after this answer.
    public var closes: Bool

    /// Makes an answer.
    public init(status: Int, fields: HTTPFields = HTTPFields(), body: [UInt8] = [], closes: Bool = false) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closes = closes
    }

    /// Makes an answer with a body of one media type.
    public init(status: Int, type: String, body: [UInt8]) {
        self.init(status: status, fields: HTTPFields([HTTPFields.Field("content-type", type)]), body: body)
    }
}
