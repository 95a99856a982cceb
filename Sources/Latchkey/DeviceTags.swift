// DeviceTags.swift: what is told of one device, and its tags.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on one device's facts and tags.
let deviceTagActions: [any Action.Type] = [
    GetMFADevice.self, TagMFADevice.self, UntagMFADevice.self, ListMFADeviceTags.self,
]

/// Shows a device: whose it is, and since when.
public struct GetMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The device.
    public var serialNumber: SerialNumber
    /// The user whose device it must be, if given.
    public var userName: UserName?

    /// Makes the action.
    public init(serialNumber: SerialNumber, userName: UserName? = nil) {
        self.serialNumber = serialNumber
        self.userName = userName
    }

    /// The device.
    public struct Output: Codable, Sendable, Equatable {
        /// Whose it is, once enabled; root's is `root`.
        public var userName: UserName?
        /// The serial.
        public var serialNumber: SerialNumber
        /// When it was enabled.
        public var enableDate: UnixTime?
        /// What the device is certified for: only of security keys, which are none of ours.
        public var certifications: [String: String]?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        userName.map { .user($0, in: call.account) } ?? .device(serialNumber, in: call.account)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let device = try state.device(serialNumber, in: call.account)
        let owner = try device.owner.flatMap { id throws(Fault) in try state.findPrincipal(id: id, in: call.account) }
        if let userName, try state.principal(userName, in: call.account) != owner { throw .noSuchDevice(serialNumber) }
        return Output(userName: owner?.name, serialNumber: device.serial, enableDate: device.enabled)
    }
}

/// Adds tags to a device; a key that is there already, case apart, gets the new value.
public struct TagMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The device.
    public var serialNumber: SerialNumber
    /// The tags; at most 50 with those that are there.
    public var tags: [Tag]

    /// Makes the action.
    public init(serialNumber: SerialNumber, tags: [Tag]) {
        self.serialNumber = serialNumber
        self.tags = tags
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.addTags(tags, to: try state.device(serialNumber, in: call.account).row)
        return Nothing()
    }
}

/// Takes tags from a device.
public struct UntagMFADevice: IAMAction {
    /// What the action does to the account.
    public static let access = Access.tagging
    /// The device.
    public var serialNumber: SerialNumber
    /// The keys of the tags.
    public var tagKeys: [TagKey]

    /// Makes the action.
    public init(serialNumber: SerialNumber, tagKeys: [TagKey]) {
        self.serialNumber = serialNumber
        self.tagKeys = tagKeys
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.removeTags(tagKeys, from: try state.device(serialNumber, in: call.account).row)
        return Nothing()
    }
}

/// Lists the tags of a device, by key without regard to case.
public struct ListMFADeviceTags: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The device.
    public var serialNumber: SerialNumber
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(serialNumber: SerialNumber, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.serialNumber = serialNumber
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of tags.
    public typealias Output = TagPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .device(serialNumber, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> TagPage {
        try state.tagPage(of: try state.device(serialNumber, in: call.account).row, after: marker, maxItems)
    }
}
