// QueryFormTests.swift: the form and the answer of every action of IAM and STS, as botocore sends and reads them.
import Latchkey
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyTestSupport
import LatchkeyWire
import Testing

@testable import LatchkeyServer

@Suite("Actions as forms and documents")
struct QueryFormTests {
    /// For each action that is named on standard input: the form of a request with all members, and an answer with all.
    private static let script = #"""
        import base64, datetime, json, re, sys
        from xml.sax.saxutils import escape
        from botocore.awsrequest import AWSRequest
        from botocore.loaders import Loader
        from botocore.model import ServiceModel
        from botocore.serialize import create_serializer

        words = ["ann", "/", "/a/", "123456", "123456789012", "arn:aws:iam::123456789012:user/ann", "AIDAIOSFODNN7EXAMPLE",
                 "a" * 40, "v1", "ec2.amazonaws.com", "https://a.example/", "x" * 64, "y" * 1000]

        # A member of Bedrock's keys alone, a service that does not exist here.
        absent = {"CredentialAgeDays"}

        def text(shape, name):
            if shape.enum:
                return shape.enum[0]
            data = shape.metadata
            pattern = data.get("pattern")
            if pattern is None or "\\p" in pattern:
                pattern = ".*"
            if name == "Account":
                return words[4]
            if name in ("Arn", "SerialNumber") or name.endswith("Arn"):
                return words[5]
            for word in words + ["x" * data.get("min", 1)]:
                if data.get("min", 0) <= len(word) <= data.get("max", 10**9) and re.fullmatch(pattern, word, re.S):
                    return word
            raise SystemExit(f"no word for {name}: {shape.name} {data}")

        def make(shape, name):
            kind = shape.type_name
            if kind == "structure":
                return {n: make(m, n) for n, m in shape.members.items() if n not in absent}
            if kind == "list":
                return [make(shape.member, name)]
            if kind == "map":
                return {"Users": make(shape.value, name)}
            if kind == "boolean":
                return True
            if kind in ("integer", "long"):
                return max(shape.metadata.get("min", 900), 1)
            if kind == "timestamp":
                return datetime.datetime(2026, 11, 23, 20, 46, 42, tzinfo=datetime.timezone.utc)
            if kind == "blob":
                return b"\x00\xff?"
            return text(shape, name)

        def xml(shape, value, tag):
            kind = shape.type_name
            if kind == "structure":
                inner = "".join(xml(m, value[n], n) for n, m in shape.members.items())
                if not inner:
                    return f"<{tag}/>"
            elif kind == "list":
                inner = "".join(xml(shape.member, item, "member") for item in value)
            elif kind == "map":
                inner = "".join("<entry><key>" + escape(k) + "</key>" + xml(shape.value, v, "value") + "</entry>"
                                for k, v in value.items())
            elif kind == "boolean":
                inner = str(value).lower()
            elif kind == "timestamp":
                inner = value.strftime("%Y-%m-%dT%H:%M:%SZ")
            elif kind == "blob":
                inner = base64.b64encode(value).decode()
            else:
                inner = escape(str(value))
            return f"<{tag}>{inner}</{tag}>"

        models = {s: ServiceModel(Loader().load_service_model(s, "service-2", v), s)
                  for s, v in (("iam", "2010-05-08"), ("sts", "2011-06-15"))}
        for line in sys.stdin:
            service, name = line.split()
            operation = models[service].operation_model(name)
            given = make(operation.input_shape, name) if operation.input_shape else {}
            sent = create_serializer("query", False).serialize_to_request(given, operation)
            body = AWSRequest("POST", "http://127.0.0.1/", sent["headers"], sent["body"]).prepare().body
            result = ""
            if operation.output_shape:
                result = xml(operation.output_shape, make(operation.output_shape, name), name + "Result")
            print(json.dumps({
                "action": name, "form": body if isinstance(body, str) else body.decode(),
                "xml": f"<{name}Response xmlns=\"n\">{result}<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{name}Response>",
            }))
        """#

    @Test(
        "every action is sent as botocore sends it, and every answer has AWS's elements only"
    )
    func actions() throws {
        let known = Catalog.actions.filter { $0.service != .latchkey }
        let names = known.map { "\($0.service.rawValue) \($0.name)\n" }.joined()
        let lines = try PythonEnvironment.run(Self.script, with: [botocore], stdin: Array(names.utf8)).lines
        #expect(lines.count == known.count)
        for (line, action) in zip(lines, known) {
            let members = try JSON(parsing: Array(line.utf8).span).object
            #expect(members?["action"]?.string == action.name)
            try Self.check(action, form: members?["form"]?.string ?? "", xml: members?["xml"]?.string ?? "")
        }
    }

    private static func check<A: Action>(_ action: A.Type, form: String, xml: String) throws {
        do {
            let form = try Form(decoding: form.utf8)
            let value = try FormDecoder(form, ignoring: ["Action", "Version"]).decode(A.self)
            let back = try FormEncoder().encode(value)
            let sent = form.fields.filter { $0.name != "Action" && $0.name != "Version" }
            #expect(sorted(back) == sorted(sent), "\(A.name)")
        } catch {
            Issue.record("\(A.name) is not read: \(error)")
        }
        do {
            let output = try XMLReader.decode(A.Output.self, from: Array(xml.utf8), action: A.name)
            let back = try XMLWriter.document(output, action: A.name, namespace: "n", requestID: "r", userInfo: [:])
            // Whether a member is missing here is asked beside the models; what is written must be AWS's.
            let unknown = Set(elements(String(decoding: back, as: UTF8.self))).subtracting(elements(xml))
            #expect(unknown.sorted() == [], "\(A.name)")
        } catch {
            Issue.record("the answer of \(A.name) is not read: \(error)")
        }
    }

    private static func sorted(_ fields: [Form.Field]) -> [String] { fields.map { "\($0.name)=\($0.value)" }.sorted() }

    /// The elements with their texts, in whatever order they stand.
    private static func elements(_ xml: String) -> [String] {
        xml.replacing(/<(\w+)\/>/) { "<\($0.1)></\($0.1)>" }.split(separator: "<").map(String.init)
    }
}
