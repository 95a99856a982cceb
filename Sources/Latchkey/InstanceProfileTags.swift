// InstanceProfileTags.swift: the tags of instance profiles.
import LatchkeyStore

/// The actions on tags of instance profiles.
let instanceProfileTagActions: [any Action.Type] = [
    TagInstanceProfile.self, UntagInstanceProfile.self, ListInstanceProfileTags.self,
]

/// Adds tags to an instance profile; a key that is there already, case apart, gets the new value.
public struct TagInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The name.
    public var instanceProfileName: InstanceProfileName
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, tags: [Tag]) {
        self.instanceProfileName = instanceProfileName
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.instanceProfile(instanceProfileName, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from an instance profile.
public struct UntagInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The name.
    public var instanceProfileName: InstanceProfileName
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, tagKeys: [TagKey]) {
        self.instanceProfileName = instanceProfileName
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.instanceProfile(instanceProfileName, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of an instance profile, by key without regard to case.
public struct ListInstanceProfileTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The name.
    public var instanceProfileName: InstanceProfileName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.instanceProfileName = instanceProfileName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(
            of: try state.instanceProfile(instanceProfileName, in: call.account).id,
            after: marker,
            maxItems
        )
    }
}
