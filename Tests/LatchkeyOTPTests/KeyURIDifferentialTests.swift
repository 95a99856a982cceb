// KeyURIDifferentialTests.swift: our URIs read by pyotp and urllib, theirs read by us.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@Suite("otpauth: URIs beside pyotp and urllib")
struct KeyURIDifferentialTests {
    /// What Python reads in a URI of ours, by pyotp and, independently, by urllib alone.
    private struct Reading: Codable {
        var type: String
        var issuer: String?
        var name: String
        var secret: String
        var algorithm: String
        var digits: Int
        var period: Int64?
        var counter: UInt64?
        var label: [String]
        var query: [[String]]
        var rest: String
    }

    private static let reader = """
        import json, sys
        from urllib.parse import urlsplit, unquote, parse_qsl
        import pyotp
        for line in sys.stdin:
            uri = json.loads(line)
            otp = pyotp.parse_uri(uri)
            parts = urlsplit(uri)
            kind = "hotp" if isinstance(otp, pyotp.HOTP) else "steam" if isinstance(otp, pyotp.contrib.Steam) else "totp"
            print(json.dumps({
                "type": kind, "issuer": otp.issuer, "name": otp.name, "secret": otp.secret,
                "algorithm": otp.digest().name.upper(), "digits": otp.digits,
                "period": getattr(otp, "interval", None), "counter": getattr(otp, "initial_count", None),
                "label": [unquote(p, errors="strict") for p in parts.path[1:].split(":")],
                "query": parse_qsl(parts.query, strict_parsing=True, errors="strict"),
                "rest": parts.scheme + "|" + parts.netloc + "|" + parts.fragment,
            }))
        """

    @Test("what we write, they read")
    func writing() throws {
        var random = SeededGenerator()
        var keys: [KeyFacts] = Names.hostile.flatMap { name in
            [KeyFacts(account: name), KeyFacts(issuer: name), KeyFacts(issuer: name, account: name)]
        }
        for _ in 0..<2000 {
            var facts = KeyFacts(random.pick(KeyURI.Kind.allCases))
            facts.issuer = random.chance(1, in: 3) ? nil : Names.random(&random)
            facts.account = Names.random(&random)
            facts.secret = random.bytes(Int.random(in: 14...64, using: &random))
            facts.digits = facts.type == .steam ? 5 : random.pick([6, 7, 8])
            if facts.type != .steam { facts.algorithm = random.pick(HashAlgorithm.allCases) }
            if facts.type == .totp { facts.period = Int64.random(in: 1...120, using: &random) }
            if facts.type == .hotp { facts.counter = random.next() }
            keys.append(facts)
        }
        let uris = try keys.map { try $0.uri().text() }
        #expect(uris.allSatisfy { $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let input = try uris.flatMap { try Array(encoder.encode($0)) + [UInt8(ascii: "\n")] }
        let output = try PythonEnvironment.run(Self.reader, with: [pyotp], stdin: input)
        let readings = try output.lines.map { try JSONDecoder().decode(Reading.self, from: Data($0.utf8)) }
        try #require(readings.count == keys.count)
        for (key, reading) in zip(keys, readings) {
            let seed: Comment = "seed \(random.seed): \(key)"
            #expect(reading.type == key.type.rawValue, seed)
            #expect(reading.issuer.map { Array($0.utf8) } == key.issuer.map { Array($0.utf8) }, seed)
            #expect(Array(reading.name.utf8) == Array(key.account.utf8), seed)
            #expect(reading.secret == Base32.encode(key.secret), seed)
            #expect(reading.algorithm == key.algorithm.rawValue, seed)
            if key.type != .steam { #expect(reading.digits == key.digits, seed) }
            if key.type == .totp { #expect(reading.period == key.period, seed) }
            if key.type == .hotp { #expect(reading.counter == key.counter, seed) }
            // By the book, without pyotp's forgiveness.
            #expect(
                reading.label.map { Array($0.utf8) }
                    == ([key.issuer, key.account].compactMap { $0 }).map { Array($0.utf8) },
                seed
            )
            #expect(reading.query.filter { $0[0] == "secret" } == [["secret", Base32.encode(key.secret)]], seed)
            #expect(reading.query.first?[0] == "secret", seed)
            #expect(Set(reading.query.map { $0[0] }).count == reading.query.count, seed)
            #expect(reading.rest == "otpauth|\(key.type == .hotp ? "hotp" : "totp")|", seed)
        }
    }

    private static let writer = """
        import json, sys
        from urllib.parse import quote, urlencode
        import hashlib, pyotp
        for line in sys.stdin:
            c = json.loads(line)
            digest = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}[c["algorithm"]]
            parts = dict(name=c["account"], issuer=c.get("issuer"), digits=c["digits"], digest=digest)
            if c["type"] == "hotp":
                otp = pyotp.HOTP(c["secret"], initial_count=c["counter"], **parts)
            else:
                otp = pyotp.TOTP(c["secret"], interval=c["period"], **parts)
            print(otp.provisioning_uri())
            # With every parameter, and blanks as plus signs.
            query = dict(secret=c["secret"], algorithm=c["algorithm"], digits=c["digits"])
            query.update(dict(counter=c["counter"]) if c["type"] == "hotp" else dict(period=c["period"]))
            label = quote(c["account"], safe="")
            if "issuer" in c:
                label = quote(c["issuer"], safe="") + c["colon"] + label
                query["issuer"] = c["issuer"]
            print("otpauth://%s/%s?%s" % (c["type"], label, urlencode(query)))
        """

    @Test("what they write, we read")
    func reading() throws {
        struct Case: Codable {
            var type: String
            var issuer: String?
            var account: String
            var secret: String
            var algorithm: String
            var digits: Int
            var period: Int64
            var counter: UInt64
            var colon: String
        }
        var random = SeededGenerator()
        var keys: [KeyFacts] = []
        for _ in 0..<1500 {
            var facts = KeyFacts(random.pick([.totp, .hotp]))
            facts.issuer = random.chance(1, in: 3) ? nil : Names.random(&random)
            facts.account = Names.random(&random)
            // A URI of this issuer without digits is Steam Guard's, and one of dots alone is nobody's.
            if facts.issuer?.lowercased() == "steam" { facts.issuer = "x" }
            facts.secret = random.bytes(Int.random(in: 16...64, using: &random))
            facts.digits = random.pick([6, 7, 8])
            facts.algorithm = random.pick(HashAlgorithm.allCases)
            if facts.type == .totp { facts.period = Int64.random(in: 1...120, using: &random) }
            if facts.type == .hotp { facts.counter = random.next() }
            keys.append(facts)
        }
        let input = try keys.flatMap { key in
            let colon = random.pick([":", "%3A", "%3a", ":%20", "%3A%20"])
            let given = Case(
                type: key.type.rawValue,
                issuer: key.issuer,
                account: key.account,
                secret: Base32.encode(key.secret),
                algorithm: key.algorithm.rawValue,
                digits: key.digits,
                period: key.period,
                counter: key.counter,
                colon: colon
            )
            return try Array(JSONEncoder().encode(given)) + [UInt8(ascii: "\n")]
        }
        let lines = try PythonEnvironment.run(Self.writer, with: [pyotp], stdin: input).lines
        try #require(lines.count == 2 * keys.count)
        for (index, line) in lines.enumerated() {
            let uri = try KeyURI(parsing: String(line))
            #expect(KeyFacts(uri) == keys[index / 2], "seed \(random.seed): \(line)")
            #expect(uri.warnings == [], "seed \(random.seed): \(line)")
        }
    }
}
