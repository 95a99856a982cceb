// RequestReaderTests.swift: what the reader takes and what it refuses, however the network has cut the bytes.
import Testing

@testable import LatchkeyHTTP

/// One stream of bytes and what must come of it.
struct ReaderCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let expected: [String]

    var testDescription: String { name }

    init(_ name: String, _ text: String, _ expected: String...) {
        self.init(name, Array(text.utf8), expected)
    }

    init(_ name: String, _ bytes: [UInt8], _ expected: [String]) {
        self.name = name
        self.bytes = bytes
        self.expected = expected
    }

    /// A head for `POST /` with a host and these fields, and what stands behind it.
    init(_ name: String, fields: String, body: String = "", _ expected: String...) {
        self.init(name, Array("POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)".utf8), expected)
    }
}

/// Feeds the pieces one after the other; what came of each request, or the status of the refusal.
func read(_ pieces: [some Collection<UInt8>], limits: RequestReader.Limits = RequestReader.Limits()) -> [String] {
    var reader = RequestReader(limits: limits)
    var results: [String] = []
    for piece in pieces {
        reader.feed(piece)
        while let event = reader.next() {
            switch event {
            case .request(let request, let closes):
                let body = String(decoding: request.body, as: UTF8.self)
                results.append(
                    "\(request.method) \(request.target)\(closes ? " closes" : "")\(body.isEmpty ? "" : " \(body)")"
                )
            case .awaitsContinue:
                results.append("100")
            case .refused(let refusal):
                results.append("\(refusal.status)")
                return results
            }
        }
    }
    return results
}

private let long = String(repeating: "x", count: 8_192)
private let end = "\r\n\r\n"

let readerCases: [ReaderCase] = [
    // What is served.
    ReaderCase("plain GET", "GET /a?b=%2F+c HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a?b=%2F+c"),
    ReaderCase("empty line in front", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /"),
    ReaderCase(
        "two requests",
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /1",
        "GET /2"
    ),
    ReaderCase(
        "length",
        fields: "Content-Length: 3\r\n",
        body: "abcGET /2 HTTP/1.1\r\nHost:a\r\n\r\n",
        "POST / abc",
        "GET /2"
    ),
    ReaderCase(
        "length zero",
        fields: "Content-Length: 0\r\n",
        body: "GET /2 HTTP/1.1\r\nHost:a\r\n\r\n",
        "POST /",
        "GET /2"
    ),
    ReaderCase(
        "chunked",
        fields: "Transfer-Encoding: Chunked\r\n",
        body: "2\r\nab\r\n0003\r\ncde\r\n0\r\n\r\n",
        "POST / abcde"
    ),
    ReaderCase("empty chunked", fields: "Transfer-Encoding: chunked\r\n", body: "0\r\n\r\n", "POST /"),
    ReaderCase(
        "chunk extension and trailer",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1;a=\"b\"\r\nx\r\n0;c\r\nT: v\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / x",
        "GET /2"
    ),
    ReaderCase("white space around a value", "GET / HTTP/1.1\r\nHost: \t a \t\r\n\r\n", "GET /"),
    ReaderCase(
        "obs-text in a value",
        Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xFF, 0x80, 13, 10, 13, 10],
        ["GET /"]
    ),
    ReaderCase(
        "upgrade is ignored",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "GET /"
    ),
    ReaderCase("connection close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", "GET / closes"),
    ReaderCase("host with a port", "GET / HTTP/1.1\r\nHost: a-b.example:65535\r\n\r\n", "GET /"),
    ReaderCase("IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /"),
    ReaderCase("expectation", fields: "Expect: 100-Continue\r\nContent-Length: 2\r\n", body: "ab", "100", "POST / ab"),
    ReaderCase("expectation without a body", fields: "Expect: 100-continue\r\n", "POST /"),
    ReaderCase("not whole yet", "GET / HTTP/1.1\r\nHost: a\r\n"),
    // Framing: RFC 9112 section 6.
    ReaderCase(
        "length and coding",
        fields: "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        body: "0\r\n\r\n",
        "400"
    ),
    ReaderCase(
        "coding and length",
        fields: "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        body: "0\r\n\r\n",
        "400"
    ),
    ReaderCase("two lengths", fields: "Content-Length: 3\r\nContent-Length: 3\r\n", body: "abc", "400"),
    ReaderCase("a list of lengths", fields: "Content-Length: 3, 3\r\n", body: "abc", "400"),
    ReaderCase("signed length", fields: "Content-Length: +3\r\n", body: "abc", "400"),
    ReaderCase("negative length", fields: "Content-Length: -1\r\n", "400"),
    ReaderCase("hexadecimal length", fields: "Content-Length: 0x3\r\n", body: "abc", "400"),
    ReaderCase("octal length", fields: "Content-Length: 010\r\n", body: "abcdefgh", "400"),
    ReaderCase("length with a blank", fields: "Content-Length: 1 2\r\n", "400"),
    ReaderCase("empty length", fields: "Content-Length:\r\n", "400"),
    ReaderCase("Arabic digits", fields: "Content-Length: ٣\r\n", "400"),
    ReaderCase("a terabyte", fields: "Content-Length: 1099511627776\r\n", "413"),
    ReaderCase("beyond any integer", fields: "Content-Length: 99999999999999999999999\r\n", "413"),
    ReaderCase("unknown coding", fields: "Transfer-Encoding: gzip\r\n", "501"),
    ReaderCase("almost chunked", fields: "Transfer-Encoding: xchunked\r\n", "501"),
    ReaderCase("gzip, chunked", fields: "Transfer-Encoding: gzip, chunked\r\n", "501"),
    ReaderCase("identity", fields: "Transfer-Encoding: identity\r\n", "501"),
    ReaderCase("chunked in quotes", fields: "Transfer-Encoding: \"chunked\"\r\n", "501"),
    ReaderCase("vertical tab in the coding", fields: "Transfer-Encoding: \u{B}chunked\r\n", "400"),
    ReaderCase("chunked twice", fields: "Transfer-Encoding: chunked, chunked\r\n", "400"),
    ReaderCase("two codings", fields: "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "501"),
    ReaderCase("no coding", fields: "Transfer-Encoding:\r\n", "400"),
    ReaderCase("blank before the colon", fields: "Content-Length : 3\r\n", body: "abc", "400"),
    ReaderCase("tab before the colon", fields: "Transfer-Encoding\t: chunked\r\n", "400"),
    // Chunks.
    ReaderCase("chunk size with 0x", fields: "Transfer-Encoding: chunked\r\n", body: "0x1\r\na\r\n0\r\n\r\n", "400"),
    ReaderCase("signed chunk size", fields: "Transfer-Encoding: chunked\r\n", body: "+1\r\na\r\n0\r\n\r\n", "400"),
    ReaderCase(
        "blank behind the chunk size",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1 \r\na\r\n0\r\n\r\n",
        "400"
    ),
    ReaderCase("empty chunk size", fields: "Transfer-Encoding: chunked\r\n", body: "\r\na", "400"),
    ReaderCase(
        "chunk size beyond any integer",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "ffffffffffffffff\r\n",
        "413"
    ),
    ReaderCase(
        "chunk size of 17 digits",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "00000000000000001\r\n",
        "400"
    ),
    ReaderCase(
        "chunk longer than it says",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1\r\nab\r\n0\r\n\r\n",
        "400"
    ),
    ReaderCase(
        "chunk ended by a line feed",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1\r\na\n0\r\n\r\n",
        "400"
    ),
    ReaderCase(
        "chunk line ended by a line feed",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1\na\r\n0\r\n\r\n",
        "400"
    ),
    ReaderCase(
        "line feed in an extension",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1;a\nb\r\na\r\n0\r\n\r\n",
        "400"
    ),
    ReaderCase("long extension", fields: "Transfer-Encoding: chunked\r\n", body: "1;\(long.prefix(300))\r\n", "400"),
    ReaderCase(
        "many extensions",
        fields: "Transfer-Encoding: chunked\r\n",
        body: String(repeating: "1;\(long.prefix(200))\r\na\r\n", count: 30),
        "400"
    ),
    ReaderCase("bad trailer", fields: "Transfer-Encoding: chunked\r\n", body: "0\r\nno colon\r\n\r\n", "400"),
    ReaderCase("folded trailer", fields: "Transfer-Encoding: chunked\r\n", body: "0\r\nA: b\r\n c\r\n\r\n", "400"),
    ReaderCase(
        "chunks beyond the limit",
        fields: "Transfer-Encoding: chunked\r\n",
        body: "1\r\na\r\n100000\r\n",
        "413"
    ),
    // Lines.
    ReaderCase("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", "400"),
    ReaderCase("bare line feed behind a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400"),
    ReaderCase("bare carriage return", "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n", "400"),
    ReaderCase("two carriage returns", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", "400"),
    ReaderCase("blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"),
    ReaderCase("NUL in a value", "GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n", "400"),
    ReaderCase("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{7F}\r\n\r\n", "400"),
    ReaderCase("escape in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \u{1B}[2J\r\n\r\n", "400"),
    ReaderCase("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "400"),
    ReaderCase("no name", "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", "400"),
    ReaderCase("brackets in a name", "GET / HTTP/1.1\r\nHost: a\r\nX[0]: x\r\n\r\n", "400"),
    ReaderCase("non-ASCII name", "GET / HTTP/1.1\r\nHost: a\r\né: x\r\n\r\n", "400"),
    ReaderCase("two empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("TLS on a plain port", [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3], ["400"]),
    // Request lines.
    ReaderCase("HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "505"),
    ReaderCase("HTTP/1.9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", "505"),
    ReaderCase("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
    ReaderCase("HTTP/0.9", "GET /\r\n\r\n", "400"),
    ReaderCase("http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("tab for a blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("blank in front", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("colon in the method", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("absolute form", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    ReaderCase("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    ReaderCase("fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    ReaderCase("non-ASCII target", "GET /é HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    // Fields that count once.
    ReaderCase("no host", "GET / HTTP/1.1\r\n\r\n", "400"),
    ReaderCase("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "400"),
    ReaderCase("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"),
    ReaderCase("list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "400"),
    ReaderCase("user in the host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "400"),
    ReaderCase("path in the host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"),
    ReaderCase("port beyond 16 bits", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "400"),
    ReaderCase("port that is no number", "GET / HTTP/1.1\r\nHost: a:8a\r\n\r\n", "400"),
    ReaderCase("IPv6 host without an end", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "400"),
    ReaderCase("IPv6 host with more behind it", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", "400"),
    ReaderCase("two Authorization fields", fields: "Authorization: a\r\nAuthorization: a\r\n", "400"),
    ReaderCase("another expectation", fields: "Expect: tea\r\n", "417"),
    // Limits.
    ReaderCase(
        "request line at the limit",
        "GET /\(long.dropLast(14)) HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\(long.dropLast(14))"
    ),
    ReaderCase("request line past the limit", "GET /\(long.dropLast(13)) HTTP/1.1\r\nHost: a\r\n\r\n", "414"),
    ReaderCase("request line without an end", long + "x", "414"),
    ReaderCase(
        "fields at the limit",
        "GET / HTTP/1.1\r\nHost: a\r\nA: \(long)\(long)\(long)\(long.dropLast(14))\r\n\r\n",
        "GET /"
    ),
    ReaderCase(
        "fields past the limit",
        "GET / HTTP/1.1\r\nHost: a\r\nA: \(long)\(long)\(long)\(long.dropLast(13))\r\n\r\n",
        "431"
    ),
    ReaderCase("100 fields", "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 99))\r\n", "GET /"),
    ReaderCase("101 fields", "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "A: b\r\n", count: 100))\r\n", "431"),
    ReaderCase(
        "101 fields with the trailers",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
            + String(repeating: "A: b\r\n", count: 99) + "\r\n",
        "431"
    ),
    ReaderCase("length past the limit", fields: "Content-Length: 1048577\r\n", "413"),
    // What is refused takes nothing behind it for a request.
    ReaderCase("request behind a refusal", "GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
]

@Suite struct RequestReaderTests {
    @Test("a stream is read alike whole, byte by byte and cut anywhere", arguments: readerCases)
    func splits(_ one: ReaderCase) {
        #expect(read([one.bytes]) == one.expected)
        #expect(read(one.bytes.map { [$0] }) == one.expected)
        // Every place for short streams, some hundred for long ones.
        for cut in stride(from: 1, to: one.bytes.count, by: one.bytes.count / 400 + 1) {
            #expect(read([one.bytes[..<cut], one.bytes[cut...]]) == one.expected, "cut at \(cut)")
        }
    }

    @Test("a body of the limit is read, and its bytes are what was sent")
    func largestBody() {
        let body = (0..<1_048_576).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        var reader = RequestReader()
        reader.feed(Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n".utf8))
        reader.feed(body)
        guard case .request(let request, _) = reader.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.body == body)
        #expect(reader.heldBytes == 0)
    }

    @Test("a value keeps its bytes, and the target its spelling")
    func rawBytes() {
        var reader = RequestReader()
        reader.feed(
            Array("GET //a/./%2e?x=%00 HTTP/1.1\r\nHost: a\r\nX-Y:  b  c\t\r\n".utf8) + [
                0x5A, 0x3A, 0xE9, 13, 10, 13, 10,
            ]
        )
        guard case .request(let request, _) = reader.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.target == "//a/./%2e?x=%00")
        #expect(request.fields["x-y"] == "b  c")
        #expect(request.fields.values("z") == [[0xE9]])
        #expect(request.fields["z"] == nil)
    }

    @Test("mutated streams never end the process and are read alike whole and in pieces", arguments: 0..<8)
    func fuzz(seed: Int) {
        var random = SeededBytes(seed: UInt64(seed) + 1)
        let words = [
            "\r\n", "\n", "\r", " ", ":", "0", "Host: a\r\n", "Transfer-Encoding: chunked\r\n", "\r\n\r\n",
            "1\r\na\r\n",
        ]
        for _ in 0..<250 {
            var bytes = readerCases[random.below(readerCases.count)].bytes.prefix(600) + []
            for _ in 0..<random.below(6) {
                let place = random.below(bytes.count + 1)
                switch random.below(4) {
                case 0: bytes.insert(UInt8(random.below(256)), at: place)
                case 1: bytes.insert(contentsOf: words[random.below(words.count)].utf8, at: place)
                case 2: if place < bytes.count { bytes.remove(at: place) }
                default: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.below(8)) }
                }
            }
            var pieces: [ArraySlice<UInt8>] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = random.below(min(rest.count, 40)) + 1
                pieces.append(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            let whole = read([bytes])
            #expect(read(pieces) == whole, "\(bytes)")
            #expect(read(bytes.map { [$0] }) == whole, "\(bytes)")
        }
    }
}

/// Numbers that repeat with their seed (SplitMix64).
struct SeededBytes {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ word >> 31) % UInt64(max(bound, 1)))
    }
}
