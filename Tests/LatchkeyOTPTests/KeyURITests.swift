// KeyURITests.swift: what `otpauth:` URIs say, as many programs have written them.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

/// A `KeyURI` in a form that can be compared.
struct KeyFacts: Equatable, Sendable {
    var type = KeyURI.Kind.totp
    var issuer: String?
    var account = "ann"
    var secret = Array("12345678901234567890".utf8)
    var algorithm = HashAlgorithm.sha1
    var digits = 6
    var period: Int64 = 30
    var counter: UInt64 = 0

    init(
        _ type: KeyURI.Kind = .totp,
        issuer: String? = nil,
        account: String = "ann",
        algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        counter: UInt64 = 0
    ) {
        self.type = type
        self.issuer = issuer
        self.account = account
        self.algorithm = algorithm
        self.digits = digits
        self.period = period
        self.counter = counter
    }

    init(_ uri: borrowing KeyURI) {
        type = uri.type
        issuer = uri.issuer
        account = uri.account
        secret = uri.secret.withBytes { bytes in bytes.indices.map { bytes[$0] } }
        algorithm = uri.algorithm
        digits = uri.digits
        period = uri.period
        counter = uri.counter
    }

    func uri() throws -> KeyURI {
        try KeyURI(
            type: type,
            issuer: issuer,
            account: account,
            secret: Secret(secret),
            algorithm: algorithm,
            digits: digits,
            period: period,
            counter: counter
        )
    }

    static func == (left: KeyFacts, right: KeyFacts) -> Bool {
        // Names byte by byte: `==` of texts holds two spellings of one letter for the same.
        left.type == right.type && left.issuer.map { Array($0.utf8) } == right.issuer.map { Array($0.utf8) }
            && Array(left.account.utf8) == Array(right.account.utf8) && left.secret == right.secret
            && left.algorithm == right.algorithm && left.digits == right.digits && left.period == right.period
            && left.counter == right.counter
    }
}

let uriSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

@Suite("KeyURI")
struct KeyURITests {
    private func read(_ text: String) throws -> (facts: KeyFacts, warnings: [String]) {
        let uri = try KeyURI(parsing: text)
        return (KeyFacts(uri), uri.warnings)
    }

    @Test(
        "what URIs say",
        arguments: [
            ("totp/ann?secret=KEY", KeyFacts()),
            ("totp/Acme:ann?secret=KEY&issuer=Acme", KeyFacts(issuer: "Acme")),
            ("totp/Acme%3Aann?secret=KEY", KeyFacts(issuer: "Acme")),
            ("totp/Acme%3aann?secret=KEY", KeyFacts(issuer: "Acme")),
            ("totp/Acme:%20ann?secret=KEY", KeyFacts(issuer: "Acme")),
            ("totp/Acme%3A%20%20ann?secret=KEY", KeyFacts(issuer: "Acme")),
            ("totp/ann?secret=KEY&issuer=Acme", KeyFacts(issuer: "Acme")),
            ("totp/ann?issuer=Acme&secret=KEY", KeyFacts(issuer: "Acme")),
            ("totp/ann?issuer=&secret=KEY", KeyFacts()),
            ("totp/:ann?secret=KEY", KeyFacts()),
            ("totp/My%3ACo:ann?secret=KEY", KeyFacts(issuer: "My:Co")),
            ("totp/My%3ACo:ann?secret=KEY&issuer=My%3ACo", KeyFacts(issuer: "My:Co")),
            ("totp/Acme:a:b?secret=KEY", KeyFacts(issuer: "Acme", account: "a:b")),
            ("totp/Air%20Canada:ann?secret=KEY&issuer=Air+Canada", KeyFacts(issuer: "Air Canada")),
            ("totp/Air%20Canada:ann?secret=KEY&issuer=Air%20Canada", KeyFacts(issuer: "Air Canada")),
            ("totp/ann%2Btag@example.com?secret=KEY", KeyFacts(account: "ann+tag@example.com")),
            ("totp/ann+tag@example.com?secret=KEY", KeyFacts(account: "ann+tag@example.com")),
            ("totp/a/b?secret=KEY", KeyFacts(account: "a/b")),
            ("totp/Zo%C3%AB?secret=KEY", KeyFacts(account: "Zo\u{eb}")),
            ("totp/Zo\u{eb}?secret=KEY", KeyFacts(account: "Zo\u{eb}")),
            ("totp/Zoe%CC%88?secret=KEY", KeyFacts(account: "Zoe\u{308}")),
            ("totp/%F0%9F%94%91?secret=KEY", KeyFacts(account: "\u{1f511}")),
            ("totp/a%253Ab?secret=KEY", KeyFacts(account: "a%3Ab")),
            ("totp/a%26secret%3DMZXW6?secret=KEY", KeyFacts(account: "a&secret=MZXW6")),
            ("TOTP/ann?SECRET=KEY&Issuer=Acme&DIGITS=8", KeyFacts(issuer: "Acme", digits: 8)),
            ("ToTp/ann?sEcReT=KEY&algorithm=SHA256", KeyFacts(algorithm: .sha256)),
            ("totp/ann?secret=KEY&algorithm=sha512", KeyFacts(algorithm: .sha512)),
            ("totp/ann?secret=KEY&algorithm=SHA-256", KeyFacts(algorithm: .sha256)),
            ("totp/ann?secret=KEY&algorithm=HmacSHA256", KeyFacts(algorithm: .sha256)),
            ("totp/ann?secret=KEY&algorithm=HMAC-SHA-512", KeyFacts(algorithm: .sha512)),
            ("totp/ann?secret=KEY&algorithm=HmacSHA1&digits=6&period=30", KeyFacts()),
            ("totp/ann?secret=KEY&digits=7", KeyFacts(digits: 7)),
            ("totp/ann?secret=KEY&digits=10&period=60", KeyFacts(digits: 10, period: 60)),
            ("totp/ann?secret=KEY&digits=008&period=0090", KeyFacts(digits: 8, period: 90)),
            ("totp/ann?secret=KEY&period=9223372036854775807", KeyFacts(period: .max)),
            ("hotp/ann?secret=KEY&counter=0", KeyFacts(.hotp)),
            ("hotp/ann?counter=42&secret=KEY", KeyFacts(.hotp, counter: 42)),
            ("hotp/ann?secret=KEY&counter=18446744073709551615", KeyFacts(.hotp, counter: .max)),
            ("HOTP/Acme:ann?secret=KEY&issuer=Acme&counter=5", KeyFacts(.hotp, issuer: "Acme", counter: 5)),
            ("totp/ann?&&secret=KEY&&", KeyFacts()),
            ("totp/ann?secret=KEY&x=y=z&flag", KeyFacts()),
            ("totp/ann?s%65cret=KEY", KeyFacts()),
            ("totp/%20ann%20?secret=KEY", KeyFacts()),
        ]
    )
    func reading(_ rest: String, facts: KeyFacts) throws {
        for scheme in ["otpauth://", "OTPAuth://", "apple-otpauth://"] {
            let text = scheme + rest.replacing("KEY", with: uriSecret)
            #expect(try read(text).facts == facts)
        }
        // A URI that was read and has an account can be written, and says the same then.
        let uri = try KeyURI(parsing: "otpauth://" + rest.replacing("KEY", with: uriSecret))
        let second = try read(uri.text())
        #expect(second.facts == facts)
        #expect(second.warnings == [])
    }

    @Test(
        "spellings of the secret",
        arguments: [
            uriSecret, uriSecret.lowercased(), "GEZD%20GNBV%20GY3T%20QOJQ%20GEZD%20GNBV%20GY3T%20QOJQ",
            "GEZD+GNBV+GY3T+QOJQ+GEZD+GNBV+GY3T+QOJQ", "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ", uriSecret + "====",
            uriSecret + "%3D%3D%3D%3D%3D%3D", "%47EZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
        ]
    )
    func secrets(spelling: String) throws {
        #expect(try read("otpauth://totp/ann?secret=\(spelling)").facts == KeyFacts())
    }

    @Test(
        "Steam Guard by its many names",
        arguments: [
            ("steam/Steam:ann?secret=KEY&issuer=Steam", "Steam"), ("steam/ann?secret=KEY", nil),
            ("totp/Steam:ann?secret=KEY&issuer=Steam&encoder=steam", "Steam"),
            ("totp/ann?secret=KEY&encoder=STEAM", nil),
            ("totp/Steam:ann?secret=KEY&issuer=Steam&digits=5", "Steam"), ("totp/Steam:ann?secret=KEY", "Steam"),
            ("totp/ann?secret=KEY&issuer=STEAM", "STEAM"),
            ("totp/ann?secret=KEY&digits=5&encoder=steam&period=30", nil),
            ("totp/ann?secret=KEY&encoder=steam&algorithm=SHA256&period=60&counter=3", nil),
        ] as [(String, String?)]
    )
    func steam(rest: String, issuer: String?) throws {
        let facts = KeyFacts(.steam, issuer: issuer, digits: 5)
        let uri = try KeyURI(
            parsing: "otpauth://"
                + rest.replacing("KEY", with: uriSecret)
        )
        #expect(KeyFacts(uri) == facts)
        #expect(uri.text().hasPrefix("otpauth://totp/"))
        #expect(uri.text().hasSuffix("&encoder=steam"))
        #expect(try read(uri.text()).facts == facts)
    }

    @Test("a label that is only Steam needs five digits to mean it")
    func steamLabel() throws {
        #expect(try read("otpauth://totp/Steam?secret=\(uriSecret)&digits=5").facts.type == .steam)
        #expect(try read("otpauth://totp/Steam?secret=\(uriSecret)").facts == KeyFacts(account: "Steam"))
        #expect(throws: OTPError.self) { try read("otpauth://totp/ann?secret=\(uriSecret)&digits=5") }
        #expect(throws: OTPError.self) { try read("otpauth://hotp/Steam?secret=\(uriSecret)&digits=5&counter=0") }
    }

    @Test("a key by time of the issuer Steam says its digits, so as not to be taken for Steam Guard")
    func plainSteam() throws {
        let facts = KeyFacts(issuer: "Steam")
        let text = try facts.uri().text()
        #expect(text == "otpauth://totp/Steam:ann?secret=\(uriSecret)&issuer=Steam&digits=6")
        #expect(try read(text).facts == facts)
        let byCounter = KeyFacts(.hotp, issuer: "Steam", counter: 1)
        #expect(try read(byCounter.uri().text()).facts == byCounter)
    }

    @Test(
        "warnings",
        arguments: [
            ("totp/Acme:ann?secret=KEY&issuer=Other", "another issuer"), ("totp/ann?secret=KEY#x", "`#`"),
            ("totp/ann?secret=KEY&image=https://x/y.png", "image"), ("totp/ann?secret=KEY&lock=true", "lock"),
            ("totp/ann?secret=KEY&Color=ff00ff", "color"), ("totp/ann?secret=KEY&counter=4", "counter"),
            ("hotp/ann?secret=KEY&counter=4&period=60", "period"), ("totp/ann?secret=KEY&encoder=base64", "encoder"),
            ("hotp/ann?secret=KEY&counter=0&encoder=steam", "encoder"), ("totp/?secret=KEY", "no account"),
            ("totp?secret=KEY", "no account"), ("totp/ann?secret=GEZDGNBVGY3TQOJQ", "80 bits"),
            ("totp/Steam:ann?secret=KEY", "Steam Guard"), ("totp/ann?secret=KEY&codeDisplay=%7B%7D", "codedisplay"),
            ("steam/ann?secret=KEY&algorithm=SHA256", "SHA1 only"),
            ("totp/A:ann?secret=KEY&issuer=a", "another issuer"),
            ("totp/ann?secret=KEY&T0=5", "t0"),
        ]
    )
    func warnings(rest: String, word: String) throws {
        let text = "otpauth://" + rest.replacing("KEY", with: uriSecret)
        let warnings = try read(text).warnings
        #expect(warnings.count == 1)
        #expect(warnings.first?.contains(word) == true)
    }

    @Test("nothing odd, no warning; parameters that mean nothing here are passed over in silence")
    func noWarnings() throws {
        for rest in ["&foo=bar", "&utm_source=x", "&algorithm=SHA1&digits=6&period=30", ""] {
            #expect(try read("otpauth://totp/Acme:ann?secret=\(uriSecret)&issuer=Acme\(rest)").warnings == [])
        }
        #expect(try read("otpauth://hotp/ann?secret=\(uriSecret)&counter=1&period=30").warnings == [])
    }

    @Test("of two issuers the parameter counts")
    func issuers() throws {
        #expect(try read("otpauth://totp/Acme:ann?secret=\(uriSecret)&issuer=Other").facts.issuer == "Other")
        // Two spellings of one letter are two names.
        let (facts, warnings) = try read("otpauth://totp/Zo%C3%AB:ann?secret=\(uriSecret)&issuer=Zoe%CC%88")
        #expect(Array(facts.issuer?.utf8 ?? "".utf8) == Array("Zoe\u{308}".utf8))
        #expect(warnings.count == 1)
    }

    @Test(
        "what cannot be used is refused, and nothing of it repeated",
        arguments: [
            "", "otpauth", "otpauth:", "otpauth:/", "otpauth://", "otpauth:///", "otpauth://totp", "otpauth://totp/ann",
            "otpauth://totp/ann?", "otpauth://totp/ann?issuer=x", "otpauth://totp/ann?secret",
            "otpauth://totp/ann?secret=",
            "otpauth://totp/ann?secret=====", "otpauth://totp/ann?secret=%20", "otpauth://totp/ann?secret=A",
            "otpauth://totp/ann?secret=ABC", "otpauth://totp/ann?secret=ABCDEF", "otpauth://totp/ann?secret=GEZD0NBV",
            "otpauth://totp/ann?secret=GEZD%00GNBV", "otpauth://totp/ann?secret=KEY&secret=KEY",
            "otpauth://totp/ann?secret=KEY&SECRET=KEY", "otpauth://totp/ann?secret=KEY&digits=6&digits=6",
            "otpauth://totp/ann?secret=KEY&issuer=a&issuer=a",
            "otpauth://totp/ann?secret=KEY&algorithm=SHA1&algorithm=SHA1",
            "otpauth://totp/ann?secret=KEY&period=30&period=30", "otpauth://hotp/ann?secret=KEY&counter=1&counter=1",
            "otpauth://totp/ann?secret=KEY&encoder=steam&encoder=steam", "otpauth://totp/ann?secret=KEY&s%65cret=KEY",
            "otpauth://totp/ann?secret=KEY&algorithm=MD5", "otpauth://totp/ann?secret=KEY&algorithm=SHA224",
            "otpauth://totp/ann?secret=KEY&algorithm=", "otpauth://totp/ann?secret=KEY&algorithm=%C5%BFHA1",
            "otpauth://totp/ann?secret=KEY&digits=5", "otpauth://totp/ann?secret=KEY&digits=11",
            "otpauth://totp/ann?secret=KEY&digits=0", "otpauth://totp/ann?secret=KEY&digits=-6",
            "otpauth://totp/ann?secret=KEY&digits=+6", "otpauth://totp/ann?secret=KEY&digits=%2B6",
            "otpauth://totp/ann?secret=KEY&digits=6.0", "otpauth://totp/ann?secret=KEY&digits=",
            "otpauth://totp/ann?secret=KEY&digits=%D9%A6",
            "otpauth://totp/ann?secret=KEY&digits=99999999999999999999999",
            "otpauth://totp/ann?secret=KEY&period=0", "otpauth://totp/ann?secret=KEY&period=-30",
            "otpauth://totp/ann?secret=KEY&period=9223372036854775808", "otpauth://totp/ann?secret=KEY&period=30s",
            "otpauth://totp/ann?secret=KEY&period", "otpauth://hotp/ann?secret=KEY",
            "otpauth://hotp/ann?secret=KEY&counter=",
            "otpauth://hotp/ann?secret=KEY&counter=-1", "otpauth://hotp/ann?secret=KEY&counter=18446744073709551616",
            "otpauth://ocra/ann?secret=KEY", "otpauth://motp/ann?secret=KEY", "otpauth://totp:80/ann?secret=KEY",
            "otpauth://user@totp/ann?secret=KEY", "otpauth://totp%20/ann?secret=KEY", "http://totp/ann?secret=KEY",
            "otpauth-migration://offline?data=AAAA", "motp://ann?secret=KEY", "otpauth//totp/ann?secret=KEY",
            " otpauth://totp/ann?secret=KEY", "otpauth://totp/ann?secret=KEY\n", "otpauth://totp/an\u{7}n?secret=KEY",
            "otpauth://totp/an%0An?secret=KEY", "otpauth://totp/an%1B%5B2Jn?secret=KEY",
            "otpauth://totp/an%C2%85n?secret=KEY",
            "otpauth://totp/ann%00?secret=KEY", "otpauth://totp/ann?secret=KEY&issuer=a%0D",
            "otpauth://totp/a%E2%80%AEb?secret=KEY",
            "otpauth://totp/a%E2%80%A8b?secret=KEY", "otpauth://totp/%FF?secret=KEY", "otpauth://totp/%C3?secret=KEY",
            "otpauth://totp/%C0%AF?secret=KEY", "otpauth://totp/%ED%A0%80?secret=KEY",
            "otpauth://totp/%F4%90%80%80?secret=KEY",
            "otpauth://totp/%?secret=KEY", "otpauth://totp/%4?secret=KEY", "otpauth://totp/%zz?secret=KEY",
            "otpauth://totp/ann?secret=KEY&issuer=%", "otpauth://totp/ann?secret=KEY&foo=%",
            "otpauth://totp/ann?secret=KEY&%zz=1",
            "otpauth://totp/a#b?secret=KEY", "otpauth://totp#/ann?secret=KEY", "otpauth://#totp/ann?secret=KEY",
        ]
    )
    func refused(pattern: String) {
        let text = pattern.replacing("KEY", with: uriSecret)
        #expect {
            _ = try read(text)
        } throws: { error in
            let sentence = "\(error)"
            return error is OTPError && !sentence.contains(uriSecret) && !sentence.contains("GEZD")
                && !sentence.contains("/ann") && sentence.allSatisfy { $0 != "\u{7}" }
        }
    }

    @Test("an endless URI is refused")
    func tooLong() {
        let text = "otpauth://totp/ann?secret=" + String(repeating: "A", count: 16_400)
        #expect(throws: OTPError.self) { try read(text) }
        #expect(throws: Never.self) { try read(String(text.prefix(26 + 16_000))) }
    }

    @Test("only what differs from the defaults is written")
    func writing() throws {
        let start = "otpauth://totp/ann?secret=\(uriSecret)"
        #expect(try KeyFacts().uri().text() == start)
        #expect(try KeyFacts(issuer: "").uri().text() == start)
        #expect(try KeyFacts(algorithm: .sha256).uri().text() == start + "&algorithm=SHA256")
        #expect(try KeyFacts(digits: 8, period: 60).uri().text() == start + "&digits=8&period=60")
        #expect(try KeyFacts(counter: 9).uri().text() == start)
        #expect(
            try KeyFacts(.hotp, issuer: "Acme", period: 60).uri().text()
                == "otpauth://hotp/Acme:ann?secret=\(uriSecret)&issuer=Acme&counter=0"
        )
        #expect(
            try KeyFacts(issuer: "Ac me", account: "a\u{e9}@x.y").uri().text()
                == "otpauth://totp/Ac%20me:a%C3%A9@x.y?secret=\(uriSecret)&issuer=Ac%20me"
        )
        #expect(
            try KeyFacts(account: "a?secret=AAAA&issuer=x#/+%").uri().text()
                == "otpauth://totp/a%3Fsecret%3DAAAA%26issuer%3Dx%23%2F%2B%25?secret=\(uriSecret)"
        )
    }

    @Test("what apps would read differently is not written")
    func unwritable() throws {
        for account in ["", "a:b", ":", " ann", "ann ", "an\nn", "an\u{0}n", "a\u{85}", "a\u{202e}b", ".", ".."] {
            #expect(throws: OTPError.self) { _ = try KeyFacts(account: account).uri().digits }
        }
        for issuer in ["a:b", " x", "x ", "\u{1b}[2J"] {
            #expect(throws: OTPError.self) { _ = try KeyFacts(issuer: issuer).uri().digits }
        }
        #expect(throws: OTPError.digits(5)) { _ = try KeyFacts(digits: 5).uri().digits }
        #expect(throws: OTPError.digits(11)) { _ = try KeyFacts(.hotp, digits: 11).uri().digits }
        #expect(throws: OTPError.period(0)) { _ = try KeyFacts(period: 0).uri().digits }
        var facts = KeyFacts()
        facts.secret = []
        #expect(throws: OTPError.emptySecret) { _ = try facts.uri().digits }
        #expect(try KeyFacts(issuer: "x", account: "..").uri().text().contains("/x:..?"))
    }

    @Test("a colon in percent form survives being read and written")
    func colons() throws {
        for text in [
            "otpauth://totp/My%3ACo:ann?secret=\(uriSecret)&issuer=My%3ACo",
            "otpauth://totp/:a%3Ab?secret=\(uriSecret)",
            "otpauth://totp/Acme:a%3Ab?secret=\(uriSecret)&issuer=Acme",
        ] {
            let uri = try KeyURI(parsing: text)
            #expect(uri.text() == text)
        }
    }

    @Test("any key that can be written reads back")
    func roundTrip() throws {
        var random = SeededGenerator()
        for _ in 0..<3000 {
            var facts = KeyFacts(random.pick(KeyURI.Kind.allCases))
            facts.issuer = random.chance(1, in: 3) ? nil : Names.random(&random)
            facts.account = Names.random(&random)
            facts.secret = random.bytes(Int.random(in: 16...80, using: &random))
            if facts.type == .steam {
                facts.digits = 5
            } else {
                facts.digits = Int.random(in: 6...10, using: &random)
                facts.algorithm = random.pick(HashAlgorithm.allCases)
            }
            if facts.type == .totp { facts.period = random.pick([1, 15, 30, 60, Int64.max]) }
            if facts.type == .hotp { facts.counter = random.pick([0, 1, random.next(), UInt64.max]) }
            let (read, warnings) = try read(facts.uri().text())
            #expect(read == facts, "seed \(random.seed)")
            #expect(warnings == [], "seed \(random.seed)")
        }
    }
}

/// Names that are hard on a URI.
enum Names {
    static let hostile = [
        "a?secret=AAAA&issuer=x#", "%26secret%3D", "a%3Ab", "a b", "a+b", "100%", "a/b", "a//b", "../../x", "a\\b",
        "a\"b", "<a>",
        "ann@example.com", "Zo\u{eb}", "Zoe\u{308}", "\u{1f511}\u{1f3ff}", "\u{5d0}\u{5d1}", "\u{200f}x", "a=b&c=d",
        "#", "?",
        "a;b", "%", "%%", "%41", "&amp;", "secret", "a,b'c(d)e*f!g$h", "[::1]".replacing(":", with: ";"), "x@y@z", "~",
        "-", "_",
        "\u{fffd}", "\u{e000}", "\u{10ffff}", "issuer=evil", "otpauth;//totp", "\u{ff1a}", "a\u{a0}b", "steam", "Steam",
        String(repeating: "n", count: 64), String(repeating: "\u{e9}", count: 64),
    ]

    static func random(_ random: inout SeededGenerator) -> String {
        if random.chance(1, in: 2) { return random.pick(hostile) }
        let scalars = Array("abcXYZ019 %&=?#/+@;,.~'\"\\<>[]{}|^`!$()*\u{e9}\u{4e2d}\u{1f600}\u{301}".unicodeScalars)
        var name = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...20, using: &random) { name.append(random.pick(scalars)) }
        let text = String(name)
        let isGood = text.utf8.first != 0x20 && text.utf8.last != 0x20 && text != "." && text != ".."
        return isGood ? text : "x"
    }
}
