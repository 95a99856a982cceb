// RoleTags.swift: the tags of roles.
import LatchkeyStore

/// The actions on tags of roles.
let roleTagActions: [any Action.Type] = [TagRole.self, UntagRole.self, ListRoleTags.self]

/// Adds tags to a role; a key that is there already, case apart, gets the new value.
public struct TagRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The role.
    public var roleName: RoleName
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(roleName: RoleName, tags: [Tag]) {
        self.roleName = roleName
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.role(roleName, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from a role.
public struct UntagRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The role.
    public var roleName: RoleName
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(roleName: RoleName, tagKeys: [TagKey]) {
        self.roleName = roleName
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.role(roleName, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of a role, by key without regard to case.
public struct ListRoleTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The role.
    public var roleName: RoleName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(roleName: RoleName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.roleName = roleName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(of: try state.role(roleName, in: call.account).id, after: marker, maxItems)
    }
}
