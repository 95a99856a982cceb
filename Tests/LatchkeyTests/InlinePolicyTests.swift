// InlinePolicyTests.swift: policies that belong to one user or group.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Inline policies", .everyDatabase)
struct InlinePolicyTests {
    static let name = PolicyName(checked: "Some.Policy")

    @Test("a user's policy is put, replaced, shown letter by letter, listed and deleted")
    func user() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let text = PolicyText(checked: PolicyText.allowing("iam:*").text + "\n\t \r")
        try await test.perform(PutUserPolicy(userName: ann, policyName: Self.name, policyDocument: text))
        let shown = try await test.perform(
            GetUserPolicy(userName: UserName(checked: "ANN"), policyName: PolicyName(checked: "some.policy"))
        )
        #expect(shown.userName == ann && shown.policyName == Self.name && shown.policyDocument == text)
        let other = PolicyName(checked: "SOME.POLICY")
        try await test.perform(PutUserPolicy(userName: ann, policyName: other, policyDocument: .allowing("sts:*")))
        #expect(
            try await test.perform(GetUserPolicy(userName: ann, policyName: other)).policyDocument == .allowing("sts:*")
        )
        #expect(try await test.perform(ListUserPolicies(userName: ann)).policyNames == [other])
        let conflict = try await test.fault(DeleteUser(userName: ann))
        #expect(conflict?.code == "DeleteConflict")
        #expect(conflict?.message == "Cannot delete entity, must delete login profile first.")
        try await test.perform(DeleteLoginProfile(userName: ann))
        #expect(
            try await test.fault(DeleteUser(userName: ann))?.message
                == "Cannot delete entity, must delete policies first."
        )
        try await test.perform(DeleteUserPolicy(userName: ann, policyName: Self.name))
        for fault in [
            try await test.fault(GetUserPolicy(userName: ann, policyName: Self.name)),
            try await test.fault(DeleteUserPolicy(userName: ann, policyName: Self.name)),
        ] {
            #expect(fault?.code == "NoSuchEntity")
            #expect(fault?.message == "The user policy with name Some.Policy cannot be found.")
        }
        try await test.perform(DeleteUser(userName: ann))
        #expect(try await test.fault(ListUserPolicies(userName: ann))?.code == "NoSuchEntity")
    }

    @Test("a group's policy is put, shown, listed in pages and deleted")
    func group() async throws {
        let test = try await TestAuthority()
        let devs = try await GroupTests.makeGroup(test, "devs")
        for name in ["b", "C", "a"] {
            try await test.perform(
                PutGroupPolicy(
                    groupName: devs,
                    policyName: try PolicyName(name),
                    policyDocument: .allowing("iam:Get\(name)")
                )
            )
        }
        let page = try await test.perform(ListGroupPolicies(groupName: devs, maxItems: try MaxItems(2)))
        #expect(page.policyNames.map(\.text) == ["a", "b"] && page.isTruncated)
        let rest = try await test.perform(ListGroupPolicies(groupName: devs, marker: page.marker))
        #expect(rest.policyNames.map(\.text) == ["C"] && !rest.isTruncated && rest.marker == nil)
        let shown = try await test.perform(GetGroupPolicy(groupName: devs, policyName: PolicyName(checked: "c")))
        #expect(shown.policyDocument == .allowing("iam:GetC"))
        try await test.perform(DeleteGroupPolicy(groupName: devs, policyName: PolicyName(checked: "c")))
        let fault = try await test.fault(GetGroupPolicy(groupName: devs, policyName: PolicyName(checked: "c")))
        #expect(fault?.message == "The group policy with name c cannot be found.")
        let missing = try GroupName("ops")
        #expect(try await test.fault(ListGroupPolicies(groupName: missing))?.code == "NoSuchEntity")
    }

    @Test("all inline policies of a user share 2,048 characters, of a group 5,120; white space is free")
    func quotas() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let devs = try await GroupTests.makeGroup(test, "devs")
        func put(_ length: Int, _ name: String) async throws -> Fault? {
            try await test.fault(
                PutUserPolicy(
                    userName: ann,
                    policyName: try PolicyName(name),
                    policyDocument: PolicyText(
                        checked: PolicyText.counting(length).text + String(repeating: " ", count: 9_000)
                    )
                )
            )
        }
        #expect(try await put(2_049, "a")?.code == "LimitExceeded")
        #expect(try await put(2_048, "a") == nil)
        #expect(try await put(1_000, "b")?.message == "Maximum policy size of 2048 bytes exceeded for user ann")
        // Replacing counts the new text only.
        #expect(try await put(1_048, "A") == nil)
        #expect(try await put(1_000, "b") == nil)
        #expect(try await put(1_001, "b")?.code == "LimitExceeded")
        let group = PutGroupPolicy(groupName: devs, policyName: Self.name, policyDocument: .counting(5_121))
        #expect(try await test.fault(group)?.message == "Maximum policy size of 5120 bytes exceeded for group devs")
        try await test.perform(
            PutGroupPolicy(groupName: devs, policyName: Self.name, policyDocument: .counting(5_120))
        )
    }

    @Test(
        "what is no JSON object is no policy",
        arguments: ["{", "[]", "\"text\"", "{\"Version\":\"2012-10-17\",\"Version\":\"2012-10-17\"}", " "]
    )
    func malformed(text: String) async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let fault = try await test.fault(
            PutUserPolicy(userName: ann, policyName: Self.name, policyDocument: try PolicyText(text))
        )
        #expect(fault?.code == "MalformedPolicyDocument" && fault?.status == 400)
    }

    @Test("root is no user that policies could hang on")
    func root() async throws {
        let test = try await TestAuthority()
        let fault = try await test.fault(
            PutUserPolicy(userName: .root, policyName: Self.name, policyDocument: .allowing("*"))
        )
        #expect(fault?.code == "NoSuchEntity")
    }

    @Test("documents are Latin-1 of 1 to 131,072 characters")
    func constraint() throws {
        #expect(throws: Fault.validation("")) { try PolicyText("") }
        #expect(throws: Fault.validation("")) { try PolicyText("{\u{0}}") }
        #expect(throws: Fault.validation("")) { try PolicyText("{\u{100}}") }
        #expect(throws: Fault.validation("")) { try PolicyText(String(repeating: "é", count: 131_073)) }
        #expect(try PolicyText(String(repeating: "é", count: 131_072)).countedLength == 131_072)
        #expect(try PolicyText("\t\n\r ÿ\u{80}").countedLength == 2)
    }

    @Test("a document is written verbatim, and percent-encoded where the encoder asks for it")
    func encoding() throws {
        let text = PolicyText(checked: "{\"a\": \"é+~/*-._\"}\n")
        #expect(try JSON(encoding: text).string == text.text)
        let encoder = JSONEncoder()
        encoder.userInfo[.escapesDocuments] = true
        let written = try JSONDecoder().decode([String].self, from: try encoder.encode([text]))
        #expect(written == ["%7B%22a%22%3A%20%22%C3%A9%2B~%2F%2A-._%22%7D%0A"])
        #expect(written.first?.removingPercentEncoding == text.text)
    }
}
