// PolicyAttachmentTests.swift: who holds which managed policy, as a grant or as a bound.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Attached policies and boundaries", .everyDatabase)
struct PolicyAttachmentTests {
    @Test("ten policies at most hang on a user and on a group; a second time changes nothing")
    func quota() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let devs = try await GroupTests.makeGroup(test, "devs")
        var arns: [ARN] = []
        for number in 0...10 { arns.append(try await ManagedPolicyTests.makePolicy(test, "p\(number)")) }
        for arn in arns.dropLast() {
            for _ in 1...2 {
                try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
                try await test.perform(AttachGroupPolicy(groupName: devs, policyArn: arn))
            }
        }
        let user = try await test.fault(AttachUserPolicy(userName: ann, policyArn: arns[10]))
        #expect(user?.code == "LimitExceeded")
        #expect(user?.message == "Cannot exceed quota for PoliciesPerUser: 10")
        let group = try await test.fault(AttachGroupPolicy(groupName: devs, policyArn: arns[10]))
        #expect(group?.message == "Cannot exceed quota for PoliciesPerGroup: 10")
        #expect(try await test.perform(GetPolicy(policyArn: arns[0])).policy.attachmentCount == 2)
        // A boundary takes no place among them.
        try await test.perform(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: arns[10]))
        try await test.perform(DetachUserPolicy(userName: ann, policyArn: arns[3]))
        let fault = try await test.fault(DetachUserPolicy(userName: ann, policyArn: arns[3]))
        #expect(fault?.code == "NoSuchEntity")
        #expect(fault?.message == "Policy \(arns[3]) was not found.")
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: arns[10]))
    }

    @Test("the longest names and paths give markers that AWS's clients may send back")
    func longMarkers() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let path = "/" + String(repeating: "p", count: 510) + "/"
        for letter in ["a", "b"] {
            let name = String(repeating: letter, count: 128)
            let arn = try await ManagedPolicyTests.makePolicy(test, name, at: path)
            try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
        }
        let one = try MaxItems(1)
        let markers = [
            try await test.perform(ListPolicies(scope: .local, maxItems: one)).marker,
            try await test.perform(ListAttachedUserPolicies(userName: ann, maxItems: one)).marker,
            try await test.perform(
                GetAccountAuthorizationDetails(filter: [.localManagedPolicy], maxItems: one)
            )
            .marker,
        ]
        // botocore's `markerType`.
        for marker in markers { #expect((1...320).contains(marker?.text.utf8.count ?? 0)) }
    }

    @Test("attached policies are listed by name in pages, under a path")
    func listing() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let devs = try await GroupTests.makeGroup(test, "devs")
        let arns = [
            try await ManagedPolicyTests.makePolicy(test, "b"), try await ManagedPolicyTests.makePolicy(test, "C"),
            try await ManagedPolicyTests.makePolicy(test, "a", at: "/x/"), ManagedPolicyTests.readOnly,
        ]
        for arn in arns {
            try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
            try await test.perform(AttachGroupPolicy(groupName: devs, policyArn: arn))
        }
        let page = try await test.perform(ListAttachedUserPolicies(userName: ann, maxItems: try MaxItems(3)))
        #expect(page.attachedPolicies.map(\.policyName.text) == ["a", "b", "C"] && page.isTruncated)
        #expect(page.attachedPolicies.map(\.policyArn) == [arns[2], arns[0], arns[1]])
        let rest = try await test.perform(ListAttachedUserPolicies(userName: ann, marker: page.marker))
        #expect(rest.attachedPolicies.map(\.policyArn) == [ManagedPolicyTests.readOnly] && !rest.isTruncated)
        let deep = try await test.perform(
            ListAttachedGroupPolicies(groupName: devs, pathPrefix: try PolicyPath("/x/"))
        )
        #expect(deep.attachedPolicies.map(\.policyArn) == [arns[2]])
    }

    @Test("a policy's holders are listed by kind and name, filtered by kind, path and use, in pages")
    func holders() async throws {
        let test = try await TestAuthority()
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        for name in ["bob", "Ann"] {
            try await test.perform(AttachUserPolicy(userName: try await test.makeUser(name), policyArn: arn))
        }
        let carl = try UserName("carl")
        try await test.perform(CreateUser(userName: carl, path: try Path("/x/"), permissionsBoundary: arn))
        for name in ["ops", "Devs"] {
            let group = try await GroupTests.makeGroup(test, name, at: "/x/")
            try await test.perform(AttachGroupPolicy(groupName: group, policyArn: arn))
        }
        let all = try await test.perform(ListEntitiesForPolicy(policyArn: arn))
        #expect(all.policyGroups.map(\.groupName.text) == ["Devs", "ops"])
        #expect(all.policyUsers.map(\.userName.text) == ["Ann", "bob", "carl"])
        #expect(all.policyRoles.isEmpty && !all.isTruncated && all.marker == nil)
        let page = try await test.perform(ListEntitiesForPolicy(policyArn: arn, maxItems: try MaxItems(3)))
        #expect(page.policyGroups.count == 2 && page.policyUsers.map(\.userName.text) == ["Ann"])
        let rest = try await test.perform(ListEntitiesForPolicy(policyArn: arn, marker: page.marker))
        #expect(rest.policyGroups.isEmpty && rest.policyUsers.map(\.userName.text) == ["bob", "carl"])
        let groups = try await test.perform(ListEntitiesForPolicy(policyArn: arn, entityFilter: .group))
        #expect(groups.policyGroups.count == 2 && groups.policyUsers.isEmpty)
        let users = try await test.perform(
            ListEntitiesForPolicy(policyArn: arn, entityFilter: .user, pathPrefix: try Path("/x/"))
        )
        #expect(users.policyUsers.map(\.userName) == [carl])
        let bounded = try await test.perform(
            ListEntitiesForPolicy(policyArn: arn, policyUsageFilter: .permissionsBoundary)
        )
        #expect(bounded.policyUsers.map(\.userName) == [carl] && bounded.policyGroups.isEmpty)
        let roles = try await test.perform(ListEntitiesForPolicy(policyArn: arn, entityFilter: .role))
        #expect(roles.policyUsers.isEmpty && roles.policyGroups.isEmpty)
    }

    @Test("a boundary must exist, is shown with its user, is counted, is replaced and taken away")
    func boundary() async throws {
        let test = try await TestAuthority()
        let ann = try UserName("ann")
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        let missing = try ARN("arn:aws:iam::123456789012:policy/missing")
        let fault = try await test.fault(CreateUser(userName: ann, permissionsBoundary: missing))
        #expect(fault?.code == "NoSuchEntity")
        #expect(fault?.message == "Policy \(missing) does not exist or is not attachable.")
        let made = try await test.perform(CreateUser(userName: ann, permissionsBoundary: arn)).user
        #expect(made.permissionsBoundary == AttachedPermissionsBoundary(arn))
        #expect(try await test.perform(GetUser(userName: ann)).user.permissionsBoundary?.permissionsBoundaryArn == arn)
        #expect(try await test.perform(ListUsers()).users.allSatisfy { $0.permissionsBoundary == nil })
        #expect(try await test.perform(GetPolicy(policyArn: arn)).policy.permissionsBoundaryUsageCount == 1)
        let other = ManagedPolicyTests.readOnly
        try await test.perform(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: other))
        #expect(
            try await test.perform(GetUser(userName: ann)).user.permissionsBoundary?.permissionsBoundaryArn == other
        )
        #expect(try await test.perform(GetPolicy(policyArn: arn)).policy.permissionsBoundaryUsageCount == 0)
        #expect(
            try await test.fault(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: missing))?.code
                == "NoSuchEntity"
        )
        try await test.perform(DeleteUserPermissionsBoundary(userName: ann))
        #expect(try await test.perform(GetUser(userName: ann)).user.permissionsBoundary == nil)
        #expect(try await test.fault(DeleteUserPermissionsBoundary(userName: ann))?.code == "NoSuchEntity")
        // It is no reason to keep a user.
        try await test.perform(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: arn))
        try await test.perform(DeleteUser(userName: ann))
        try await test.perform(DeletePolicy(policyArn: arn))
    }

    @Test("one account's groups and policies do not exist in another")
    func accounts() async throws {
        let test = try await TestAuthority()
        let other = AccountID(checked: "210987654321")
        try await test.perform(CreateAccount(accountId: other))
        func perform<A: Action>(_ action: A) async throws -> A.Output {
            try await test.authority.perform(
                action,
                test.authority.call(by: .local("tester", account: other), for: other, from: "local")
            )
        }
        func fault<A: Action>(_ action: A) async throws -> String? {
            do {
                _ = try await perform(action)
                return nil
            } catch let fault as Fault {
                return fault.code
            }
        }
        let ann = try await test.makeUser("ann")
        let devs = try await GroupTests.makeGroup(test, "devs")
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: ManagedPolicyTests.readOnly))
        _ = try await perform(CreateUser(userName: ann))
        #expect(try await fault(GetGroup(groupName: devs)) == "NoSuchEntity")
        #expect(try await perform(ListGroups()).groups.isEmpty)
        #expect(try await fault(AddUserToGroup(groupName: devs, userName: ann)) == "NoSuchEntity")
        #expect(try await fault(GetPolicy(policyArn: arn)) == "NoSuchEntity")
        #expect(try await perform(ListPolicies(scope: .local)).policies.isEmpty)
        #expect(try await fault(AttachUserPolicy(userName: ann, policyArn: arn)) == "NoSuchEntity")
        #expect(try await fault(PutUserPermissionsBoundary(userName: ann, permissionsBoundary: arn)) == "NoSuchEntity")
        #expect(try await fault(DeletePolicy(policyArn: arn)) == "AccessDenied")
        #expect(try await fault(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("*"))) == "AccessDenied")
        #expect(try await perform(ListAttachedUserPolicies(userName: ann)).attachedPolicies.isEmpty)
        // Uses of a predefined policy are counted account by account.
        let predefined = ManagedPolicyTests.readOnly
        #expect(try await perform(GetPolicy(policyArn: predefined)).policy.attachmentCount == 0)
        #expect(try await test.perform(GetPolicy(policyArn: predefined)).policy.attachmentCount == 1)
        #expect(try await perform(ListEntitiesForPolicy(policyArn: predefined)).policyUsers.isEmpty)
        #expect(try await perform(ListPolicies(onlyAttached: true)).policies.isEmpty)
        // The names are free there.
        _ = try await perform(CreateGroup(groupName: devs))
        _ = try await perform(CreatePolicy(policyName: arn.policyName, policyDocument: .allowing("*")))
        #expect(try await perform(ListGroupsForUser(userName: ann)).groups.isEmpty)
    }
}
