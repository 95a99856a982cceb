// RequestHead.swift: the request line and the header fields, and what they say about the body.

/// The head of one request, checked line by line (RFC 9112 sections 3 and 5).
struct RequestHead {
    let method: String
    let target: String
    private(set) var fields = HTTPFields()

    /// Reads a request line: method, target and version with one blank between them.
    init(line: ArraySlice<UInt8>) throws(Refusal) {
        let parts = line.split(separator: ASCII.blank, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("the request line is not a method, a target and a version") }
        try Self.checkVersion(parts[2])
        guard !parts[0].isEmpty, parts[0].allSatisfy(ASCII.isToken) else {
            throw .malformed("the method is not a word")
        }
        method = String(decoding: parts[0], as: UTF8.self)
        guard method != "TRACE", method != "CONNECT" else { throw Refusal(501, "this method is not served") }
        // Absolute form, which only proxies need, would name a second host beside the field's.
        guard parts[1].first == UInt8(ascii: "/") else {
            throw .malformed("the target does not begin with a slash")
        }
        guard parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw .malformed("the target holds a character that belongs percent-encoded")
        }
        target = String(decoding: parts[1], as: UTF8.self)
    }

    private static func checkVersion(_ version: ArraySlice<UInt8>) throws(Refusal) {
        let bytes = Array(version)
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[6] == UInt8(ascii: "."),
            ASCII.isDigit(bytes[5]), ASCII.isDigit(bytes[7])
        else { throw .malformed("the request line does not end in an HTTP version") }
        guard bytes[5] == UInt8(ascii: "1"), bytes[7] == UInt8(ascii: "1") else {
            throw Refusal(505, "only HTTP/1.1 is spoken here; nginx needs `proxy_http_version 1.1`")
        }
    }

    /// Takes one header field's line.
    mutating func add(line: ArraySlice<UInt8>) throws(Refusal) {
        let field = try Self.field(of: line)
        fields.append(field)
    }

    /// Reads one line of a header or trailer.
    static func field(of line: ArraySlice<UInt8>) throws(Refusal) -> HTTPFields.Field {
        guard let first = line.first, first != ASCII.blank, first != ASCII.tab else {
            throw .malformed("a header field is folded over two lines")
        }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformed("a header line has no colon")
        }
        let name = line[..<colon]
        // A blank before the colon is not in a name: two readers would disagree whether the field is there.
        guard !name.isEmpty, name.allSatisfy(ASCII.isToken) else {
            throw .malformed("a header field's name is not a word")
        }
        return HTTPFields.Field(String(decoding: name, as: UTF8.self), Array(ASCII.trimmed(line[(colon + 1)...])))
    }

    /// How the body is framed, and what becomes of the connection.
    struct Framing {
        enum Body: Equatable {
            case none, bytes(Int), chunked
        }

        var body = Body.none
        var awaitsContinue = false
        var closes = false
    }

    /// Checks the fields that every request is understood by.
    func framing(bodyLimit: Int) throws(Refusal) -> Framing {
        try checkHost()
        guard fields.values("authorization").count < 2 else { throw .malformed("there are two Authorization fields") }
        var framing = Framing()
        framing.body = try body(limit: bodyLimit)
        framing.closes = fields.values("connection").contains { $0.contains(element: "close") }
        let expectations = fields.values("expect")
        if !expectations.isEmpty {
            guard expectations.count == 1, expectations[0].equals("100-continue") else {
                throw Refusal(417, "the only expectation that is met is 100-continue")
            }
            framing.awaitsContinue = framing.body != .none
        }
        return framing
    }

    private func checkHost() throws(Refusal) {
        let hosts = fields.values("host")
        guard let host = hosts.first else { throw .malformed("there is no Host field") }
        guard hosts.count == 1 else { throw .malformed("there are two Host fields") }
        guard HostField.isValid(host) else { throw .malformed("the Host field is not a host with or without a port") }
    }

    private func body(limit: Int) throws(Refusal) -> Framing.Body {
        let lengths = fields.values("content-length")
        let codings = fields.values("transfer-encoding")
        if !codings.isEmpty {
            guard lengths.isEmpty else { throw .malformed("there are both Content-Length and Transfer-Encoding") }
            let names = codings.flatMap { $0.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) }
                .map { Array(ASCII.trimmed($0)) }
            guard !names.contains([]) else { throw .malformed("Transfer-Encoding names no coding") }
            guard names.allSatisfy({ $0.equals("chunked") }) else {
                throw Refusal(501, "the only transfer coding that is understood is chunked")
            }
            guard names.count == 1 else { throw .malformed("the body is chunked twice") }
            return .chunked
        }
        guard let length = lengths.first else { return .none }
        guard lengths.count == 1 else { throw .malformed("there are two Content-Length fields") }
        // Zeros in front would be octal to some; signs, blanks and lists are numbers to others.
        guard !length.isEmpty, length.allSatisfy(ASCII.isDigit), length.count == 1 || length[0] != UInt8(ascii: "0")
        else {
            throw .malformed("Content-Length is not a decimal number")
        }
        guard length.count <= 15 else { throw .bodyTooLarge }
        let count = length.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        guard count <= limit else { throw .bodyTooLarge }
        return count == 0 ? .none : .bytes(count)
    }
}

/// The Host field: a name, an IPv4 address or an IPv6 address in brackets, and perhaps a port.
enum HostField {
    static func isValid(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[1..<end]
            guard address.contains(UInt8(ascii: ":")), IPAddress(String(decoding: address, as: UTF8.self)) != nil else {
                return false
            }
            rest = rest[(end + 1)...]
        } else {
            let name = rest.prefix { ASCII.isAlphanumeric($0) || "-._".utf8.contains($0) }
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
        }
        guard let colon = rest.first else { return true }
        let port = rest.dropFirst()
        return colon == UInt8(ascii: ":") && (1...5).contains(port.count) && port.allSatisfy(ASCII.isDigit)
            && port.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
    }
}

/// The classes of bytes that HTTP is made of.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let blank: UInt8 = 0x20

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
    }

    /// Whether the byte may stand in a token (RFC 9110 section 5.6.2).
    static func isToken(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte) }

    /// Whether the byte ends a message at the latest: no control character but the tab may stand in a line.
    static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != tab) || byte == 0x7F }

    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, first == blank || first == tab { bytes.removeFirst() }
        while let last = bytes.last, last == blank || last == tab { bytes.removeLast() }
        return bytes
    }
}

extension [UInt8] {
    /// Whether this is that word in small letters, case apart.
    func equals(_ word: StaticString) -> Bool {
        count == word.utf8CodeUnitCount
            && word.withUTF8Buffer { word in
                zip(self, word).allSatisfy { ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 }
            }
    }

    /// Whether that word is one of the elements between commas.
    func contains(element word: StaticString) -> Bool {
        split(separator: UInt8(ascii: ",")).contains { Array(ASCII.trimmed($0)).equals(word) }
    }
}
