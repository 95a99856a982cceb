// ResponseWriter.swift: a response as bytes: status line, framing, fields and body.
internal import Glibc

/// Writes responses; what frames a message is written here and nowhere else.
struct ResponseWriter {
    private var second: time_t = -1
    private var date = ""

    static let `continue` = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The bytes of a response to a request of that method.
    mutating func bytes(_ response: HTTPResponse, toMethod method: String, closes: Bool) -> [UInt8] {
        guard (200...599).contains(response.status), response.fields.all.allSatisfy(Self.isWritable) else {
            // A line end in a value would begin a field or an answer of somebody else's making.
            return bytes(HTTPResponse(status: 500), toMethod: method, closes: true)
        }
        var head = "HTTP/1.1 \(response.status) \(Self.phrases[response.status] ?? "")\r\ndate: \(now())\r\n"
        for field in response.fields.all where !Self.framing.contains(field.name) {
            head += "\(field.name): \(String(decoding: field.value, as: UTF8.self))\r\n"
        }
        let hasBody = response.status != 204 && response.status != 304
        if hasBody { head += "content-length: \(response.body.count)\r\n" }
        if closes { head += "connection: close\r\n" }
        head += "\r\n"
        var bytes = Array(head.utf8)
        if hasBody && method != "HEAD" { bytes += response.body }
        return bytes
    }

    private static let framing: Set<String> = [
        "connection", "content-length", "date", "keep-alive", "trailer", "transfer-encoding", "upgrade",
    ]

    private static func isWritable(_ field: HTTPFields.Field) -> Bool {
        !field.name.isEmpty && field.name.utf8.allSatisfy(ASCII.isToken)
            && !field.value.contains(where: ASCII.isControl)
    }

    private static let phrases = [
        200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 301: "Moved Permanently", 302: "Found",
        303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required",
        412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type",
        417: "Expectation Failed", 421: "Misdirected Request", 422: "Unprocessable Content", 429: "Too Many Requests",
        431: "Request Header Fields Too Large", 500: "Internal Server Error", 501: "Not Implemented",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]

    /// The time as RFC 9110 section 5.6.7 writes it, made once a second.
    private mutating func now() -> String {
        var now = time(nil)
        guard now != second else { return date }
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        date = "\(day) \(Int(parts.tm_year) + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        second = now
        return date
    }
}
