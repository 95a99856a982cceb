// ServerCertificateTags.swift: the tags of server certificates.
import LatchkeyStore

/// Adds tags to a server certificate; a key that is there already, case apart, gets the new value.
public struct TagServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The name.
    public var serverCertificateName: ServerCertificateName
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(serverCertificateName: ServerCertificateName, tags: [Tag]) {
        self.serverCertificateName = serverCertificateName
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.serverCertificate(serverCertificateName, in: call.account).id)
        return Nothing()
    }
}

/// Takes tags from a server certificate.
public struct UntagServerCertificate: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The name.
    public var serverCertificateName: ServerCertificateName
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(serverCertificateName: ServerCertificateName, tagKeys: [TagKey]) {
        self.serverCertificateName = serverCertificateName
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.serverCertificate(serverCertificateName, in: call.account).id)
        return Nothing()
    }
}

/// Lists the tags of a server certificate, by key without regard to case.
public struct ListServerCertificateTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The name.
    public var serverCertificateName: ServerCertificateName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(serverCertificateName: ServerCertificateName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.serverCertificateName = serverCertificateName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .serverCertificate(serverCertificateName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(
            of: try state.serverCertificate(serverCertificateName, in: call.account).id,
            after: marker,
            maxItems
        )
    }
}
