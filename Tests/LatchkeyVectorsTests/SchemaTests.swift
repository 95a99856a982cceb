// SchemaTests.swift: the schema says of every file, whole and damaged, what the loader says.

import LatchkeyJSON
import LatchkeyTestSupport
import LatchkeyVectors
import Testing

@Suite("The schema of vector files") struct SchemaTests {
    @Test("names the kinds that this build runs, each with a definition") func kinds() throws {
        let schema = try JSON(parsing: try Files.read("\(vectorsDirectory)/schema.json"))
        let named = try #require(schema["properties"]?["kind"]?["enum"]?.array).compactMap(\.string)
        #expect(Set(named) == Set(VectorFile.kinds))
        for kind in named { #expect(schema["$defs"]?[kind] != nil, "\(kind)") }
        #expect(schema["allOf"]?.array?.count == named.count)
    }

    @Test("accepts and refuses the files, and damaged copies of them, as the loader does") func agreement() throws {
        var documents: [(name: String, document: JSON)] = []
        for path in vectorPaths {
            let file = try JSON(parsing: try Files.read("\(vectorsDirectory)/\(path)"))
            documents.append((path, file))
            documents += damaged(try #require(file.object)).map { ("\(path): \($0)", $1) }
        }
        #expect(documents.count > 1000)
        let verdicts = try PythonEnvironment.run(
            """
            import json, sys
            from jsonschema import Draft202012Validator
            schema = json.load(open(sys.argv[1]))
            Draft202012Validator.check_schema(schema)
            validator = Draft202012Validator(schema)
            for line in sys.stdin: print(int(validator.is_valid(json.loads(line))))
            """,
            ["\(vectorsDirectory)/schema.json"],
            with: ["jsonschema==4.26.0"],
            stdin: documents.flatMap { $0.document.bytes() + [0x0A] }
        )
        #expect(verdicts.lines.count == documents.count)
        var refused = 0
        for (verdict, (name, document)) in zip(verdicts.lines, documents) {
            let isLoaded = (try? VectorFile(name, bytes: document.bytes())) != nil
            #expect(isLoaded == (verdict == "1"), "\(name)")
            if !isLoaded { refused += 1 }
        }
        #expect(refused > 1000)
    }

    /// Copies of a file with one thing wrong: for each member of each object on the way to the first case's expectation,
    /// the member gone, of another type, or with a stranger beside it.
    private func damaged(_ file: JSON.Object) -> [(String, JSON)] {
        guard let first = file["cases"]?[0]?.object, let expect = first["expect"]?.object else { return [] }
        var copies: [(String, JSON)] = []
        func put(_ name: String, _ expect: JSON.Object) {
            var vector = first
            vector["expect"] = .object(expect)
            put(name, vector: vector)
        }
        func put(_ name: String, vector: JSON.Object) {
            var copy = file
            copy["cases"] = [.object(vector)]
            copies.append((name, .object(copy)))
        }
        for (what, copy) in variants(of: file) { copies.append((what, .object(copy))) }
        for (what, vector) in variants(of: first) { put("cases[0].\(what)", vector: vector) }
        for (what, expect) in variants(of: expect) where file["kind"] != "text-encoding" || what != "without text" {
            put("cases[0].expect.\(what)", expect)
        }
        let refusal: JSON.Object = ["layer": "parse", "error": "e", "says": "s"]
        for (what, refusal) in variants(of: refusal) where file["kind"] != "text-encoding" {
            put("cases[0].expect.refusal.\(what)", ["refusal": .object(refusal)])
        }
        return copies
    }

    private func variants(of object: JSON.Object) -> [(String, JSON.Object)] {
        var variants: [(String, JSON.Object)] = []
        var stranger = object
        stranger["stranger"] = 1
        variants.append(("with a stranger", stranger))
        for (name, value) in object.members {
            var without = object
            without[name] = nil
            variants.append(("without \(name)", without))
            var other = object
            other[name] = value.string == nil ? "text" : 5
            variants.append(("other \(name)", other))
            other[name] = [[]]
            variants.append(("list \(name)", other))
        }
        return variants
    }
}
