// HTTPRequest.swift: one request as it stood on the wire, and whom it came from.

/// One request, whole and checked by the reader (RFC 9112): nothing in it was decoded, so what is signed is what is read.
public struct HTTPRequest: Sendable {
    /// The method, such as `POST`; a token, in the case in which it came.
    public let method: String
    /// The raw request target in origin form: printable ASCII beginning with `/`.
    public let target: String
    /// The header fields.
    public let fields: HTTPFields
    /// The body, with any chunking taken off.
    public let body: [UInt8]

    /// Makes a request.
    public init(method: String, target: String, fields: HTTPFields = HTTPFields(), body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.fields = fields
        self.body = body
    }

    /// The raw path: the target up to the first `?`.
    public var path: String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return target }
        return String(target[..<mark])
    }

    /// The raw query: the target behind the first `?`; empty without one.
    public var query: String {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return "" }
        return String(target[target.utf8.index(after: mark)...])
    }
}

/// The other end of a connection, as far as the server may believe it.
public struct HTTPPeer: Sendable, Equatable {
    /// The client's address as text, `192.0.2.1` or `2001:db8::1`; `unix` for a local socket.
    ///
    /// Behind a declared proxy this is what the proxy's forwarded-for header says.
    public let address: String
    /// Whether the client's own connection is protected by TLS.
    public let isSecure: Bool

    /// Makes a peer.
    public init(address: String, isSecure: Bool) {
        self.address = address
        self.isSecure = isSecure
    }
}
