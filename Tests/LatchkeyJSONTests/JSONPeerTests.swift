// JSONPeerTests.swift: the reader and writer beside Python's, and under bytes that are not meant to be JSON at all.

import LatchkeyJSON
import LatchkeyTestSupport
import Testing

/// Makes documents (half of them damaged), and judges what became of them, by Python's own strict reading.
private let peer = #"""
    import json, random, sys

    def strict(data):
        def pairs(items):
            names = [name for name, _ in items]
            if len(set(names)) != len(names): raise ValueError("duplicate")
            return {"object": items}
        def constant(text): raise ValueError(text)
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant,
                           parse_int=lambda t: ["number", t], parse_float=lambda t: ["number", t])
        repr(value).encode("utf-8")
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair fails here
        return value

    odd = list("aZ0 \"\\/\n\t\0\x1f\x7f\x85é\u0301\u2028\u202e\ufeff\uffff😀") + [None]

    def text(r):
        pick = lambda: r.choice(odd) or chr(r.choice([r.randrange(0x20, 0xd800), r.randrange(0xe000, 0x110000)]))
        return "".join(pick() for _ in range(r.choice([0, 1, 2, 3, 5, 8, 20])))

    def value(r, depth):
        kind = r.randrange(9 if depth < 5 else 6)
        if kind == 0: return None
        if kind == 1: return r.random() < .5
        if kind == 2: return r.choice([0, -1, r.randrange(-2**70, 2**70), r.randrange(100)])
        if kind == 3: return r.choice([0.0, -0.5, 1e300, 5e-324, r.uniform(-1e6, 1e6), r.random() * 10 ** r.randrange(-30, 30)])
        if kind in (4, 5): return text(r)
        if kind == 6: return [value(r, depth + 1) for _ in range(r.randrange(5))]
        return {text(r): value(r, depth + 1) for _ in range(r.choice([0, 1, 2, 3, 20 if depth < 2 else 4]))}

    def damage(r, data):
        data = bytearray(data)
        for _ in range(r.choice([1, 1, 2, 5])):
            at = r.randrange(len(data) + 1)
            way = r.randrange(4)
            if way == 0: data[at:at + 1] = b""
            elif way == 1: data[at:at] = bytes([r.choice(b'{}[]",:\\0123456789eE+-. \t\nutfn\x00\x80\xc3\xe2\xed\xf4')])
            elif way == 2: data[at:at + 1] = bytes([r.randrange(256)])
            else: data[at:] = b""
            if not data: break
        return bytes(data)

    if sys.argv[1] == "make":
        r = random.Random(int(sys.argv[2]))
        for number in range(int(sys.argv[3])):
            data = json.dumps(value(r, 0), ensure_ascii=r.random() < .5, indent=r.choice([None, None, 1, "\t"]),
                              separators=r.choice([None, (",", ":"), (" , ", " : ")])).encode("utf-8", "surrogatepass")
            if number % 2: data = damage(r, data)
            print(data.hex())
    else:
        count = read = 0
        for line in sys.stdin:
            document, compact, pretty = (None if part == "-" else bytes.fromhex(part) for part in line.rstrip("\n").split(" "))
            try: wanted, valid = strict(document), True
            except ValueError: valid = False
            count += 1
            if not valid:
                if compact is not None: print("accepted", document)
            elif compact is None: print("refused", document)
            else:
                read += 1
                if strict(compact) != wanted: print("differs", document, compact)
                if strict(pretty) != wanted: print("differs", document, pretty)
        print("done", count, read)
    """#

private func python(_ arguments: [String], input: String = "") throws -> String {
    let output = try Subprocess.run(
        "/usr/bin/env",
        ["python3", "-X", "utf8", "-c", peer] + arguments,
        stdin: Array(input.utf8)
    )
    #expect(output.status == 0, "\(output.stderr)")
    return output.stdout
}

private func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}

private func unhex(_ text: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    var half: UInt8?
    for digit in text.utf8 {
        let value = digit < 0x3A ? digit - 0x30 : digit - 0x61 + 10
        if let first = half { bytes.append(first << 4 | value) }
        half = half == nil ? value : nil
    }
    return bytes
}

@Suite("JSON beside its peers") struct JSONPeerTests {
    @Test("reads, refuses and writes 3,000 documents as Python does") func python() throws {
        let seed = UInt32.random(in: 0...UInt32.max)
        var report = ""
        var refused = 0
        let documents = try LatchkeyJSONTests.python(["make", "\(seed)", "3000"])
        for line in documents.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let bytes = unhex(line)
            if let value = try? JSON(parsing: bytes) {
                report += "\(line) \(hex(value.bytes())) \(hex(value.bytes(pretty: true)))\n"
            } else {
                refused += 1
                report += "\(line) - -\n"
            }
        }
        let verdict = try LatchkeyJSONTests.python(["judge"], input: report)
        #expect(verdict == "done 3000 \(3000 - refused)\n", "seed \(seed)")
        #expect(refused > 500 && refused < 1500)
    }

    @Test("random bytes never trap") func randomBytes() {
        var random = SystemRandomNumberGenerator()
        let alphabet =
            Array("{}[]\",:\\u0123dDcC89aAeE+-.truefalsn \n\t".utf8) + [0x80, 0xC3, 0xE2, 0xED, 0xF0, 0xFF, 0x00]
        var read = 0
        for round in 0..<30_000 {
            let count = Int.random(in: 0..<40, using: &random)
            let bytes = (0..<count)
                .map { _ in
                    round % 3 == 0
                        ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random) ?? 0
                }
            do throws(JSONError) {
                let value = try JSON(parsing: bytes)
                read += 1
                _ = try? value.decode([Int8].self, refusingUnknown: true)
                _ = value.prettyText
            } catch {
                if error.line < 1 || error.column < 1 { Issue.record("no place for \(bytes)") }
            }
        }
        #expect(read > 0)
    }
}
