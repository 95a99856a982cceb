// CertificateRoleTests.swift: taking a role with a client's certificate: what is proved, what is asked about, and when it ends.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Roles by certificate", .everyDatabase)
struct CertificateRoleTests {
    let scene: CertificateScene

    init() async throws { scene = try await CertificateScene() }

    @Test("a certificate of the anchor's authority opens a session of the role, and the trail says whose")
    func life() async throws {
        let role = try await scene.makeRole()
        let client = try scene.certificates.issue(by: scene.root, serial: "0ABC")
        let answer = try await scene.take(role, client)
        #expect(answer.assumedRoleUser.arn.text == "arn:aws:sts::123456789012:assumed-role/build/0abc")
        #expect(answer.sourceIdentity == "CN=host-7" && answer.subject == "O=Acme,OU=web,CN=host-7")
        #expect(answer.credentials.expiration == scene.test.clock.now.adding(seconds: 3_600))
        let event = try #require(try await scene.test.lastEvent())
        #expect(event.event == "AssumeRoleWithCertificate" && event.outcome == .succeeded)
        #expect(
            event.detail == [
                "certificate_serial=0abc", "certificate_subject=O=Acme,OU=web,CN=host-7",
                "trust_anchor=\(scene.anchor.trustAnchorArn)", "session=0abc",
            ]
        )
        let caller = try await scene.caller(answer.credentials)
        #expect(try await scene.test.perform(GetCallerIdentity(), as: caller).arn == answer.assumedRoleUser.arn)
        #expect(caller.mfa == nil && caller.lent?.sourceIdentity == "CN=host-7")
        // What the role may, and no more; the names in the certificate can be asked about.
        #expect(try await scene.test.fault(ListUsers(), as: caller)?.code == "AccessDenied")
        try await scene.test.perform(
            PutRolePolicy(
                roleName: role.roleName,
                policyName: try PolicyName("p"),
                policyDocument: .allowing(
                    "iam:ListUsers",
                    on: "*",
                    if:
                        #"{"StringEquals": {"aws:PrincipalTag/x509Subject/OU": "web", "aws:SourceIdentity": "CN=host-7"}}"#
                )
            )
        )
        #expect(try await scene.test.fault(ListUsers(), as: caller) == nil)
        let sessions = try await scene.test.perform(ListRoleSessions(roleName: role.roleName)).sessions
        #expect(
            sessions.map(\.takenBy) == [scene.anchor.trustAnchorArn.text]
                && sessions.map(\.sourceIdentity) == ["CN=host-7"]
        )
        // A name and a time of one's own, within the role's.
        var action = scene.action(role)
        action.roleSessionName = try RoleSessionName("rack7")
        action.durationSeconds = try RoleDuration(900)
        let named = try await scene.test.perform(action, as: try scene.caller(client))
        #expect(named.assumedRoleUser.arn.text.hasSuffix("/rack7"))
        #expect(named.credentials.expiration == scene.test.clock.now.adding(seconds: 900))
        action.durationSeconds = try RoleDuration(3_601)
        #expect(try await scene.test.fault(action, as: try scene.caller(client))?.code == "ValidationError")
    }

    @Test("each certificate that is wrong is refused for its own reason, and leaves its number in the trail")
    func refusals() async throws {
        let role = try await scene.makeRole()
        let (made, root) = (scene.certificates, scene.root)
        let stranger = try made.root()
        let upper = try made.issue("/CN=upper", TestCertificates.authority, by: root)
        let below = try made.issue(by: upper)
        #expect(try await scene.fault(role, below, chain: [upper]) == nil)
        let client = try made.issue(by: root)
        let small = "RSA -pkeyopt rsa_keygen_bits:1024"
        let server = TestCertificates.client + ["extendedKeyUsage=serverAuth"]
        let cases: [(TestCertificates.Issued, [TestCertificates.Issued], String)] = [
            (try made.issue(by: stranger), [], "untrusted"), (try made.issue(by: stranger), [stranger], "untrusted"),
            (below, [], "untrusted"), (upper, [], "is_authority"),
            (try made.issue("/CN=admin", by: client), [client], "not_authority"),
            (try made.issue("/CN=a", server, by: root), [], "purpose"),
            (try made.issue("/CN=a", ["basicConstraints=CA:FALSE"], by: root), [], "key_usage"),
            (try made.issue(by: root, key: small), [], "weak_key"),
            (try made.issue(by: root, digest: "sha1"), [], "weak_signature"),
            (try made.issue("/CN=a\u{200B}b", by: root), [], "names"),
            (try made.issue("/OU=a/OU=b\\/c", by: root), [], "names"),
        ]
        for (client, chain, reason) in cases {
            let fault = try #require(try await scene.fault(role, client, chain: chain))
            #expect(fault.code == "AccessDenied" && fault.reason == "certificate_\(reason)", "\(fault)")
            #expect(fault.message.hasPrefix("The certificate is not trusted: "))
            let event = try #require(try await scene.test.lastEvent())
            let names = try #require(CertificateNames(try Certificate(pem: client.certificate)))
            #expect(event.outcome == .refused && event.reason == fault.reason)
            #expect(event.detail.first == "certificate_serial=\(Hex.encode(names.serialNumber))")
        }
        scene.test.clock.advance(-7_200)
        #expect(try await scene.fault(role, client)?.reason == "certificate_not_yet_valid")
        scene.test.clock.advance(7_200 + 21 * 86_400)
        #expect(try await scene.fault(role, client)?.reason == "certificate_expired")
        // Nobody is let in who signed with nothing, or with a key of ours.
        for caller in [Caller.anonymous, scene.test.local] {
            #expect(try await scene.test.fault(scene.action(role), as: caller)?.reason == "no_certificate")
        }
    }

    @Test("an anchor counts in its own account, while it is active; which is wrong is not told")
    func anchors() async throws {
        let role = try await scene.makeRole()
        let client = try scene.certificates.issue(by: scene.root)
        let other = try await scene.test.makeOtherAccount()
        let foreign = try await scene.test.perform(try CertificateScene.create("machines", scene.root), in: other)
        let missing = ARN(checked: scene.anchor.trustAnchorArn.text + "X")
        for arn in [foreign.trustAnchor.trustAnchorArn, missing, role.arn] {
            let fault = try #require(try await scene.fault(role, client, anchor: arn))
            #expect(fault.reason == "trust_anchor" && fault.message.contains("not an active one of the role's account"))
        }
        // A role of the other account is opened by an anchor of its own only.
        let far = try await scene.test
            .perform(
                CreateRole(roleName: role.roleName, assumeRolePolicyDocument: CertificateScene.trust()),
                in: other
            )
            .role
        #expect(try await scene.fault(far, client)?.reason == "trust_anchor")
        #expect(try await scene.fault(far, client, anchor: foreign.trustAnchor.trustAnchorArn) == nil)
        let arn = scene.anchor.trustAnchorArn
        try await scene.test.perform(UpdateTrustAnchor(trustAnchorArn: arn, status: .inactive))
        #expect(try await scene.fault(role, client)?.reason == "trust_anchor")
        try await scene.test.perform(UpdateTrustAnchor(trustAnchorArn: arn, status: .active))
        #expect(try await scene.fault(role, client) == nil)
    }

    @Test(
        "the trust policy names the service, asks about the anchor and the names, and allows each part of the session"
    )
    func conditions() async throws {
        let alternative = "subjectAltName=DNS:host-7.example,URI:spiffe://acme/web,dirName:inner"
        let client = try scene.certificates.issue(
            "/C=DE/O=Acme, Inc./OU=web/OU=blue/CN=host-7",
            TestCertificates.client + [alternative, "[inner]", "CN=other"],
            by: scene.root,
            serial: "0ABC"
        )
        let arn = scene.anchor.trustAnchorArn
        let role = try await scene.makeRole()
        func opens(_ condition: String) async throws -> Bool {
            try await scene.trust(role, condition)
            return try await scene.fault(role, client) == nil
        }
        let keys: [(String, String)] = [
            ("aws:SourceArn", arn.text), ("aws:SourceAccount", "123456789012"),
            ("aws:PrincipalTag/x509Subject/CN", "host-7"), ("aws:PrincipalTag/x509Subject/OU", "web/blue"),
            ("aws:PrincipalTag/x509Subject/O", "Acme, Inc."), ("aws:PrincipalTag/x509Issuer/CN", "Machines"),
            ("aws:PrincipalTag/x509SAN/DNS", "host-7.example"), ("aws:PrincipalTag/x509SAN/URI", "spiffe://acme/web"),
            ("aws:PrincipalTag/x509SAN/Name/CN", "other"), ("aws:RequestTag/x509Subject/C", "DE"),
            ("sts:SourceIdentity", "CN=host-7"), ("sts:RoleSessionName", "0abc"),
            ("aws:PrincipalServiceName", "rolesanywhere.amazonaws.com"),
        ]
        for (key, value) in keys {
            #expect(try await opens(#"{"StringEquals": {"\#(key)": "\#(value)"}}"#), "\(key)")
            #expect(!(try await opens(#"{"StringEquals": {"\#(key)": "\#(value)x"}}"#)), "\(key)")
        }
        #expect(
            try await opens(#"{"ArnLike": {"aws:SourceArn": "arn:aws:rolesanywhere:*:123456789012:trust-anchor/*"}}"#)
        )
        #expect(!(try await opens(#"{"Null": {"aws:PrincipalTag/x509Subject/L": "false"}}"#)))
        let parts = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
        for part in parts {
            let others = parts.filter { $0 != part }.map { "\"\($0)\"" }.joined(separator: ", ")
            let narrow = CertificateScene.trust(actions: others)
            try await scene.test.perform(UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: narrow))
            #expect(try await scene.fault(role, client)?.message == "Not authorized to perform \(part)")
        }
        // Trust in somebody else is none, and a role that is not there sounds alike.
        try await scene.test.perform(
            UpdateAssumeRolePolicy(
                roleName: role.roleName,
                policyDocument: .trusting("arn:aws:iam::123456789012:root")
            )
        )
        let refused = try await scene.fault(role, client)
        #expect(refused?.reason == "trust")
        var missing = scene.action(role)
        missing.roleArn = ARN(checked: "arn:aws:iam::123456789012:role/none")
        #expect(try await scene.test.fault(missing, as: try scene.caller(client))?.message == refused?.message)
        // Somebody who signs with a key does not pass for the service.
        try await scene.trust(role, nil)
        let assume = AssumeRole(roleArn: role.arn, roleSessionName: try RoleSessionName("own"))
        #expect(
            try await scene.test.fault(
                assume,
                as: try await scene.caller(try await scene.take(role, client).credentials)
            ) != nil
        )
    }

    @Test(
        "the session and what came through it end with the anchor, the certificate, the trust, the role and their time"
    )
    func ends() async throws {
        let role = try await scene.makeRole()
        let client = try scene.certificates.issue(by: scene.root, serial: "0ABC")
        let kept = try scene.certificates.issue(by: scene.root, serial: "0ABD")
        let arn = scene.anchor.trustAnchorArn
        func lend() async throws -> TemporaryCredentials { try await scene.take(role, client).credentials }
        let (first, other) = (try await lend(), try await scene.take(role, kept).credentials)
        let chained = try await scene.chained(first, from: role)
        #expect(try await scene.refusal(first) == nil)
        #expect(try await scene.refusal(chained) == nil)
        let number = try CertificateSerialNumber("0a:BC")
        let revoke = RevokeCertificate(trustAnchorArn: arn, serialNumber: number)
        #expect(try await scene.test.perform(revoke).ended == 2)
        #expect(try await scene.refusal(first) == "InvalidClientTokenId")
        #expect(try await scene.refusal(chained) == "InvalidClientTokenId")
        #expect(try await scene.refusal(other) == nil)
        #expect(try await scene.fault(role, client)?.reason == "certificate_revoked")
        try await scene.test.perform(ReinstateCertificate(trustAnchorArn: arn, serialNumber: number))
        let second = try await lend()
        // Another certificate of the authority's ends nothing, another authority everything.
        let same = try scene.certificates.issue("/O=Acme/CN=Machines", TestCertificates.authority, by: scene.root)
        #expect(try await scene.test.fault(try update(same))?.code == "InvalidCertificate")
        try await scene.test.perform(UpdateTrustAnchor(trustAnchorArn: arn, name: try TrustAnchorName("hosts")))
        #expect(try await scene.refusal(second) == nil)
        let ended = try await scene.test.perform(try update(try scene.certificates.root())).ended
        #expect(ended == 2)
        #expect(try await scene.refusal(second) == "InvalidClientTokenId")
        try await scene.test.perform(try update(scene.root))
        let third = try await lend()
        try await scene.test.perform(UpdateTrustAnchor(trustAnchorArn: arn, status: .inactive))
        #expect(try await scene.refusal(third) == "InvalidClientTokenId")
        try await scene.test.perform(UpdateTrustAnchor(trustAnchorArn: arn, status: .active))
        #expect(try await scene.refusal(third) == "InvalidClientTokenId")
        let fourth = try await lend()
        try await scene.trust(role, #"{"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "host-7"}}"#)
        #expect(try await scene.refusal(fourth) == nil)
        try await scene.trust(role, #"{"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "host-8"}}"#)
        #expect(try await scene.refusal(fourth) == "InvalidClientTokenId")
        try await scene.trust(role, nil)
        let fifth = try await lend()
        scene.test.clock.advance(3_599)
        #expect(try await scene.refusal(fifth) == nil)
        scene.test.clock.advance(1)
        #expect(try await scene.refusal(fifth) == "ExpiredToken")
        let sixth = try await lend()
        try await scene.test.perform(DeleteTrustAnchor(trustAnchorArn: arn))
        #expect(try await scene.refusal(sixth) == "InvalidClientTokenId")
        #expect(try await scene.fault(role, client)?.reason == "trust_anchor")
    }

    private func update(_ root: TestCertificates.Issued) throws -> UpdateTrustAnchor {
        UpdateTrustAnchor(
            trustAnchorArn: scene.anchor.trustAnchorArn,
            certificateBody: try CertificateBody(root.certificate)
        )
    }

    @Test("no session outlives a certificate of its chain, nor does one that was made with it")
    func lifetime() async throws {
        let role = try await scene.makeRole()
        let between = try scene.certificates.issue("/CN=b", TestCertificates.authority, by: scene.root, days: 1)
        let client = try scene.certificates.issue(by: between)
        let end = UnixTime(try Certificate(pem: between.certificate).notAfter)
        scene.test.clock.advance(end.seconds(since: scene.test.clock.now) - 1_000)
        let lent = try await scene.take(role, client, chain: [between]).credentials
        #expect(lent.expiration == end)
        let chained = try await scene.chained(lent, from: role)
        #expect(chained.expiration == end)
        scene.test.clock.advance(999)
        #expect(try await scene.refusal(chained) == nil)
        #expect(try await scene.take(role, client, chain: [between]).credentials.expiration == end)
        scene.test.clock.advance(1)
        #expect(try await scene.refusal(lent) == "ExpiredToken")
        #expect(try await scene.refusal(chained) == "ExpiredToken")
        #expect(try await scene.fault(role, client, chain: [between])?.reason == "certificate_expired")
    }

    @Test("a revocation list ends what it lists, also of an authority below, and is followed by newer ones only")
    func lists() async throws {
        let role = try await scene.makeRole()
        let (made, root) = (scene.certificates, scene.root)
        let arn = scene.anchor.trustAnchorArn
        let upper = try made.issue("/CN=upper", TestCertificates.authority, by: root)
        let (client, below) = (try made.issue(by: root, serial: "0A01"), try made.issue(by: upper, serial: "0A02"))
        let (first, second) = (
            try await scene.take(role, client).credentials,
            try await scene.take(role, below, chain: [upper]).credentials
        )
        func bring(_ list: String, chain: String? = nil) throws -> ImportRevocationList {
            ImportRevocationList(
                trustAnchorArn: arn,
                revocationList: try RevocationListText(list),
                certificateChain: try chain.map { try CertificateChain($0) }
            )
        }
        // Of the root's own the same number is another certificate.
        #expect(try await scene.test.perform(try bring(try made.revocationList(of: ["0A02"], by: root))).ended == 0)
        let answer = try await scene.test.perform(
            try bring(try made.revocationList(of: ["0A02"], by: upper), chain: upper.certificate + root.certificate)
        )
        #expect(answer.ended == 1 && answer.dates.nextUpdate != nil)
        #expect(try await scene.refusal(first) == nil)
        #expect(try await scene.refusal(second) == "InvalidClientTokenId")
        #expect(try await scene.fault(role, below, chain: [upper])?.reason == "certificate_revoked")
        let shown = try await scene.test.perform(GetTrustAnchor(trustAnchorArn: arn))
        #expect(shown.revocationLists.count == 2)
        let serial = Hex.encode(try #require(CertificateNames(try Certificate(pem: upper.certificate))).serialNumber)
        let third = try await scene.take(role, try made.issue(by: upper), chain: [upper]).credentials
        let newer = try made.revocationList(of: ["0A01", serial], by: root)
        #expect(try await scene.test.perform(try bring(newer)).ended == 2)
        #expect(try await scene.refusal(third) == "InvalidClientTokenId")
        #expect(try await scene.test.perform(GetTrustAnchor(trustAnchorArn: arn)).revocationLists.count == 2)
        // Not a stranger's, not one of a client, not one that has ended, not something else.
        let stranger = try made.root()
        let wrong = [
            try bring(try made.revocationList(of: [], by: stranger)),
            try bring(try made.revocationList(of: [], by: stranger), chain: stranger.certificate),
            try bring(try made.revocationList(of: [], by: client), chain: client.certificate),
            try bring(try made.revocationList(of: [], by: upper)),
            try bring(root.certificate), try bring("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"),
        ]
        for action in wrong { #expect(try await scene.test.fault(action)?.code == "InvalidInput") }
        scene.test.clock.advance(8 * 86_400)
        #expect(try await scene.test.fault(try bring(newer))?.message.contains("not of today") == true)
        // A list that is due to be followed goes on refusing.
        #expect(try await scene.fault(role, client)?.reason == "certificate_revoked")
        scene.test.clock.advance(-9 * 86_400)
        #expect(try await scene.test.fault(try bring(newer))?.message.contains("not of today") == true)
    }

    @Test("a list that was taken away from outside, or brought back, and an anchor that was changed are not believed")
    func tampering() async throws {
        let role = try await scene.makeRole()
        let client = try scene.certificates.issue(by: scene.root, serial: "0A01")
        let arn = scene.anchor.trustAnchorArn
        let lent = try await scene.take(role, client).credentials
        let list = try scene.certificates.revocationList(of: [], by: scene.root)
        let bring = ImportRevocationList(trustAnchorArn: arn, revocationList: try RevocationListText(list))
        try await scene.test.perform(bring)
        #expect(try await scene.test.authority.check().isEmpty)
        try scene.test.tamper("DELETE FROM revocation_lists")
        #expect(try await scene.fault(role, client)?.code == "StoreDamaged")
        #expect(try await scene.test.authority.check().count == 1)
        try scene.test.tamper("UPDATE trust_anchors SET lists = '[]'")
        #expect(try await scene.fault(role, client)?.code == "StoreDamaged")
        #expect(try await scene.refusal(lent) == "StoreDamaged")
    }

    @Test("a certificate with too many names is refused before anything is kept")
    func room() async throws {
        let role = try await scene.makeRole()
        let units = (0..<17).map { "/OU=\($0)" + String(repeating: "x", count: 60) }.joined()
        let fault = try await scene.fault(role, try scene.certificates.issue("\(units)/CN=a", by: scene.root))
        #expect(fault?.reason == "certificate_names")
        #expect(try await scene.test.perform(ListRoleSessions(roleName: role.roleName)).sessions.isEmpty)
    }
}
