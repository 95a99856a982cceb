// OpenIDConnectProviderTags.swift: the tags of OpenID Connect providers.
import LatchkeyStore

/// Adds tags to an OpenID Connect provider; a key that is there already, case apart, gets the new value.
public struct TagOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, tags: [Tag]) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.oidcProvider(openIDConnectProviderArn, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from an OpenID Connect provider.
public struct UntagOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, tagKeys: [TagKey]) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.oidcProvider(openIDConnectProviderArn, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of an OpenID Connect provider, by key without regard to case.
public struct ListOpenIDConnectProviderTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(
            of: try state.oidcProvider(openIDConnectProviderArn, in: call.account).id,
            after: marker,
            maxItems
        )
    }
}

extension CreateOpenIDConnectProvider: SettingTags { var requestedTags: [Tag]? { tags } }
extension TagOpenIDConnectProvider: SettingTags { var requestedTags: [Tag]? { tags } }
extension UntagOpenIDConnectProvider: RemovingTags {}
