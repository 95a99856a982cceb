// InstanceProfiles.swift: the names under which machines are given a role: making, showing, listing, deleting.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on instance profiles.
let instanceProfileActions: [any Action.Type] = [
    CreateInstanceProfile.self, GetInstanceProfile.self, ListInstanceProfiles.self, DeleteInstanceProfile.self,
]

/// An instance profile, as AWS shows one.
public struct InstanceProfile: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name, as it was given.
    public let instanceProfileName: InstanceProfileName
    /// The identifier: `AIPA` and 17 characters.
    public let instanceProfileId: String
    /// The ARN.
    public let arn: ARN
    /// When it was made.
    public let createDate: UnixTime
    /// The role, or none.
    public let roles: [Role]
    /// The tags; missing where AWS leaves them out.
    public let tags: [Tag]?

    init(_ profile: StoredInstanceProfile, roles: [Role], tags: [Tag]?) {
        path = profile.path
        instanceProfileName = profile.name
        instanceProfileId = profile.id
        arn = profile.arn
        createDate = profile.created
        self.roles = roles
        self.tags = tags
    }
}

/// Creates an instance profile.
///
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken, and with `LimitExceeded`.
public struct CreateInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var instanceProfileName: InstanceProfileName
    /// The path; `/` unless given.
    public var path: Path?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, path: Path? = nil, tags: [Tag]? = nil) {
        self.instanceProfileName = instanceProfileName
        self.path = path
        self.tags = tags
    }

    /// The new instance profile.
    public struct Output: Codable, Sendable {
        /// The instance profile.
        public var instanceProfile: InstanceProfile
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, at: path, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let profile = StoredInstanceProfile(
            id: UniqueID.make("AIPA"),
            account: call.account,
            name: instanceProfileName,
            path: path ?? .root,
            created: call.now,
            role: nil
        )
        try state.insert(profile)
        try state.setTags(tags ?? [], of: profile.id)
        return Output(instanceProfile: try state.shown(profile, withTags: true))
    }
}

/// Shows an instance profile with its role.
public struct GetInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The name.
    public var instanceProfileName: InstanceProfileName

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName) { self.instanceProfileName = instanceProfileName }

    /// The instance profile.
    public struct Output: Codable, Sendable {
        /// The instance profile.
        public var instanceProfile: InstanceProfile
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let profile = try state.instanceProfile(instanceProfileName, in: call.account)
        return Output(instanceProfile: try state.shown(profile, withTags: true))
    }
}

/// One page of instance profiles.
public struct InstanceProfilePage: Codable, Sendable {
    /// The instance profiles, by name.
    public var instanceProfiles: [InstanceProfile]
    /// Whether there is another page.
    public var isTruncated: Bool
    /// What to send for it.
    public var marker: Marker?

    init(
        _ all: [StoredInstanceProfile],
        after marker: Marker?,
        _ maxItems: MaxItems?,
        _ state: borrowing State
    ) throws(Fault) {
        let page = try Page(all, after: marker, maxItems, state.vault) { $0.name.folded }
        var shown: [InstanceProfile] = []
        for profile in page.items { shown.append(try state.shown(profile)) }
        instanceProfiles = shown
        isTruncated = page.isTruncated
        self.marker = page.marker
    }
}

/// Lists the account's instance profiles by name, case apart, in pages.
public struct ListInstanceProfiles: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only instance profiles whose path begins so.
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

    /// One page of instance profiles.
    public typealias Output = InstanceProfilePage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> InstanceProfilePage {
        let prefix = pathPrefix?.text ?? "/"
        let profiles = try state.instanceProfiles(of: call.account).filter { $0.path.text.hasPrefix(prefix) }
        return try InstanceProfilePage(profiles, after: marker, maxItems, state)
    }
}

/// Deletes an instance profile that holds no role.
///
/// Fails with `DeleteConflict` while it holds one.
public struct DeleteInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var instanceProfileName: InstanceProfileName

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName) { self.instanceProfileName = instanceProfileName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.delete(try state.instanceProfile(instanceProfileName, in: call.account))
        return Nothing()
    }
}
