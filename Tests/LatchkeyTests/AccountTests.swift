// AccountTests.swift: what an account goes by, what it holds, and who may do what in it.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Accounts as a whole", .everyDatabase)
struct AccountTests {
    @Test("an account has one alias, which no other account of the store has")
    func alias() async throws {
        let test = try await TestAuthority()
        let other = AccountID(checked: "210987654321")
        try await test.perform(CreateAccount(accountId: other, alias: try AccountAlias("rival")))
        let new = try AccountAlias("new-name")
        #expect(try await test.perform(ListAccountAliases()).accountAliases.map(\.text) == ["acme"])
        for taken in ["acme", "rival"] {
            let fault = try await test.fault(CreateAccountAlias(accountAlias: try AccountAlias(taken)))
            #expect(fault?.code == "EntityAlreadyExists")
            #expect(fault?.message == "The account alias \(taken) already exists.")
        }
        try await test.perform(CreateAccountAlias(accountAlias: new))
        let page = try await test.perform(ListAccountAliases())
        #expect(page.accountAliases == [new] && !page.isTruncated && page.marker == nil)
        for foreign in ["acme", "rival"] {
            let fault = try await test.fault(DeleteAccountAlias(accountAlias: try AccountAlias(foreign)))
            #expect(fault?.code == "NoSuchEntity")
        }
        try await test.perform(DeleteAccountAlias(accountAlias: new))
        #expect(try await test.perform(ListAccountAliases()).accountAliases.isEmpty)
        #expect(try await test.authority.account(other.text).alias?.text == "rival")
    }

    @Test("the summary has AWS's keys and counts what is there, in this account alone")
    func summary() async throws {
        let test = try await TestAuthority()
        let other = AccountID(checked: "210987654321")
        try await test.perform(CreateAccount(accountId: other))
        _ = try await test.authority.perform(
            CreateUser(userName: UserName(checked: "eve")),
            test.authority.call(by: .local("tester", account: other), for: other, from: "local")
        )
        let before = try await test.perform(GetAccountSummary()).summaryMap
        // The keys of botocore's `summaryKeyType`.
        #expect(
            before.keys.sorted() == [
                "AccessKeysPerUserQuota", "AccountAccessKeysPresent", "AccountMFAEnabled", "AccountPasswordPresent",
                "AccountSigningCertificatesPresent", "AssumeRolePolicySizeQuota", "AttachedPoliciesPerGroupQuota",
                "AttachedPoliciesPerRoleQuota", "AttachedPoliciesPerUserQuota", "GlobalEndpointTokenVersion",
                "GroupPolicySizeQuota", "Groups", "GroupsPerUserQuota", "GroupsQuota", "InstanceProfiles",
                "InstanceProfilesQuota", "MFADevices", "MFADevicesInUse", "Policies", "PoliciesQuota",
                "PolicySizeQuota", "PolicyVersionsInUse", "PolicyVersionsInUseQuota", "Providers",
                "RolePolicySizeQuota", "Roles", "RolesQuota", "ServerCertificates", "ServerCertificatesQuota",
                "SigningCertificatesPerUserQuota", "UserPolicySizeQuota", "Users", "UsersQuota",
                "VersionsPerPolicyQuota",
            ]
        )
        for name in ["Users", "Groups", "Policies", "PolicyVersionsInUse", "MFADevices", "AccountMFAEnabled"] {
            #expect(before[name] == 0, "\(name)")
        }
        #expect(before["AccountPasswordPresent"] == 1)
        #expect(before["AccountAccessKeysPresent"] == 0)
        _ = try await test.makeUser("ann")
        _ = try await test.enroll(.root)
        _ = try await test.perform(
            CreateVirtualMFADevice(virtualMFADeviceName: VirtualMFADeviceName(checked: "spare"))
        )
        try await test.perform(CreateAccessKey(userName: .root))
        _ = try await GroupTests.makeGroup(test, "devs")
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        try await test.perform(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("iam:*")))
        let after = try await test.perform(GetAccountSummary()).summaryMap
        let expected = [
            "Users": 1, "Groups": 1, "Policies": 1, "PolicyVersionsInUse": 2, "MFADevices": 2, "MFADevicesInUse": 1,
            "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 1, "AccountPasswordPresent": 1,
            "UserPolicySizeQuota": 2_048, "GroupPolicySizeQuota": 5_120, "PolicySizeQuota": 6_144,
        ]
        for (name, number) in expected { #expect(after[name] == number, "\(name)") }
    }

    @Test("the shape of the summary is a map of numbers")
    func shape() {
        #expect(GetAccountSummary.outputShape.members.map(\.shape) == [.map(.integer)])
    }

    /// An account with two users, a group and a policy that hang together.
    static func populated() async throws -> (test: TestAuthority, policy: ARN) {
        let test = try await TestAuthority()
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        try await test.perform(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("iam:*")))
        let ann = UserName(checked: "Ann")
        try await test.perform(
            CreateUser(userName: ann, permissionsBoundary: arn, tags: [Tag(key: "k", value: "v")])
        )
        try await test.perform(CreateUser(userName: UserName(checked: "bob")))
        let devs = try await GroupTests.makeGroup(test, "devs")
        try await test.perform(AddUserToGroup(groupName: devs, userName: ann))
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: arn))
        try await test.perform(AttachGroupPolicy(groupName: devs, policyArn: ManagedPolicyTests.readOnly))
        try await test.perform(
            PutUserPolicy(userName: ann, policyName: PolicyName(checked: "own"), policyDocument: .allowing("iam:A"))
        )
        try await test.perform(
            PutGroupPolicy(groupName: devs, policyName: PolicyName(checked: "ours"), policyDocument: .allowing("iam:B"))
        )
        return (test, arn)
    }

    @Test("the details show everything that hangs on whom, documents and all")
    func details() async throws {
        let (test, arn) = try await Self.populated()
        let all = try await test.perform(GetAccountAuthorizationDetails())
        #expect(all.userDetailList.map(\.userName.text) == ["Ann", "bob"])
        let ann = try #require(all.userDetailList.first)
        #expect(ann.userPolicyList.map(\.policyDocument) == [.allowing("iam:A")])
        #expect(ann.groupList.map(\.text) == ["devs"])
        #expect(ann.attachedManagedPolicies.map(\.policyArn) == [arn])
        #expect(ann.permissionsBoundary?.permissionsBoundaryArn == arn)
        #expect(ann.tags == [Tag(key: "k", value: "v")])
        let devs = try #require(all.groupDetailList.first)
        #expect(devs.groupPolicyList.map(\.policyName.text) == ["ours"])
        #expect(devs.attachedManagedPolicies.map(\.policyArn) == [ManagedPolicyTests.readOnly])
        #expect(all.roleDetailList.isEmpty)
        #expect(all.policies.count == PredefinedPolicy.all.count + 1)
        let policy = try #require(all.policies.first { $0.arn == arn })
        #expect(policy.attachmentCount == 1 && policy.permissionsBoundaryUsageCount == 1)
        #expect(policy.policyVersionList.map(\.versionId.text) == ["v2", "v1"])
        #expect(policy.policyVersionList.map(\.document) == [.allowing("iam:*"), .allowing("iam:Get*")])
    }

    @Test("pages run over all kinds, and a filter leaves kinds out")
    func pages() async throws {
        let (test, arn) = try await Self.populated()
        let whole = try await test.perform(GetAccountAuthorizationDetails())
        var names: [String] = []
        var marker: Marker?
        repeat {
            let page = try await test.perform(
                GetAccountAuthorizationDetails(marker: marker, maxItems: try MaxItems(2))
            )
            let count = page.userDetailList.count + page.groupDetailList.count + page.policies.count
            #expect(page.isTruncated ? count == 2 : (1...2).contains(count))
            names += page.userDetailList.map(\.userName.text) + page.groupDetailList.map(\.groupName.text)
            names += page.policies.map(\.arn.text)
            marker = page.marker
        } while marker != nil
        #expect(
            names == whole.userDetailList.map(\.userName.text) + whole.groupDetailList.map(\.groupName.text)
                + whole.policies.map(\.arn.text)
        )
        let local = try await test.perform(GetAccountAuthorizationDetails(filter: [.localManagedPolicy, .group]))
        #expect(local.policies.map(\.arn) == [arn])
        #expect(local.groupDetailList.count == 1 && local.userDetailList.isEmpty)
        let users = try await test.perform(GetAccountAuthorizationDetails(filter: [.user, .role]))
        #expect(users.userDetailList.count == 2 && users.groupDetailList.isEmpty && users.policies.isEmpty)
    }

    @Test("policies are tagged, untagged and listed with their tags; predefined ones are not to be tagged")
    func policyTags() async throws {
        let test = try await TestAuthority()
        let arn = try await ManagedPolicyTests.makePolicy(test, "p")
        try await test.perform(
            TagPolicy(policyArn: arn, tags: [Tag(key: "b", value: "1"), Tag(key: "A", value: "2")])
        )
        try await test.perform(TagPolicy(policyArn: arn, tags: [Tag(key: "B", value: "3")]))
        let page = try await test.perform(ListPolicyTags(policyArn: arn, maxItems: try MaxItems(1)))
        #expect(page.tags == [Tag(key: "A", value: "2")] && page.isTruncated)
        let rest = try await test.perform(ListPolicyTags(policyArn: arn, marker: page.marker))
        #expect(rest.tags == [Tag(key: "B", value: "3")] && !rest.isTruncated)
        try await test.perform(UntagPolicy(policyArn: arn, tagKeys: [try TagKey("a")]))
        #expect(try await test.perform(GetPolicy(policyArn: arn)).policy.tags == [Tag(key: "B", value: "3")])
        let readOnly = ManagedPolicyTests.readOnly
        #expect(try await test.perform(ListPolicyTags(policyArn: readOnly)).tags.isEmpty)
        let fault = try await test.fault(TagPolicy(policyArn: readOnly, tags: [Tag(key: "a", value: "b")]))
        #expect(fault?.code == "AccessDenied")
        #expect(
            try await test.fault(UntagPolicy(policyArn: readOnly, tagKeys: [try TagKey("a")]))?.code == "AccessDenied"
        )
        let missing = try ARN("arn:aws:iam::123456789012:policy/missing")
        #expect(try await test.fault(ListPolicyTags(policyArn: missing))?.code == "NoSuchEntity")
        // A namesake that is made later has none of the tags.
        try await test.perform(DeletePolicy(policyArn: arn))
        _ = try await ManagedPolicyTests.makePolicy(test, "p")
        #expect(try await test.perform(ListPolicyTags(policyArn: arn)).tags.isEmpty)
    }
}
