// CertificateTests.swift: certificates and public keys that openssl and ssh-keygen made, read and written as they do.
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite("Certificates and public keys")
struct CertificateTests {
    /// Runs a tool that must succeed and gives what it wrote.
    static func run(_ tool: String, _ arguments: [String], _ stdin: String = "") throws -> String {
        let output = try Subprocess.run(tool, arguments, stdin: Array(stdin.utf8))
        try #require(output.status == 0, "\(tool) \(arguments): \(output.stderr)")
        return output.stdout
    }

    static func openssl(_ arguments: String, _ stdin: String = "") throws -> String {
        try run("openssl", arguments.split(separator: " ").map(String.init), stdin)
    }

    static let keys = [
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3071",
        "genpkey -algorithm ED25519",
    ]

    @Test("a public key in PEM becomes the line and the fingerprint that ssh-keygen knows, and back", arguments: keys)
    func publicKey(_ arguments: String) throws {
        let pem = try Self.openssl("pkey -pubout", try Self.openssl(arguments))
        let key = try PublicKeyText(pem)
        #expect(key.pem == pem)
        let listed = try Self.run("ssh-keygen", ["-E", "md5", "-lf", "-"], key.openSSH)
        #expect(listed.split(separator: " ").dropFirst().first == "MD5:\(try key.fingerprint())")
        #expect(try PublicKeyText(key.openSSH) == key)
        #expect(try PublicKeyText("  \(key.openSSH) ann@example.com with a comment\r\n\n") == key)
        if pem.utf8.count > 200 {
            #expect(try PublicKeyText(try Self.openssl("rsa -pubin -RSAPublicKey_out", pem)) == key)
            #expect(try Self.run("ssh-keygen", ["-i", "-m", "PKCS8", "-f", "/dev/stdin"], pem) == key.openSSH + "\n")
        }
    }

    @Test("weak, foreign and broken public keys are refused, each for its reason")
    func refusedPublicKeys() throws {
        func refusal(_ text: String) -> PublicKeyError? {
            do throws(PublicKeyError) {
                _ = try PublicKeyText(text)
                return nil
            } catch {
                return error
            }
        }
        let weak = try Self.openssl(
            "pkey -pubout",
            try Self.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024")
        )
        #expect(refusal(weak) == .wrongSize(bits: 1_024))
        let curve = try Self.openssl(
            "pkey -pubout",
            try Self.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
        )
        #expect(refusal(curve) == .unsupportedAlgorithm)
        let ecdsa = try Self.run("ssh-keygen", ["-i", "-m", "PKCS8", "-f", "/dev/stdin"], curve)
        #expect(refusal(ecdsa) == .unsupportedAlgorithm)
        for text in ["", "\n", "not a key", "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----"] {
            #expect(refusal(text) == .unknownEncoding)
        }
        let pem = try Self.openssl("pkey -pubout", try Self.openssl("genpkey -algorithm ED25519"))
        let line = try PublicKeyText(pem).openSSH
        let secret = try Self.openssl("genpkey -algorithm ED25519")
        #expect(refusal(secret) == .unknownEncoding)
        for text in [
            "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa " + line.dropFirst(12), String(line.dropLast(4)),
            line + "\n" + line,
            pem + pem, String(pem.dropLast(30)), pem.replacing("MCow", with: "MCpw"), "text before\n" + pem,
        ] {
            #expect(refusal(text) != nil, "\(text)")
        }
    }

    @Test("no prefix, and no single changed byte of a blob, is taken for another key with needless zeros")
    func mutations() throws {
        let key = try PublicKeyText(try Self.openssl("pkey -pubout", try Self.openssl(Self.keys[0])))
        let blob = try Base64.decode(String(key.openSSH.dropFirst(8)), .strict)
        for count in 0..<blob.count {
            #expect(throws: PublicKeyError.self) {
                try PublicKeyText("ssh-rsa " + Base64.encode(Array(blob[..<count])))
            }
        }
        for index in 0..<blob.count {
            var changed = blob
            changed[index] ^= 0x80
            if let other = try? PublicKeyText("ssh-rsa " + Base64.encode(changed)) {
                // What is taken is written back as it came: one text for one key.
                #expect(other.openSSH == "ssh-rsa " + Base64.encode(changed))
                #expect(other != key)
            }
        }
    }

    @Test("a certificate tells its validity and strength, and which private key is its own")
    func certificate() throws {
        let strong = try Self.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256")
        let weak = try Self.openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024")
        let text = try Self.openssl("req -x509 -key /dev/stdin -subj /CN=ann -days 30", strong)
        let certificate = try Certificate(pem: text)
        #expect(certificate.securityBits == 128)
        #expect(certificate.notAfter - certificate.notBefore == 30 * 86_400)
        let shown = try Self.openssl("x509 -noout -enddate -dateopt iso_8601", text)
        let seconds = try Self.run("date", ["-u", "-d", "@\(certificate.notAfter)", "+notAfter=%Y-%m-%d %H:%M:%SZ"])
        #expect(shown == seconds)
        let other = try Certificate(pem: try Self.openssl("req -x509 -key /dev/stdin -subj /CN=bob", weak))
        #expect(other.securityBits == 80)
        #expect(try certificate.isFor(privateKeyPEM: strong))
        #expect(try certificate.isFor(privateKeyPEM: try Self.openssl("ec", strong)), "SEC 1")
        #expect(try other.isFor(privateKeyPEM: try Self.openssl("rsa -traditional", weak)), "PKCS #1")
        #expect(try !certificate.isFor(privateKeyPEM: weak))
        let parameters = try Self.openssl("ecparam -name prime256v1 -genkey")
        #expect(parameters.contains("EC PARAMETERS"))
        #expect(try !certificate.isFor(privateKeyPEM: parameters))
        let encrypted = try Self.openssl("pkcs8 -topk8 -passout pass:secret", strong)
        for key in [encrypted, text, "", "nothing", strong + strong, try Self.openssl("pkey -pubout", strong)] {
            #expect(throws: CertificateError.self) { try certificate.isFor(privateKeyPEM: key) }
        }
    }

    @Test("a chain's certificates are each signed by the next, and by no other")
    func chain() throws {
        let folder = try Self.run("mktemp", ["-d"]).split(separator: "\n")[0]
        defer { _ = try? Subprocess.run("rm", ["-r", String(folder)]) }
        func file(_ name: String, _ text: String) throws -> String {
            _ = try Self.run("tee", ["\(folder)/\(name)"], text)
            return "\(folder)/\(name)"
        }
        let rootKey = try file("root.key", try Self.openssl(Self.keys[0]))
        let rootText = try Self.openssl("req -x509 -key \(rootKey) -subj /CN=root")
        let rootFile = try file("root.pem", rootText)
        let key = try file("leaf.key", try Self.openssl(Self.keys[2]))
        let request = try Self.openssl("req -new -key \(key) -subj /CN=leaf")
        let leafText = try Self.openssl("x509 -req -CA \(rootFile) -CAkey \(rootKey) -CAcreateserial", request)
        let both = try Certificate.list(pem: leafText + rootText)
        #expect(both.count == 2)
        #expect(both[0].isSigned(by: both[1]) && both[1].isSigned(by: both[1]))
        #expect(!both[0].isSigned(by: both[0]) && !both[1].isSigned(by: both[0]))
        let impostor = try Certificate(
            pem: try Self.openssl("req -x509 -key /dev/stdin -subj /CN=root", try Self.openssl(Self.keys[0]))
        )
        #expect(!both[0].isSigned(by: impostor))
        #expect(throws: CertificateError.notPEM) { try Certificate(pem: leafText + rootText) }
        let text = leafText.replacing("\n", with: "\r\n")
        #expect(try Certificate(pem: text) == both[0])
        let middle = leafText.index(leafText.startIndex, offsetBy: 100)
        for broken in ["", leafText.uppercased(), String(leafText[..<middle]), "Bag\n" + leafText, request] {
            #expect(throws: CertificateError.self) { try Certificate(pem: broken) }
        }
        var der = both[0].der
        der[3] ^= 1
        let longer = "-----BEGIN CERTIFICATE-----\n\(Base64.encode(both[0].der + [0]))\n-----END CERTIFICATE-----"
        let changed = "-----BEGIN CERTIFICATE-----\n\(Base64.encode(der))\n-----END CERTIFICATE-----"
        #expect(throws: CertificateError.malformedCertificate) { try Certificate(pem: longer) }
        #expect(throws: CertificateError.malformedCertificate) { try Certificate(pem: changed) }
    }
}
