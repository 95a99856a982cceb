// EscalationTests.swift: roads from a few rights to more of them, each closed.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("A few rights", .everyDatabase)
struct EscalationTests {
    /// A user `ann` whose one policy has these statements.
    static func ann(_ test: TestAuthority, _ statements: String...) async throws -> Caller {
        let ann = try await test.makeUser("ann")
        let document = try PolicyText(
            #"{"Version": "2012-10-17", "Statement": [\#(statements.joined(separator: ", "))]}"#
        )
        try await test.perform(
            PutUserPolicy(userName: ann, policyName: PolicyName(checked: "own"), policyDocument: document)
        )
        let key = try await AccessKeyTests.makeKey(test, ann)
        return try await AccessKeyTests.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
    }

    static func statement(_ effect: String, _ action: String, on resource: String) -> String {
        #"{"Effect": "\#(effect)", "Action": "\#(action)", "Resource": "\#(resource)"}"#
    }

    static let everything = statement("Allow", "*", on: "*")

    @Test("nobody below root changes what is root's, whatever the policies allow")
    func root() async throws {
        let test = try await TestAuthority()
        let ann = try await Self.ann(test, Self.everything)
        let phone = try await test.enroll(.root)
        let waiting = try await test.perform(BeginEnrollment(userName: .root)).enrollment.serialNumber
        #expect(try await test.fault(CreateAccessKey(userName: .root), as: ann)?.reason == "root")
        let password = SecretText("a heron in the reeds at noon")
        #expect(
            try await test.fault(UpdateLoginProfile(userName: .root, password: password), as: ann)?.reason == "root"
        )
        #expect(try await test.fault(DeleteLoginProfile(userName: UserName("ROOT")), as: ann)?.reason == "root")
        #expect(try await test.fault(RenewRecoveryCodes(userName: .root), as: ann)?.reason == "root")
        #expect(try await test.fault(EndSessions(userName: .root), as: ann)?.reason == "root")
        for name in [UserName.root, nil] {
            let deactivate = DeactivateMFADevice(userName: name, serialNumber: phone.serial)
            #expect(try await test.fault(deactivate, as: ann)?.reason == "root")
        }
        #expect(try await test.fault(ShowEnrollment(serialNumber: waiting), as: ann)?.reason == "root")
        let untag = UntagMFADevice(serialNumber: phone.serial, tagKeys: [])
        #expect(try await test.fault(untag, as: ann)?.reason == "root")
        // Looking is another matter.
        #expect(try await test.perform(ListMFADevices(userName: .root), as: ann).mfaDevices.count == 1)
        let session = try #require(try await test.signIn(.root, code: phone.code(1)).session)
        let root = try await test.authority.caller(ofSession: session.token)
        try await test.perform(CreateAccessKey(), as: root)
    }

    @Test("a user or group takes a new name or path only where the new one may be changed as well")
    func newNames() async throws {
        let test = try await TestAuthority()
        let user = "arn:aws:iam::123456789012:user/"
        let ann = try await Self.ann(
            test,
            Self.statement("Allow", "iam:UpdateUser", on: user + "${aws:username}"),
            Self.statement("Allow", "iam:UpdateUser", on: user + "staff/*"),
            Self.statement("Allow", "iam:UpdateGroup", on: "arn:aws:iam::123456789012:group/devs*")
        )
        let name = UserName(checked: "ann")
        let eve = UpdateUser(userName: name, newUserName: UserName(checked: "eve"))
        #expect(try await test.fault(eve, as: ann)?.reason == "implicit_deny")
        let moved = UpdateUser(userName: name, newPath: Path(checked: "/admins/"))
        #expect(try await test.fault(moved, as: ann)?.message.contains("user/admins/ann") == true)
        let devs = try await GroupTests.makeGroup(test, "devs")
        let admins = UpdateGroup(groupName: devs, newGroupName: GroupName(checked: "admins"))
        #expect(try await test.fault(admins, as: ann)?.reason == "implicit_deny")
        try await test.perform(UpdateGroup(groupName: devs, newGroupName: GroupName(checked: "devs2")), as: ann)
        try await test.perform(UpdateUser(userName: name, newPath: Path(checked: "/staff/")), as: ann)
    }

    @Test("what is made with tags needs the permission to tag")
    func tags() async throws {
        let test = try await TestAuthority()
        let ann = try await Self.ann(test, Self.everything, Self.statement("Deny", "iam:Tag*", on: "*"))
        let tags = [Tag(key: "team", value: "admins")]
        let eve = UserName(checked: "eve")
        let fault = try await test.fault(CreateUser(userName: eve, tags: tags), as: ann)
        #expect(fault?.message.contains("iam:TagUser on resource: arn:aws:iam::123456789012:user/eve") == true)
        let device = VirtualMFADeviceName(checked: "phone")
        let made = CreateVirtualMFADevice(virtualMFADeviceName: device, tags: tags)
        #expect(try await test.fault(made, as: ann)?.reason == "explicit_deny")
        try await test.perform(CreateUser(userName: eve, tags: []), as: ann)
    }

    @Test("a role is put into an instance profile only by who may pass the role on")
    func passing() async throws {
        let test = try await TestAuthority()
        let ann = try await Self.ann(
            test,
            Self.statement("Allow", "iam:AddRoleToInstanceProfile", on: "*"),
            Self.statement("Allow", "iam:PassRole", on: "arn:aws:iam::123456789012:role/small")
        )
        let profile = InstanceProfileName(checked: "box")
        try await test.perform(CreateInstanceProfile(instanceProfileName: profile))
        for name in ["great", "small"] {
            let role = try await RoleTests.makeRole(test, name).roleName
            let add = AddRoleToInstanceProfile(instanceProfileName: profile, roleName: role)
            #expect(try await test.fault(add, as: ann)?.reason == (name == "great" ? "implicit_deny" : nil))
        }
    }

    @Test("a device is taken away by permission on its user, named or not")
    func devices() async throws {
        let test = try await TestAuthority()
        let ann = try await Self.ann(
            test,
            Self.everything,
            Self.statement("Deny", "iam:DeactivateMFADevice", on: "arn:aws:iam::123456789012:user/bob")
        )
        let bob = try await test.makeUser("bob")
        let phone = try await test.enroll(bob)
        for name in [bob, nil] {
            let deactivate = DeactivateMFADevice(userName: name, serialNumber: phone.serial)
            #expect(try await test.fault(deactivate, as: ann)?.reason == "explicit_deny")
        }
    }

    @Test("an account is made by whoever may read the store, not by the root of another")
    func accounts() async throws {
        let test = try await TestAuthority()
        let session = try #require(try await test.signIn(.root).session)
        let root = try await test.authority.caller(ofSession: session.token)
        let other = CreateAccount(accountId: RoleScene.other, rootPassword: SecretText("a heron in the reeds at noon"))
        #expect(try await test.fault(other, as: root)?.reason == "not_local")
        try await test.perform(other)
    }

    @Test("a simulation asks about so many pairs at most, for a short request can name more than fit into memory")
    func pairs() async throws {
        let test = try await TestAuthority()
        func simulation(_ actions: Int, _ resources: Int) throws -> SimulateCustomPolicy {
            SimulateCustomPolicy(
                policyInputList: [.allowing("s3:*", on: "*")],
                actionNames: Array(repeating: try AskedAction("s3:GetObject"), count: actions),
                resourceArns: Array(repeating: try AskedResource("*"), count: resources)
            )
        }
        #expect(try await test.fault(try simulation(1_000, 101))?.code == "InvalidInput")
        #expect(try await test.perform(try simulation(100, 1_000)).evaluationResults.count == 100)
    }

    @Test("whoever may do nothing cannot keep the server busy with a policy and a long value of their own")
    func longValues() async throws {
        let test = try await TestAuthority()
        let ann = try await Self.ann(test, Self.statement("Allow", "iam:GetUser", on: "*"))
        func question(_ length: Int) throws -> AuthorizationQuestion {
            let name = try ContextKeyName("aws:RequestTag/x")
            return AuthorizationQuestion(
                actionName: try AskedAction("s3:GetObject"),
                contextEntries: [
                    ContextEntry(name, Array(repeating: String(repeating: "a", count: length), count: 4), .stringList)
                ]
            )
        }
        #expect(try await test.fault(Authorize(questions: [question(4_097)]), as: ann)?.code == "InvalidInput")
        #expect(try await test.perform(Authorize(questions: [question(4_096)]), as: ann).answers.count == 1)
    }
}
