// TrustAnchorTests.swift: trust anchors from their making to their deletion.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Trust anchors", .everyDatabase)
struct TrustAnchorTests {
    let scene: CertificateScene

    init() async throws { scene = try await CertificateScene() }

    private var arn: ARN { scene.anchor.trustAnchorArn }

    @Test("an anchor is made, shown, changed, tagged, listed by name, and deleted with its tags and lists")
    func life() async throws {
        let test = scene.test
        #expect(scene.anchor.status == .active && scene.anchor.createDate == test.clock.now)
        #expect(arn.text.wholeMatch(of: /arn:aws:rolesanywhere::123456789012:trust-anchor\/TANC[A-Z2-7]{17}/) != nil)
        #expect(scene.anchor.certificateBody.text == scene.root.certificate)
        test.clock.advance(60)
        var update = UpdateTrustAnchor(trustAnchorArn: arn, name: try TrustAnchorName("Z hosts"), status: .inactive)
        var shown = try await test.perform(update).trustAnchor
        #expect(shown.name.text == "Z hosts" && shown.status == .inactive && shown.updateDate == test.clock.now)
        #expect(shown.createDate == scene.anchor.createDate)
        update = UpdateTrustAnchor(trustAnchorArn: arn, status: .active)
        shown = try await test.perform(update).trustAnchor
        #expect(shown.name.text == "Z hosts" && shown.status == .active)
        try await test.perform(
            TagTrustAnchor(
                trustAnchorArn: arn,
                tags: [Latchkey.Tag(key: "stage", value: "live"), Latchkey.Tag(key: "a", value: "b")]
            )
        )
        try await test.perform(UntagTrustAnchor(trustAnchorArn: arn, tagKeys: [try TagKey("A")]))
        let tags = [Latchkey.Tag(key: "stage", value: "live")]
        #expect(try await test.perform(ListTrustAnchorTags(trustAnchorArn: arn)).tags == tags)
        try await test.perform(
            RevokeCertificate(trustAnchorArn: arn, serialNumber: try CertificateSerialNumber("00:0A:bc"))
        )
        let list = try scene.certificates.revocationList(of: [], by: scene.root)
        try await test.perform(ImportRevocationList(trustAnchorArn: arn, revocationList: try RevocationListText(list)))
        let all = try await test.perform(GetTrustAnchor(trustAnchorArn: arn))
        #expect(all.trustAnchor.name.text == "Z hosts" && all.tags == tags)
        #expect(all.revokedSerialNumbers.map(\.text) == ["0abc"] && all.revocationLists.count == 1)
        for name in ["b", "A"] { try await test.perform(try CertificateScene.create(name, scene.root)) }
        let first = try await test.perform(ListTrustAnchors(maxItems: try MaxItems(2)))
        #expect(first.trustAnchors.map(\.name.text) == ["A", "b"] && first.isTruncated)
        let second = try await test.perform(ListTrustAnchors(marker: first.marker))
        #expect(second.trustAnchors.map(\.name.text) == ["Z hosts"] && !second.isTruncated)
        #expect(try await test.authority.check().isEmpty)
        try await test.perform(DeleteTrustAnchor(trustAnchorArn: arn))
        #expect(try await test.fault(GetTrustAnchor(trustAnchorArn: arn))?.code == "NoSuchEntity")
        let id = String(arn.text.split(separator: "/")[1])
        let left = try await test.authority.read { state throws(Fault) in
            let count: (Int)? = try state.row(
                """
                SELECT (SELECT COUNT(*) FROM revocation_lists WHERE anchor = $1)
                    + (SELECT COUNT(*) FROM tags WHERE resource = $1)
                """,
                id
            )
            return count
        }
        #expect(left == 0)
        #expect(try await test.authority.check().isEmpty)
    }

    @Test("names that are taken, certificates that are no authority's, and ARNs of other things are refused")
    func refusals() async throws {
        let (test, made) = (scene.test, scene.certificates)
        #expect(
            try await test.fault(try CertificateScene.create("MACHINES", scene.root))?.code == "EntityAlreadyExists"
        )
        try await test.perform(try CertificateScene.create("other", scene.root))
        let rename = UpdateTrustAnchor(trustAnchorArn: arn, name: try TrustAnchorName("Other"))
        #expect(try await test.fault(rename)?.code == "EntityAlreadyExists")
        let cases: [(TestCertificates.Issued, String)] = [
            (try made.issue(by: scene.root), "InvalidCertificate"), (try made.root("/CN=a", []), "InvalidCertificate"),
            (try made.root(key: "RSA -pkeyopt rsa_keygen_bits:1024"), "InvalidCertificate"),
            (try made.root(digest: "sha1"), "InvalidCertificate"),
            (try made.root("/CN=a", ["basicConstraints=CA:TRUE"]), "InvalidCertificate"),
        ]
        for (issued, code) in cases {
            #expect(try await test.fault(try CertificateScene.create("x", issued))?.code == code)
        }
        let two = CertificateBody(checked: scene.root.certificate + scene.root.certificate)
        for body in [two, CertificateBody(checked: scene.root.key), CertificateBody(checked: "x")] {
            let create = CreateTrustAnchor(name: try TrustAnchorName("x"), certificateBody: body)
            #expect(try await test.fault(create)?.code == "MalformedCertificate")
        }
        for text in ["arn:aws:iam::123456789012:role/none", "arn:aws:rolesanywhere::123456789012:profile/x"] {
            #expect(try await test.fault(GetTrustAnchor(trustAnchorArn: ARN(checked: text)))?.code == "InvalidInput")
        }
        let foreign = ARN(checked: arn.text.replacing("123456789012", with: "999999999999"))
        #expect(try await test.fault(DeleteTrustAnchor(trustAnchorArn: foreign))?.code == "NoSuchEntity")
        #expect(throws: Fault.self) { try TrustAnchorName("a/b") }
        #expect(throws: Fault.self) { try CertificateSerialNumber("0x1") }
        let zero = RevokeCertificate(trustAnchorArn: arn, serialNumber: try CertificateSerialNumber("00"))
        #expect(try await test.fault(zero)?.code == "InvalidInput")
        let missing = ReinstateCertificate(trustAnchorArn: arn, serialNumber: try CertificateSerialNumber("0A"))
        #expect(try await test.fault(missing)?.code == "NoSuchEntity")
        test.clock.advance(31 * 86_400)
        #expect(try await test.fault(try CertificateScene.create("x", scene.root))?.code == "MalformedCertificate")
    }

    @Test("an account has fifty anchors, and an anchor a thousand numbers")
    func limits() async throws {
        for number in 1..<50 { try await scene.test.perform(try CertificateScene.create("a\(number)", scene.root)) }
        #expect(try await scene.test.fault(try CertificateScene.create("more", scene.root))?.code == "LimitExceeded")
        let (id, account) = (String(arn.text.split(separator: "/")[1]), TestAuthority.accountID)
        let now = scene.test.clock.now
        try await scene.test.authority.write { state throws(Fault) in
            guard var anchor = try state.findTrustAnchor(id: id, in: account) else { throw .noSuchEntity(id) }
            anchor.revoked = (1...1_000).map { "ff\(1_000 + $0)" }
            try state.update(anchor, at: now)
        }
        let revoke = RevokeCertificate(trustAnchorArn: arn, serialNumber: try CertificateSerialNumber("0A"))
        #expect(try await scene.test.fault(revoke)?.code == "LimitExceeded")
    }

    @Test("who may do what with anchors is a matter of policies, by their ARNs and tags")
    func permissions() async throws {
        let ann = try await scene.test.makeUser("ann")
        let key = try await AccessKeyTests.makeKey(scene.test, ann)
        let caller = try await AccessKeyTests.authenticate(scene.test, key.accessKeyId.text, key.secretAccessKey.text)
        let revoke = RevokeCertificate(trustAnchorArn: arn, serialNumber: try CertificateSerialNumber("0A"))
        #expect(try await scene.test.fault(revoke, as: caller)?.code == "AccessDenied")
        try await scene.test.perform(
            PutUserPolicy(
                userName: ann,
                policyName: try PolicyName("p"),
                policyDocument: .allowing(
                    "latchkey:RevokeCertificate",
                    on: arn.text,
                    if: #"{"StringEquals": {"aws:ResourceTag/stage": "test"}}"#
                )
            )
        )
        #expect(try await scene.test.fault(revoke, as: caller)?.code == "AccessDenied")
        try await scene.test.perform(
            TagTrustAnchor(trustAnchorArn: arn, tags: [Latchkey.Tag(key: "stage", value: "test")])
        )
        #expect(try await scene.test.fault(revoke, as: caller) == nil)
        let event = try #require(try await scene.test.lastEvent())
        #expect(event.event == "RevokeCertificate" && event.subject == arn.text)
        #expect(event.detail == ["certificate_serial=0a", "ended=0"])
        #expect(try await scene.test.fault(DeleteTrustAnchor(trustAnchorArn: arn), as: caller)?.code == "AccessDenied")
    }
}
