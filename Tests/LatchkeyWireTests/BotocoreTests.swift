// BotocoreTests.swift: forms and documents of every operation of IAM and STS, exchanged with botocore.
import LatchkeyHTTP
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@testable import LatchkeyWire

/// AWS's own Python library, which judges.
enum Botocore {
    /// The release.
    static let package = "botocore==1.43.11"

    /// Python that leads from AWS's name of a member to ours.
    static let names = """
        def ours(name):
            for acronym in ("AWS", "MFA", "QR", "SAML", "SSH"):
                if name.startswith(acronym):
                    return acronym.lower() + name[len(acronym):]
            return name[0].lower() + name[1:]
        """
}

@Suite("Beside botocore")
struct BotocoreTests {
    /// Makes random values for every operation of both models; a run follows from its seed.
    private static let making = """

        import base64, calendar, datetime, json, random, sys
        from botocore.loaders import Loader
        from botocore.model import ServiceModel
        from botocore.parsers import create_parser
        from botocore.serialize import create_serializer
        from botocore.awsrequest import AWSRequest

        sys.stdin.reconfigure(encoding="utf-8")
        sys.stdout.reconfigure(encoding="utf-8")
        seed = int(sys.argv[1])
        versions = {"iam": "2010-05-08", "sts": "2011-06-15"}
        letters = "abcXYZ019 /:=+,.@-_%&;<>\\"'\\r\\n\\t]é€😀\\u0085\\u2028\\ufffd"

        def text(rng):
            return "".join(rng.choice(letters) for _ in range(rng.randrange(12)))

        # A value as Python has it, and as a tree for the other side.
        def make(rng, shape, fill):
            kind = shape.type_name
            if kind == "structure":
                value, tree = {}, []
                for name, member in shape.members.items():
                    if fill or rng.random() < 0.7:
                        value[name], inner = make(rng, member, fill)
                        tree.append([ours(name), name, inner])
                    else:
                        tree.append([ours(name), name, None])
                return value, {"structure": tree}
            if kind == "list":
                items = [make(rng, shape.member, fill) for _ in range(rng.randrange(4))]
                return [v for v, _ in items], {"list": [t for _, t in items]}
            if kind == "map":
                items = {text(rng): make(rng, shape.value, fill) for _ in range(rng.randrange(4))}
                return {k: v for k, (v, _) in items.items()}, {"map": [[k, t] for k, (_, t) in items.items()]}
            if kind == "boolean":
                value = rng.random() < 0.5
                return value, {"flag": value}
            if kind in ("integer", "long"):
                value = rng.randrange(-2**31, 2**31)
                return value, {"integer": value}
            if kind == "timestamp":
                value = datetime.datetime.fromtimestamp(rng.randrange(2**32), datetime.timezone.utc)
                return value, {"text": value.strftime("%Y-%m-%dT%H:%M:%SZ")}
            if kind == "blob":
                value = bytes(rng.randrange(256) for _ in range(rng.randrange(9)))
                return value, {"text": base64.b64encode(value).decode()}
            assert kind == "string", kind
            value = rng.choice(shape.enum) if shape.enum else text(rng)
            return value, {"text": value}

        def cases():
            rng = random.Random(seed)
            for service, version in versions.items():
                model = ServiceModel(Loader().load_service_model(service, "service-2", version), service)
                for name in model.operation_names:
                    operation = model.operation_model(name)
                    empty = ({}, {"structure": []})
                    # What is sent has all its members: a structure without any has no form in botocore.
                    given = make(rng, operation.input_shape, True) if operation.input_shape else empty
                    answer = make(rng, operation.output_shape, False) if operation.output_shape else empty
                    yield model, operation, given, answer

        def form(operation, given):
            sent = create_serializer("query", False).serialize_to_request(given, operation)
            request = AWSRequest("POST", "http://127.0.0.1/", sent["headers"], sent["body"]).prepare()
            body = request.body
            return body.decode() if isinstance(body, bytes) else body
        """

    private static let asking = """

        for model, operation, (given, given_tree), (answer, answer_tree) in cases():
            print(json.dumps({
                "action": operation.name, "namespace": model.metadata["xmlNamespace"],
                "hasOutput": operation.output_shape is not None,
                "form": form(operation, given), "input": given_tree, "output": answer_tree,
            }))
        """

    private static let judging = """

        lines = [json.loads(line) for line in sys.stdin]
        from urllib.parse import parse_qsl
        count = 0
        for line, (model, operation, (given, _), (answer, _)) in zip(lines, cases(), strict=True):
            parser = create_parser("query")
            got = parser.parse({"status_code": 200, "headers": {}, "body": line["xml"].encode()}, operation.output_shape)
            if got.pop("ResponseMetadata").get("RequestId") != "r-1":
                print(operation.name, "has another request identifier")
            if got != answer:
                print(operation.name, "is answered differently:", got, answer)
            theirs = dict(parse_qsl(form(operation, given), True, True))
            del theirs["Action"], theirs["Version"]
            if dict(parse_qsl(line["form"], True, True)) != theirs:
                print(operation.name, "is sent differently:", line["form"], theirs)
            fault = parser.parse({"status_code": 409, "headers": {}, "body": line["fault"].encode()}, operation.output_shape)
            if fault["Error"] != {"Type": "Sender", "Code": "DeleteConflict", "Message": line["message"]}:
                print(operation.name, "is refused differently:", fault)
            count += 1
        print(count)
        """

    @Test("forms, answers and refusals of every operation are understood on both sides", arguments: [1, 2, 3])
    func operations(seed: Int) throws {
        let asked = try PythonEnvironment.run(
            Botocore.names + Self.making + Self.asking,
            ["\(seed)"],
            with: [Botocore.package]
        )
        var answers: [UInt8] = []
        var count = 0
        for line in asked.lines {
            let json = try JSON(parsing: Array(line.utf8).span)
            let action = try #require(json.object?["action"]?.string)
            let namespace = try #require(json.object?["namespace"]?.string)
            let hasOutput = json.object?["hasOutput"]?.bool == true
            let input = try #require(Tree(json.object?["input"]))
            let output = try #require(Tree(json.object?["output"]))

            let body = try #require(json.object?["form"]?.string)
            let form = try Form(decoding: body.utf8)
            let read = try WireNode(form, ignoring: ["Action", "Version"])
            #expect(read.sorted == input.node.sorted, "\(action) is read differently")

            let message = "\(action) <&> is\r\nin the way of é😀"
            let fault = FaultDocument(
                code: "DeleteConflict",
                status: 409,
                message: message,
                requestID: "r-1",
                namespace: namespace
            )
            let xml =
                hasOutput
                ? try Self.document(output, action, namespace) : try Self.document(Nothing(), action, namespace)
            #expect(String(decoding: xml, as: UTF8.self).contains("<\(action)Result") == hasOutput)
            #expect(try Self.result(xml, action)?.sorted == (hasOutput ? Self.emptied(output.node).sorted : nil))
            let line: JSON = [
                "xml": .string(String(decoding: xml, as: UTF8.self)),
                "form": .string(String(decoding: FormEncoder.body(of: try FormEncoder().encode(input)), as: UTF8.self)),
                "fault": .string(String(decoding: fault.bytes, as: UTF8.self)),
                "message": .string(message),
            ]
            answers += line.bytes() + [UInt8(ascii: "\n")]
            count += 1
        }
        #expect(count > 180)
        let judged = try PythonEnvironment.run(
            Botocore.names + Self.making + Self.judging,
            ["\(seed)"],
            with: [Botocore.package],
            stdin: answers
        )
        #expect(judged.lines.map(String.init) == ["\(count)"])
    }

    private static func document(_ output: some Encodable, _ action: String, _ namespace: String) throws -> [UInt8] {
        try XMLWriter.document(output, action: action, namespace: namespace, requestID: "r-1")
    }

    private static func result(_ xml: [UInt8], _ action: String) throws -> WireNode? {
        try XMLParser.parse(xml)["\(action)Result"].map { try WireNode($0) }
    }

    /// Nothing inside is an empty text once it is written.
    private static func emptied(_ node: WireNode) -> WireNode {
        switch node {
        case .structure([]): .scalar("")
        case .structure(let members): .structure(members.map { .init(name: $0.name, node: emptied($0.node)) })
        case .map(let entries): .map(entries.map { .init(name: $0.name, node: emptied($0.node)) })
        case .list(let items): .list(items.map(emptied))
        case .scalar: node
        }
    }

    @Test("every character that XML has comes out of Python's expat as it went in")
    func expat() throws {
        let ranges: [ClosedRange<UInt32>] = [0x9...0xA, 0xD...0xD, 0x20...0xD7FF, 0xE000...0xFFFD, 0x1_F300...0x1_F700]
        var text = String.UnicodeScalarView()
        for range in ranges { text.append(contentsOf: range.compactMap(Unicode.Scalar.init)) }
        for value in stride(from: UInt32(0x1_0000), through: 0x10_FFFF, by: 997) {
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        text.append("\u{10FFFF}")
        let script = """
            import sys
            from xml.parsers import expat
            from xml.etree import ElementTree
            data = sys.stdin.buffer.read()
            expat.ParserCreate().Parse(data, True)
            root = ElementTree.fromstring(data)
            sys.stdout.buffer.write(root.find("{n}XResult/{n}Key").text.encode())
            """
        let document = try Self.document(Tag(key: String(text), value: ""), "X", "n")
        let output = try PythonEnvironment.run(script, with: [], stdin: document)
        #expect(output.stdoutBytes.elementsEqual(String(text).utf8))
        let back = try XMLReader.decode(Tag.self, from: document, action: "X")
        #expect(back.key.utf8.elementsEqual(String(text).utf8))
    }
}

extension WireNode {
    /// The same, with members by name: forms and dictionaries keep no order.
    var sorted: WireNode {
        func sort(_ members: [Member]) -> [Member] {
            members.map { Member(name: $0.name, node: $0.node.sorted) }
                .sorted { $0.name.unicodeScalars.lexicographicallyPrecedes($1.name.unicodeScalars) }
        }
        return switch self {
        case .scalar: self
        case .structure(let members): .structure(sort(members))
        case .map(let entries): .map(sort(entries))
        case .list(let elements): .list(elements.map(\.sorted))
        }
    }
}
