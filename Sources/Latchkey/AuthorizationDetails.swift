// AuthorizationDetails.swift: everything about who may do what in an account, in one answer.
import LatchkeyOTP
import LatchkeyStore

/// Shows users, groups, roles and managed policies with all that hangs on them, in pages.
public struct GetAccountAuthorizationDetails: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// Only entities of these kinds; of all kinds unless given.
    public var filter: [EntityType]?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(filter: [EntityType]? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.filter = filter
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of entities.
    public struct Output: Codable, Sendable {
        /// The users, by name.
        public var userDetailList: [UserDetail]
        /// The groups, by name.
        public var groupDetailList: [GroupDetail]
        /// The roles, by name.
        public var roleDetailList: [RoleDetail]
        /// The managed policies, by name.
        public var policies: [ManagedPolicyDetail]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let kinds = Set(filter.flatMap { $0.isEmpty ? nil : $0 } ?? EntityType.allCases)
        let account = call.account
        var entities: [DetailedEntity] = []
        if kinds.contains(.user) { entities += try state.users(of: account).map { .user($0) } }
        if kinds.contains(.group) { entities += try state.groups(of: account).map { .group($0) } }
        if kinds.contains(.role) { entities += try state.roles(of: account).map { .role($0) } }
        if kinds.contains(.localManagedPolicy) {
            entities += try state.policies(.local, in: account).map { .policy($0) }
        }
        if kinds.contains(.awsManagedPolicy) { entities += try state.policies(.aws, in: account).map { .policy($0) } }
        let sorted = entities.map { (position: $0.position, entity: $0) }.sorted { $0.position < $1.position }
        let page = try Page(sorted, after: marker, maxItems, state.vault) { $0.position }
        let usage = try state.policyUsage(in: account)
        var output = Output(
            userDetailList: [],
            groupDetailList: [],
            roleDetailList: [],
            policies: [],
            isTruncated: page.isTruncated,
            marker: page.marker
        )
        for (_, entity) in page.items {
            switch entity {
            case .user(let user): output.userDetailList.append(try state.detail(of: user))
            case .group(let group): output.groupDetailList.append(try state.detail(of: group, in: account))
            case .role(let role): output.roleDetailList.append(try state.detail(of: role))
            case .policy(let policy):
                output.policies.append(try state.detail(of: policy, usage[policy.id] ?? PolicyUsage()))
            }
        }
        return output
    }
}

/// One entity that has details, before they are read.
private enum DetailedEntity {
    case user(Principal)
    case group(Group)
    case role(StoredRole)
    case policy(StoredPolicy)

    /// Where it stands among all: users, groups, roles, policies, each by name.
    var position: String {
        switch self {
        case .user(let user): "1 \(user.name.folded)"
        case .group(let group): "2 \(group.groupName.folded)"
        case .role(let role): "3 \(role.name.folded)"
        case .policy(let policy): "4 \(policy.position)"
        }
    }
}

extension State {
    fileprivate borrowing func users(of account: AccountID) throws(Fault) -> [Principal] {
        let rows: [(String, String, String, Int64)] = try rows(
            "SELECT id, name, path, created FROM users WHERE account = $1",
            account.text
        )
        return rows.map { id, name, path, created in
            Principal(
                id: id,
                name: UserName(checked: name),
                path: Path(checked: path),
                account: account,
                created: UnixTime(created)
            )
        }
    }

    fileprivate borrowing func detail(of user: Principal) throws(Fault) -> UserDetail {
        let holder = PolicyHolder(user)
        let permissions = try permissions(of: holder)
        return UserDetail(
            user,
            policies: try details(of: permissions.inline, holder),
            permissions,
            tags: try tags(of: user.id)
        )
    }

    fileprivate borrowing func detail(of group: Group, in account: AccountID) throws(Fault) -> GroupDetail {
        let holder = PolicyHolder(group, in: account)
        let permissions = try permissions(of: holder)
        return GroupDetail(group, policies: try details(of: permissions.inline, holder), permissions)
    }

    fileprivate borrowing func detail(of role: StoredRole) throws(Fault) -> RoleDetail {
        let holder = PolicyHolder(role)
        let permissions = try permissions(of: holder)
        var profiles: [InstanceProfile] = []
        for profile in try instanceProfiles(of: role.account, holding: role) { profiles.append(try shown(profile)) }
        return RoleDetail(
            role,
            trust: try shownTrust(of: role),
            profiles: profiles,
            policies: try details(of: permissions.inline, holder),
            permissions,
            tags: try tags(of: role.id)
        )
    }

    fileprivate borrowing func detail(
        of policy: StoredPolicy,
        _ usage: PolicyUsage
    ) throws(Fault) -> ManagedPolicyDetail {
        var shown: [PolicyVersion] = []
        for version in try versions(of: policy) {
            let text = try policyText(policy.id, version.number, version.document)
            shown.append(PolicyVersion(version, of: policy, document: text))
        }
        return ManagedPolicyDetail(ManagedPolicy(policy, usage, isDescribed: true), versions: shown)
    }

    private borrowing func details(
        of inline: [(name: PolicyName, document: DocumentID)],
        _ holder: PolicyHolder
    ) throws(Fault) -> [PolicyDetail] {
        var details: [PolicyDetail] = []
        for policy in inline.sorted(by: { $0.name.folded < $1.name.folded }) {
            let text = try inlineText(policy.name, of: holder.id, policy.document)
            details.append(PolicyDetail(policyName: policy.name, policyDocument: text))
        }
        return details
    }
}
