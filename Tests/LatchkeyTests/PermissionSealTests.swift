// PermissionSealTests.swift: which policies decide about a user, and that no writer of the database can change it.
import LatchkeyOTP
import Testing

@testable import Latchkey

@Suite("The policies that decide")
struct PermissionSealTests {
    let test: TestAuthority
    let ann = UserName(checked: "ann")
    let bob = UserName(checked: "bob")
    let devs = GroupName(checked: "devs")
    let ops = GroupName(checked: "ops")
    let policy: ARN

    /// ann is in devs and bounded; a denial hangs on devs; bob is in ops, which may do everything.
    init() async throws {
        test = try await TestAuthority()
        for user in [ann, bob] { try await test.perform(CreateUser(userName: user)) }
        for group in [devs, ops] { try await test.perform(CreateGroup(groupName: group)) }
        policy = try await ManagedPolicyTests.makePolicy(test, "mine")
        try await test.perform(AddUserToGroup(groupName: devs, userName: ann))
        try await test.perform(AddUserToGroup(groupName: ops, userName: bob))
        try await test.perform(
            PutUserPolicy(userName: ann, policyName: PolicyName(checked: "own"), policyDocument: .allowing("iam:A"))
        )
        try await test.perform(AttachUserPolicy(userName: ann, policyArn: policy))
        try await test.perform(
            PutGroupPolicy(groupName: devs, policyName: PolicyName(checked: "deny"), policyDocument: .allowing("iam:B"))
        )
        try await test.perform(
            AttachGroupPolicy(groupName: ops, policyArn: ARN(checked: "arn:aws:iam::aws:policy/AdministratorAccess"))
        )
        try await test.perform(
            PutUserPermissionsBoundary(userName: ann, permissionsBoundary: ManagedPolicyTests.readOnly)
        )
    }

    /// Name and text of every policy that decides, layer by layer.
    func deciding(_ user: UserName) async throws -> [[String]] {
        try await test.authority.read { state throws(Fault) in
            let principal = try state.principal(user, in: TestAuthority.accountID)
            let documents = try state.heldPolicies(of: principal)
            var layers: [[String]] = []
            for layer in [documents.identity, documents.groups, documents.boundary.map { [$0] } ?? []] {
                var texts: [String] = []
                for document in layer {
                    let text = try state.text(of: document)
                    guard DocumentID(of: text) == document.id else { throw .damaged("an identifier") }
                    texts.append("\(document.holder.name) \(document.name): \(text)")
                }
                layers.append(texts)
            }
            return layers
        }
    }

    /// The code of what deciding about the user ends in, or `nil`.
    func refusal(_ user: UserName) async throws -> String? {
        do {
            _ = try await deciding(user)
            return nil
        } catch let fault as Fault {
            return fault.code
        }
    }

    @Test("inline, attached, the groups' and the boundary come layer by layer, and changes count at once")
    func layers() async throws {
        #expect(
            try await deciding(ann) == [
                ["ann own: \(PolicyText.allowing("iam:A"))", "ann mine: \(PolicyText.allowing("iam:Get*"))"],
                ["devs deny: \(PolicyText.allowing("iam:B"))"],
                ["ann ReadOnlyAccess: \(PredefinedPolicy.all[2].text)"],
            ]
        )
        #expect(
            try await deciding(bob) == [
                [], ["ops AdministratorAccess: \(PredefinedPolicy.all[0].text)"], [],
            ]
        )
        #expect(try await deciding(.root) == [[], [], []])
        try await test.perform(
            CreatePolicyVersion(policyArn: policy, policyDocument: .allowing("iam:C"), setAsDefault: true)
        )
        try await test.perform(RemoveUserFromGroup(groupName: devs, userName: ann))
        #expect(try await deciding(ann)[0].last == "ann mine: \(PolicyText.allowing("iam:C"))")
        #expect(try await deciding(ann)[1].isEmpty)
        try await test.perform(SetDefaultPolicyVersion(policyArn: policy, versionId: PolicyVersionID("v1")))
        #expect(try await deciding(ann)[0].last == "ann mine: \(PolicyText.allowing("iam:Get*"))")
    }

    @Test("a document has one identifier wherever it hangs, and another text another one")
    func identifiers() async throws {
        try await test.perform(
            PutGroupPolicy(groupName: ops, policyName: PolicyName(checked: "copy"), policyDocument: .allowing("iam:A"))
        )
        let (ann, bob) = try await test.authority.read { [ann, bob] state throws(Fault) in
            (
                try state.heldPolicies(of: try state.principal(ann, in: TestAuthority.accountID)).identity,
                try state.heldPolicies(of: try state.principal(bob, in: TestAuthority.accountID)).groups
            )
        }
        #expect(ann[0].id == bob[0].id)
        #expect(ann[0].id != ann[1].id)
    }

    @Test(
        "whatever is planted, taken away or edited behind the authority's back decides nothing: ann",
        arguments: [
            // Planted.
            "INSERT INTO attachments SELECT id, 'ANPAIWMBCKSKIEE64ZLYK', 'policy', account FROM users WHERE name = 'ann'",
            "INSERT INTO memberships SELECT users.id, groups.id FROM users, groups WHERE users.name = 'ann' AND groups.name = 'ops'",
            "INSERT INTO inline_policies SELECT holder, 'x', 'x', document, digest, size FROM inline_policies WHERE name = 'own'",
            // Taken away: a denial, a boundary, a membership, and the seals with them.
            "DELETE FROM inline_policies WHERE name = 'deny'",
            "DELETE FROM inline_policies WHERE name = 'deny'; DELETE FROM permission_seals",
            "DELETE FROM attachments WHERE usage = 'boundary'",
            "DELETE FROM memberships",
            "DELETE FROM groups WHERE name = 'devs'",
            "DELETE FROM permission_seals",
            "DELETE FROM policies",
            "DELETE FROM policy_versions",
            // Edited.
            "UPDATE attachments SET usage = 'policy' WHERE usage = 'boundary'",
            "UPDATE attachments SET usage = 'none' WHERE usage = 'boundary'",
            "UPDATE attachments SET policy = 'ANPAIWMBCKSKIEE64ZLYK' WHERE usage = 'policy'",
            "UPDATE inline_policies SET document = replace(document, 'iam:A', 'iam:*')",
            "UPDATE inline_policies SET document = replace(document, 'iam:B', 'iam:*')",
            "UPDATE inline_policies SET digest = x'00'",
            "UPDATE inline_policies SET name = 'other'",
            "UPDATE policy_versions SET document = replace(document, 'Get', '')",
            "UPDATE policies SET digest = x'00'",
            "UPDATE policies SET version = 2",
            "UPDATE policies SET arn = 'arn:aws:iam::123456789012:policy/other'",
            "UPDATE groups SET name = 'x' || name",
            "UPDATE groups SET account = '210987654321'",
            // Two groups change places.
            "UPDATE memberships SET group_id = (SELECT id FROM groups WHERE name = 'ops')",
            "UPDATE permission_seals SET seal = (SELECT seal FROM permission_seals LIMIT 1)",
        ]
    )
    func tampering(sql: String) async throws {
        #expect(try await refusal(ann) == nil)
        #expect(try await test.authority.check().isEmpty)
        try test.tamper(sql)
        #expect(try await refusal(ann) == "StoreDamaged")
        #expect(try await !test.authority.check().isEmpty)
    }

    @Test("a seal of one user does not fit another's rows")
    func swap() async throws {
        // Everything of bob's, moved to ann together with bob's seal.
        try test.tamper(
            """
            DELETE FROM attachments WHERE holder = (SELECT id FROM users WHERE name = 'ann');
            DELETE FROM inline_policies WHERE holder = (SELECT id FROM users WHERE name = 'ann');
            UPDATE memberships SET group_id = (SELECT id FROM groups WHERE name = 'ops');
            UPDATE permission_seals SET seal = (SELECT seal FROM permission_seals JOIN users ON id = holder WHERE name = 'bob')
            WHERE holder = (SELECT id FROM users WHERE name = 'ann');
            """
        )
        #expect(try await refusal(ann) == "StoreDamaged")
        #expect(try await refusal(bob) == nil)
    }

    @Test("an edited version cannot be made the default, nor a version of another policy")
    func versions() async throws {
        let arn = try await ManagedPolicyTests.makePolicy(test, "other")
        try await test.perform(CreatePolicyVersion(policyArn: policy, policyDocument: .allowing("iam:C")))
        try await test.perform(CreatePolicyVersion(policyArn: arn, policyDocument: .allowing("iam:*")))
        let v2 = try PolicyVersionID("v2")
        try test.tamper(
            """
            UPDATE policy_versions SET (document, digest, seal) = (
                SELECT document, v.digest, v.seal FROM policy_versions AS v JOIN policies ON id = policy
                WHERE folded = 'other' AND number = 2
            ) WHERE number = 2
            """
        )
        #expect(try await test.fault(SetDefaultPolicyVersion(policyArn: policy, versionId: v2))?.code == "StoreDamaged")
        #expect(try await test.fault(GetPolicyVersion(policyArn: policy, versionId: v2))?.code == "StoreDamaged")
    }

    @Test("a change does not seal what was planted before it")
    func changeAfterTampering() async throws {
        try test.tamper(
            "INSERT INTO attachments SELECT id, 'ANPAIWMBCKSKIEE64ZLYK', 'policy', account FROM users WHERE name = 'ann'"
        )
        let put = PutUserPolicy(
            userName: ann,
            policyName: PolicyName(checked: "more"),
            policyDocument: .allowing("iam:C")
        )
        #expect(try await test.fault(put)?.code == "StoreDamaged")
        #expect(try await test.fault(AddUserToGroup(groupName: ops, userName: ann))?.code == "StoreDamaged")
        #expect(try await refusal(ann) == "StoreDamaged")
    }

    @Test("renamed groups take no members and give no policies")
    func renamedGroups() async throws {
        try test.tamper(
            """
            UPDATE groups SET name = 'tmp', folded = 'tmp' WHERE name = 'ops';
            UPDATE groups SET name = 'ops', folded = 'ops' WHERE name = 'devs';
            UPDATE groups SET name = 'devs', folded = 'devs' WHERE name = 'tmp';
            """
        )
        let carl = UserName(checked: "carl")
        try await test.perform(CreateUser(userName: carl))
        #expect(try await test.fault(AddUserToGroup(groupName: devs, userName: carl))?.code == "StoreDamaged")
        #expect(
            try await test.fault(UpdateGroup(groupName: devs, newGroupName: GroupName(checked: "x")))?.code
                == "StoreDamaged"
        )
        #expect(try await refusal(bob) == "StoreDamaged")
    }

    @Test("a user without anything needs no seal; a user who has something does")
    func missingSeal() async throws {
        let carl = UserName(checked: "carl")
        try await test.perform(CreateUser(userName: carl))
        try test.tamper("DELETE FROM permission_seals WHERE holder = (SELECT id FROM users WHERE name = 'carl')")
        #expect(try await deciding(carl) == [[], [], []])
        try test.tamper(
            "INSERT INTO memberships SELECT users.id, groups.id FROM users, groups WHERE users.name = 'carl' AND groups.name = 'ops'"
        )
        #expect(try await refusal(carl) == "StoreDamaged")
    }
}
