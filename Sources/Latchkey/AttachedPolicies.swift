// AttachedPolicies.swift: which managed policies hang on whom, and on whom a policy hangs.
import LatchkeyStore

/// The actions that list attachments.
let attachedPolicyActions: [any Action.Type] = [
    ListAttachedUserPolicies.self, ListAttachedGroupPolicies.self, ListEntitiesForPolicy.self,
]

/// A managed policy as something attached.
public struct AttachedPolicy: Codable, Sendable, Equatable {
    /// The name.
    public let policyName: PolicyName
    /// The ARN.
    public let policyArn: ARN

    init(_ attached: AttachedDocument) {
        policyName = attached.arn.policyName
        policyArn = attached.arn
    }
}

/// Lists the managed policies that are attached to a user by name, case apart, in pages.
public struct ListAttachedUserPolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user.
    public var userName: UserName
    /// Only policies whose path begins so.
    public var pathPrefix: PolicyPath?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName, pathPrefix: PolicyPath? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.pathPrefix = pathPrefix
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of policies.
    public typealias Output = AttachedPolicyPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> AttachedPolicyPage {
        let attached = try state.permissions(of: try state.holder(userName, in: call.account)).attached
        return try AttachedPolicyPage(attached, at: pathPrefix, after: marker, maxItems, state.vault)
    }
}

/// Lists the managed policies that are attached to a group by name, case apart, in pages.
public struct ListAttachedGroupPolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The group.
    public var groupName: GroupName
    /// Only policies whose path begins so.
    public var pathPrefix: PolicyPath?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(groupName: GroupName, pathPrefix: PolicyPath? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.groupName = groupName
        self.pathPrefix = pathPrefix
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of policies.
    public typealias Output = AttachedPolicyPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> AttachedPolicyPage {
        let attached = try state.permissions(of: try state.holder(groupName, in: call.account)).attached
        return try AttachedPolicyPage(attached, at: pathPrefix, after: marker, maxItems, state.vault)
    }
}

/// Lists the groups, roles and users that a managed policy is attached to, in pages.
public struct ListEntitiesForPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The policy.
    public var policyArn: ARN
    /// Only entities of this kind; of all kinds unless given.
    public var entityFilter: EntityType?
    /// Only entities whose path begins so.
    public var pathPrefix: Path?
    /// Only entities that use it so.
    public var policyUsageFilter: PolicyUsageFilter?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(
        policyArn: ARN,
        entityFilter: EntityType? = nil,
        pathPrefix: Path? = nil,
        policyUsageFilter: PolicyUsageFilter? = nil,
        marker: Marker? = nil,
        maxItems: MaxItems? = nil
    ) {
        self.policyArn = policyArn
        self.entityFilter = entityFilter
        self.pathPrefix = pathPrefix
        self.policyUsageFilter = policyUsageFilter
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of entities.
    public struct Output: Codable, Sendable {
        /// The groups, by name.
        public var policyGroups: [PolicyGroup]
        /// The users, by name.
        public var policyUsers: [PolicyUser]
        /// The roles, by name.
        public var policyRoles: [PolicyRole]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let policy = try state.policy(policyArn, in: call.account)
        let usage: AttachmentUsage? =
            switch policyUsageFilter {
            case .permissionsPolicy: .policy
            case .permissionsBoundary: .boundary
            case nil: nil
            }
        var entities: [PolicyEntity] = []
        if [nil, .group].contains(entityFilter) { entities += try state.groups(holding: policy, usage, call.account) }
        if [nil, .user].contains(entityFilter) { entities += try state.users(holding: policy, usage, call.account) }
        if [nil, .role].contains(entityFilter) { entities += try state.roles(holding: policy, usage, call.account) }
        let matching = entities.filter { $0.path.hasPrefix(pathPrefix?.text ?? "/") }
            .sorted { $0.position < $1.position }
        let page = try Page(matching, after: marker, maxItems, state.vault) { $0.position }
        return Output(
            policyGroups: page.items.filter { $0.kind == .group }
                .map { PolicyGroup(groupName: GroupName(checked: $0.name), groupId: $0.id) },
            policyUsers: page.items.filter { $0.kind == .user }
                .map { PolicyUser(userName: UserName(checked: $0.name), userId: $0.id) },
            policyRoles: page.items.filter { $0.kind == .role }
                .map { PolicyRole(roleName: RoleName(checked: $0.name), roleId: $0.id) },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// One page of attached policies.
public struct AttachedPolicyPage: Codable, Sendable {
    /// The policies, by name.
    public var attachedPolicies: [AttachedPolicy]
    /// Whether there is another page.
    public var isTruncated: Bool
    /// What to send for it.
    public var marker: Marker?

    init(
        _ all: [AttachedDocument],
        at prefix: PolicyPath?,
        after marker: Marker?,
        _ maxItems: MaxItems?,
        _ vault: Vault
    ) throws(Fault) {
        let matching = all.filter { $0.arn.policyPath.text.hasPrefix(prefix?.text ?? "/") }
            .sorted { $0.arn.policyPosition < $1.arn.policyPosition }
        let page = try Page(matching, after: marker, maxItems, vault) { $0.arn.policyPosition }
        attachedPolicies = page.items.map { AttachedPolicy($0) }
        isTruncated = page.isTruncated
        self.marker = page.marker
    }
}
