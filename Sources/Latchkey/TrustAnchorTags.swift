// TrustAnchorTags.swift: the tags of trust anchors.
import LatchkeyStore

/// Adds tags to a trust anchor; a key that is there already, case apart, gets the new value.
public struct TagTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(trustAnchorArn: ARN, tags: [Tag]) {
        self.trustAnchorArn = trustAnchorArn
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.trustAnchor(trustAnchorArn, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from a trust anchor.
public struct UntagTrustAnchor: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The anchor.
    public var trustAnchorArn: ARN
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(trustAnchorArn: ARN, tagKeys: [TagKey]) {
        self.trustAnchorArn = trustAnchorArn
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.trustAnchor(trustAnchorArn, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of a trust anchor, by key without regard to case.
public struct ListTrustAnchorTags: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The anchor.
    public var trustAnchorArn: ARN
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(trustAnchorArn: ARN, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.trustAnchorArn = trustAnchorArn
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .trustAnchor(trustAnchorArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(
            of: try state.trustAnchor(trustAnchorArn, in: call.account).id,
            after: marker,
            maxItems
        )
    }
}

extension CreateTrustAnchor: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagTrustAnchor: SettingTags { var requestedTags: [Tag]? { tags } }
extension UntagTrustAnchor: RemovingTags {}
