// DifferentialTests.swift: random codes held against oathtool, pyotp and python-oath.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

/// The packages of PyPI that answer the same questions.
let pyotp = "pyotp==2.12.0"
let pythonOATH = "oath==1.4.5"

@Suite("Beside oathtool, pyotp and python-oath")
struct DifferentialTests {
    /// One computation, in a form that both sides read.
    struct Case: Codable, Sendable {
        var kind: String
        var secret: [UInt8]
        /// The secret in canonical Base32, for Python.
        var base32: String
        /// The secret as somebody might have typed it, for us.
        var typed: String
        var algorithm: HashAlgorithm
        var digits: Int
        var period: Int64
        var epoch: Int64
        var time: Int64
        var counter: UInt64

        /// A case whose secret, times and counters often lie at the edges.
        init(_ random: inout SeededGenerator) {
            kind = random.pick(["hotp", "totp", "totp"])
            let edges = [1, 2, 13, 14, 16, 20, 32, 63, 64, 65, 127, 128, 129, 199, 200]
            let length = random.chance(1, in: 2) ? random.pick(edges) : Int.random(in: 1...200, using: &random)
            secret = random.bytes(length)
            base32 = Base32.encode(secret)
            typed = Self.spelling(of: base32, &random)
            algorithm = random.pick(HashAlgorithm.allCases)
            digits = random.pick([6, 7, 8])
            period = random.pick([1, 15, 30, 30, 60, 90, 120, Int64.random(in: 1...100_000, using: &random)])
            epoch = random.chance(1, in: 5) ? Int64.random(in: 0...2_000_000_000, using: &random) : 0
            let far = random.chance(1, in: 4) ? Int64.max : random.pick([1 << 32, 1 << 33, 20_000_000_000, 1 << 40])
            time = epoch + random.pick([0, 29, 30, 59, Int64.random(in: 0...(far - epoch), using: &random)])
            let wide: UInt64 = random.pick([20, 1 << 31, 1 << 32, 1 << 53, 1 << 63])
            counter = random.pick([0, wide - 1, UInt64.random(in: 0..<wide, using: &random)])
        }

        /// `text` in any case, grouped, broken, padded, with bits left over: the same secret.
        private static func spelling(of text: String, _ random: inout SeededGenerator) -> String {
            var digits = Array(text)
            // Bits that belong to no byte may be anything.
            let free = text.utf8.count * 5 % 8
            if free > 0, random.chance(1, in: 3), let last = digits.popLast() {
                let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
                let value = alphabet.firstIndex(of: last) ?? 0
                digits.append(alphabet[value | Int.random(in: 0..<(1 << free), using: &random)])
            }
            let letterCase = Int.random(in: 0..<3, using: &random)
            let separator = random.pick(["", "", " ", "-", "\t", "\r\n", "  "])
            let group = random.pick([4, 5, 8, 64])
            var typed = random.pick(["", "", " ", "\n"])
            for (index, digit) in digits.enumerated() {
                if index > 0, index % group == 0 { typed += separator }
                let small = letterCase == 1 || (letterCase == 2 && random.chance(1, in: 2))
                typed += small ? digit.lowercased() : String(digit)
            }
            typed += String(repeating: "=", count: random.pick([0, 0, (8 - digits.count % 8) % 8, 1, 7]))
            return typed + random.pick(["", "", " ", "\n"])
        }

        /// Our code.
        func ours() throws -> String {
            let secret = try Base32.decodeSecret(typed)
            if kind == "hotp" {
                return try HOTP(secret: secret, algorithm: algorithm, digits: digits).code(at: counter).text
            }
            let totp = try TOTP(secret: secret, algorithm: algorithm, digits: digits, period: period, epoch: epoch)
            return try totp.code(at: UnixTime(time)).text
        }

        /// oathtool's, whose HOTP knows SHA-1 only; a TOTP of one second is a HOTP of the time.
        func oathtools() throws -> String {
            var arguments = ["-d", "\(digits)"]
            if kind == "totp" {
                arguments += ["--totp=\(algorithm.rawValue)", "--now=@\(time)", "-s", "\(period)s", "-S", "@\(epoch)"]
            } else if algorithm == .sha1 {
                arguments += ["--hotp", "-c", "\(counter)"]
            } else {
                arguments += ["--totp=\(algorithm.rawValue)", "--now=@\(counter)", "-s", "1s"]
            }
            let isBase32 = counter % 2 == 0
            arguments += isBase32 ? ["-b", base32.lowercased()] : [Hex.encode(secret)]
            let output = try Subprocess.run("oathtool", arguments)
            return output.lines.first.map(String.init) ?? output.stderr
        }
    }

    /// pyotp's own classes within pyotp's own limits (14 bytes, 120 seconds, year 9999, T0 of 0), and its computation alone
    /// beyond them.
    private static let script = """
        import base64, hashlib, json, sys
        import pyotp

        class Unlimited(pyotp.OTP):
            def byte_secret(self):
                return base64.b32decode(self.secret + "=" * (-len(self.secret) % 8))

        for line in sys.stdin:
            c = json.loads(line)
            digest = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}[c["algorithm"]]
            parts = dict(s=c["base32"], digits=c["digits"], digest=digest)
            enough = len(c["secret"]) >= 14
            if c["kind"] == "hotp":
                print(pyotp.HOTP(**parts).at(c["counter"]) if enough else Unlimited(**parts).generate_otp(c["counter"]))
            elif enough and c["period"] <= 120 and c["epoch"] == 0 and c["time"] < 253402300800:
                print(pyotp.TOTP(interval=c["period"], **parts).at(c["time"]))
            else:
                print(Unlimited(**parts).generate_otp((c["time"] - c["epoch"]) // c["period"]))
        """

    private static func lines(_ values: [some Encodable]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        return try values.flatMap { try Array(encoder.encode($0)) + [UInt8(ascii: "\n")] }
    }

    @Test("2,500 random codes")
    func codes() throws {
        var random = SeededGenerator()
        let cases = (0..<2500).map { _ in Case(&random) }
        let theirs = try PythonEnvironment.run(Self.script, with: [pyotp], stdin: Self.lines(cases)).lines
            .map(String.init)
        try #require(theirs.count == cases.count)
        for (given, python) in zip(cases, theirs) {
            let ours = try given.ours()
            #expect(ours == python, "pyotp, seed \(random.seed): \(given)")
            #expect(try ours == given.oathtools(), "oathtool, seed \(random.seed): \(given)")
        }
    }

    @Test("9 and 10 digits, and counters of all 64 bits, beside pyotp")
    func longCodes() throws {
        var random = SeededGenerator()
        let cases = (0..<1000)
            .map { _ in
                var given = Case(&random)
                given.kind = "hotp"
                given.digits = random.pick([9, 10])
                given.counter = random.pick([UInt64.max, random.next()])
                return given
            }
        let theirs = try PythonEnvironment.run(Self.script, with: [pyotp], stdin: Self.lines(cases)).lines
            .map(String.init)
        try #require(theirs.count == cases.count)
        for (given, python) in zip(cases, theirs) {
            #expect(try given.ours() == python, "seed \(random.seed): \(given)")
        }
    }

    @Test("Steam Guard beside pyotp")
    func steam() throws {
        struct Case: Codable {
            var secret: String
            var time: Int64
        }
        var random = SeededGenerator()
        let cases = (0..<1000)
            .map { _ in
                let secret = random.bytes(Int.random(in: 14...64, using: &random))
                return Case(secret: Base32.encode(secret), time: Int64.random(in: 0..<253_402_300_800, using: &random))
            }
        let script = """
            import json, sys
            from pyotp.contrib import Steam
            for line in sys.stdin:
                c = json.loads(line)
                print(Steam(c["secret"]).at(c["time"]))
            """
        let theirs = try PythonEnvironment.run(script, with: [pyotp], stdin: Self.lines(cases)).lines.map(String.init)
        try #require(theirs.count == cases.count)
        for (given, python) in zip(cases, theirs) {
            let key = try SteamGuard(secret: Base32.decodeSecret(given.secret))
            #expect(try key.code(at: UnixTime(given.time)).text == python, "seed \(random.seed): \(given)")
            #expect(try OneTimeCode(steam: python).text == python)
        }
    }

    @Test("OCRA beside python-oath")
    func ocra() throws {
        struct Case: Codable {
            var suite: String
            var key: String
            var question: String
            var isMutual: Bool
            var counter: UInt64
            var pin: String
            var session: String
            var sessionLength: Int
            var time: Int64
            var timeStep: Int64
        }
        var random = SeededGenerator()
        let printable = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        func word(_ alphabet: [Character], _ length: Int) -> String {
            String((0..<length).map { _ in random.pick(alphabet) })
        }
        let cases = (0..<1500)
            .map { _ in
                let format = random.pick(["A", "N", "H"])
                let length = Int.random(in: 4...64, using: &random)
                let isMutual = random.chance(1, in: 3)
                var count = isMutual ? 2 * length : Int.random(in: 1...length, using: &random)
                if format == "H", count % 2 == 1 { count += count == length ? -1 : 1 }
                if format == "H" { count = max(2, count) }
                let question = word(
                    format == "A" ? printable : Array(format == "N" ? "0123456789" : "0123456789abcdefABCDEF"),
                    count
                )
                let sessionLength = random.pick([1, 64, 128, 256, 512, 999])
                let (unit, most, seconds) = random.pick(
                    [("S", 59, 1), ("M", 59, 60), ("H", 48, 3600)] as [(String, Int, Int64)]
                )
                let steps = Int.random(in: 1...most, using: &random)
                var suite =
                    "OCRA-1:HOTP-\(random.pick(["SHA1", "SHA256", "SHA512"]))-\(Int.random(in: 4...10, using: &random)):"
                if random.chance(1, in: 2) { suite += "C-" }
                suite += "Q\(format)\(length < 10 ? "0" : "")\(length)"
                if random.chance(1, in: 2) { suite += "-P\(random.pick(["SHA1", "SHA256", "SHA512"]))" }
                if random.chance(1, in: 2) { suite += "-S" + String("00\(sessionLength)".suffix(3)) }
                if random.chance(1, in: 2) { suite += "-T\(steps)\(unit)" }
                return Case(
                    suite: suite,
                    key: Hex.encode(random.bytes(Int.random(in: 1...140, using: &random))),
                    question: question,
                    isMutual: isMutual,
                    counter: random.pick([0, random.next(), UInt64.max]),
                    pin: word(printable, 6),
                    session: word(printable, Int.random(in: 0...sessionLength, using: &random)),
                    sessionLength: sessionLength,
                    time: random.pick([0, 59, Int64.random(in: 0...Int64.max, using: &random)]),
                    timeStep: Int64(steps) * seconds
                )
            }
        let script = """
            import json, sys
            from oath import _ocra as ocra
            for line in sys.stdin:
                c = json.loads(line)
                suite = ocra.str2ocrasuite(c["suite"])
                question = {"Qsc" if c["isMutual"] else "Q": c["question"]}
                print(suite(bytes.fromhex(c["key"]), C=c["counter"], P=c["pin"], S=c["session"].rjust(c["sessionLength"], chr(0)),
                            T_precomputed=c["time"] // c["timeStep"], **question))
            """
        let theirs = try PythonEnvironment.run(script, with: [pythonOATH], stdin: Self.lines(cases)).lines
            .map(String.init)
        try #require(theirs.count == cases.count)
        for (given, python) in zip(cases, theirs) {
            let suite = try OCRA.Suite(given.suite)
            let ocra = try OCRA(suite: suite, secret: Secret(Hex.decode(given.key, .strict)))
            let response = try ocra.response(
                to: given.question,
                counter: suite.hasCounter ? given.counter : nil,
                pin: suite.pin == nil ? nil : Secret(utf8: given.pin),
                session: suite.sessionLength == nil ? nil : Array(given.session.utf8),
                time: suite.timeStep == nil ? nil : UnixTime(given.time)
            )
            #expect(response == python, "seed \(random.seed): \(given)")
        }
    }
}
