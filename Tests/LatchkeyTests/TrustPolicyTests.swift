// TrustPolicyTests.swift: whom a trust policy names: kept by identifier, shown by ARN, and nobody else of the same name.
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("Trust policies", .everyDatabase)
struct TrustPolicyTests {
    let test: TestAuthority
    let ann = UserName(checked: "ann")
    let role = RoleName(checked: "r")

    init() async throws {
        test = try await TestAuthority()
        try await test.perform(CreateUser(userName: ann, path: try Path("/eng/")))
        try await RoleTests.makeRole(test, "other", at: "/x/")
        try await RoleTests.makeRole(test, "r", trusting: .trusting("*"))
    }

    func put(_ text: PolicyText) async throws -> Fault? {
        try await test.fault(UpdateAssumeRolePolicy(roleName: role, policyDocument: text))
    }

    func shown() async throws -> String? {
        try await test.perform(GetRole(roleName: role)).role.assumeRolePolicyDocument?.text
    }

    /// The text as it lies in the store.
    func kept() async throws -> String {
        try await test.authority.read { [role] state throws(Fault) in
            try state.role(role, in: TestAuthority.accountID).trust.text
        }
    }

    @Test("users, roles and sessions are kept by identifier and shown by ARN; all else stays letter by letter")
    func roundTrip() async throws {
        let text = """
            { "Version":"2012-10-17", "Statement": [
              {"Sid": "A", "Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:user/eng/ann",
                 "arn:aws:iam::123456789012:role/x/other","arn:aws:sts::123456789012:assumed-role/other/sess",
                 "arn:aws:sts::123456789012:federated-user/fed","arn:aws:iam::123456789012:root"],
                 "Service": "ec2.amazonaws.com"},"Action":"sts:AssumeRole",
               "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/eng/ann"}}},
              {"Effect":"Deny","\\u0050rincipal":{"A\\u0057S":"arn:aws:iam::123456789012:user\\/eng\\/ann"},
               "Action":"sts:TagSession"}
            ]}
            """
        #expect(try await put(PolicyText(checked: text)) == nil)
        let id = try await test.perform(GetUser(userName: ann)).user.userId
        let other = try await test.perform(GetRole(roleName: RoleName(checked: "other"))).role.roleId
        let kept = try await kept()
        #expect(kept.contains("[\"\(id)\",\n") && kept.contains("\"\(other)\",\"\(other):sess\""))
        #expect(kept.contains(":{\"A\\u0057S\":\"\(id)\"}"), "an escape does not hide a principal")
        #expect(kept.contains("\"aws:PrincipalArn\": \"arn:aws:iam::123456789012:user/eng/ann\""))
        #expect(try await shown() == text.replacing("user\\/eng\\/ann", with: "user/eng/ann"))
    }

    @Test("a renamed user is shown by the new name; a deleted one by the identifier, and a namesake is somebody else")
    func namesake() async throws {
        let arn = "arn:aws:iam::123456789012:user/eng/ann"
        #expect(try await put(.trusting(arn)) == nil)
        let id = try await test.perform(GetUser(userName: ann)).user.userId
        try await test.perform(UpdateUser(userName: ann, newUserName: UserName(checked: "anna")))
        #expect(try await shown() == PolicyText.trusting(arn + "a").text)
        try await test.perform(DeleteUser(userName: UserName(checked: "anna")))
        #expect(try await shown() == PolicyText.trusting(id).text)
        try await test.perform(CreateUser(userName: ann, path: try Path("/eng/")))
        #expect(try await shown() == PolicyText.trusting(id).text)
        // As in AWS, an identifier is not written by hand.
        #expect(try await put(.trusting(id))?.code == "MalformedPolicyDocument")

        let role = try await test.perform(GetRole(roleName: RoleName(checked: "other"))).role
        #expect(try await put(.trusting("arn:aws:sts::123456789012:assumed-role/other/sess")) == nil)
        try await test.perform(DeleteRole(roleName: role.roleName))
        try await RoleTests.makeRole(test, "other")
        #expect(try await shown() == PolicyText.trusting(role.roleId + ":sess").text)
    }

    @Test("an account's number is shown as its root's ARN")
    func account() async throws {
        #expect(try await put(.trusting("123456789012")) == nil)
        #expect(try await shown() == PolicyText.trusting("arn:aws:iam::123456789012:root").text)
    }

    @Test(
        "a principal that is not there, or is none, is refused",
        arguments: [
            "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/eng/Ann",
            "arn:aws:iam::123456789012:user/eng/bob", "arn:aws:iam::123456789012:role/other",
            "arn:aws:iam::210987654321:root", "210987654321", "arn:aws:iam::123456789012:user/*",
            "arn:aws:iam::123456789012:group/devs", "arn:aws:iam::123456789012:user/root", "ann", "",
            "arn:aws:sts::123456789012:assumed-role/none/sess", "arn:aws:sts::123456789012:assumed-role/other/s",
            "arn:aws:sts::123456789012:assumed-role/other/*", "arn:aws-cn:iam::123456789012:root",
            "arn:aws:iam::123456789012:user/eng/ann\\n", "AIDAAAAAAAAAAAAAAAAAA",
        ]
    )
    func invalid(_ principal: String) async throws {
        let fault = try await put(.trusting(principal))
        #expect(fault?.code == "MalformedPolicyDocument")
        #expect(fault?.message.hasPrefix("Invalid principal in policy: \"AWS\":\"") == true)
        #expect(try await shown() == PolicyText.trusting("*").text)
    }

    @Test(
        "a row that is edited behind the authority's back is no role",
        arguments: [
            "UPDATE roles SET trust = replace(trust, 'Allow', 'Deny')", "UPDATE roles SET longest = 43200",
            "UPDATE roles SET id = 'AROAAAAAAAAAAAAAAAAAA' WHERE name = 'r'",
            "UPDATE roles SET name = 'x' || name", "UPDATE roles SET path = '/y/'",
            "UPDATE roles SET account = '210987654321'", "UPDATE roles SET service = 'ec2.amazonaws.com'",
            "UPDATE roles SET seal = (SELECT seal FROM roles WHERE name = 'other')",
        ]
    )
    func tampering(sql: String) async throws {
        #expect(try await test.authority.check().isEmpty)
        try test.tamper(sql)
        let fault = try await test.fault(GetRole(roleName: role))
        #expect(fault?.code == "StoreDamaged" || fault?.code == "NoSuchEntity")
        if fault?.code == "StoreDamaged" { #expect(try await !test.authority.check().isEmpty) }
    }

    @Test("a policy that was planted on a role, or whose seal was taken away, is found and decides nothing")
    func planted() async throws {
        try test.tamper(
            "INSERT INTO attachments SELECT id, 'ANPAIWMBCKSKIEE64ZLYK', 'policy', account FROM roles WHERE name = 'r'"
        )
        #expect(try await test.fault(ListAttachedRolePolicies(roleName: role))?.code == "StoreDamaged")
        #expect(try await !test.authority.check().isEmpty)
        try test.tamper("DELETE FROM attachments; DELETE FROM permission_seals")
        #expect(try await test.fault(ListAttachedRolePolicies(roleName: role))?.code == "StoreDamaged")
    }
}
