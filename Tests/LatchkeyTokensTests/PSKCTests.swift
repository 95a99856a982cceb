// PSKCTests.swift: PSKC containers of RFC 6030, of Debian's pskctool and of python-pskc, read; and ours, read by both.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyTokens

@Suite("PSKC containers")
struct PSKCTests {
    private static let packages = ["python-pskc==1.2", "cryptography==43.0.3"]
    private static let seed = "12345678901234567890"

    /// Figure 6 of RFC 6030: a pre-shared key, and a MAC over the secret.
    private static let figure6 = """
        <?xml version="1.0" encoding="UTF-8"?>
        <KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"
            xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">
        <EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>
        <MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><MACKey>
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><xenc:CipherData><xenc:CipherValue>
        ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX
        </xenc:CipherValue></xenc:CipherData></MACKey></MACMethod>
        <KeyPackage><DeviceInfo><Manufacturer>Manufacturer</Manufacturer><SerialNo>987654321</SerialNo></DeviceInfo>
        <CryptoModuleInfo><Id>CM_ID_001</Id></CryptoModuleInfo>
        <Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp"><Issuer>Issuer</Issuer>
        <AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters><Data><Secret><EncryptedValue>
        <xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/><xenc:CipherData><xenc:CipherValue>
        AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv
        </xenc:CipherValue></xenc:CipherData></EncryptedValue><ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC></Secret>
        <Counter><PlainValue>0</PlainValue></Counter></Data></Key></KeyPackage></KeyContainer>
        """

    private static func tokens() throws -> [Token] {
        [
            try Token(
                issuer: "Acme & <Söhne>",
                name: "ann \"a\" 'b'",
                key: TokenKey(Secret(utf8: seed)),
                algorithm: .sha256,
                digits: 8,
                period: 60,
                serial: "S-1",
                owner: "ann,b=c+\\d#"
            ),
            try Token(name: "bob", key: TokenKey(Secret(utf8: seed)), kind: .hotp, counter: 7),
        ]
    }

    private static func facts(_ token: Token) -> String {
        "\(token.title) \(token.kind) \(token.algorithm) \(token.digits) \(token.period) \(token.counter) "
            + "\(Base32.encode(token.key.secret)) \(token.serial ?? "-") \(token.owner ?? "-")"
    }

    private static func key(_ text: String) -> TokenKey { TokenKey(Secret(utf8: text)) }

    private static func read(_ text: String, _ key: TokenKey? = nil) throws(TokenFileError) -> TokenImport {
        try TokenImport(reading: [TokenFile(bytes: Array(text.utf8))], passphrase: key)
    }

    private static func protections() throws -> [(PSKCProtection, TokenKey?, python: String)] {
        var all: [(PSKCProtection, TokenKey?, python: String)] = [
            (.none, nil, ""), (.passphrase(key("qwerty")), key("qwerty"), "p.encryption.derive_key('qwerty')"),
        ]
        for count in [16, 24, 32] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
            let hex = Hex.encode(bytes)
            all.append(
                (.preSharedKey(TokenKey(Secret(bytes))), key(hex), "p.encryption.key = bytes.fromhex('\(hex)')")
            )
        }
        return all
    }

    @Test("Figure 6 of RFC 6030 opens with its key; with another, changed, or without its MAC, it is refused by place")
    func figure() throws {
        let key = Self.key("12345678901234567890123456789012")
        let token = try #require(try Self.read(Self.figure6, key).tokens.first?.token)
        #expect(
            token.title == "Issuer:987654321"
                && Base32.encode(token.key.secret) == Base32.encode(Secret(utf8: Self.seed))
        )
        #expect(try token.code(at: UnixTime(0)).text == "84755224")
        #expect(throws: TokenFileError.locked(.pskc)) { try Self.read(Self.figure6) }
        #expect(throws: TokenFileError.self) {
            try Self.read(Self.figure6, Self.key("12345678901234567890123456789013"))
        }
        #expect(throws: TokenFileError.self) { try Self.read(Self.figure6, Self.key("not hexadecimal")) }
        let changed = Self.figure6.replacingFirst("Su+NvtQf", "Tu+NvtQf")
        #expect(throws: TokenFileError.forged(.pskc, at: "Secret on line 12")) { try Self.read(changed, key) }
        let bare = Self.figure6.replacingFirst("<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>", "")
        #expect(throws: TokenFileError.forged(.pskc, at: "Secret on line 12")) { try Self.read(bare, key) }
        let odd = Self.figure6.replacingFirst("#hmac-sha1", "#hmac-md5")
        #expect(throws: TokenFileError.self) { try Self.read(odd, key) }
    }

    @Test("A container from which its MACs were cut is refused whole: CBC alone can be changed by anybody")
    func stripped() throws {
        let start = try #require(Self.figure6.range(of: "<MACMethod")?.lowerBound)
        let end = try #require(Self.figure6.range(of: "</MACMethod>")?.upperBound)
        var text = Self.figure6
        text.removeSubrange(start..<end)
        do {
            _ = try Self.read(text, Self.key("12345678901234567890123456789012"))
            Issue.record("it was read")
        } catch {
            #expect("\(error)".contains("the container has none"), "\(error)")
            #expect("\(error)".contains("Secret on line"), "\(error)")
        }
    }

    @Test("What is written comes back the same: plain, under a passphrase, under keys of every length")
    func roundTrip() throws {
        let tokens = try Self.tokens()
        for (protection, key, _) in try Self.protections() {
            let export = try TokenExport.pskc(tokens, protection)
            let result = try Self.read(export.texts[0], key)
            #expect(export.refused == [] && result.refused == [])
            #expect(result.tokens.map { Self.facts($0.token) } == tokens.map(Self.facts))
            if key != nil { #expect(!export.texts[0].contains(Base64.encode(Array(Self.seed.utf8)))) }
        }
        let steam = try Token(name: "s", key: Self.key("abc"), kind: .steam)
        #expect(try TokenExport.pskc([steam], .none).refused.map(\.name) == ["s"])
        #expect(throws: TokenFault.self) { try TokenExport.pskc(tokens, .preSharedKey(Self.key("short"))) }
    }

    @Test("pskctool finds every container that we write valid by RFC 6030's schema, and reads what we said")
    func pskctool() throws {
        for (protection, key, _) in try Self.protections() {
            let text = Array(try TokenExport.pskc(try Self.tokens(), protection).texts[0].utf8)
            // It knows no encryption, which `--strict` would hold against the RFC's own figures.
            let strictness = key == nil ? ["--strict"] : []
            let judged = try Subprocess.run("pskctool", ["--validate"] + strictness, stdin: text)
            #expect(judged.status == 0 && judged.stdout.contains("OK"), "\(judged.stdout)\(judged.stderr)")
            let said = try Subprocess.run("pskctool", ["--info"] + strictness, stdin: text)
            #expect(said.status == 0, "\(said.stderr)")
            for words in ["SerialNo: S-1", "Issuer: Acme & <Söhne>", "Key Counter: 7", "Response Format Length: 8"] {
                #expect(said.stdout.contains(words), "\(words) not in \(said.stdout)")
            }
            let shown = "Key Secret (base64): \(Base64.encode(Array(Self.seed.utf8)))"
            #expect(said.stdout.contains(shown) == (key == nil), "\(said.stdout)")
        }
    }

    @Test("What pskctool writes, signed, is read")
    func signed() throws {
        let folder = try Subprocess.run("mktemp", ["-d"]).lines[0]
        defer { _ = try? Subprocess.run("rm", ["-r", String(folder)]) }
        let (key, certificate) = ("\(folder)/key.pem", "\(folder)/certificate.pem")
        let made = try Subprocess.run(
            "openssl",
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-subj", "/CN=test"]
        )
        #expect(made.status == 0, "\(made.stderr)")
        let tokens = try Self.tokens()
        let text = Array(try TokenExport.pskc(tokens, .none).texts[0].utf8)
        let signed = try Subprocess.run(
            "pskctool",
            ["--sign", "--sign-key", key, "--sign-crt", certificate],
            stdin: text
        )
        #expect(signed.status == 0 && signed.stdout.contains("SignatureValue"), "\(signed.stderr)")
        let result = try Self.read(signed.stdout)
        #expect(result.tokens.map(\.warnings.count) == [1, 0])
        #expect(result.tokens.map { Self.facts($0.token) } == tokens.map(Self.facts))
    }

    @Test("python-pskc opens what we encrypt, and finds our MACs right")
    func pythonReads() throws {
        for (protection, _, python) in try Self.protections() {
            let text = Array(try TokenExport.pskc(try Self.tokens(), protection).texts[0].utf8)
            let script = """
                import pskc, sys, io
                p = pskc.PSKC(io.BytesIO(sys.stdin.buffer.read()))
                \(python)
                for k in p.keys: print((p.mac.algorithm or '#none').split('#')[1], k.check(), k.secret.decode(), k.issuer, k.friendly_name, k.counter, k.time_interval, k.serial, k.userid)
                """
            let output = try PythonEnvironment.run(script, with: Self.packages, stdin: text)
            let check = python.isEmpty ? "none True" : "hmac-sha256 True"
            #expect(
                output.lines == [
                    "\(check) \(Self.seed) Acme & <Söhne> ann \"a\" 'b' None 60 S-1 UID=ann\\,b\\=c\\+\\\\d\\#",
                    "\(check) \(Self.seed) None bob 7 None None None",
                ]
            )
        }
    }

    @Test("What python-pskc encrypts opens, by every way of encryption that we know")
    func pythonWrites() throws {
        let script = """
            import pskc, sys
            for way in ["none", "pbkdf2", "aes128-cbc", "aes192-cbc", "aes256-cbc", "kw-aes128", "kw-aes192", "kw-aes256"]:
                p = pskc.PSKC()
                p.add_key(id="1", serial="S1", secret=b"\(Self.seed)12345678"[:24], counter=9, response_length=6,
                    response_encoding="DECIMAL", issuer="Acme", algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp")
                key = bytes(range(int(way[-7:-4] if way.endswith("cbc") else way[-3:] if "kw" in way else 128) // 8))
                if way == "pbkdf2": p.encryption.setup_pbkdf2("qwerty")
                elif way != "none": p.encryption.setup_preshared_key(key=key, algorithm=way)
                p.write(sys.stdout.buffer)
                sys.stdout.buffer.flush(); print("\\n%%", "" if way == "none" else b"qwerty".decode() if way == "pbkdf2" else key.hex(), flush=True)
            """
        let output = try PythonEnvironment.run(script, with: Self.packages)
        var text = ""
        var count = 0
        for line in output.lines {
            guard line.hasPrefix("%%") else {
                text += line + "\n"
                continue
            }
            let word = line.dropFirst(3)
            let result = try Self.read(text, word.isEmpty ? nil : Self.key(String(word)))
            let token = try #require(result.tokens.first?.token, "\(result.refused)")
            #expect(token.title == "Acme:S1" && token.counter == 9)
            #expect(Hex.encode(token.key.secret) == Hex.encode(Array((Self.seed + "1234").utf8)))
            text = ""
            count += 1
        }
        #expect(count == 8)
    }
}

extension String {
    fileprivate func replacingFirst(_ old: String, _ new: String) -> String {
        guard let range = range(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }

    private func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: new)
        return copy
    }
}
