// SigV4MutantTests.swift: signed requests with one change each: none is accepted that does not mean the same.
import LatchkeyCrypto
import LatchkeyHTTP
import Testing

@testable import LatchkeyWire

@Suite("Signed requests with one change")
struct SigV4MutantTests {
    /// All shards together are 100,000 mutants.
    private static let shards = 10
    private static let mutants = 10_000

    @Test("are refused, unless they are another spelling of the same request", arguments: 0..<shards)
    func mutants(shard: Int) throws {
        let originals = SignedRequests.requests.prefix(200)
        #expect(originals.count == 200)
        var random = Mutator()
        var accepted = 0
        var made = 0
        while made < Self.mutants {
            let signed = originals[Int.random(in: 0..<originals.count, using: &random)]
            guard let (name, mutant) = random.mutant(of: signed.request) else { continue }
            made += 1
            do throws(SigV4.Refusal) { _ = try signed.verify(mutant) } catch { continue }
            accepted += 1
            let same = Meaning(mutant) == Meaning(signed.request)
            #expect(same, "seed \(random.seed), \(name): \(signed.request.text)\nas\n\(mutant.text)")
        }
        // The equal forms are few, and some are met.
        #expect(accepted > 0)
        #expect(accepted < Self.mutants / 10)
    }

    @Test("are refused when a part is not spelled as it was", arguments: ["method", "target", "field", "body"])
    func noneAccepted(part: String) throws {
        // Changes that can never be an equal form: letters and digits of what is signed.
        var random = Mutator()
        for signed in SignedRequests.requests.prefix(200) {
            for _ in 0..<10 {
                guard let mutant = random.otherWord(part, of: signed.request) else { continue }
                #expect(throws: SigV4.Refusal.self) { try signed.verify(mutant) }
            }
        }
    }
}

/// What a request says to a reader who knows nothing of canonical forms; nil parts where it says nothing at all.
private struct Meaning: Equatable {
    let method: String
    let path: [Substring]
    let endsWithSlash: Bool
    let query: [String: String]?
    let fields: [String: [[Substring]]]
    let authorization: [Set<Substring>]
    let body: [UInt8]

    init(_ request: HTTPRequest) {
        method = request.method
        body = request.body
        // As a server that resolves dots would walk it.
        var steps: [Substring] = []
        for step in request.path.split(separator: "/") {
            switch step {
            case ".": break
            case "..": _ = steps.popLast()
            default: steps.append(step)
            }
        }
        path = steps
        endsWithSlash = request.path.hasSuffix("/") || steps.isEmpty
        // As the server's forms read it: every name once.
        query = (try? Form(decoding: request.query.utf8))
            .map { form in
                Dictionary(form.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first + "?" })
            }
        // The names that are signed, wherever they are listed.
        let words = request.fields.values("authorization").map { String(decoding: $0, as: UTF8.self) }
        let list = words.first?.split(separator: "SignedHeaders=").last.map(String.init) ?? ""
        let listed = query?["X-Amz-SignedHeaders"] ?? String(list.prefix { $0 != "," && $0 != " " && $0 != "\t" })
        var fields: [String: [[Substring]]] = [:]
        for name in listed.split(separator: ";").map(String.init) {
            fields[name] = request.fields.values(name)
                .map { value in
                    String(decoding: value, as: UTF8.self).split { $0 == " " || $0 == "\t" }
                }
        }
        self.fields = fields
        authorization = words.map { Set($0.split { $0 == "," || $0 == " " || $0 == "\t" }) }
    }
}

/// Makes one change to a request, in ways that repeat from a seed.
private struct Mutator: RandomNumberGenerator {
    let seed = UInt64.random(in: 0...UInt64.max)
    private lazy var state = seed

    mutating func next() -> UInt64 {
        // Numerical Recipes' ranqd2, its upper half mixed in: good enough to pick places.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }

    /// A name for the change, and the request with it; nil where there is nothing to change or no reader would take it.
    mutating func mutant(of request: HTTPRequest) -> (String, HTTPRequest)? {
        let signedNames: Set = ["host", "date", "content-type", "authorization"]
        let fields = request.fields.all.indices.filter { place in
            let name = request.fields.all[place].name
            return signedNames.contains(name) || name.hasPrefix("x-amz-")
        }
        switch Int.random(in: 0..<12, using: &self) {
        case 0:
            return change(Array(request.method.utf8))
                .flatMap { bytes in
                    bytes.isEmpty || bytes.contains { !(0x21...0x7e).contains($0) }
                        ? nil : ("method", request.with(method: String(decoding: bytes, as: UTF8.self)))
                }
        case 1...4:
            return change(Array(request.target.utf8))
                .flatMap { bytes in
                    bytes.first != UInt8(ascii: "/") || bytes.contains { !(0x21...0x7e).contains($0) }
                        ? nil : ("target", request.with(target: String(decoding: bytes, as: UTF8.self)))
                }
        case 5...7:
            guard let place = fields.randomElement(using: &self) else { return nil }
            var all = request.fields.all
            guard let value = change(all[place].value) else { return nil }
            all[place] = HTTPFields.Field(all[place].name, value.trimmingBlanks)
            return ("field \(all[place].name)", request.with(fields: all))
        case 8:
            guard let place = fields.randomElement(using: &self) else { return nil }
            var all = request.fields.all
            switch Int.random(in: 0..<3, using: &self) {
            case 0: all.remove(at: place)
            case 1: all.append(all[place])
            default:
                guard let name = change(Array(all[place].name.utf8)) else { return nil }
                all[place] = HTTPFields.Field(String(decoding: name, as: UTF8.self), all[place].value)
            }
            return ("fields", request.with(fields: all))
        case 9:
            let name = ["x-amz-target", "X-Amz-Security-Token", "x-amz-date", "content-type", "host", "x-amz-a"]
                .randomElement(using: &self)
            guard let name else { return nil }
            return ("added", request.with(fields: request.fields.all + [HTTPFields.Field(name, "20150830T123600Z")]))
        case 10:
            let more = ["X-Amz-Expires=9", "x-amz-date=1", "X-Amz-Security-Token=a", "Action=DeleteUser", "", "a"]
                .randomElement(using: &self)
            let joint = request.target.contains("?") ? "&" : "?"
            return ("parameter", request.with(target: request.target + joint + (more ?? "")))
        default:
            return change(request.body).map { ("body", request.with(body: $0)) }
        }
    }

    /// The request with one letter or digit of a part replaced by another.
    mutating func otherWord(_ part: String, of request: HTTPRequest) -> HTTPRequest? {
        func isWord(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isLetter && byte < 0x7f }
        func replaced(_ bytes: [UInt8], _ from: Int = 0) -> [UInt8]? {
            // Not in an escape, whose digits may be written in two ways.
            let places = bytes.indices.filter { place in
                place >= from && isWord(bytes[place]) && !bytes[max(0, place - 2)..<place].contains(UInt8(ascii: "%"))
            }
            guard let place = places.randomElement(using: &self) else { return nil }
            var copy = bytes
            copy[place] = copy[place] == UInt8(ascii: "z") ? UInt8(ascii: "y") : copy[place] + 1
            return copy
        }
        switch part {
        case "method":
            return replaced(Array(request.method.utf8))
                .map { request.with(method: String(decoding: $0, as: UTF8.self)) }
        case "body": return replaced(request.body).map { request.with(body: $0) }
        case "field":
            var all = request.fields.all
            guard
                let place = all.indices.filter({ all[$0].name != "accept" && all[$0].name != "content-length" })
                    .randomElement(using: &self), let value = replaced(all[place].value)
            else { return nil }
            all[place] = HTTPFields.Field(all[place].name, value)
            return request.with(fields: all)
        default:
            let query = request.target.utf8.firstIndex(of: UInt8(ascii: "?"))
            // A path may go up again over what was changed.
            guard let query, !request.path.contains("..") else { return nil }
            let from = request.target.utf8.distance(from: request.target.startIndex, to: query)
            return replaced(Array(request.target.utf8), from)
                .map { request.with(target: String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// One bit, byte or letter case changed, or one byte dropped, doubled, added, or swapped with the next.
    private mutating func change(_ bytes: [UInt8]) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        var copy = bytes
        let place = Int.random(in: 0..<bytes.count, using: &self)
        switch Int.random(in: 0..<8, using: &self) {
        case 0, 1: copy[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 2: copy[place] = UInt8.random(in: 0...255, using: &self)
        case 3: copy[place] ^= 0x20
        case 4: copy.remove(at: place)
        case 5: copy.insert(copy[place], at: place)
        case 6: copy.insert(" %&=+/.;,\t".utf8.randomElement(using: &self) ?? 0, at: place)
        default:
            guard place + 1 < copy.count else { return nil }
            copy.swapAt(place, place + 1)
        }
        return copy == bytes ? nil : copy
    }
}

extension [UInt8] {
    /// The bytes without blanks at both ends, which no reader keeps.
    fileprivate var trimmingBlanks: [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        return drop(while: isBlank).reversed().drop(while: isBlank).reversed()
    }
}

extension HTTPRequest {
    fileprivate var text: String {
        let lines = fields.all.map { "\($0.name): \(String(decoding: $0.value, as: UTF8.self))" }
        return (["\(method) \(target)"] + lines).joined(separator: "\n")
    }

    fileprivate func with(
        method: String? = nil,
        target: String? = nil,
        fields: [HTTPFields.Field]? = nil,
        body: [UInt8]? = nil
    ) -> HTTPRequest {
        HTTPRequest(
            method: method ?? self.method,
            target: target ?? self.target,
            fields: fields.map { HTTPFields($0) } ?? self.fields,
            body: body ?? self.body
        )
    }
}
