// EntityDetails.swift: users, groups, roles and policies with all that hangs on them.
public import LatchkeyOTP

/// An inline policy.
public struct PolicyDetail: Codable, Sendable, Equatable {
    /// The name.
    public let policyName: PolicyName
    /// The document.
    public let policyDocument: PolicyText
}

/// A user with all that hangs on it.
public struct UserDetail: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name.
    public let userName: UserName
    /// The identifier.
    public let userId: String
    /// The ARN.
    public let arn: ARN
    /// When the user was made.
    public let createDate: UnixTime
    /// The inline policies, by name.
    public let userPolicyList: [PolicyDetail]
    /// The names of the groups, sorted.
    public let groupList: [GroupName]
    /// The attached policies, by name.
    public let attachedManagedPolicies: [AttachedPolicy]
    /// What bounds them.
    public let permissionsBoundary: AttachedPermissionsBoundary?
    /// The tags.
    public let tags: [Tag]

    init(_ user: Principal, policies: [PolicyDetail], _ permissions: Permissions, tags: [Tag]) {
        path = user.path
        userName = user.name
        userId = user.id
        arn = user.arn
        createDate = user.created
        userPolicyList = policies
        groupList = permissions.groups.map { GroupName(checked: $0.name) }.sorted { $0.folded < $1.folded }
        attachedManagedPolicies = permissions.sortedAttached
        permissionsBoundary = permissions.boundary.map { AttachedPermissionsBoundary($0.arn) }
        self.tags = tags
    }
}

/// A group with all that hangs on it.
public struct GroupDetail: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name.
    public let groupName: GroupName
    /// The identifier.
    public let groupId: String
    /// The ARN.
    public let arn: ARN
    /// When the group was made.
    public let createDate: UnixTime
    /// The inline policies, by name.
    public let groupPolicyList: [PolicyDetail]
    /// The attached policies, by name.
    public let attachedManagedPolicies: [AttachedPolicy]

    init(_ group: Group, policies: [PolicyDetail], _ permissions: Permissions) {
        path = group.path
        groupName = group.groupName
        groupId = group.groupId
        arn = group.arn
        createDate = group.createDate
        groupPolicyList = policies
        attachedManagedPolicies = permissions.sortedAttached
    }
}

/// A role with all that hangs on it.
public struct RoleDetail: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name.
    public let roleName: RoleName
    /// The identifier.
    public let roleId: String
    /// The ARN.
    public let arn: ARN
    /// When the role was made.
    public let createDate: UnixTime
    /// Who may take it.
    public let assumeRolePolicyDocument: PolicyText
    /// The instance profiles that hold it, by name.
    public let instanceProfileList: [InstanceProfile]
    /// The inline policies, by name.
    public let rolePolicyList: [PolicyDetail]
    /// The attached policies, by name.
    public let attachedManagedPolicies: [AttachedPolicy]
    /// What bounds them.
    public let permissionsBoundary: AttachedPermissionsBoundary?
    /// The tags.
    public let tags: [Tag]
    /// When and where it was last used.
    public let roleLastUsed: RoleLastUsed

    init(
        _ role: StoredRole,
        trust: PolicyText,
        profiles: [InstanceProfile],
        policies: [PolicyDetail],
        _ permissions: Permissions,
        tags: [Tag]
    ) {
        path = role.path
        roleName = role.name
        roleId = role.id
        arn = role.arn
        createDate = role.created
        assumeRolePolicyDocument = trust
        instanceProfileList = profiles
        rolePolicyList = policies
        attachedManagedPolicies = permissions.sortedAttached
        permissionsBoundary = permissions.boundary.map { AttachedPermissionsBoundary($0.arn) }
        self.tags = tags
        roleLastUsed = RoleLastUsed(role)
    }
}

/// A managed policy with all its versions.
public struct ManagedPolicyDetail: Codable, Sendable, Equatable {
    /// The name.
    public let policyName: PolicyName
    /// The identifier.
    public let policyId: String
    /// The ARN.
    public let arn: ARN
    /// The path.
    public let path: PolicyPath
    /// The version that counts.
    public let defaultVersionId: PolicyVersionID
    /// How many users and groups of the account have it attached.
    public let attachmentCount: Int
    /// How many users of the account it bounds.
    public let permissionsBoundaryUsageCount: Int
    /// Whether it can be attached.
    public let isAttachable: Bool
    /// What it is for.
    public let description: String?
    /// When it was made.
    public let createDate: UnixTime
    /// When its latest version was made.
    public let updateDate: UnixTime
    /// The versions with their documents, newest first.
    public let policyVersionList: [PolicyVersion]

    init(_ policy: ManagedPolicy, versions: [PolicyVersion]) {
        policyName = policy.policyName
        policyId = policy.policyId
        arn = policy.arn
        path = policy.path
        defaultVersionId = policy.defaultVersionId
        attachmentCount = policy.attachmentCount
        permissionsBoundaryUsageCount = policy.permissionsBoundaryUsageCount
        isAttachable = policy.isAttachable
        description = policy.description
        createDate = policy.createDate
        updateDate = policy.updateDate
        policyVersionList = versions
    }
}

extension Permissions {
    /// The attached policies, by name.
    fileprivate var sortedAttached: [AttachedPolicy] {
        attached.sorted { $0.arn.policyPosition < $1.arn.policyPosition }.map { AttachedPolicy($0) }
    }
}
