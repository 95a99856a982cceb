// RoleScene.swift: two accounts, a user with a key, and a role that trusts the user: the scene of the tests of sessions.
import LatchkeyOTP

@testable import Latchkey

/// Two accounts, a user `ann` with a key in the first, and a role `r` in each.
struct RoleScene {
    static let other = IsolationTests.other
    static let home = TestAuthority.accountID

    let test: TestAuthority
    let ann = UserName(checked: "ann")
    let key: AccessKey
    let role: Role

    init(trusting trust: PolicyText = .trusting("arn:aws:iam::123456789012:user/ann")) async throws {
        test = try await TestAuthority()
        _ = try await test.makeUser("ann")
        key = try await AccessKeyTests.makeKey(test, ann)
        role = try await RoleTests.makeRole(test, "r", at: "/ops/", trusting: trust)
    }

    /// The other account, with a role `far` of its own.
    func makeFar(trusting trust: PolicyText) async throws -> Role {
        try await there(CreateAccount(accountId: Self.other, rootPassword: SecretText("herons stand in the shallows")))
        return try await there(CreateRole(roleName: RoleName(checked: "far"), assumeRolePolicyDocument: trust)).role
    }

    @discardableResult
    func there<A: Action>(_ action: A) async throws -> A.Output {
        let local = Caller.local("tester", account: Self.other)
        return try await test.authority.perform(
            action,
            test.authority.call(by: local, for: Self.other, from: "192.0.2.1")
        )
    }

    /// ann by her long-term key.
    func caller() async throws -> Caller {
        try await AccessKeyTests.authenticate(test, key.accessKeyId.text, key.secretAccessKey.text)
    }

    func caller(_ lent: TemporaryCredentials) async throws -> Caller {
        try await AccessKeyTests.authenticate(test, lent)
    }

    func refusal(_ lent: TemporaryCredentials) async throws -> String? {
        try await AccessKeyTests.refusal(test, lent)
    }

    func assume(_ role: Role? = nil, session: String = "work") throws -> AssumeRole {
        AssumeRole(roleArn: (role ?? self.role).arn, roleSessionName: try RoleSessionName(session))
    }

    /// Performs the action in the caller's own account.
    func perform<A: Action>(_ action: A, as caller: Caller) async throws -> A.Output {
        let account = caller.account ?? Self.home
        return try await test.authority.perform(
            action,
            test.authority.call(by: caller, for: account, from: "192.0.2.1")
        )
    }

    func fault<A: Action>(_ action: A, as caller: Caller) async throws -> Fault? {
        do {
            _ = try await perform(action, as: caller)
            return nil
        } catch let fault as Fault {
            return fault
        }
    }

    func take(_ action: AssumeRole) async throws -> TemporaryCredentials {
        try await perform(action, as: try await caller()).credentials
    }

    /// Lets ann do something by a policy of her own.
    func allow(_ action: String, on resource: String = "*", if condition: String? = nil) async throws {
        try await test.perform(
            PutUserPolicy(
                userName: ann,
                policyName: PolicyName(checked: "own"),
                policyDocument: .allowing(action, on: resource, if: condition)
            )
        )
    }

    func trust(_ text: PolicyText) async throws {
        try await test.perform(UpdateAssumeRolePolicy(roleName: role.roleName, policyDocument: text))
    }
}

extension PolicyText {
    static func allowing(_ action: String, on resource: String, if condition: String? = nil) -> PolicyText {
        let condition = condition.map { ", \"Condition\": \($0)" } ?? ""
        return PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "\(action)", \
                "Resource": "\(resource)"\(condition)}}
                """
        )
    }

    /// A trust policy that lets a principal do several things.
    static func trusting(_ principal: String, to actions: [String], condition: String? = nil) -> PolicyText {
        let condition = condition.map { ", \"Condition\": \($0)" } ?? ""
        let actions = actions.map { "\"\($0)\"" }.joined(separator: ", ")
        return PolicyText(
            checked: """
                {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "\(principal)"}, \
                "Action": [\(actions)]\(condition)}}
                """
        )
    }
}
