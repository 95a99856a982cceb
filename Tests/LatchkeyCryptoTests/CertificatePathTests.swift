// CertificatePathTests.swift: which certificates of clients lead to a trusted one, and why the others do not.
import Glibc
import LatchkeyCrypto
import LatchkeyTestSupport
import Testing

@Suite("Certificate paths")
struct CertificatePathTests {
    let certificates: TestCertificates
    let now = Int64(time(nil)) + 60

    init() throws { certificates = try TestCertificates() }

    private func path(
        _ client: TestCertificates.Issued,
        through between: [TestCertificates.Issued] = [],
        to anchor: TestCertificates.Issued,
        after seconds: Int64 = 0
    ) throws -> CertificatePath {
        try CertificatePath(
            from: try Certificate(pem: client.certificate),
            through: try between.map { try Certificate(pem: $0.certificate) },
            to: try Certificate(pem: anchor.certificate),
            at: now + seconds
        )
    }

    private func refusal(
        _ client: TestCertificates.Issued,
        through between: [TestCertificates.Issued] = [],
        to anchor: TestCertificates.Issued,
        after seconds: Int64 = 0
    ) throws -> CertificateRefusal? {
        do {
            _ = try path(client, through: between, to: anchor, after: seconds)
            return nil
        } catch let refusal as CertificateRefusal {
            return refusal
        }
    }

    @Test(
        "a certificate leads to its issuer and beyond, in whatever order those between come, and ends with the first of them"
    )
    func whole() throws {
        let root = try certificates.root()
        let upper = try certificates.issue("/CN=upper", TestCertificates.authority, by: root, days: 10)
        let lower = try certificates.issue("/CN=lower", TestCertificates.authority, by: upper)
        let stranger = try certificates.root("/CN=stranger")
        for key in [TestCertificates.p256, TestCertificates.rsa, "EC -pkeyopt ec_paramgen_curve:P-521"] {
            let client = try certificates.issue(by: lower, key: key)
            for between in [[lower, upper], [upper, lower], [stranger, lower, upper, root]] {
                let path = try path(client, through: between, to: root)
                let wanted = try [client, lower, upper, root].map { try Certificate(pem: $0.certificate) }
                #expect(path.certificates == wanted)
                #expect(path.notAfter == wanted.map(\.notAfter).min() && path.notAfter == wanted[2].notAfter)
            }
            // An anchor need not be a root.
            #expect(try path(client, to: lower).certificates.count == 2)
            #expect(try path(client, through: [lower], to: upper).certificates.count == 3)
            #expect(try refusal(client, to: root) == .untrusted)
            #expect(try refusal(client, through: [lower], to: root) == .untrusted)
            #expect(try refusal(client, through: [lower, upper], to: stranger) == .untrusted)
        }
    }

    @Test("time is asked of every certificate of the chain, to the second")
    func times() throws {
        let root = try certificates.root()
        let between = try certificates.issue("/CN=between", TestCertificates.authority, by: root, days: 5)
        let client = try certificates.issue(by: root, days: 5)
        let below = try certificates.issue(by: between)
        let end = try Certificate(pem: client.certificate).notAfter
        #expect(try refusal(client, to: root, after: end - now - 1) == nil)
        #expect(try refusal(client, to: root, after: end - now) == .expired)
        #expect(try refusal(below, through: [between], to: root, after: 6 * 86_400) == .expired)
        #expect(try refusal(client, to: root, after: -3_600) == .notYetValid)
        #expect(try refusal(client, to: root, after: 100 * 86_400) == .expired)
        #expect(try refusal(client, to: root, after: -now - 1) == .notYetValid)
    }

    @Test("what a certificate is for must be said, and be this")
    func uses() throws {
        let root = try certificates.root()
        let none = "basicConstraints=CA:FALSE"
        let signing = "keyUsage=critical,digitalSignature"
        let cases: [([String], CertificateRefusal?)] = [
            ([none, signing], nil), ([signing], nil), ([none, signing, "extendedKeyUsage=clientAuth"], nil),
            ([none, signing, "extendedKeyUsage=serverAuth,clientAuth"], nil),
            ([none, signing, "extendedKeyUsage=serverAuth"], .purpose),
            ([none, signing, "extendedKeyUsage=codeSigning,anyExtendedKeyUsage"], .purpose),
            ([none], .keyUsage), ([none, "keyUsage=keyAgreement"], .keyUsage),
            ([none, "keyUsage=keyEncipherment"], .keyUsage), ([], .unsupported),
            (TestCertificates.authority, .isAuthority),
            (["basicConstraints=CA:TRUE", "keyUsage=digitalSignature,keyCertSign"], .isAuthority),
            ([none, signing, "1.2.3.4=critical,ASN1:UTF8String:x"], .unsupported),
            ([none, signing, "1.2.3.4=ASN1:UTF8String:x"], nil),
        ]
        for (extensions, wanted) in cases {
            let client = try certificates.issue("/CN=host", extensions, by: root)
            #expect(try refusal(client, to: root) == wanted, "\(extensions)")
        }
        #expect(try refusal(try certificates.version1(by: root), to: root) == .unsupported)
        // Somebody who has a certificate issues others with it.
        let client = try certificates.issue("/CN=host", by: root)
        let forged = try certificates.issue("/CN=admin", by: client)
        #expect(try refusal(forged, through: [client], to: root) == .notAuthority)
        let own = try certificates.root("/CN=host", TestCertificates.client)
        #expect(try refusal(own, to: root) == .untrusted)
        #expect(try refusal(root, to: root) != nil)
    }

    @Test(
        "authorities between must be ones, for certificates, within the path length and the names that those above allow"
    )
    func authorities() throws {
        let root = try certificates.root(
            "/CN=root",
            ["basicConstraints=critical,CA:TRUE,pathlen:1", "keyUsage=keyCertSign"]
        )
        let upper = try certificates.issue("/CN=upper", TestCertificates.authority, by: root)
        let lower = try certificates.issue("/CN=lower", TestCertificates.authority, by: upper)
        #expect(try refusal(try certificates.issue(by: upper), through: [upper], to: root) == nil)
        #expect(try refusal(try certificates.issue(by: lower), through: [upper, lower], to: root) == .tooLong)
        let mute = try certificates.issue("/CN=mute", ["basicConstraints=CA:TRUE"], by: root)
        #expect(try refusal(try certificates.issue(by: mute), through: [mute], to: root) == .keyUsage)
        let wrong = try certificates.issue("/CN=wrong", ["basicConstraints=CA:TRUE", "keyUsage=cRLSign"], by: root)
        #expect(try refusal(try certificates.issue(by: wrong), through: [wrong], to: root) != nil)
        let narrow = try certificates.issue(
            "/CN=narrow",
            TestCertificates.authority + ["nameConstraints=critical,permitted;DNS:web.example"],
            by: root
        )
        for (name, wanted) in [("a.web.example", nil), ("db.example", CertificateRefusal.nameConstraint)] {
            let names = TestCertificates.client + ["subjectAltName=DNS:\(name)"]
            let client = try certificates.issue("/O=Acme", names, by: narrow)
            #expect(try refusal(client, through: [narrow], to: root) == wanted)
        }
        // Six between are more than anyone may send.
        let many = [CertificatePath](
            repeating: try path(try certificates.issue(by: upper), through: [upper], to: root),
            count: 6
        )
        #expect(throws: CertificateRefusal.tooLong) {
            try CertificatePath(
                from: many[0].certificates[0],
                through: many.map { $0.certificates[1] },
                to: many[0].certificates[2],
                at: now
            )
        }
    }

    @Test("weak keys and weak hashes lead nowhere")
    func weak() throws {
        let root = try certificates.root()
        let small = "RSA -pkeyopt rsa_keygen_bits:1024"
        #expect(try refusal(try certificates.issue(by: root, key: small), to: root) == .weakKey)
        #expect(try refusal(try certificates.issue(by: root, digest: "sha1"), to: root) == .weakSignature)
        #expect(try refusal(try certificates.issue(by: root, key: "ED25519"), to: root) == .weakKey)
        let slow = "RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:1208925819614629174706189"
        #expect(try refusal(try certificates.issue(by: root, key: slow), to: root) == .weakKey)
        let curve = "EC -pkeyopt ec_paramgen_curve:secp256k1"
        #expect(try refusal(try certificates.issue(by: root, key: curve), to: root) == .weakKey)
        let between = try certificates.issue("/CN=b", TestCertificates.authority, by: root, key: small)
        #expect(try refusal(try certificates.issue(by: between), through: [between], to: root) == .weakKey)
        let hashed = try certificates.issue("/CN=h", TestCertificates.authority, by: root, digest: "sha1")
        #expect(try refusal(try certificates.issue(by: hashed), through: [hashed], to: root) == .weakSignature)
        let weak = try certificates.root("/CN=weak", key: small)
        #expect(try refusal(try certificates.issue(by: weak), to: weak) == .weakKey)
    }

    @Test("an anchor is an authority's certificate, for certificates, strong, and rightly signed where by itself")
    func anchors() throws {
        func fault(_ issued: TestCertificates.Issued) throws -> CertificateRefusal? {
            try Certificate(pem: issued.certificate).faultAsAnchor
        }
        let root = try certificates.root()
        #expect(try fault(root) == nil)
        #expect(try fault(try certificates.root(key: TestCertificates.rsa)) == nil)
        #expect(try fault(try certificates.root(key: "ED25519")) == nil)
        #expect(try fault(try certificates.issue("/CN=b", TestCertificates.authority, by: root)) == nil)
        #expect(try fault(try certificates.issue(by: root)) == .notAuthority)
        #expect(try fault(try certificates.root("/CN=a", ["basicConstraints=CA:TRUE"])) == .keyUsage)
        #expect(try fault(try certificates.root(key: "RSA -pkeyopt rsa_keygen_bits:1024")) == .weakKey)
        #expect(try fault(try certificates.root(digest: "sha1")) == .weakSignature)
        #expect(try fault(try certificates.root("/CN=a", [])) == .unsupported)
        #expect(try fault(try certificates.version1(by: root)) == .unsupported)
        // A namesake's signature is no one's own.
        let namesake = try certificates.issue("/O=Acme/CN=Machines", TestCertificates.authority, by: root)
        #expect(try fault(namesake) == .untrusted)
    }

    @Test("no byte of a certificate can be changed, and none makes the reader fall")
    func bytes() throws {
        let root = try certificates.root()
        let client = try certificates.issue(by: root)
        let anchor = try Certificate(pem: root.certificate)
        let der = try Certificate(pem: client.certificate).der
        for place in der.indices {
            var changed = der
            changed[place] ^= 0x41
            guard let certificate = try? Certificate(der: changed) else { continue }
            _ = CertificateNames(certificate)
            _ = certificate.keyKind
            #expect(throws: CertificateRefusal.self, "byte \(place)") {
                try CertificatePath(from: certificate, through: [], to: anchor, at: now)
            }
        }
        for count in stride(from: 0, to: der.count, by: 7) {
            #expect((try? Certificate(der: Array(der.prefix(count)))) == nil)
            #expect((try? RevocationList(der: Array(der.prefix(count)))) == nil)
        }
    }

    @Test("names come as text, with those of a type in order, and the first alternative ones")
    func names() throws {
        let root = try certificates.root("/C=DE/O=Acme, Inc./CN=Mächte")
        let alternative = "subjectAltName=email:a@b.example,DNS:a.example,DNS:b.example,URI:spiffe://x/y,dirName:inner"
        let client = try certificates.issue(
            "/O=Acme/OU=web/OU=blue/CN=host-7/UID=u7/businessCategory=none",
            TestCertificates.client + [alternative, "[inner]", "CN=other", "O=Else"],
            by: root,
            serial: "00F0AB"
        )
        let names = try #require(CertificateNames(try Certificate(pem: client.certificate)))
        #expect(
            names.subject.map { "\($0.type)=\($0.value)" } == ["O=Acme", "OU=web", "OU=blue", "CN=host-7", "UID=u7"]
        )
        #expect(names.issuer.map { "\($0.type)=\($0.value)" } == ["C=DE", "O=Acme, Inc.", "CN=Mächte"])
        #expect(names.directory.map { "\($0.type)=\($0.value)" } == ["CN=other", "O=Else"])
        #expect(names.dns == "a.example" && names.uri == "spiffe://x/y")
        #expect(names.serialNumber == [0xF0, 0xAB] && names.decimalSerialNumber == "61611")
        let bare = try #require(CertificateNames(try Certificate(pem: root.certificate)))
        #expect(bare.dns == nil && bare.uri == nil && bare.directory.isEmpty && bare.serialNumber.count > 15)
    }

    @Test(
        "a key signs what its certificate checks, and openssl checks it too",
        arguments: [TestCertificates.p256, TestCertificates.rsa]
    )
    func signatures(algorithm: String) throws {
        let root = try certificates.root()
        let client = try certificates.issue(by: root, key: algorithm)
        let certificate = try Certificate(pem: client.certificate)
        let key = try CertificateKey(privateKeyPEM: client.key, of: certificate)
        #expect(certificate.keyKind == key.kind && key.kind == (algorithm.hasPrefix("RSA") ? .rsa : .ecdsa))
        let message = Array("what is signed".utf8)
        let signature = try key.signature(of: message)
        #expect(certificate.isSignature(signature, of: message))
        let folder = try Folder()
        let publicKey = try Subprocess.run("openssl", ["x509", "-in", client.certificateFile, "-pubkey", "-noout"])
        let verdict = try Subprocess.run(
            "openssl",
            [
                "dgst", "-sha256", "-verify", try folder.write(publicKey.stdoutBytes, to: "key"), "-signature",
                try folder.write(signature, to: "signature"),
            ],
            stdin: message
        )
        #expect(verdict.stdout == "Verified OK\n")
        #expect(!certificate.isSignature(signature, of: message + [0]))
        #expect(
            !certificate.isSignature([], of: message)
                && !certificate.isSignature([UInt8](repeating: 0, count: 9_000), of: message)
        )
        for place in signature.indices {
            var changed = signature
            changed[place] ^= 1
            #expect(!certificate.isSignature(changed, of: message))
        }
        let other = try certificates.issue(by: root, key: algorithm)
        #expect(!(try Certificate(pem: other.certificate)).isSignature(signature, of: message))
        #expect(throws: CertificateError.malformedKey) { try CertificateKey(privateKeyPEM: other.key, of: certificate) }
        #expect(throws: CertificateError.malformedKey) {
            try CertificateKey(privateKeyPEM: client.certificate, of: certificate)
        }
    }

    @Test("a revocation list is its issuer's, whole and strong, and says who is on it")
    func lists() throws {
        let root = try certificates.root()
        let other = try certificates.root()
        let (kept, gone) = (
            try certificates.issue(by: root, serial: "0A01"), try certificates.issue(by: root, serial: "0A02")
        )
        let list = try RevocationList(pem: try certificates.revocationList(of: ["0A02"], by: root))
        let anchor = try Certificate(pem: root.certificate)
        #expect(list.isSigned(by: anchor))
        #expect(!list.isSigned(by: try Certificate(pem: other.certificate)))
        #expect(list.lists(try Certificate(pem: gone.certificate)))
        #expect(!list.lists(try Certificate(pem: kept.certificate)))
        // Of another issuer the same number is another certificate.
        let upper = try certificates.issue("/CN=upper", TestCertificates.authority, by: root)
        #expect(!list.lists(try Certificate(pem: try certificates.issue(by: upper, serial: "0A02").certificate)))
        #expect(try #require(list.nextUpdate) - list.thisUpdate == 7 * 86_400)
        let weak = try RevocationList(pem: try certificates.revocationList(of: [], by: root, digest: "sha1"))
        #expect(!weak.isSigned(by: anchor))
        for part in ["2.5.29.27=critical,ASN1:INTEGER:1", "2.5.29.28=critical,ASN1:SEQUENCE:e\n[e]"] {
            let text = try certificates.revocationList(of: [], by: root, extensions: part)
            #expect(throws: CertificateError.malformedList) { try RevocationList(pem: text) }
        }
        #expect(throws: CertificateError.notPEM) { try RevocationList(pem: root.certificate) }
        let mute = try certificates.issue("/CN=m", ["basicConstraints=CA:TRUE", "keyUsage=keyCertSign"], by: root)
        let unsigned = try RevocationList(pem: try certificates.revocationList(of: [], by: mute))
        #expect(!unsigned.isSigned(by: try Certificate(pem: mute.certificate)))
    }
}
