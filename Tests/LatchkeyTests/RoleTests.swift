// RoleTests.swift: roles: how they are made, shown, listed, changed and deleted, and what hangs on them.
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Roles", .everyDatabase)
struct RoleTests {
    /// A role that the account itself may take, or the one whom the trust policy names.
    @discardableResult
    static func makeRole(
        _ test: TestAuthority,
        _ name: String,
        at path: String = "/",
        trusting trust: PolicyText = .trusting("arn:aws:iam::123456789012:root")
    ) async throws -> Role {
        try await test.perform(
            CreateRole(path: try Path(path), roleName: try RoleName(name), assumeRolePolicyDocument: trust)
        )
        .role
    }

    @Test("a role has an identifier, an ARN and an hour, and is shown as it was made")
    func making() async throws {
        let test = try await TestAuthority()
        let trust = PolicyText.trusting("*")
        let made =
            try await test.perform(
                CreateRole(
                    path: try Path("/ops/"),
                    roleName: try RoleName("Deploy"),
                    assumeRolePolicyDocument: trust,
                    description: try RoleDescription("puts it there"),
                    tags: [Tag(key: "team", value: "red")]
                )
            )
            .role
        #expect(made.roleId.count == 21 && made.roleId.hasPrefix("AROA"))
        #expect(made.arn.text == "arn:aws:iam::123456789012:role/ops/Deploy")
        #expect(made.maxSessionDuration == 3_600 && made.description == "puts it there")
        #expect(made.assumeRolePolicyDocument == trust)
        var shown = try await test.perform(GetRole(roleName: try RoleName("dEPLOY"))).role
        #expect(shown.roleLastUsed != nil && shown.roleLastUsed?.lastUsedDate == nil)
        shown.roleLastUsed = nil
        #expect(shown == made)
        #expect(shown.tags == [Tag(key: "team", value: "red")])
        let again = CreateRole(roleName: try RoleName("deploy"), assumeRolePolicyDocument: trust)
        let fault = try await test.fault(again)
        #expect(fault?.code == "EntityAlreadyExists" && fault?.message == "Role with name deploy already exists.")
        #expect(try await test.fault(GetRole(roleName: try RoleName("x")))?.code == "NoSuchEntity")
    }

    @Test("roles are listed by name, case apart, under a path, in pages, without tags and last use")
    func listing() async throws {
        let test = try await TestAuthority()
        for name in ["b", "A", "c"] { try await Self.makeRole(test, name) }
        try await Self.makeRole(test, "d", at: "/x/")
        let page = try await test.perform(ListRoles(maxItems: try MaxItems(3)))
        #expect(page.roles.map(\.roleName.text) == ["A", "b", "c"] && page.isTruncated)
        #expect(page.roles.allSatisfy { $0.tags == nil && $0.roleLastUsed == nil && $0.maxSessionDuration == 3_600 })
        let rest = try await test.perform(ListRoles(marker: page.marker))
        #expect(rest.roles.map(\.roleName.text) == ["d"] && !rest.isTruncated && rest.marker == nil)
        let deep = try await test.perform(ListRoles(pathPrefix: try PathPrefix("/x")))
        #expect(deep.roles.map(\.roleName.text) == ["d"])
    }

    @Test("description and duration change, each alone; the bounds are AWS's")
    func changing() async throws {
        let test = try await TestAuthority()
        let name = try await Self.makeRole(test, "r").roleName
        try await test.perform(UpdateRole(roleName: name, maxSessionDuration: try MaxSessionDuration(43_200)))
        try await test.perform(UpdateRole(roleName: name, description: try RoleDescription("x")))
        let role = try await test.perform(UpdateRoleDescription(roleName: name, description: try RoleDescription("y")))
        #expect(role.role.description == "y" && role.role.maxSessionDuration == 43_200)
        for (seconds, isRight) in [(3_599, false), (3_600, true), (43_200, true), (43_201, false), (-1, false)] {
            #expect(((try? MaxSessionDuration(seconds)) != nil) == isRight)
        }
        #expect(throws: Fault.validation("")) { try RoleDescription("a\u{7F}") }
        #expect(throws: Fault.validation("")) { try RoleDescription(String(repeating: "a", count: 1_001)) }
    }

    @Test("inline and attached policies, boundary and tags hang on a role as on a user, and keep it from being deleted")
    func policies() async throws {
        let test = try await TestAuthority()
        let name = try await Self.makeRole(test, "r").roleName
        let inline = PolicyName(checked: "own")
        try await test.perform(
            PutRolePolicy(roleName: name, policyName: inline, policyDocument: .allowing("iam:A"))
        )
        #expect(
            try await test.perform(GetRolePolicy(roleName: name, policyName: inline)).policyDocument.text
                .contains("iam:A")
        )
        #expect(try await test.perform(ListRolePolicies(roleName: name)).policyNames == [inline])
        let policy = try await ManagedPolicyTests.makePolicy(test, "mine")
        try await test.perform(AttachRolePolicy(roleName: name, policyArn: policy))
        #expect(
            try await test.perform(ListAttachedRolePolicies(roleName: name)).attachedPolicies.map(\.policyArn) == [
                policy
            ]
        )
        let entities = try await test.perform(ListEntitiesForPolicy(policyArn: policy))
        #expect(entities.policyRoles.map(\.roleName) == [name] && entities.policyUsers.isEmpty)
        #expect(try await test.perform(GetPolicy(policyArn: policy)).policy.attachmentCount == 1)
        try await test.perform(
            PutRolePermissionsBoundary(roleName: name, permissionsBoundary: ManagedPolicyTests.readOnly)
        )
        try await test.perform(TagRole(roleName: name, tags: [Tag(key: "a", value: "1"), Tag(key: "b", value: "2")]))
        try await test.perform(UntagRole(roleName: name, tagKeys: [try TagKey("A")]))
        #expect(try await test.perform(ListRoleTags(roleName: name)).tags == [Tag(key: "b", value: "2")])
        #expect(
            try await test.perform(GetRole(roleName: name)).role.permissionsBoundary?.permissionsBoundaryArn
                == ManagedPolicyTests.readOnly
        )
        #expect(try await test.fault(DeleteRole(roleName: name))?.code == "DeleteConflict")
        try await test.perform(DetachRolePolicy(roleName: name, policyArn: policy))
        #expect(try await test.fault(DeleteRole(roleName: name))?.code == "DeleteConflict")
        try await test.perform(DeleteRolePolicy(roleName: name, policyName: inline))
        try await test.perform(DeleteRolePermissionsBoundary(roleName: name))
        #expect(try await test.fault(DeleteRolePermissionsBoundary(roleName: name))?.code == "NoSuchEntity")
        try await test.perform(DeleteRole(roleName: name))
        #expect(try await test.fault(GetRole(roleName: name))?.code == "NoSuchEntity")
        try await Self.makeRole(test, "r")
        #expect(try await test.perform(ListRoleTags(roleName: name)).tags.isEmpty)
    }

    @Test("quotas are AWS's: ten attached policies, 10,240 characters inline, 2,048 of trust")
    func quotas() async throws {
        let test = try await TestAuthority()
        let name = try await Self.makeRole(test, "r").roleName
        for number in 0...9 {
            let policy = try await ManagedPolicyTests.makePolicy(test, "p\(number)")
            try await test.perform(AttachRolePolicy(roleName: name, policyArn: policy))
        }
        let last = try await ManagedPolicyTests.makePolicy(test, "last")
        let fault = try await test.fault(AttachRolePolicy(roleName: name, policyArn: last))
        #expect(fault?.code == "LimitExceeded" && fault?.message == "Cannot exceed quota for PoliciesPerRole: 10")
        func put(_ length: Int) -> PutRolePolicy {
            PutRolePolicy(roleName: name, policyName: PolicyName(checked: "i"), policyDocument: .counting(length))
        }
        #expect(try await test.fault(put(10_240)) == nil)
        #expect(try await test.fault(put(10_241))?.code == "LimitExceeded")
        func trust(_ length: Int) -> UpdateAssumeRolePolicy {
            let frame = PolicyText.trusting("*", id: "").countedLength
            let id = String(repeating: "i", count: length - frame)
            return UpdateAssumeRolePolicy(roleName: name, policyDocument: .trusting("*", id: id))
        }
        #expect(try await test.fault(trust(2_048)) == nil)
        let tooLong = try await test.fault(trust(2_049))
        #expect(tooLong?.code == "LimitExceeded")
        #expect(tooLong?.message == "Cannot exceed quota for ACLSizePerRole: 2048")
        #expect(
            try await test.fault(UpdateAssumeRolePolicy(roleName: name, policyDocument: PolicyText(checked: "{")))?.code
                == "MalformedPolicyDocument"
        )
    }

    @Test("the account's summary and details count and show roles and instance profiles")
    func account() async throws {
        let test = try await TestAuthority()
        let name = try await Self.makeRole(test, "r").roleName
        let profile = try InstanceProfileName("p")
        try await test.perform(CreateInstanceProfile(instanceProfileName: profile))
        try await test.perform(AddRoleToInstanceProfile(instanceProfileName: profile, roleName: name))
        try await test.perform(
            PutRolePolicy(roleName: name, policyName: PolicyName(checked: "i"), policyDocument: .allowing("iam:A"))
        )
        let summary = try await test.perform(GetAccountSummary()).summaryMap
        #expect(summary["Roles"] == 1 && summary["InstanceProfiles"] == 1 && summary["RolesQuota"] == 1_000)
        let details = try await test.perform(GetAccountAuthorizationDetails(filter: [.role]))
        let role = try #require(details.roleDetailList.first)
        #expect(role.roleName == name && role.instanceProfileList.map(\.instanceProfileName) == [profile])
        #expect(role.rolePolicyList.map(\.policyName.text) == ["i"] && role.roleLastUsed.lastUsedDate == nil)
        #expect(details.userDetailList.isEmpty && details.policies.isEmpty)
    }
}

extension PolicyText {
    /// A trust policy that lets one principal take the role.
    static func trusting(_ principal: String, id: String? = nil, condition: String? = nil) -> PolicyText {
        let id = id.map { "\"Id\": \"\($0)\", " } ?? ""
        let condition = condition.map { ", \"Condition\": \($0)" } ?? ""
        return PolicyText(
            checked: """
                {"Version": "2012-10-17", \(id)"Statement": [{"Effect": "Allow", "Principal": {"AWS": "\(principal)"}, \
                "Action": "sts:AssumeRole"\(condition)}]}
                """
        )
    }
}
