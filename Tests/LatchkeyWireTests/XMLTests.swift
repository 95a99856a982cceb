// XMLTests.swift: answers and refusals as XML, written and read back.
import LatchkeyHTTP
import Testing

@testable import LatchkeyWire

private let namespace = "https://iam.amazonaws.com/doc/2010-05-08/"

private func document(_ output: some Encodable, action: String = "X") throws -> String {
    String(
        decoding: try XMLWriter.document(output, action: action, namespace: namespace, requestID: "r-1", userInfo: [:]),
        as: UTF8.self
    )
}

private func read<T: Decodable>(_ type: T.Type, result: String, action: String = "X") throws -> T {
    let text =
        "<\(action)Response xmlns='\(namespace)'><\(action)Result>\(result)</\(action)Result></\(action)Response>"
    return try XMLReader.decode(type, from: Array(text.utf8), action: action)
}

@Suite("Answers as XML")
struct XMLTests {
    private static let page = Page(
        users: [
            MakeUser(userName: ShortName("ann"), path: "a\r\nb\tc", isOn: true, tags: []),
            MakeUser(userName: ShortName("bob"), tags: [Tag(key: "<&>\"'", value: "]]>é😀")], counts: ["b": 2]),
        ],
        isTruncated: false,
        ratio: 0.25,
        summaryMap: [:],
        arn: ""
    )

    @Test("an answer has the form that AWS gives it")
    func form() throws {
        let wanted =
            "<XResponse xmlns=\"\(namespace)\"><XResult><Users><member><UserName>ann</UserName>"
            + "<Path>a&#13;&#10;b&#9;c</Path><IsOn>true</IsOn><Tags/></member><member><UserName>bob</UserName><Tags>"
            + "<member><Key>&lt;&amp;&gt;&quot;'</Key><Value>]]&gt;é😀</Value></member></Tags><Counts><entry><key>b</key>"
            + "<value>2</value></entry></Counts></member></Users><IsTruncated>false</IsTruncated><Ratio>0.25</Ratio>"
            + "<SummaryMap/><Arn/></XResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></XResponse>"
        #expect(try document(Self.page) == wanted)
    }

    @Test("an answer that is read back is the same")
    func roundTrip() throws {
        let bytes = Array(try document(Self.page).utf8)
        #expect(try XMLReader.decode(Page.self, from: bytes, action: "X") == Self.page)
        #expect(try XMLReader.requestID(in: bytes) == "r-1")
    }

    @Test("a dictionary in a type of its own is a map too")
    func wrappedMap() throws {
        struct Counts: Codable, Equatable {
            let counts: [String: Int]
            init(_ counts: [String: Int]) { self.counts = counts }
            init(from decoder: any Decoder) throws {
                counts = try decoder.singleValueContainer().decode([String: Int].self)
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(counts)
            }
        }
        struct Answer: Codable, Equatable {
            var summaryMap: Counts
        }
        let answer = Answer(summaryMap: Counts(["mfaDevices": 1]))
        let text = try document(answer)
        #expect(text.contains("<SummaryMap><entry><key>mfaDevices</key><value>1</value></entry></SummaryMap>"))
        #expect(try XMLReader.decode(Answer.self, from: Array(text.utf8), action: "X") == answer)
    }

    @Test("an encoder's user information reaches the types")
    func userInfo() throws {
        struct Shouted: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                let key = CodingUserInfoKey(rawValue: "loud")
                try container.encode(key.flatMap { encoder.userInfo[$0] as? Bool } == true ? "A" : "a")
            }
        }
        let key = try #require(CodingUserInfoKey(rawValue: "loud"))
        struct Pair: Encodable {
            let word: Shouted
        }
        let loud = try XMLWriter.document(
            Pair(word: Shouted()),
            action: "X",
            namespace: "n",
            requestID: "r",
            userInfo: [key: true]
        )
        #expect(String(decoding: loud, as: UTF8.self).contains("<Word>A</Word>"))
        #expect(try document(Pair(word: Shouted())).contains("<Word>a</Word>"))
    }

    @Test("only an action that answers nothing has no result")
    func results() throws {
        #expect(
            try document(Nothing())
                == "<XResponse xmlns=\"\(namespace)\"><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></XResponse>"
        )
        #expect(try document(AllOptional()).contains("<XResult/>"))
        #expect(try read(AllOptional.self, result: "") == AllOptional())
        let nothing = Array(try document(Nothing()).utf8)
        #expect(try XMLReader.decode(Nothing.self, from: nothing, action: "X") == Nothing())
    }

    @Test("what XML cannot carry becomes U+FFFD in an answer")
    func replacement() throws {
        let text = try document(Tag(key: "a\u{0}\u{8}\u{FFFE}\u{FFFF}b", value: "\u{FFFD}"))
        #expect(text.contains("<Key>a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}b</Key><Value>\u{FFFD}</Value>"))
    }

    @Test("what is no structure is no answer, and infinity no number")
    func refused() {
        #expect(throws: WireError.self) { try document([1]) }
        #expect(throws: WireError.self) { try document("a") }
        #expect(throws: WireError.self) { try document(["a": 1]) }
        #expect(throws: WireError.self) {
            try document(Page(users: [], isTruncated: false, ratio: .infinity, summaryMap: [:]))
        }
    }

    @Test("a refusal is written and read back, and says whose fault it is")
    func faults() throws {
        let fault = FaultDocument(
            code: "NoSuchEntity",
            status: 404,
            message: "The user <a&b> is\nnot there.",
            requestID: "r-2",
            namespace: namespace
        )
        let response = fault.response
        #expect(response.status == 404)
        #expect(response.fields["content-type"] == "text/xml")
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == "<ErrorResponse xmlns=\"\(namespace)\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>"
                + "The user &lt;a&amp;b&gt; is&#10;not there.</Message></Error><RequestId>r-2</RequestId></ErrorResponse>"
        )
        #expect(try FaultDocument(reading: response.body, status: 404) == fault)
        let failure = FaultDocument(code: "E", status: 500, message: "", requestID: "", namespace: "")
        #expect(String(decoding: failure.bytes, as: UTF8.self).contains("<Type>Receiver</Type>"))
    }

    @Test("white space between elements, either quotes and the declaration are taken; unknown members are passed over")
    func lenient() throws {
        let text = """
            <?xml version='1.0' encoding="utf-8"?>
            <XResponse xmlns="\(namespace)" >
              <XResult>
                <New><Deep>1</Deep></New>
                <Key>a&#x26;&#38;&amp;&lt;&gt;&quot;&apos;\r\nb</Key><Value > c </Value >
              </XResult>
            </XResponse>

            """
        let tag = try XMLReader.decode(Tag.self, from: Array(text.utf8), action: "X")
        #expect(tag == Tag(key: "a&&&<>\"'\nb", value: " c "))
    }

    @Test(
        "everything else that XML can do is refused",
        arguments: [
            "", "x", "<XResponse>", "<XResponse></X>", "<XResponse/><XResponse/>", "<XResponse/>x", "<YResponse/>",
            "<!DOCTYPE XResponse><XResponse/>", "<!DOCTYPE a [<!ENTITY e \"x\">]><XResponse>&e;</XResponse>",
            "<XResponse>&e;</XResponse>", "<XResponse>&amp</XResponse>", "<XResponse>&</XResponse>",
            "<XResponse>&#0;</XResponse>", "<XResponse>&#8;</XResponse>", "<XResponse>&#xFFFE;</XResponse>",
            "<XResponse>&#xD800;</XResponse>", "<XResponse>&#x110000;</XResponse>",
            "<XResponse>&#99999999999;</XResponse>",
            "<XResponse>&#;</XResponse>", "<XResponse>&#x;</XResponse>", "<XResponse>&#X41;</XResponse>",
            "<XResponse><!-- c --></XResponse>", "<XResponse><![CDATA[x]]></XResponse>", "<XResponse>]]></XResponse>",
            "<XResponse><?p x?></XResponse>", "<XResponse a=\"1\"/>", "<XResponse xmlns='a' xmlns='b'/>",
            "<XResponse xmlns:a='b'/>", "<a:XResponse/>", "<XResponse xmlns=a/>", "<XResponse xmlns='<'/>",
            "<XResponse xmlns='a/>", "<XResponse\u{0}/>", "<XResponse>\u{1}</XResponse>",
            "<XResponse>\u{FFFE}</XResponse>",
            "<?xml version='1.1'?><XResponse/>", "<?xml version='1.0' encoding='utf-16'?><XResponse/>",
            "<?xml <XResponse/>",
            "<XResponse><XResult><Key>a</Key>x</XResult></XResponse>",
            "<XResponse><XResult><Key>a</Key><Key>b</Key><Value>v</Value></XResult></XResponse>",
            "< XResponse/>", "<XResponse><XResult/></XResponse", "<XResponse><1/></XResponse>", "\u{FEFF}<XResponse/>",
            "<XResponse><XResult><member>a</member><Key>k</Key><member>b</member></XResult></XResponse>",
        ]
    )
    func strict(text: String) {
        #expect(throws: WireError.self) { try XMLReader.decode(Tag.self, from: Array(text.utf8), action: "X") }
    }

    @Test("what is missing in an answer is named, and not as a mistake of the caller's")
    func missing() {
        let error = #expect(throws: WireError.self) { try read(Tag.self, result: "<Key>k</Key>") }
        #expect(error?.description == "the answer to X cannot be read: value: Member must not be null")
    }

    @Test("depth, size and bytes that are not UTF-8 end in a refusal")
    func limits() {
        let deep = Array((String(repeating: "<a>", count: 100_000)).utf8)
        #expect(throws: WireError.self) { try XMLReader.decode(Tag.self, from: deep, action: "X") }
        let long = [UInt8](repeating: UInt8(ascii: " "), count: XMLParser.mostBytes + 1)
        #expect(throws: WireError.self) { try XMLReader.decode(Tag.self, from: long, action: "X") }
        let broken = Array("<XResponse>".utf8) + [0xFF] + Array("</XResponse>".utf8)
        #expect(throws: WireError.self) { try XMLReader.decode(Tag.self, from: broken, action: "X") }
    }

    @Test("a refusal that is none is not read as one")
    func noFaults() {
        for text in ["<XResponse/>", "<ErrorResponse/>", "<ErrorResponse><Error><Code/></Error></ErrorResponse>"] {
            #expect(throws: WireError.self) { try FaultDocument(reading: Array(text.utf8), status: 400) }
        }
    }
}
