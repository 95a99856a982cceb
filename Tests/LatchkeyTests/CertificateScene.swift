// CertificateScene.swift: an authority's certificate as a trust anchor, and roles that trust whoever has one of its certificates.
import LatchkeyCrypto
import LatchkeyTestSupport

@testable import Latchkey

/// An account with a trust anchor, and openssl to issue certificates below it.
final class CertificateScene: Sendable {
    let test: TestAuthority
    let certificates: TestCertificates
    let root: TestCertificates.Issued
    let anchor: TrustAnchor

    static let all = #""sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity""#

    init() async throws {
        test = try await TestAuthority()
        test.followRealTime()
        certificates = try TestCertificates()
        root = try certificates.root()
        anchor = try await test.perform(try Self.create("machines", root)).trustAnchor
    }

    static func create(_ name: String, _ root: TestCertificates.Issued) throws -> CreateTrustAnchor {
        CreateTrustAnchor(name: try TrustAnchorName(name), certificateBody: try CertificateBody(root.certificate))
    }

    static func trust(actions: String = all, condition: String? = nil) -> PolicyText {
        let condition = condition.map { #", "Condition": \#($0)"# } ?? ""
        return PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": \
                {"Service": "rolesanywhere.amazonaws.com"}, "Action": [\(actions)]\(condition)}}
                """
        )
    }

    func makeRole(
        _ name: String = "build",
        actions: String = all,
        condition: String? = nil
    ) async throws -> Role {
        try await RoleTests.makeRole(test, name, trusting: Self.trust(actions: actions, condition: condition))
    }

    func trust(_ role: Role, _ condition: String?) async throws {
        try await test.perform(
            UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: Self.trust(condition: condition))
        )
    }

    func caller(
        _ client: TestCertificates.Issued,
        chain: [TestCertificates.Issued] = []
    ) throws -> Caller {
        .holder(
            of: HeldCertificate(
                try Certificate(pem: client.certificate),
                chain: try chain.map { try Certificate(pem: $0.certificate) }
            )
        )
    }

    func action(_ role: Role, anchor: ARN? = nil) -> AssumeRoleWithCertificate {
        AssumeRoleWithCertificate(roleArn: role.arn, trustAnchorArn: anchor ?? self.anchor.trustAnchorArn)
    }

    func take(
        _ role: Role,
        _ client: TestCertificates.Issued,
        chain: [TestCertificates.Issued] = []
    ) async throws -> AssumeRoleWithCertificate.Output {
        try await test.perform(action(role), as: try caller(client, chain: chain))
    }

    func fault(
        _ role: Role,
        _ client: TestCertificates.Issued,
        chain: [TestCertificates.Issued] = [],
        anchor: ARN? = nil
    ) async throws -> Fault? {
        try await test.fault(action(role, anchor: anchor), as: try caller(client, chain: chain))
    }

    /// Who the credentials make of whoever holds them.
    func caller(_ lent: TemporaryCredentials) async throws -> Caller {
        try await AccessKeyTests.authenticate(test, lent)
    }

    func refusal(_ lent: TemporaryCredentials) async throws -> String? {
        try await AccessKeyTests.refusal(test, lent)
    }

    /// A role of the same account that sessions of `role` may take.
    func chained(_ lent: TemporaryCredentials, from role: Role) async throws -> TemporaryCredentials {
        let next = try await RoleTests.makeRole(
            test,
            "next",
            trusting: .trusting(role.arn.text, to: ["sts:AssumeRole", "sts:SetSourceIdentity"])
        )
        let action = AssumeRole(roleArn: next.arn, roleSessionName: try RoleSessionName("next"))
        return try await test.perform(action, as: try await caller(lent)).credentials
    }
}
