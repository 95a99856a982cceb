// GroupTests.swift: groups and who is in them.
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Groups", .everyDatabase)
struct GroupTests {
    static func makeGroup(_ test: TestAuthority, _ name: String, at path: String = "/") async throws -> GroupName {
        let group = try GroupName(name)
        try await test.perform(CreateGroup(groupName: group, path: try Path(path)))
        return group
    }

    @Test("a group has AWS's identifier and ARN, and its name is taken whatever the case")
    func creation() async throws {
        let test = try await TestAuthority()
        let made = try await test.perform(CreateGroup(groupName: try GroupName("Devs"), path: try Path("/a/b/"))).group
        #expect(made.groupId.hasPrefix("AGPA") && made.groupId.count == 21)
        #expect(made.arn.text == "arn:aws:iam::123456789012:group/a/b/Devs")
        #expect(made.createDate == test.clock.now)
        let taken = try await test.fault(CreateGroup(groupName: try GroupName("dEVS")))
        #expect(taken?.code == "EntityAlreadyExists")
        #expect(taken?.message == "Group with name dEVS already exists.")
        #expect(try await test.perform(GetGroup(groupName: try GroupName("DEVS"))).group == made)
        let missing = try await test.fault(GetGroup(groupName: try GroupName("ops")))
        #expect(missing?.code == "NoSuchEntity")
        #expect(missing?.message == "The group with name ops cannot be found.")
    }

    @Test("the 301st group is refused")
    func quota() async throws {
        let test = try await TestAuthority()
        for number in 1...300 { _ = try await Self.makeGroup(test, "g\(number)") }
        let fault = try await test.fault(CreateGroup(groupName: try GroupName("one-more")))
        #expect(fault?.code == "LimitExceeded")
        #expect(fault?.message == "Cannot exceed quota for GroupsPerAccount: 300")
    }

    @Test("groups are listed by name without regard to case, page by page, under a path")
    func listing() async throws {
        let test = try await TestAuthority()
        for name in ["beta", "Alpha", "delta", "Gamma"] { _ = try await Self.makeGroup(test, name) }
        _ = try await Self.makeGroup(test, "eps", at: "/deep/er/")
        var names: [String] = []
        var marker: Marker?
        repeat {
            let page = try await test.perform(ListGroups(marker: marker, maxItems: try MaxItems(2)))
            names += page.groups.map(\.groupName.text)
            #expect(page.isTruncated == (page.marker != nil))
            marker = page.marker
        } while marker != nil
        #expect(names == ["Alpha", "beta", "delta", "eps", "Gamma"])
        let deep = try await test.perform(ListGroups(pathPrefix: try PathPrefix("/deep/")))
        #expect(deep.groups.map(\.groupName.text) == ["eps"])
        let wrong = try await test.fault(ListGroups(marker: try Marker("bm90IG91cnM")))
        #expect(wrong?.code == "ValidationError")
    }

    @Test("renaming and moving keep the members, the policies and the identifier")
    func renaming() async throws {
        let test = try await TestAuthority()
        let devs = try await Self.makeGroup(test, "devs")
        let ops = try await Self.makeGroup(test, "ops")
        let ann = try await test.makeUser("ann")
        try await test.perform(AddUserToGroup(groupName: devs, userName: ann))
        try await test.perform(
            AttachGroupPolicy(groupName: devs, policyArn: try ARN("arn:aws:iam::aws:policy/ReadOnlyAccess"))
        )
        let before = try await test.perform(GetGroup(groupName: devs)).group
        #expect(try await test.fault(UpdateGroup(groupName: devs, newGroupName: ops))?.code == "EntityAlreadyExists")
        let makers = try GroupName("Makers")
        try await test.perform(UpdateGroup(groupName: devs, newPath: try Path("/x/"), newGroupName: makers))
        #expect(try await test.fault(GetGroup(groupName: devs))?.code == "NoSuchEntity")
        let after = try await test.perform(GetGroup(groupName: makers))
        #expect(after.group.groupId == before.groupId)
        #expect(after.group.arn.text == "arn:aws:iam::123456789012:group/x/Makers")
        #expect(after.users.map(\.userName) == [ann])
        let attached = try await test.perform(ListAttachedGroupPolicies(groupName: makers)).attachedPolicies
        #expect(attached.map(\.policyName.text) == ["ReadOnlyAccess"])
        // The case of one's own name may change.
        try await test.perform(UpdateGroup(groupName: makers, newGroupName: try GroupName("MAKERS")))
        #expect(try await test.fault(UpdateGroup(groupName: devs, newGroupName: makers))?.code == "NoSuchEntity")
    }

    @Test("a group is deleted only when nobody is in it and nothing hangs on it")
    func deletion() async throws {
        let test = try await TestAuthority()
        let devs = try await Self.makeGroup(test, "devs")
        let ann = try await test.makeUser("ann")
        let arn = try ARN("arn:aws:iam::aws:policy/ReadOnlyAccess")
        let name = try PolicyName("p")
        try await test.perform(AddUserToGroup(groupName: devs, userName: ann))
        try await test.perform(AttachGroupPolicy(groupName: devs, policyArn: arn))
        try await test.perform(PutGroupPolicy(groupName: devs, policyName: name, policyDocument: .allowing("iam:*")))
        func conflict() async throws -> String? {
            let fault = try await test.fault(DeleteGroup(groupName: devs))
            #expect(fault == nil || fault?.code == "DeleteConflict")
            return fault?.message
        }
        #expect(try await conflict() == "Cannot delete entity, must remove users from group first.")
        try await test.perform(RemoveUserFromGroup(groupName: devs, userName: ann))
        #expect(try await conflict() == "Cannot delete entity, must detach all policies first.")
        try await test.perform(DetachGroupPolicy(groupName: devs, policyArn: arn))
        #expect(try await conflict() == "Cannot delete entity, must delete policies first.")
        try await test.perform(DeleteGroupPolicy(groupName: devs, policyName: name))
        #expect(try await conflict() == nil)
        #expect(try await test.fault(DeleteGroup(groupName: devs))?.code == "NoSuchEntity")
    }

    @Test("members come in pages by name, with neither tags nor boundary")
    func members() async throws {
        let test = try await TestAuthority()
        let devs = try await Self.makeGroup(test, "devs")
        for name in ["carl", "Ann", "bob"] {
            let user = try UserName(name)
            try await test.perform(
                CreateUser(
                    userName: user,
                    permissionsBoundary: try ARN("arn:aws:iam::aws:policy/ReadOnlyAccess"),
                    tags: [Tag(key: "a", value: "b")]
                )
            )
            try await test.perform(AddUserToGroup(groupName: devs, userName: user))
            // A second time changes nothing.
            try await test.perform(AddUserToGroup(groupName: devs, userName: user))
        }
        let first = try await test.perform(GetGroup(groupName: devs, maxItems: try MaxItems(2)))
        #expect(first.users.map(\.userName.text) == ["Ann", "bob"])
        #expect(first.isTruncated)
        #expect(first.users.allSatisfy { $0.tags == nil && $0.permissionsBoundary == nil })
        let second = try await test.perform(GetGroup(groupName: devs, marker: first.marker))
        #expect(second.users.map(\.userName.text) == ["carl"])
        #expect(!second.isTruncated && second.marker == nil)
    }

    @Test("a user is in ten groups at most, and in none that is missing")
    func groupsOfUser() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        for number in 0..<10 {
            let group = try await Self.makeGroup(test, "g\(number)")
            try await test.perform(AddUserToGroup(groupName: group, userName: ann))
        }
        let extra = try await Self.makeGroup(test, "g10")
        let fault = try await test.fault(AddUserToGroup(groupName: extra, userName: ann))
        #expect(fault?.code == "LimitExceeded")
        #expect(fault?.message == "Cannot exceed quota for GroupsPerUser: 10")
        let page = try await test.perform(ListGroupsForUser(userName: ann, maxItems: try MaxItems(6)))
        #expect(page.groups.map(\.groupName.text) == (0..<6).map { "g\($0)" })
        let rest = try await test.perform(ListGroupsForUser(userName: ann, marker: page.marker))
        #expect(rest.groups.map(\.groupName.text) == (6..<10).map { "g\($0)" })
        #expect(try await test.fault(DeleteUser(userName: ann))?.code == "DeleteConflict")
        #expect(try await test.fault(RemoveUserFromGroup(groupName: extra, userName: ann))?.code == "NoSuchEntity")
        let nobody = try UserName("nobody")
        #expect(try await test.fault(AddUserToGroup(groupName: extra, userName: nobody))?.code == "NoSuchEntity")
        #expect(try await test.fault(AddUserToGroup(groupName: extra, userName: .root))?.code == "NoSuchEntity")
        #expect(try await test.fault(ListGroupsForUser(userName: nobody))?.code == "NoSuchEntity")
        let missing = try GroupName("missing")
        #expect(try await test.fault(AddUserToGroup(groupName: missing, userName: ann))?.code == "NoSuchEntity")
    }
}

extension PolicyText {
    /// A policy that allows one action everywhere.
    static func allowing(_ action: String) -> PolicyText {
        PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "\(action)", "Resource": "*"}}
                """
        )
    }

    /// A policy of exactly so many characters that count.
    static func counting(_ length: Int) -> PolicyText {
        let frame = PolicyText.allowing("iam:").countedLength
        return .allowing("iam:" + String(repeating: "a", count: length - frame))
    }
}
