// PolicyTags.swift: the tags of managed policies.
import LatchkeyStore

/// The actions on tags of managed policies.
let policyTagActions: [any Action.Type] = [TagPolicy.self, UntagPolicy.self, ListPolicyTags.self]

/// Adds tags to a managed policy; a key that is there already, case apart, gets the new value.
public struct TagPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The policy.
    public var policyArn: ARN
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(policyArn: ARN, tags: [Tag]) {
        self.policyArn = policyArn
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.ownPolicy(policyArn, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from a managed policy.
public struct UntagPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The policy.
    public var policyArn: ARN
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(policyArn: ARN, tagKeys: [TagKey]) {
        self.policyArn = policyArn
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.ownPolicy(policyArn, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of a managed policy, by key without regard to case.
public struct ListPolicyTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The policy.
    public var policyArn: ARN
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(policyArn: ARN, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.policyArn = policyArn
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(of: try state.policy(policyArn, in: call.account).id, after: marker, maxItems)
    }
}
