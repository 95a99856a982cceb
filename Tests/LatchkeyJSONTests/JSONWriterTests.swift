// JSONWriterTests.swift: written text: compact, pretty, and harmless to a terminal.

import LatchkeyJSON
import Testing

@Suite("JSON writer") struct JSONWriterTests {
    @Test("writes for people") func pretty() {
        let value: JSON = ["a": [1, ["b": nil]], "none": [], "empty": [:], "s": "x"]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {
                      "b": null
                    }
                  ],
                  "none": [],
                  "empty": {},
                  "s": "x"
                }
                """
        )
        #expect(value.text == #"{"a":[1,{"b":null}],"none":[],"empty":{},"s":"x"}"#)
        #expect("\(value)" == value.text)
    }

    @Test("escapes what moves a cursor, breaks a line or turns the direction") func escapes() {
        #expect(JSON.string("\"\\/\u{8}\u{9}\n\u{C}\r").text == #""\"\\/\b\t\n\f\r""#)
        #expect(JSON.string("\u{0}\u{1B}[2J\u{7F}\u{85}\u{9B}").text == #""\u0000\u001b[2J\u007f\u0085\u009b""#)
        #expect(JSON.string("\u{2028}\u{2029}\u{202E}\u{FEFF}").text == #""\u2028\u2029\u202e\ufeff""#)
        #expect(JSON.object(["\u{1B}": "é€😀"]).text == "{\"\\u001b\":\"é€😀\"}")
    }

    @Test("no scalar leaves the writer as a control, and every one comes back") func allScalars() throws {
        for block in 0..<0x1100 as Range<UInt32> {
            var value = String.UnicodeScalarView()
            value.append(contentsOf: (block << 8..<(block + 1) << 8).compactMap(Unicode.Scalar.init))
            let text = JSON.string(String(value)).text
            let isHarmless = text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    ? scalar.value >= 0x20 && scalar.value < 0x7F
                    : !(0x80...0x9F).contains(scalar.value) && !(0x2028...0x2029).contains(scalar.value)
                        && !scalar.properties.isBidiControl
            }
            #expect(isHarmless, "block \(block)")
            let back = try JSON(parsing: text).string
            #expect(back?.unicodeScalars.elementsEqual(value) == true, "block \(block)")
        }
    }

    @Test(
        "a number that is none is written as a string",
        arguments: ["", "01", "NaN", "1,\"x\":2", "1 ", "+1", "\u{1B}"]
    )
    func noNumber(text: String) throws {
        #expect(try JSON(parsing: JSON.array([.number(text)]).text) == [.string(text)])
    }

    @Test("appends to what is there") func appends() {
        var bytes = Array("> ".utf8)
        (["a": 1] as JSON).write(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"> {"a":1}"#)
    }
}
