// VectorLoadingTests.swift: what is a vector file and what is not, and that a run says why it fails.

import Glibc
import LatchkeyJSON
import LatchkeyVectors
import Testing

/// A good file of two cases, to be spoiled.
private let good = """
    {
      "source": "RFC 4226 D",
      "kind": "hotp",
      "cases": [
        {"id": "one", "secret": "3132333435363738393031323334353637383930", "algorithm": "SHA1", "digits": 6,
         "counter": 0, "expect": {"code": "755224"}},
        {"id": "two", "secret": "3132333435363738393031323334353637383930", "algorithm": "SHA1", "digits": 6,
         "counter": 1, "expect": {"code": "287082"}}
      ]
    }
    """

@Suite("Loading and running vectors") struct VectorLoadingTests {
    @Test("a good file is loaded and passes, alone and in its directory") func goodFile() throws {
        let files = try Files()
        let path = try files.write("deep/er/hotp.json", good)
        let alone = try VectorRunner.run(path: path)
        #expect(alone.succeeded && alone.passed == 2)
        #expect(alone.files.map(\.path) == [path])
        let all = try VectorRunner.run(path: files.path)
        #expect(all.succeeded)
        #expect(all.files.map(\.path) == ["deep/er/hotp.json"])
        #expect(all.lines == ["RFC 4226 D  2/2   deep/er/hotp.json", "2 of 2 cases passed"])
    }

    @Test("a changed expectation fails the run and is shown") func corrupted() throws {
        let files = try Files()
        let path = try files.write("hotp.json", good.replacing("287082", with: "287083"))
        let report = try VectorRunner.run(path: path)
        #expect(!report.succeeded)
        #expect(report.passed == 1 && report.failed == 1)
        #expect(
            report.lines == [
                "RFC 4226 D  1/2   \(path)   (1 failed)",
                #"  two: expected {"code":"287083"}, got {"code":"287082","hmac":"75a48a19d4cbe100644e8ac1397eea747a2d33ab","#
                    + #""truncatedHex":"41397eea","truncatedDecimal":1094287082}"#,
                "1 of 2 cases passed, 1 failed",
            ]
        )
        #expect(report.json["succeeded"] == false)
        #expect(report.json["files"]?[0]?["failures"]?[0]?["expected"]?["code"] == "287083")
    }

    @Test("a wrong column fails as a wrong code does") func column() throws {
        let files = try Files()
        let path = try files.write(
            "hotp.json",
            good.replacing(#"{"code": "755224"}"#, with: #"{"code": "755224", "hmac": "00"}"#)
        )
        #expect(try VectorRunner.run(path: path).failed == 1)
    }

    @Test("a refusal that does not come, and an answer where a refusal was expected, fail") func refusals() throws {
        let files = try Files()
        let refused = #"{"refusal": {"layer": "parse", "error": "digits"}}"#
        let path = try files.write("hotp.json", good.replacing(#"{"code": "755224"}"#, with: refused))
        #expect(try VectorRunner.run(path: path).failed == 1)
        let other = try files.write(
            "other.json",
            good.replacing("\"digits\": 6,\n     \"counter\": 0", with: "\"digits\": 5, \"counter\": 0")
        )
        #expect(try VectorRunner.run(path: other).failed == 1)
    }

    @Test(
        "what is no vector file is refused with its place",
        arguments: [
            ("", "line 1, column 1: the text ends too early"),
            (String(good.dropLast()), "line 10, column 1: the text ends too early"),
            (good.replacing(#""kind": "hotp","#, with: #""kind": "hotp""#), "line 4, column 3: expected `,`"),
            (
                good.replacing(#""kind": "hotp","#, with: #""kind": "hopt","#),
                "line 3, column 11: kind: this kind is unknown; known are hotp,"
            ),
            (good.replacing(#""kind": "hotp","#, with: ""), "kind: this member is missing"),
            (good.replacing(#""source": "RFC 4226 D","#, with: ""), "source: this member is missing"),
            (
                good.replacing(#""kind": "hotp","#, with: #""kind": "hotp", "extra": 1,"#),
                "line 3, column 28: extra: this member is not known here"
            ),
            (
                good.replacing(#""id": "two","#, with: #""id": "two", "count": 1,"#),
                "line 7, column 28: cases[1].count: this member is not known here"
            ),
            (
                good.replacing(#""id": "two","#, with: #""id": "one","#),
                #"line 7, column 5: cases[1]: another case has the id "one""#
            ),
            (good.replacing(#""id": "two","#, with: #""id": "","#), "cases[1]: a case needs an id"),
            (good.replacing(#""id": "two","#, with: ""), "cases[1].id: this member is missing"),
            (
                good.replacing(#""counter": 1"#, with: #""counter": "1""#),
                "line 8, column 17: cases[1].counter: expected an integer, not a string"
            ),
            (
                good.replacing(#""counter": 1"#, with: #""counter": -1"#),
                "cases[1].counter: expected an integer from 0 to 18446744073709551615"
            ),
            (good.replacing(#""counter": 1, "#, with: ""), "cases[1].counter: this member is missing"),
            (good.replacing(#""algorithm": "SHA1""#, with: #""algorithm": "MD5""#), "cases[0].algorithm: "),
            (good.replacing(#""secret": "3132"#, with: #""secret": "313"#), "cases[0].secret: "),
            (
                good.replacing(#""secret": "3132"#, with: #""secret": "3A32"#),
                "cases[0].secret: write hexadecimal digits small"
            ),
            (good.replacing(#", "expect": {"code": "287082"}"#, with: ""), "cases[1].expect: this member is missing"),
            (good.replacing(#"{"code": "287082"}"#, with: "{}"), "cases[1].expect.code: this member is missing"),
            (
                good.replacing(#"{"code": "287082"}"#, with: #"{"code": "287082", "hmca": "00"}"#),
                "cases[1].expect.hmca: this member is not known here"
            ),
            (
                good.replacing(#"{"code": "287082"}"#, with: #"{"refusal": {"layer": "parser", "error": "digits"}}"#),
                "cases[1].expect.refusal.layer: "
            ),
            (
                good.replacing(#"{"code": "287082"}"#, with: #"{"refusal": {"layer": "parse"}}"#),
                "cases[1].expect.refusal.error: this member is missing"
            ),
            (
                good.replacing(
                    #"{"code": "287082"}"#,
                    with: #"{"code": "287082", "refusal": {"layer": "parse", "error": "digits"}}"#
                ), "cases[1].expect.code: this member is not known here"
            ),
            (
                good.replacing(#""id": "one","#, with: #""id": "one", "id": "one","#),
                "line 5, column 19: this member's name stands twice"
            ),
            (
                #"{"source":"s","kind":"hotp","cases":[]}"#,
                "line 1, column 37: cases: a vector file without cases proves nothing"
            ),
            (#"{"source":"s","kind":"hotp","cases":{}}"#, "cases: expected an array, not an object"),
            ("[]", "expected an object, not an array"), ("null", "expected an object, not null"),
        ]
    )
    func refused(text: String, reason: String) throws {
        let files = try Files()
        let path = try files.write("bad.json", text)
        let error = #expect(throws: VectorError.self) { try VectorRunner.run(path: path) }
        let message = error?.description ?? ""
        #expect(message.hasPrefix("\"\(path)\" is not a vector file: "))
        #expect(message.contains(reason), "\(message)")
    }

    @Test("one bad file among good ones stops the run before it begins") func oneBad() throws {
        let files = try Files()
        try files.write("a.json", good)
        try files.write("b.json", "{")
        let error = #expect(throws: VectorError.self) { try VectorRunner.run(path: files.path) }
        #expect(error?.description.contains("b.json") == true)
    }

    @Test("a directory without vectors, and a path that is not there, are errors") func nothing() throws {
        let files = try Files()
        try files.write("notes.txt", "x")
        try files.write("schema.json", "{}")
        try files.write(".hidden.json", "{}")
        #expect(throws: VectorError.noFiles(path: files.path)) { try VectorRunner.run(path: files.path) }
        let missing = files.path + "/none"
        let error = #expect(throws: VectorError.self) { try VectorRunner.run(path: missing) }
        #expect(error?.description == "cannot read \"\(missing)\": No such file or directory")
        #expect(throws: VectorError.self) { try VectorRunner.run(path: "/dev/null") }
        #expect(throws: VectorError.self) { try VectorRunner.run(path: "") }
    }

    @Test("a file or directory that may not be read is an error, never passed over", .enabled(if: geteuid() != 0))
    func forbidden() throws {
        let files = try Files()
        try files.write("a.json", good)
        let inner = try files.write("closed/b.json", good)
        chmod(inner, 0)
        #expect(throws: VectorError.self) { try VectorRunner.run(path: files.path) }
        chmod(inner, 0o644)
        chmod(files.path + "/closed", 0)
        #expect(throws: VectorError.self) { try VectorRunner.run(path: files.path) }
        chmod(files.path + "/closed", 0o755)
    }

    @Test("a link that goes round, and one that goes nowhere, are errors") func links() throws {
        let files = try Files()
        try files.write("a.json", good)
        symlink(".", files.path + "/round")
        #expect(throws: VectorError.self) { try VectorRunner.run(path: files.path) }
        unlink(files.path + "/round")
        symlink("none.json", files.path + "/broken.json")
        #expect(throws: VectorError.self) { try VectorRunner.run(path: files.path) }
    }

    @Test("files come in the order of their bytes") func order() throws {
        let files = try Files()
        for name in ["b.json", "a/z.json", "a.json", "B.json", "c/schema.json", "ä.json"] {
            try files.write(name, good)
        }
        #expect(try VectorFile.directory(files.path) == ["B.json", "a.json", "a/z.json", "b.json", "ä.json"])
    }

    @Test("slow cases are left out and counted, and run when asked for") func slow() throws {
        let files = try Files()
        let path = try files.write("hotp.json", good.replacing(#""id": "two","#, with: #""id": "two", "slow": true,"#))
        let quick = try VectorRunner.run(path: path)
        #expect(quick.succeeded && quick.passed == 1 && quick.skipped == 1)
        #expect(quick.lines == ["RFC 4226 D  1/2   \(path)   (1 slow not run)", "1 of 2 cases passed, 1 slow not run"])
        #expect(try VectorRunner.run(path: path, slow: true).passed == 2)
        let only = try files.write("only.json", good.replacing(#""id": "#, with: #""slow": true, "id": "#))
        #expect(try VectorRunner.run(path: only).succeeded == false, "nothing was shown")
    }

    @Test("nothing in a file moves a cursor in the report") func terminal() throws {
        let files = try Files()
        let text = good.replacing("RFC 4226 D", with: #"\u001b[2J"#).replacing(#""id": "one""#, with: #""id": "\r\n""#)
            .replacing("755224", with: #"\u009b"#)
        let report = try VectorRunner.run(path: try files.write("hotp.json", text))
        #expect(report.failed == 1)
        #expect(
            report.lines.allSatisfy {
                $0.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
            }
        )
    }
}
