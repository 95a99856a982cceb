// ReaderPeerTests.swift: what the reader takes for a request, h11 (the reader of Python's servers) takes for the same one.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

@Suite struct ReaderPeerTests {
    /// The first request of a stream as one line, all in hexadecimal; nil when there is none.
    private func first(of bytes: [UInt8]) -> String? {
        var reader = RequestReader()
        reader.feed(bytes)
        while let event = reader.next() {
            guard case .request(let request, _) = event else {
                if case .refused = event { return nil }
                continue
            }
            let fields = request.fields.all.map { field in
                // h11 puts the coding in small letters.
                let isCoding = field.name == "transfer-encoding"
                let value = field.value.map { isCoding && $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
                return "\(hex(Array(field.name.utf8))):\(hex(value))"
            }
            return ([request.method, request.target].map { hex(Array($0.utf8)) } + [hex(request.body)] + fields)
                .joined(separator: " ")
        }
        return nil
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    @Test("every request that is read out of a mutated stream is the one that h11 reads")
    func h11() async throws {
        var random = SeededBytes(seed: 11)
        let words = ["\r\n", "\n", " ", "\t", ":", "0", ",", "close", "\r\n\r\n", "Content-Length: 1\r\n"]
        var streams: [[UInt8]] = []
        var ours: [String] = []
        while streams.count < 1_500 {
            let base = readerCases[random.below(readerCases.count)].bytes
            guard base.count < 2_000 else { continue }
            var bytes = base
            for _ in 0..<random.below(3) {
                let place = random.below(bytes.count + 1)
                switch random.below(3) {
                case 0: bytes.insert(contentsOf: words[random.below(words.count)].utf8, at: place)
                case 1: if place < bytes.count { bytes.remove(at: place) }
                default: if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
                }
            }
            if let request = first(of: bytes) {
                streams.append(bytes)
                ours.append(request)
            }
        }
        let script = """
            import sys, h11
            for line in sys.stdin:
                c = h11.Connection(h11.SERVER)
                c.receive_data(bytes.fromhex(line))
                try:
                    r = c.next_event()
                    body = b""
                    while True:
                        e = c.next_event()
                        if type(e) is h11.EndOfMessage: break
                        if type(e) is not h11.Data: raise Exception(repr(e))
                        body += bytes(e.data)
                    print(" ".join([r.method.hex(), r.target.hex(), body.hex()] + [n.hex() + ":" + v.hex() for n, v in r.headers]))
                except Exception as e:
                    print("refused", e)
            """
        // The empty line that RFC 9112 section 2.2 asks us to pass over h11 refuses.
        let input = Array(streams.map { hex($0.starts(with: [13, 10]) ? Array($0[2...]) : $0) + "\n" }.joined().utf8)
        let output = try await apart { try PythonEnvironment.run(script, with: ["h11==0.14.0"], stdin: input) }
        let theirs = output.stdout.split(separator: "\n").map(String.init)
        try #require(theirs.count == ours.count)
        for (index, line) in theirs.enumerated() where line != ours[index] {
            Issue.record(
                "\(String(decoding: streams[index], as: UTF8.self).debugDescription): h11 says \(line), we \(ours[index])"
            )
        }
    }
}
