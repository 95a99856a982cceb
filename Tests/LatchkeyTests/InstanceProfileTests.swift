// InstanceProfileTests.swift: instance profiles and the roles of services.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Instance profiles and service-linked roles", .everyDatabase)
struct InstanceProfileTests {
    @Test("an instance profile holds one role, and neither goes while it does")
    func holding() async throws {
        let test = try await TestAuthority()
        let role = try await RoleTests.makeRole(test, "r").roleName
        let other = try await RoleTests.makeRole(test, "other").roleName
        let name = try InstanceProfileName("P")
        let made =
            try await test.perform(
                CreateInstanceProfile(
                    instanceProfileName: name,
                    path: try Path("/x/"),
                    tags: [Tag(key: "a", value: "1")]
                )
            )
            .instanceProfile
        #expect(made.arn.text == "arn:aws:iam::123456789012:instance-profile/x/P")
        #expect(made.instanceProfileId.count == 21 && made.instanceProfileId.hasPrefix("AIPA"))
        #expect(made.roles.isEmpty && made.tags == [Tag(key: "a", value: "1")])
        let again = CreateInstanceProfile(instanceProfileName: try InstanceProfileName("p"))
        #expect(try await test.fault(again)?.code == "EntityAlreadyExists")
        try await test.perform(AddRoleToInstanceProfile(instanceProfileName: name, roleName: role))
        let second = try await test.fault(AddRoleToInstanceProfile(instanceProfileName: name, roleName: other))
        #expect(second?.code == "LimitExceeded")
        let shown = try await test.perform(GetInstanceProfile(instanceProfileName: name)).instanceProfile
        #expect(shown.roles.map(\.roleName) == [role])
        #expect(
            try await test.perform(ListInstanceProfilesForRole(roleName: role)).instanceProfiles
                .map(\.instanceProfileName) == [name]
        )
        #expect(try await test.perform(ListInstanceProfilesForRole(roleName: other)).instanceProfiles.isEmpty)
        #expect(try await test.fault(DeleteRole(roleName: role))?.code == "DeleteConflict")
        #expect(try await test.fault(DeleteInstanceProfile(instanceProfileName: name))?.code == "DeleteConflict")
        let remove = RemoveRoleFromInstanceProfile(instanceProfileName: name, roleName: role)
        #expect(
            try await test.fault(RemoveRoleFromInstanceProfile(instanceProfileName: name, roleName: other))?.code
                == "NoSuchEntity"
        )
        try await test.perform(remove)
        #expect(try await test.fault(remove)?.code == "NoSuchEntity")
        try await test.perform(DeleteRole(roleName: role))
        try await test.perform(DeleteInstanceProfile(instanceProfileName: name))
        #expect(try await test.fault(GetInstanceProfile(instanceProfileName: name))?.code == "NoSuchEntity")
    }

    @Test(
        "to put a role into a profile takes iam:PassRole on the role besides, for the service that the profiles are of",
        arguments: [
            ("iam:AddRoleToInstanceProfile", "*", nil, "implicit_deny"),
            ("iam:PassRole", "*", nil, "implicit_deny"),
            ("iam:*", "*", nil, nil),
            ("iam:*", "arn:aws:iam::123456789012:instance-profile/*", nil, "implicit_deny"),
            ("iam:*", "arn:aws:iam::123456789012:role/*", nil, "implicit_deny"),
            ("iam:*", "arn:aws:iam::123456789012:*/ops/r", nil, nil),
            ("iam:*", "*", #"{"StringEqualsIfExists": {"iam:PassedToService": "ec2.amazonaws.com"}}"#, nil),
            ("iam:*", "*", #"{"StringEqualsIfExists": {"iam:PassedToService": "ecs.amazonaws.com"}}"#, "implicit_deny"),
            (
                "iam:*", "*",
                #"{"ArnLikeIfExists": {"iam:AssociatedResourceArn": "arn:aws:ec2:*:123456789012:instance/*"}}"#,
                nil
            ),
            ("iam:*", "*", #"{"StringEquals": {"aws:ResourceTag/team": "red"}}"#, nil),
        ] as [(String, String, String?, String?)]
    )
    func passing(action: String, resource: String, condition: String?, reason: String?) async throws {
        let scene = try await RoleScene()
        let name = try InstanceProfileName("r")
        let red = [Tag(key: "team", value: "red")]
        let profile = CreateInstanceProfile(instanceProfileName: name, path: try Path("/ops/"), tags: red)
        try await scene.test.perform(profile)
        try await scene.test.perform(TagRole(roleName: scene.role.roleName, tags: red))
        try await scene.allow(action, on: resource, if: condition)
        let add = AddRoleToInstanceProfile(instanceProfileName: name, roleName: scene.role.roleName)
        let fault = try await scene.fault(add, as: try await scene.caller())
        #expect(fault?.reason == reason)
        let held = try await scene.test.perform(GetInstanceProfile(instanceProfileName: name)).instanceProfile.roles
        #expect(held.isEmpty == (reason != nil))
    }

    @Test("a denied iam:PassRole is named with the role's own ARN, and a role that is not there is asked about as well")
    func passingDenied() async throws {
        let scene = try await RoleScene()
        let name = try InstanceProfileName("p")
        try await scene.test.perform(CreateInstanceProfile(instanceProfileName: name))
        try await scene.allow("iam:AddRoleToInstanceProfile")
        let caller = try await scene.caller()
        for (role, arn) in [("R", scene.role.arn.text), ("none", "arn:aws:iam::123456789012:role/none")] {
            let add = AddRoleToInstanceProfile(instanceProfileName: name, roleName: try RoleName(role))
            let fault = try await scene.fault(add, as: caller)
            #expect(
                fault?.message
                    == "User: \(RoleSessionTests.ann) is not authorized to perform: iam:PassRole on resource: "
                    + "\(arn) because no identity-based policy allows the iam:PassRole action"
            )
        }
        // Taking the role out again hands on nothing.
        let remove = RemoveRoleFromInstanceProfile(instanceProfileName: name, roleName: scene.role.roleName)
        try await scene.allow("iam:RemoveRoleFromInstanceProfile")
        #expect(try await scene.fault(remove, as: caller)?.code == "NoSuchEntity")
    }

    @Test("instance profiles have tags, and are listed by name under a path")
    func listing() async throws {
        let test = try await TestAuthority()
        for (name, path) in [("b", "/"), ("A", "/x/"), ("c", "/x/")] {
            try await test.perform(
                CreateInstanceProfile(instanceProfileName: try InstanceProfileName(name), path: try Path(path))
            )
        }
        let page = try await test.perform(ListInstanceProfiles(maxItems: try MaxItems(2)))
        #expect(page.instanceProfiles.map(\.instanceProfileName.text) == ["A", "b"] && page.isTruncated)
        let rest = try await test.perform(ListInstanceProfiles(marker: page.marker))
        #expect(rest.instanceProfiles.map(\.instanceProfileName.text) == ["c"])
        let deep = try await test.perform(ListInstanceProfiles(pathPrefix: try PathPrefix("/x/")))
        #expect(deep.instanceProfiles.count == 2)
        let name = try InstanceProfileName("a")
        try await test.perform(TagInstanceProfile(instanceProfileName: name, tags: [Tag(key: "k", value: "v")]))
        #expect(
            try await test.perform(ListInstanceProfileTags(instanceProfileName: name)).tags
                == [Tag(key: "k", value: "v")]
        )
        try await test.perform(UntagInstanceProfile(instanceProfileName: name, tagKeys: [try TagKey("K")]))
        #expect(try await test.perform(ListInstanceProfileTags(instanceProfileName: name)).tags.isEmpty)
    }

    @Test("an instance profile whose row was edited gives no role")
    func tampering() async throws {
        let test = try await TestAuthority()
        try await RoleTests.makeRole(test, "r")
        let name = try InstanceProfileName("p")
        try await test.perform(CreateInstanceProfile(instanceProfileName: name))
        try test.tamper("UPDATE instance_profiles SET role = (SELECT id FROM roles)")
        #expect(try await test.fault(GetInstanceProfile(instanceProfileName: name))?.code == "StoreDamaged")
        #expect(try await !test.authority.check().isEmpty)
    }

    @Test("a service's role follows from the service's name, and only its description changes")
    func serviceLinked() async throws {
        let test = try await TestAuthority()
        let create = CreateServiceLinkedRole(awsServiceName: try AWSServiceName("autoscaling.amazonaws.com"))
        let role = try await test.perform(create).role
        #expect(
            role.arn.text
                == "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        )
        #expect(role.assumeRolePolicyDocument?.text.contains(#""Service":"autoscaling.amazonaws.com""#) == true)
        #expect(try await test.fault(create)?.code == "InvalidInput")
        var suffixed = create
        suffixed.customSuffix = try CustomSuffix("b")
        #expect(try await test.perform(suffixed).role.roleName.text == "AWSServiceRoleForAutoScaling_b")
        for wrong in ["autoscaling", "amazonaws.com", "x..amazonaws.com", "evil.example.com"] {
            let fault = try await test.fault(CreateServiceLinkedRole(awsServiceName: try AWSServiceName(wrong)))
            #expect(fault?.code == "InvalidInput")
        }
        let name = role.roleName
        let document = PolicyText.allowing("iam:A")
        let inline = PolicyName(checked: "i")
        for fault in [
            try await test.fault(DeleteRole(roleName: name)),
            try await test.fault(UpdateAssumeRolePolicy(roleName: name, policyDocument: .trusting("*"))),
            try await test.fault(PutRolePolicy(roleName: name, policyName: inline, policyDocument: document)),
            try await test.fault(DeleteRolePolicy(roleName: name, policyName: inline)),
            try await test.fault(AttachRolePolicy(roleName: name, policyArn: ManagedPolicyTests.readOnly)),
            try await test.fault(DetachRolePolicy(roleName: name, policyArn: ManagedPolicyTests.readOnly)),
            try await test.fault(
                PutRolePermissionsBoundary(roleName: name, permissionsBoundary: ManagedPolicyTests.readOnly)
            ),
            try await test.fault(UpdateRole(roleName: name, maxSessionDuration: try MaxSessionDuration(7_200))),
        ] {
            #expect(fault?.code == "UnmodifiableEntity" && fault?.status == 400)
        }
        try await test.perform(UpdateRoleDescription(roleName: name, description: try RoleDescription("scales")))
        let reserved = CreateRole(
            path: try Path("/aws-service-role/x.amazonaws.com/"),
            roleName: try RoleName("x"),
            assumeRolePolicyDocument: .trusting("*")
        )
        #expect(try await test.fault(reserved)?.code == "InvalidInput")
        let task = try await test.perform(DeleteServiceLinkedRole(roleName: name)).deletionTaskId
        #expect(
            task.text.hasPrefix("task/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling/")
        )
        let status = GetServiceLinkedRoleDeletionStatus(deletionTaskId: task)
        #expect(try await test.perform(status).status == .succeeded)
        let unknown = GetServiceLinkedRoleDeletionStatus(deletionTaskId: try DeletionTaskID(task.text + "x"))
        #expect(try await test.fault(unknown)?.code == "NoSuchEntity")
        #expect(try await test.fault(GetRole(roleName: name))?.code == "NoSuchEntity")
        let own = try await RoleTests.makeRole(test, "own").roleName
        #expect(try await test.fault(DeleteServiceLinkedRole(roleName: own))?.code == "NoSuchEntity")
    }
}
