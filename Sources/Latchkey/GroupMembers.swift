// GroupMembers.swift: who is in which group, and how groups are found and listed.
import LatchkeyOTP
import LatchkeyStore

/// The actions on memberships.
let membershipActions: [any Action.Type] = [
    AddUserToGroup.self, RemoveUserFromGroup.self, ListGroupsForUser.self,
]

/// A group's name: 1 to 128 letters, digits or `_+=,.@-`; equal without regard to case.
public struct GroupName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "groupName"
    /// The allowed lengths.
    public static let lengths = 1...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// Puts a user into a group; one who is in it already stays there.
///
/// Fails with `LimitExceeded` when the user is in ten.
public struct AddUserToGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The group.
    public var groupName: GroupName
    /// The user.
    public var userName: UserName

    /// Makes the action.
    public init(groupName: GroupName, userName: UserName) {
        self.groupName = groupName
        self.userName = userName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let group = try state.group(groupName, in: call.account)
        let user = try state.iamUser(userName, in: call.account)
        // The group's name is under its seal: nobody is put into another one than the caller means.
        _ = try state.permissions(of: PolicyHolder(group, in: call.account))
        try state.changePermissions(of: PolicyHolder(user)) { present throws(Fault) in
            if present.groups.contains(where: { $0.id == group.groupId }) { return }
            guard present.groups.count < Quota.groupsPerUser else {
                throw .limitExceeded("Cannot exceed quota for GroupsPerUser: \(Quota.groupsPerUser)")
            }
            try state.run("INSERT INTO memberships (user_id, group_id) VALUES ($1, $2)", user.id, group.groupId)
        }
        return Nothing()
    }
}

/// Takes a user out of a group.
///
/// Fails with `NoSuchEntity` if the user is not in it.
public struct RemoveUserFromGroup: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The group.
    public var groupName: GroupName
    /// The user.
    public var userName: UserName

    /// Makes the action.
    public init(groupName: GroupName, userName: UserName) {
        self.groupName = groupName
        self.userName = userName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .group(groupName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let group = try state.group(groupName, in: call.account)
        let user = try state.iamUser(userName, in: call.account)
        _ = try state.permissions(of: PolicyHolder(group, in: call.account))
        try state.changePermissions(of: PolicyHolder(user)) { _ throws(Fault) in
            let removed = try state.run(
                "DELETE FROM memberships WHERE user_id = $1 AND group_id = $2",
                user.id,
                group.groupId
            )
            guard removed == 1 else {
                throw .noSuchEntity("The user with name \(user.name) is not in the group \(group.groupName).")
            }
        }
        return Nothing()
    }
}

/// Lists the groups that a user is in by name, case apart, in pages.
public struct ListGroupsForUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user.
    public var userName: UserName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of groups.
    public typealias Output = GroupPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> GroupPage {
        let user = try state.iamUser(userName, in: call.account)
        let ids = Set(try state.permissions(of: PolicyHolder(user)).groups.map(\.id))
        let groups = try state.groups(of: call.account).filter { ids.contains($0.groupId) }
        return try GroupPage(groups, after: marker, maxItems, state.vault)
    }
}

/// One page of groups.
public struct GroupPage: Codable, Sendable {
    /// The groups, by name.
    public var groups: [Group]
    /// Whether there is another page.
    public var isTruncated: Bool
    /// What to send for it.
    public var marker: Marker?

    init(_ all: [Group], after marker: Marker?, _ maxItems: MaxItems?, _ vault: Vault) throws(Fault) {
        let page = try Page(all, after: marker, maxItems, vault) { $0.groupName.folded }
        groups = page.items
        isTruncated = page.isTruncated
        self.marker = page.marker
    }
}

extension State {
    /// The group of that name, if there is one.
    borrowing func findGroup(_ name: GroupName, in account: AccountID) throws(Fault) -> Group? {
        let found: (String, String, String, Int64)? = try row(
            "SELECT id, name, path, created FROM groups WHERE account = $1 AND folded = $2",
            account.text,
            name.folded
        )
        guard let (id, name, path, created) = found else { return nil }
        return Group(
            id: id,
            name: GroupName(checked: name),
            path: Path(checked: path),
            account: account,
            created: UnixTime(created)
        )
    }

    /// The group of that name; fails with `NoSuchEntity`.
    borrowing func group(_ name: GroupName, in account: AccountID) throws(Fault) -> Group {
        guard let group = try findGroup(name, in: account) else {
            throw .noSuchEntity("The group with name \(name) cannot be found.")
        }
        return group
    }

    /// The account's groups, by name without regard to case.
    borrowing func groups(of account: AccountID) throws(Fault) -> [Group] {
        let rows: [(String, String, String, Int64)] = try rows(
            "SELECT id, name, path, created FROM groups WHERE account = $1",
            account.text
        )
        return
            rows.map { id, name, path, created in
                Group(
                    id: id,
                    name: GroupName(checked: name),
                    path: Path(checked: path),
                    account: account,
                    created: UnixTime(created)
                )
            }
            .sorted { $0.groupName.folded < $1.groupName.folded }
    }
}
