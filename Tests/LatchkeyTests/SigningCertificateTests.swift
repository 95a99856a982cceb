// SigningCertificateTests.swift: signing certificates made by openssl, from upload to deletion.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Signing certificates", .everyDatabase)
struct SigningCertificateTests {
    static func upload(_ text: String, _ user: UserName?) throws -> UploadSigningCertificate {
        UploadSigningCertificate(userName: user, certificateBody: try CertificateBody(text))
    }

    @Test("two certificates are kept, listed in pages, made inactive, and keep their user from being deleted")
    func life() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let ann = try UserName("ann")
        try await test.perform(CreateUser(userName: ann))
        let texts = try (0..<3).map { _ in try OpenSSLTool.certificate(try OpenSSLTool.privateKey()) }
        let first = try await test.perform(try Self.upload(texts[0], ann)).certificate
        #expect(first.certificateBody.text == texts[0] && first.userName == ann && first.status == .active)
        #expect(first.certificateId.text.count == 32 && first.uploadDate == test.clock.now)
        let second = try await test.perform(try Self.upload(texts[1], ann)).certificate
        #expect(try await test.fault(try Self.upload(texts[2], ann))?.code == "LimitExceeded")
        let page = try await test.perform(ListSigningCertificates(userName: ann, maxItems: try MaxItems(1)))
        let rest = try await test.perform(ListSigningCertificates(userName: ann, marker: page.marker))
        #expect(page.isTruncated && !rest.isTruncated)
        #expect(Set((page.certificates + rest.certificates).map(\.certificateBody.text)) == Set(texts.prefix(2)))
        let update = UpdateSigningCertificate(userName: ann, certificateId: first.certificateId, status: .inactive)
        try await test.perform(update)
        let statuses = try await test.perform(ListSigningCertificates(userName: ann)).certificates
        #expect(statuses.first { $0.certificateId == first.certificateId }?.status == .inactive)
        #expect(statuses.first { $0.certificateId == second.certificateId }?.status == .active)
        #expect(try await test.fault(DeleteUser(userName: ann))?.code == "DeleteConflict")
        for id in [first.certificateId, second.certificateId] {
            try await test.perform(DeleteSigningCertificate(userName: ann, certificateId: id))
        }
        #expect(try await test.fault(update)?.code == "NoSuchEntity")
        #expect(
            try await test.fault(DeleteSigningCertificate(userName: ann, certificateId: first.certificateId))?.code
                == "NoSuchEntity"
        )
        try await test.perform(DeleteUser(userName: ann))
        #expect(try await test.fault(ListSigningCertificates(userName: ann))?.code == "NoSuchEntity")
    }

    @Test("what is no certificate, out of date, weak or there already is refused with AWS's codes")
    func refusals() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let ann = try await test.makeUser("ann")
        func code(_ text: String, _ user: UserName?) async throws -> String? {
            try await test.fault(try Self.upload(text, user))?.code
        }
        let key = try OpenSSLTool.privateKey()
        let text = try OpenSSLTool.certificate(key)
        #expect(try await code("no certificate", ann) == "MalformedCertificate")
        #expect(try await code(key, ann) == "MalformedCertificate")
        #expect(try await code(text + text, ann) == "MalformedCertificate")
        #expect(try await code(text, try UserName("nobody")) == "NoSuchEntity")
        let weak = try OpenSSLTool.privateKey("RSA -pkeyopt rsa_keygen_bits:1024")
        #expect(try await code(try OpenSSLTool.certificate(weak), ann) == "InvalidCertificate")
        #expect(try await code(text, ann) == nil)
        // The same certificate in another text, for whoever of the account, root too.
        let other = text.replacing("\n", with: "\r\n")
        #expect(try await code(other, ann) == "DuplicateCertificate")
        #expect(try await code(other, try await test.makeUser("bob")) == "DuplicateCertificate")
        #expect(try await code(other, nil) == "DuplicateCertificate")
        #expect(try await code(try OpenSSLTool.certificate(key, name: "root"), nil) == nil)
        let late = try OpenSSLTool.certificate(key, days: 2, name: "late")
        test.clock.advance(3 * 86_400)
        #expect(try await code(late, ann) == "MalformedCertificate")
        #expect(try await test.lastEvent()?.reason == "certificate")
        test.clock.advance(-30 * 86_400)
        #expect(try await code(late, ann) == "MalformedCertificate")
    }

    @Test("another account takes the same certificate and sees none of this one's; a changed row is found")
    func walls() async throws {
        let test = try await TestAuthority()
        test.followRealTime()
        let ann = try await test.makeUser("ann")
        let text = try OpenSSLTool.certificate(try OpenSSLTool.privateKey())
        let mine = try await test.perform(try Self.upload(text, ann)).certificate
        let other = try await test.makeOtherAccount()
        try await test.perform(CreateUser(userName: ann), in: other)
        #expect(try await test.perform(ListSigningCertificates(userName: ann), in: other).certificates.isEmpty)
        #expect(
            try await test.code(
                DeleteSigningCertificate(userName: ann, certificateId: mine.certificateId),
                in: other
            ) == "NoSuchEntity"
        )
        try await test.perform(try Self.upload(text, ann), in: other)
        try test.tamper("UPDATE signing_certificates SET active = 0 WHERE account = '999999999999'")
        #expect(try await test.code(ListSigningCertificates(userName: ann), in: other) == "StoreDamaged")
        #expect(try await test.perform(ListSigningCertificates(userName: ann)).certificates == [mine])
    }
}
