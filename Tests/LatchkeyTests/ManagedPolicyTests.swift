// ManagedPolicyTests.swift: policies that stand alone, their versions, and the predefined ones.
import LatchkeyJSON
import Testing

@testable import Latchkey

@Suite("Managed policies")
struct ManagedPolicyTests {
    static let readOnly = ARN(checked: "arn:aws:iam::aws:policy/ReadOnlyAccess")

    static func makePolicy(
        _ test: TestAuthority,
        _ name: String,
        at path: String = "/",
        _ text: PolicyText = .allowing("iam:Get*")
    ) async throws -> ARN {
        let action = CreatePolicy(policyName: try PolicyName(name), path: try PolicyPath(path), policyDocument: text)
        return try await test.perform(action).policy.arn
    }

    @Test("a new policy has AWS's identifier and ARN, version v1, and no description in the answer")
    func creation() async throws {
        let test = try await TestAuthority()
        let made =
            try await test.perform(
                CreatePolicy(
                    policyName: try PolicyName("Look"),
                    path: try PolicyPath("/a/b/"),
                    policyDocument: .allowing("iam:Get*"),
                    description: try PolicyDescription("to look"),
                    tags: [Tag(key: "k", value: "v")]
                )
            )
            .policy
        #expect(made.policyId.hasPrefix("ANPA") && made.policyId.count == 21)
        #expect(made.arn.text == "arn:aws:iam::123456789012:policy/a/b/Look")
        #expect(made.policyName.text == "Look" && made.path.text == "/a/b/")
        #expect(made.defaultVersionId.text == "v1" && made.isAttachable)
        #expect(made.attachmentCount == 0 && made.permissionsBoundaryUsageCount == 0)
        #expect(made.description == nil && made.tags == [Tag(key: "k", value: "v")])
        let shown = try await test.perform(GetPolicy(policyArn: made.arn)).policy
        #expect(shown.description == "to look" && shown.createDate == test.clock.now)
        let taken = try await test.fault(
            CreatePolicy(policyName: try PolicyName("LOOK"), policyDocument: .allowing("iam:*"))
        )
        #expect(taken?.code == "EntityAlreadyExists")
        #expect(taken?.message == "A policy called LOOK already exists. Duplicate names are not allowed.")
        let untagged = try await Self.makePolicy(test, "Plain")
        #expect(try await test.perform(GetPolicy(policyArn: untagged)).policy.tags == [])
    }

    @Test("a policy is a JSON object of at most 6,144 characters, white space not counted")
    func documents() async throws {
        let test = try await TestAuthority()
        func create(_ name: String, _ text: PolicyText) async throws -> Fault? {
            try await test.fault(CreatePolicy(policyName: try PolicyName(name), policyDocument: text))
        }
        #expect(try await create("a", PolicyText("[]"))?.code == "MalformedPolicyDocument")
        #expect(try await create("a", .counting(6_145))?.code == "LimitExceeded")
        #expect(try await create("a", PolicyText(PolicyText.counting(6_144).text + "   \n")) == nil)
        let arn = try ARN("arn:aws:iam::123456789012:policy/a")
        let fault = try await test.fault(CreatePolicyVersion(policyArn: arn, policyDocument: .counting(6_145)))
        #expect(fault?.message == "Cannot exceed quota for PolicySize: 6144")
    }

    @Test("versions count up and are never used again; five at most; the default one stays")
    func versions() async throws {
        let test = try await TestAuthority()
        let arn = try await Self.makePolicy(test, "p")
        func add(_ number: Int, asDefault: Bool? = nil) async throws -> PolicyVersion {
            test.clock.advance(10)
            return
                try await test.perform(
                    CreatePolicyVersion(
                        policyArn: arn,
                        policyDocument: .allowing("iam:Get\(number)"),
                        setAsDefault: asDefault
                    )
                )
                .policyVersion
        }
        let second = try await add(2)
        #expect(second.versionId.text == "v2" && !second.isDefaultVersion && second.document == nil)
        let third = try await add(3, asDefault: true)
        #expect(third.versionId.text == "v3" && third.isDefaultVersion)
        _ = try await add(4)
        _ = try await add(5)
        let full = try await test.fault(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("iam:*")))
        #expect(full?.code == "LimitExceeded")
        let shown = try await test.perform(GetPolicy(policyArn: arn)).policy
        #expect(shown.defaultVersionId.text == "v3" && shown.updateDate == test.clock.now)
        let page = try await test.perform(ListPolicyVersions(policyArn: arn, maxItems: try MaxItems(2)))
        #expect(page.versions.map(\.versionId.text) == ["v5", "v4"] && page.isTruncated)
        #expect(page.versions.allSatisfy { $0.document == nil })
        let rest = try await test.perform(ListPolicyVersions(policyArn: arn, marker: page.marker))
        #expect(rest.versions.map(\.versionId.text) == ["v3", "v2", "v1"])
        #expect(rest.versions.map(\.isDefaultVersion) == [true, false, false])
        let v3 = try PolicyVersionID("v3")
        let v5 = try PolicyVersionID("v5")
        let conflict = try await test.fault(DeletePolicyVersion(policyArn: arn, versionId: v3))
        #expect(conflict?.code == "DeleteConflict")
        #expect(conflict?.message == "Cannot delete the default version of a policy.")
        try await test.perform(DeletePolicyVersion(policyArn: arn, versionId: v5))
        #expect(try await add(6).versionId.text == "v6")
        let gone = try await test.fault(GetPolicyVersion(policyArn: arn, versionId: v5))
        #expect(gone?.code == "NoSuchEntity")
        #expect(gone?.message == "Policy \(arn) version v5 does not exist or is not attachable.")
        #expect(
            try await test.fault(SetDefaultPolicyVersion(policyArn: arn, versionId: v5))?.code == "NoSuchEntity"
        )
        #expect(
            try await test.fault(DeletePolicyVersion(policyArn: arn, versionId: PolicyVersionID("v3.x")))?.code
                == "NoSuchEntity"
        )
        let v6 = try PolicyVersionID("v6")
        try await test.perform(SetDefaultPolicyVersion(policyArn: arn, versionId: v6))
        let sixth = try await test.perform(GetPolicyVersion(policyArn: arn, versionId: v6)).policyVersion
        #expect(sixth.isDefaultVersion && sixth.document == .allowing("iam:Get6"))
    }

    @Test("a policy is deleted only when it has one version and nobody holds it")
    func deletion() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let arn = try await Self.makePolicy(test, "p")
        try await test.perform(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("iam:*")))
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
        #expect(
            try await test.fault(DeletePolicy(policyArn: arn))?.message
                == "Cannot delete a policy attached to entities."
        )
        try await test.perform(DetachUserPolicy(userName: ann, policyArn: arn))
        let versioned = try await test.fault(DeletePolicy(policyArn: arn))
        #expect(versioned?.code == "DeleteConflict")
        #expect(versioned?.message.hasPrefix("This policy has more than one version.") == true)
        try await test.perform(DeletePolicyVersion(policyArn: arn, versionId: try PolicyVersionID("v2")))
        try await test.perform(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: arn))
        #expect(try await test.fault(DeletePolicy(policyArn: arn))?.code == "DeleteConflict")
        try await test.perform(DeleteUserPermissionsBoundary(userName: ann))
        try await test.perform(DeletePolicy(policyArn: arn))
        let gone = try await test.fault(GetPolicy(policyArn: arn))
        #expect(gone?.code == "NoSuchEntity")
        #expect(gone?.message == "Policy \(arn) was not found.")
    }

    @Test("lists go by name, scope, path and use, and leave tags and description out")
    func listing() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let bob = try await test.makeUser("bob")
        // A predefined policy may have a namesake.
        for name in ["zeta", "Beta", "readonlyaccess"] { _ = try await Self.makePolicy(test, name) }
        let deep = try await Self.makePolicy(test, "deep", at: "/x/y/")
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: deep))
        try await test.perform(AttachUserPolicy(userName: bob, policyArn: deep))
        try await test.perform(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: Self.readOnly))
        func names(_ action: ListPolicies) async throws -> [String] {
            try await test.perform(action).policies.map(\.policyName.text)
        }
        #expect(try await names(ListPolicies(scope: .local)) == ["Beta", "deep", "readonlyaccess", "zeta"])
        let predefined = PredefinedPolicy.all.map(\.arn.policyName.text)
        #expect(Set(try await names(ListPolicies(scope: .aws))) == Set(predefined))
        #expect(try await names(ListPolicies(pathPrefix: PolicyPath("/x/"))) == ["deep"])
        #expect(try await names(ListPolicies(onlyAttached: true)) == ["deep"])
        #expect(try await names(ListPolicies(policyUsageFilter: .permissionsPolicy)) == ["deep"])
        #expect(try await names(ListPolicies(policyUsageFilter: .permissionsBoundary)) == ["ReadOnlyAccess"])
        var all: [ManagedPolicy] = []
        var marker: Marker?
        repeat {
            let page = try await test.perform(ListPolicies(marker: marker, maxItems: try MaxItems(3)))
            all += page.policies
            marker = page.marker
        } while marker != nil
        #expect(all.count == predefined.count + 4)
        #expect(all.map(\.policyName.folded) == all.map(\.policyName.folded).sorted())
        #expect(Set(all.map(\.arn)).count == all.count)
        #expect(all.allSatisfy { $0.tags == nil && $0.description == nil })
        #expect(all.first { $0.arn == deep }?.attachmentCount == 2)
        let readOnly = all.first { $0.arn == Self.readOnly }
        #expect(readOnly?.attachmentCount == 0 && readOnly?.permissionsBoundaryUsageCount == 1)
    }

    @Test("predefined policies are JSON, are shown with their documents, and cannot be changed")
    func predefined() async throws {
        let test = try await TestAuthority()
        let v1 = try PolicyVersionID("v1")
        #expect(Set(PredefinedPolicy.all.map(\.id)).count == PredefinedPolicy.all.count)
        for policy in PredefinedPolicy.all {
            #expect(throws: Never.self) { try PolicyText(policy.text.text).checkManaged() }
            #expect(policy.id.utf8.count == 21 && policy.arn.isOfPolicy)
            let shown = try await test.perform(GetPolicyVersion(policyArn: policy.arn, versionId: v1)).policyVersion
            #expect(shown.document == policy.text && shown.isDefaultVersion)
            #expect(try await test.perform(ListPolicyVersions(policyArn: policy.arn)).versions.count == 1)
            #expect(try await test.perform(GetPolicy(policyArn: policy.arn)).policy.description == policy.description)
        }
        for fault in [
            try await test.fault(DeletePolicy(policyArn: Self.readOnly)),
            try await test.fault(CreatePolicyVersion(policyArn: Self.readOnly, policyDocument: .allowing("*"))),
            try await test.fault(DeletePolicyVersion(policyArn: Self.readOnly, versionId: v1)),
            try await test.fault(SetDefaultPolicyVersion(policyArn: Self.readOnly, versionId: v1)),
        ] {
            #expect(fault?.code == "AccessDenied")
            #expect(fault?.message == "Policy is outside your own account.")
        }
    }

    @Test(
        "what is not a policy's ARN is InvalidInput",
        arguments: [
            "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::12345:policy/p", "arn:aws:s3:::bucket/policy/x",
            "arn:aws:iam::123456789012:policy/", "arn:aws:iam::aws:policy/x/",
        ]
    )
    func wrongARN(text: String) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let arn = try ARN(text)
        #expect(try await test.fault(GetPolicy(policyArn: arn))?.code == "InvalidInput")
        #expect(try await test.fault(AttachUserPolicy(userName: ann, policyArn: arn))?.code == "InvalidInput")
    }

    @Test("names, paths and versions keep AWS's patterns")
    func patterns() throws {
        #expect(throws: Never.self) { try PolicyPath("/a.b,c+d@e=f_g-h/i/") }
        for wrong in ["a/", "/a", "//", "/a//b/", "/a b/", "/a:b/"] {
            #expect(throws: Fault.validation(""), "\(wrong)") { try PolicyPath(wrong) }
        }
        for right in ["v1", "v10", "v2.abc-1", "v3."] {
            #expect(throws: Never.self, "\(right)") { try PolicyVersionID(right) }
        }
        for wrong in ["v0", "v01", "1", "v", "V1", "v1.a_b", "v1.a.b"] {
            #expect(throws: Fault.validation(""), "\(wrong)") { try PolicyVersionID(wrong) }
        }
    }
}
