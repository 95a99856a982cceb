// UserChanges.swift: what changes about a user that stays the same one: name, path and tags.
import LatchkeyStore

/// The actions that change a user.
let userChangeActions: [any Action.Type] = [UpdateUser.self, TagUser.self, UntagUser.self, ListUserTags.self]

/// Gives a user another name, another path, or both.
///
/// Everything that is the user's goes by the identifier, which stays: password, keys, devices and sessions live on. Fails with
/// `EntityAlreadyExists` if the new name, case apart, is another user's; `root` is always taken.
public struct UpdateUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var userName: UserName
    /// The new path.
    public var newPath: Path?
    /// The new name.
    public var newUserName: UserName?

    /// Makes the action.
    public init(userName: UserName, newPath: Path? = nil, newUserName: UserName? = nil) {
        self.userName = userName
        self.newPath = newPath
        self.newUserName = newUserName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        guard !userName.isRoot else { throw .accessDenied("The root user cannot be renamed or moved.") }
        let user = try state.principal(userName, in: call.account)
        if let newUserName, let other = try state.findPrincipal(newUserName, in: call.account), other.id != user.id {
            throw .entityAlreadyExists("User with name \(newUserName) already exists.")
        }
        let changed = Principal(
            id: user.id,
            name: newUserName ?? user.name,
            path: newPath ?? user.path,
            account: user.account,
            created: user.created
        )
        try state.run(
            "UPDATE users SET name = $1, folded = $2, path = $3, seal = $4 WHERE id = $5",
            changed.name.text,
            changed.name.folded,
            changed.path.text,
            try state.seal(over: changed),
            user.id
        )
        if let newUserName { state.notes.details.append((name: "new_name", value: newUserName.text)) }
        return Nothing()
    }
}

/// Adds tags to a user; a key that is there already, case apart, gets the new value.
public struct TagUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The user.
    public var userName: UserName
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(userName: UserName, tags: [Tag]) {
        self.userName = userName
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.iamUser(userName, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from a user.
public struct UntagUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The user.
    public var userName: UserName
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(userName: UserName, tagKeys: [TagKey]) {
        self.userName = userName
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.iamUser(userName, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of a user, by key without regard to case.
public struct ListUserTags: IAMAction {
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

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(of: try state.iamUser(userName, in: call.account).id, after: marker, maxItems)
    }
}

extension State {
    /// The IAM user of that name; root is none, and has no tags, SSH keys, certificates or service credentials.
    borrowing func iamUser(_ name: UserName, in account: AccountID) throws(Fault) -> Principal {
        guard !name.isRoot else { throw .noSuchUser(name) }
        return try principal(name, in: account)
    }

    /// The IAM user whom an action is about: the one that is named, or else the caller.
    borrowing func iamSubject(_ name: UserName?, _ call: Call) throws(Fault) -> Principal {
        let principal = try subject(name, call)
        guard !principal.isRoot else { throw .noSuchUser(principal.name) }
        return principal
    }
}
