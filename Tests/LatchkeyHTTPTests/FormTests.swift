// FormTests.swift: what a Query form's bytes mean, held against Python's own reader and writer of forms.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

@Suite struct FormTests {
    private func fields(_ text: String) throws -> [Form.Field] { try Form(decoding: Array(text.utf8)).fields }

    @Test("fields are decoded once, in order, and nothing is trimmed")
    func decoding() throws {
        #expect(try fields("").isEmpty)
        #expect(try fields("a=1&b=") == [Form.Field("a", "1"), Form.Field("b", "")])
        #expect(try fields("a") == [Form.Field("a", "")])
        #expect(try fields("a=b=c&&d+e=%2B+%26") == [Form.Field("a", "b=c"), Form.Field("d e", "+ &")])
        #expect(try fields("a=%2525&b=%C3%A9") == [Form.Field("a", "%25"), Form.Field("b", "é")])
        #expect(try fields("a=1;b=2") == [Form.Field("a", "1;b=2")])
        #expect(try Form(decoding: Array("Action=x&Version=y".utf8))["Version"] == "y")
    }

    @Test(
        "what can be read in two ways is refused",
        arguments: [
            ("a=%", .malformedEscape), ("a=%4", .malformedEscape), ("a=%zz", .malformedEscape),
            ("%g0=a", .malformedEscape),
            ("a=%+1", .malformedEscape), ("a=%FF", .notUTF8), ("a=%C0%80", .notUTF8), ("a=%ED%A0%80", .notUTF8),
            ("=a", .emptyName), ("a&=", .emptyName), ("a=1&a=1", .repeated("a")), ("a=1&%61=2", .repeated("a")),
        ] as [(String, Form.Fault)]
    )
    func refused(text: String, fault: Form.Fault) { #expect(throws: fault) { try fields(text) } }

    @Test("4,096 fields are read and one more is refused")
    func count() throws {
        let most = (0..<Form.mostFields).map { "f\($0)=" }.joined(separator: "&")
        #expect(try fields(most).count == Form.mostFields)
        #expect(throws: Form.Fault.tooMany) { try fields(most + "&g") }
    }

    @Test("what Python writes as a form is read as it was meant")
    func python() async throws {
        let script = """
            import urllib.parse
            values = [chr(n) for n in list(range(256)) + [0x20AC, 0xFFFD, 0x1F600]] + ["a b", "a+b", "100%", "&=;", ""]
            pairs = [("n%d" % i, v) for i, v in enumerate(values)]
            text = urllib.parse.urlencode(pairs)
            assert urllib.parse.parse_qsl(text, keep_blank_values=True) == pairs
            print(text)
            print(" ".join(v.encode().hex() or "-" for v in values))
            """
        let lines = try await run("python3", ["-c", script]).lines
        try #require(lines.count == 2)
        let values = try fields(String(lines[0]))
            .map { field in
                field.value.isEmpty
                    ? "-" : field.value.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
        #expect(values == lines[1].split(separator: " ").map(String.init))
    }
}
