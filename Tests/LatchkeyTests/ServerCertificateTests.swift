// ServerCertificateTests.swift: server certificates and their keys, made by openssl, from upload to deletion.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Server certificates", .everyDatabase)
struct ServerCertificateTests {
    typealias Tag = Latchkey.Tag

    static func upload(
        _ name: String,
        _ certificate: String,
        _ key: String,
        chain: String? = nil,
        path: String? = nil,
        tags: [Tag]? = nil
    ) throws -> UploadServerCertificate {
        UploadServerCertificate(
            path: try path.map { try Path($0) },
            serverCertificateName: try ServerCertificateName(name),
            certificateBody: try CertificateBody(certificate),
            privateKey: try PrivateKeyBody(key),
            certificateChain: try chain.map { try CertificateChain($0) },
            tags: tags
        )
    }

    static func get(_ name: String) throws -> GetServerCertificate {
        GetServerCertificate(serverCertificateName: try ServerCertificateName(name))
    }

    @Test("a certificate is uploaded, shown without its key, renamed, moved, and deleted with its tags")
    func life() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        let text = try OpenSSLTool.certificate(key)
        let tags = [Tag(key: "stage", value: "test")]
        let new = try await test.perform(try Self.upload("web", text, key, path: "/cloudfront/", tags: tags))
        let metadata = new.serverCertificateMetadata
        #expect(metadata.arn.text == "arn:aws:iam::123456789012:server-certificate/cloudfront/web")
        #expect(metadata.serverCertificateId.hasPrefix("ASCA") && metadata.serverCertificateId.count == 21)
        let end = try OpenSSLTool.openssl("x509 -noout -enddate -dateopt iso_8601", text)
        #expect(end.replacing(" ", with: "T") == "notAfter=\(metadata.expiration)\n")
        #expect(metadata.uploadDate == test.clock.now && new.tags == tags)
        let shown = try await test.perform(try Self.get("WEB")).serverCertificate
        #expect(shown.serverCertificateMetadata == metadata && shown.tags == tags)
        #expect(shown.certificateBody.text == text && shown.certificateChain == nil)
        #expect(try await test.fault(try Self.upload("Web", text, key))?.code == "EntityAlreadyExists")
        try await test.perform(try Self.upload("api", text, key))
        func rename(_ from: String, _ to: String?, _ path: String? = nil) async throws -> String? {
            try await test.fault(
                UpdateServerCertificate(
                    serverCertificateName: try ServerCertificateName(from),
                    newPath: try path.map { try Path($0) },
                    newServerCertificateName: try to.map { try ServerCertificateName($0) }
                )
            )?
            .code
        }
        #expect(try await rename("web", "API") == "EntityAlreadyExists")
        #expect(try await rename("none", "other") == "NoSuchEntity")
        #expect(try await rename("web", "WEB", "/") == nil)
        let moved = try await test.perform(try Self.get("web")).serverCertificate
        #expect(moved.serverCertificateMetadata.arn.text == "arn:aws:iam::123456789012:server-certificate/WEB")
        #expect(moved.serverCertificateMetadata.serverCertificateId == metadata.serverCertificateId)
        #expect(moved.tags == tags)
        let delete = DeleteServerCertificate(serverCertificateName: try ServerCertificateName("web"))
        try await test.perform(delete)
        #expect(try await test.fault(delete)?.code == "NoSuchEntity")
        #expect(try await test.fault(try Self.get("web"))?.code == "NoSuchEntity")
    }

    @Test("no certificate, a key of another one, an encrypted key, a weak key and a date gone by are refused")
    func refusals() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        let other = try OpenSSLTool.privateKey("RSA -pkeyopt rsa_keygen_bits:2048")
        let text = try OpenSSLTool.certificate(key)
        func code(_ certificate: String, _ key: String, chain: String? = nil) async throws -> String? {
            try await test.fault(try Self.upload("web", certificate, key, chain: chain))?.code
        }
        #expect(try await code("none", key) == "MalformedCertificate")
        #expect(try await code(text, "none") == "MalformedCertificate")
        let encrypted = try OpenSSLTool.openssl("pkcs8 -topk8 -passout pass:secret", key)
        #expect(try await code(text, encrypted) == "MalformedCertificate")
        #expect(try await code(text, other) == "KeyPairMismatch")
        #expect(try await code(text, try OpenSSLTool.privateKey()) == "KeyPairMismatch")
        let weak = try OpenSSLTool.privateKey("RSA -pkeyopt rsa_keygen_bits:1024")
        #expect(try await code(try OpenSSLTool.certificate(weak), weak) == "MalformedCertificate")
        #expect(try await code(text, key, chain: "none") == "MalformedCertificate")
        #expect(try await code(text, key, chain: try OpenSSLTool.certificate(other)) == "MalformedCertificate")
        // Signed by itself, it is its own chain.
        #expect(try await code(text, key, chain: text) == nil)
        #expect(try await test.perform(try Self.get("web")).serverCertificate.certificateChain?.text == text)
        test.clock.advance(31 * 86_400)
        #expect(try await test.fault(try Self.upload("late", text, key))?.code == "MalformedCertificate")
    }

    @Test("the list goes by name, keeps to a path and comes in pages; the twenty-first certificate is refused")
    func list() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        let text = try OpenSSLTool.certificate(key)
        for number in 0..<20 {
            let name = number % 2 == 0 ? "b\(number)" : "A\(number)"
            try await test.perform(try Self.upload(name, text, key, path: number < 5 ? "/x/" : nil))
        }
        #expect(try await test.fault(try Self.upload("more", text, key))?.code == "LimitExceeded")
        var names: [String] = []
        var marker: Marker?
        repeat {
            let page = try await test.perform(ListServerCertificates(marker: marker, maxItems: try MaxItems(6)))
            names += page.serverCertificateMetadataList.map(\.serverCertificateName.text)
            marker = page.marker
            #expect(page.isTruncated == (marker != nil))
        } while marker != nil
        #expect(names.count == 20 && names == names.sorted { $0.lowercased() < $1.lowercased() })
        let some = try await test.perform(ListServerCertificates(pathPrefix: try PathPrefix("/x")))
        #expect(some.serverCertificateMetadataList.count == 5)
    }

    @Test("tags are added, listed and taken away by the certificate's name")
    func tags() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        let name = try ServerCertificateName("web")
        try await test.perform(try Self.upload("web", try OpenSSLTool.certificate(key), key))
        let two = [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")]
        try await test.perform(TagServerCertificate(serverCertificateName: name, tags: two))
        let page = try await test.perform(
            ListServerCertificateTags(serverCertificateName: name, maxItems: try MaxItems(1))
        )
        #expect(page.tags == [two[0]] && page.isTruncated)
        let rest = try await test.perform(
            ListServerCertificateTags(serverCertificateName: name, marker: page.marker)
        )
        #expect(rest.tags == [two[1]])
        try await test.perform(UntagServerCertificate(serverCertificateName: name, tagKeys: [try TagKey("A")]))
        #expect(try await test.perform(ListServerCertificateTags(serverCertificateName: name)).tags == [two[1]])
        let many = TagServerCertificate(serverCertificateName: name, tags: TagTests.tags(50))
        #expect(try await test.fault(many)?.code == "LimitExceeded")
        let absent = try ServerCertificateName("none")
        for fault in [
            try await test.fault(TagServerCertificate(serverCertificateName: absent, tags: two)),
            try await test.fault(UntagServerCertificate(serverCertificateName: absent, tagKeys: [])),
            try await test.fault(ListServerCertificateTags(serverCertificateName: absent)),
        ] {
            #expect(fault?.code == "NoSuchEntity")
        }
    }

    @Test("the private key is nowhere in the file, opens in its own row only, and survives a change of keys")
    func privateKey() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        try await test.perform(try Self.upload("web", try OpenSSLTool.certificate(key), key))
        let secret = key.split(separator: "\n")[1]
        let dump = try test.dump()
        #expect(dump.contains("BEGIN CERTIFICATE") && !dump.contains(secret))
        #expect(!dump.contains(Hex.encode(Array(secret.utf8)).prefix(60)))
        #expect(!"\(try PrivateKeyBody(key))".contains(secret))
        func opened(_ authority: Authority) async throws -> String {
            try await authority.read { state throws(Fault) in
                guard let kept = try state.serverCertificates(in: TestAuthority.accountID).first else { return "" }
                return try state.open(kept.sealedKey, column: StoredServerCertificate.column, row: kept.id)
                    .withBytes { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
            }
        }
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        #expect(try await opened(try await test.reopen()) == key)
        #expect(try await test.authority.check().isEmpty)
        try test.tamper("UPDATE server_certificates SET path = '/other/'")
        #expect(try await test.fault(try Self.get("web"))?.code == "StoreDamaged")
        try test.tamper("UPDATE server_certificates SET path = '/', id = 'ASCA'")
        #expect(try await test.fault(try Self.get("web"))?.code == "StoreDamaged")
    }

    @Test("a name is an account's own")
    func walls() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let key = try OpenSSLTool.privateKey()
        let text = try OpenSSLTool.certificate(key)
        try await test.perform(try Self.upload("web", text, key))
        let other = try await test.makeOtherAccount()
        #expect(try await test.code(try Self.get("web"), in: other) == "NoSuchEntity")
        #expect(try await test.perform(ListServerCertificates(), in: other).serverCertificateMetadataList.isEmpty)
        let name = try ServerCertificateName("web")
        #expect(try await test.code(DeleteServerCertificate(serverCertificateName: name), in: other) == "NoSuchEntity")
        try await test.perform(try Self.upload("web", text, key), in: other)
        try await test.perform(TagServerCertificate(serverCertificateName: name, tags: TagTests.tags(1)), in: other)
        #expect(try await test.perform(ListServerCertificateTags(serverCertificateName: name)).tags.isEmpty)
    }
}
