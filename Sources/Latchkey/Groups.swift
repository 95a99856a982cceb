// Groups.swift: the groups of an account: users who share policies.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on groups.
let groupActions: [any Action.Type] = [
    CreateGroup.self, GetGroup.self, ListGroups.self, UpdateGroup.self, DeleteGroup.self,
]

/// A group, as AWS shows one.
public struct Group: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name, as it was given.
    public let groupName: GroupName
    /// The identifier: `AGPA` and 17 characters.
    public let groupId: String
    /// The ARN.
    public let arn: ARN
    /// When the group was made.
    public let createDate: UnixTime

    init(id: String, name: GroupName, path: Path, account: AccountID, created: UnixTime) {
        self.path = path
        groupName = name
        groupId = id
        arn = ARN(checked: Resource.group(name, at: path, in: account).description)
        createDate = created
    }
}

/// Creates a group.
///
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken, and with `LimitExceeded` when there are 300.
public struct CreateGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var groupName: GroupName
    /// The path; `/` unless given.
    public var path: Path?

    /// Makes the action.
    public init(groupName: GroupName, path: Path? = nil) {
        self.groupName = groupName
        self.path = path
    }

    /// The new group.
    public struct Output: Codable, Sendable {
        /// The group.
        public var group: Group
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, at: path, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard try state.findGroup(groupName, in: call.account) == nil else {
            throw .entityAlreadyExists("Group with name \(groupName) already exists.")
        }
        let count: (Int)? = try state.row("SELECT COUNT(*) FROM groups WHERE account = $1", call.account.text)
        guard count ?? 0 < Quota.groups else {
            throw .limitExceeded("Cannot exceed quota for GroupsPerAccount: \(Quota.groups)")
        }
        let group = Group(
            id: UniqueID.make("AGPA"),
            name: groupName,
            path: path ?? .root,
            account: call.account,
            created: call.now
        )
        try state.run(
            "INSERT INTO groups (id, account, name, folded, path, created) VALUES ($1, $2, $3, $4, $5, $6)",
            group.groupId,
            call.account.text,
            groupName.text,
            groupName.folded,
            group.path.text,
            call.now.seconds
        )
        try state.sealPermissions(of: PolicyHolder(group, in: call.account))
        return Output(group: group)
    }
}

/// Shows a group and its users by name, in pages.
public struct GetGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The name.
    public var groupName: GroupName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(groupName: GroupName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.groupName = groupName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// The group and one page of its users.
    public struct Output: Codable, Sendable {
        /// The group.
        public var group: Group
        /// The users, by name.
        public var users: [User]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let group = try state.group(groupName, in: call.account)
        let limit = (maxItems ?? .standard).count
        let rows: [(String, String, String, Int64, Int64?)] = try state.rows(
            """
            SELECT users.id, users.name, users.path, users.created, passwords.last_used
            FROM memberships JOIN users ON users.id = user_id LEFT JOIN passwords ON passwords.owner = users.id
            WHERE group_id = $1 AND users.folded > $2 ORDER BY users.folded LIMIT $3
            """,
            group.groupId,
            try marker?.position(state.vault) ?? "",
            limit + 1
        )
        let users = rows.prefix(limit)
            .map { id, name, path, created, lastUsed in
                let principal = Principal(
                    id: id,
                    name: UserName(checked: name),
                    path: Path(checked: path),
                    account: call.account,
                    created: UnixTime(created)
                )
                return User(principal, passwordLastUsed: lastUsed.map { UnixTime($0) })
            }
        var next: Marker?
        if rows.count > limit, let last = users.last { next = try Marker(after: last.userName.folded, state.vault) }
        return Output(group: group, users: users, isTruncated: next != nil, marker: next)
    }
}

/// Lists the account's groups by name, case apart, in pages.
public struct ListGroups: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only groups whose path begins so.
    public var pathPrefix: PathPrefix?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(pathPrefix: PathPrefix? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.pathPrefix = pathPrefix
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of groups.
    public typealias Output = GroupPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> GroupPage {
        let prefix = pathPrefix?.text ?? "/"
        let groups = try state.groups(of: call.account).filter { $0.path.text.hasPrefix(prefix) }
        return try GroupPage(groups, after: marker, maxItems, state.vault)
    }
}

/// Renames a group, moves it to another path, or both; who is in it and what hangs on it stays.
///
/// Fails with `EntityAlreadyExists` if another group has the new name, case apart.
public struct UpdateGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The present name.
    public var groupName: GroupName
    /// The new path; as before unless given.
    public var newPath: Path?
    /// The new name; as before unless given.
    public var newGroupName: GroupName?

    /// Makes the action.
    public init(groupName: GroupName, newPath: Path? = nil, newGroupName: GroupName? = nil) {
        self.groupName = groupName
        self.newPath = newPath
        self.newGroupName = newGroupName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let group = try state.group(groupName, in: call.account)
        // The old name is under the seal: it is checked before it goes.
        _ = try state.permissions(of: PolicyHolder(group, in: call.account))
        let renamed = Group(
            id: group.groupId,
            name: newGroupName ?? group.groupName,
            path: newPath ?? group.path,
            account: call.account,
            created: group.createDate
        )
        if let other = try state.findGroup(renamed.groupName, in: call.account), other.groupId != group.groupId {
            throw .entityAlreadyExists("Group with name \(renamed.groupName) already exists.")
        }
        try state.run(
            "UPDATE groups SET name = $1, folded = $2, path = $3 WHERE id = $4",
            renamed.groupName.text,
            renamed.groupName.folded,
            renamed.path.text,
            group.groupId
        )
        try state.sealPermissions(of: PolicyHolder(renamed, in: call.account))
        return Nothing()
    }
}

/// Deletes a group that nobody is in and nothing hangs on any more.
///
/// Fails with `DeleteConflict` while there is a user or a policy.
public struct DeleteGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var groupName: GroupName

    /// Makes the action.
    public init(groupName: GroupName) { self.groupName = groupName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let group = try state.group(groupName, in: call.account)
        let holder = PolicyHolder(group, in: call.account)
        let permissions = try state.permissions(of: holder)
        let members: (Int)? = try state.row("SELECT COUNT(*) FROM memberships WHERE group_id = $1", group.groupId)
        guard members == 0 else {
            throw .deleteConflict("Cannot delete entity, must remove users from group first.")
        }
        try permissions.requireNoPolicies()
        try state.forgetPermissions(of: holder)
        try state.run("DELETE FROM groups WHERE id = $1", group.groupId)
        return Nothing()
    }
}

extension Permissions {
    /// Fails with `DeleteConflict` while a policy hangs on the holder.
    func requireNoPolicies() throws(Fault) {
        guard attached.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must detach all policies first.")
        }
        guard inline.isEmpty else { throw .deleteConflict("Cannot delete entity, must delete policies first.") }
    }
}
