// ServiceLinkedRoles.swift: roles that services ask for by their own name, and that only their service changes.
import LatchkeyOTP
import LatchkeyStore

/// The actions on service-linked roles.
let serviceLinkedRoleActions: [any Action.Type] = [
    CreateServiceLinkedRole.self, DeleteServiceLinkedRole.self, GetServiceLinkedRoleDeletionStatus.self,
]

/// Creates the role of a service: its name, path and trust policy follow from the service's name.
///
/// Fails with `InvalidInput` if there is one of that name, or the name is no service's.
public struct CreateServiceLinkedRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The service, such as `autoscaling.amazonaws.com`.
    public var awsServiceName: AWSServiceName
    /// What it is for.
    public var description: RoleDescription?
    /// What tells it from another role of the service.
    public var customSuffix: CustomSuffix?

    /// Makes the action.
    public init(
        awsServiceName: AWSServiceName,
        description: RoleDescription? = nil,
        customSuffix: CustomSuffix? = nil
    ) {
        self.awsServiceName = awsServiceName
        self.description = description
        self.customSuffix = customSuffix
    }

    /// The new role.
    public struct Output: Codable, Sendable {
        /// The role.
        public var role: Role
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource {
        .role(try awsServiceName.roleName(customSuffix), at: try awsServiceName.rolePath(), in: call.account)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let name = try awsServiceName.roleName(customSuffix)
        guard try state.findRole(name, in: call.account) == nil else {
            throw .invalidInput(
                "Service role name \(name) has been taken in this account, please try a different suffix."
            )
        }
        let role = StoredRole(
            id: UniqueID.make("AROA"),
            account: call.account,
            name: name,
            path: try awsServiceName.rolePath(),
            created: call.now,
            description: description?.text,
            longest: MaxSessionDuration.standard.count,
            trust: awsServiceName.trust,
            service: awsServiceName.text
        )
        try state.insert(role)
        return Output(role: try state.shown(role))
    }
}

/// Deletes the role of a service, at once; its sessions end with it.
///
/// Fails with `NoSuchEntity` if there is no such role of a service.
public struct DeleteServiceLinkedRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var roleName: RoleName

    /// Makes the action.
    public init(roleName: RoleName) { self.roleName = roleName }

    /// What tells how the deletion went.
    public struct Output: Codable, Sendable {
        /// The deletion's identifier, for `GetServiceLinkedRoleDeletionStatus`.
        public var deletionTaskId: DeletionTaskID
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let role = try state.role(roleName, in: call.account)
        guard let service = role.service else {
            throw .noSuchEntity("The service-linked role with name \(roleName) cannot be found.")
        }
        try state.delete(role)
        let task = DeletionTaskID(checked: "task/aws-service-role/\(service)/\(role.name)/\(call.id)")
        try state.run(
            "INSERT INTO role_deletions (id, account, deleted) VALUES ($1, $2, $3)",
            task.text,
            call.account.text,
            call.now.seconds
        )
        return Output(deletionTaskId: task)
    }
}

/// How a deletion stands.
public enum DeletionTaskStatus: String, Codable, CaseIterable, Sendable {
    /// The role is gone.
    case succeeded = "SUCCEEDED"
    /// The role is about to go.
    case inProgress = "IN_PROGRESS"
    /// The role stays.
    case failed = "FAILED"
    /// Nothing was done yet.
    case notStarted = "NOT_STARTED"
}

/// Tells how the deletion of a service-linked role went.
///
/// Roles go at once here, or the deletion is refused, so a deletion that is known has succeeded.
public struct GetServiceLinkedRoleDeletionStatus: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The deletion.
    public var deletionTaskId: DeletionTaskID

    /// Makes the action.
    public init(deletionTaskId: DeletionTaskID) { self.deletionTaskId = deletionTaskId }

    /// How it stands.
    public struct Output: Codable, Sendable {
        /// How it stands.
        public var status: DeletionTaskStatus
        /// Why it failed; missing unless it did.
        public var reason: DeletionTaskFailure?
    }

    /// Why a deletion failed.
    public struct DeletionTaskFailure: Codable, Sendable, Equatable {
        /// Why.
        public var reason: String?
        /// Where the role is in use.
        public var roleUsageList: [RoleUsage]?
    }

    /// Where a role is in use.
    public struct RoleUsage: Codable, Sendable, Equatable {
        /// The region.
        public var region: String?
        /// What uses it.
        public var resources: [ARN]?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let found: (Int64)? = try state.row(
            "SELECT deleted FROM role_deletions WHERE id = $1 AND account = $2",
            deletionTaskId.text,
            call.account.text
        )
        guard found != nil else {
            throw .noSuchEntity(
                "The deletion task \(deletionTaskId.text.prefix(80).escapedForDisplay) cannot be found."
            )
        }
        return Output(status: .succeeded, reason: nil)
    }
}

extension AWSServiceName {
    /// Services whose role is not named by the first word of their own name.
    private static let words = [
        "autoscaling": "AutoScaling", "elasticbeanstalk": "ElasticBeanstalk",
        "elasticloadbalancing":
            "ElasticLoadBalancing", "ecs": "ECS", "eks": "EKS", "rds": "RDS", "spot": "EC2Spot",
        "es":
            "AmazonElasticsearchService", "lex": "LexBots", "organizations": "Organizations", "support": "Support",
        "trustedadvisor": "TrustedAdvisor", "sso": "SSO", "guardduty": "AmazonGuardDuty", "cloudtrail": "CloudTrail",
    ]

    /// The service's own word; fails with `InvalidInput` for a name that is no service's.
    private func word() throws(Fault) -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.suffix(2).elementsEqual(["amazonaws", "com"]), let first = parts.first,
            parts.allSatisfy({ !$0.isEmpty }), text == folded
        else {
            throw .invalidInput("The service \(text) has no service-linked role: name one such as ecs.amazonaws.com.")
        }
        return Self.words[String(first)] ?? first.prefix(1).uppercased() + first.dropFirst()
    }

    fileprivate func roleName(_ suffix: CustomSuffix?) throws(Fault) -> RoleName {
        try RoleName("AWSServiceRoleFor\(try word())" + (suffix.map { "_\($0)" } ?? ""))
    }

    fileprivate func rolePath() throws(Fault) -> Path {
        _ = try word()
        return try Path("/aws-service-role/\(text)/")
    }

    /// The service may take the role, and nobody else.
    fileprivate var trust: PolicyText {
        PolicyText(
            checked: """
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"\(text)"},\
                "Action":"sts:AssumeRole"}]}
                """
        )
    }
}
