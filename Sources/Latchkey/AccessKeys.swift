// AccessKeys.swift: access keys: what a program proves itself with; two at a time, so that they can be rotated.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on access keys.
let accessKeyActions: [any Action.Type] = [
    CreateAccessKey.self, ImportAccessKey.self, ListAccessKeys.self, UpdateAccessKey.self, DeleteAccessKey.self,
    GetAccessKeyLastUsed.self,
]

/// Whether an access key may be used.
public enum AccessKeyStatus: String, Codable, CaseIterable, Sendable {
    /// It may.
    case active = "Active"
    /// It may not, until it is made active again.
    case inactive = "Inactive"
}

/// A new access key, with its secret for this once.
public struct AccessKey: Codable, Sendable {
    /// Whose key it is.
    public let userName: UserName
    /// The identifier: `AKIA` and 16 characters.
    public let accessKeyId: AccessKeyID
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// The secret: 40 characters.
    public let secretAccessKey: SecretText
    /// When it was made.
    public let createDate: UnixTime
}

/// An access key, as it is listed.
public struct AccessKeyMetadata: Codable, Sendable, Equatable {
    /// Whose key it is.
    public let userName: UserName
    /// The identifier.
    public let accessKeyId: AccessKeyID
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// When it was made.
    public let createDate: UnixTime
}

/// Makes an access key for a user: the one that is named, or the caller.
///
/// Fails with `LimitExceeded` when there are two.
public struct CreateAccessKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName? = nil) { self.userName = userName }

    /// The new key.
    public struct Output: Codable, Sendable {
        /// The key, with its secret for this once.
        public var accessKey: AccessKey
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let id = AccessKeyID(checked: UniqueID.make("AKIA", count: 20))
        // 30 random bytes are 40 characters of Base64.
        let secret = SecretText(Base64.encode(SecureRandom.bytes(count: 30)))
        try state.insertAccessKey(id, secret, of: user, at: call.now)
        return Output(
            accessKey: AccessKey(
                userName: user.name,
                accessKeyId: id,
                status: .active,
                secretAccessKey: secret,
                createDate: call.now
            )
        )
    }
}

/// Gives a user an access key that was made elsewhere: for a first start, a move, or a test.
///
/// Fails with `EntityAlreadyExists` if anyone has a key of that identifier, and with `LimitExceeded` when there are two.
public struct ImportAccessKey: LatchkeyAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The identifier: 16 to 128 letters, digits and `_`; one of a temporary credential is refused.
    public var accessKeyId: AccessKeyID
    /// The secret: 40 to 128 printable ASCII characters.
    public var secretAccessKey: SecretText

    /// Makes the action.
    public init(userName: UserName? = nil, accessKeyId: AccessKeyID, secretAccessKey: SecretText) {
        self.userName = userName
        self.accessKeyId = accessKeyId
        self.secretAccessKey = secretAccessKey
    }

    /// The key.
    public struct Output: Codable, Sendable {
        /// The key as it is listed.
        public var accessKeyMetadata: AccessKeyMetadata
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard !accessKeyId.text.hasPrefix(TemporaryCredential.prefix) else {
            throw .invalidInput("An identifier that begins with ASIA is one of a temporary credential: choose another.")
        }
        let bytes = secretAccessKey.text.utf8
        guard (40...128).contains(bytes.count), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidInput("The secret access key must be 40 to 128 printable ASCII characters without blanks.")
        }
        let user = try state.subject(userName, call)
        guard try state.accessKey(accessKeyId) == nil else {
            throw .entityAlreadyExists("An access key of that identifier already exists.")
        }
        try state.insertAccessKey(accessKeyId, secretAccessKey, of: user, at: call.now)
        return Output(
            accessKeyMetadata: AccessKeyMetadata(
                userName: user.name,
                accessKeyId: accessKeyId,
                status: .active,
                createDate: call.now
            )
        )
    }
}

/// Lists the access keys of a user: the one that is named, or the caller.
public struct ListAccessKeys: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user; the caller unless given.
    public var userName: UserName?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(userName: UserName? = nil, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.userName = userName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of keys.
    public struct Output: Codable, Sendable {
        /// The keys, by identifier.
        public var accessKeyMetadata: [AccessKeyMetadata]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.subject(userName, call)
        let page = try Page(
            try state.accessKeys(of: user),
            after: marker,
            maxItems,
            state.vault,
            position: \.id.text
        )
        return Output(
            accessKeyMetadata: page.items.map {
                AccessKeyMetadata(
                    userName: user.name,
                    accessKeyId: $0.id,
                    status: $0.isActive ? .active : .inactive,
                    createDate: $0.created
                )
            },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Makes a key active or inactive: an inactive one, and what was lent by it, opens nothing from the next request on.
public struct UpdateAccessKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The key.
    public var accessKeyId: AccessKeyID
    /// Whether it may be used.
    public var status: AccessKeyStatus

    /// Makes the action.
    public init(userName: UserName? = nil, accessKeyId: AccessKeyID, status: AccessKeyStatus) {
        self.userName = userName
        self.accessKeyId = accessKeyId
        self.status = status
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let key = try state.accessKey(accessKeyId, of: try state.subject(userName, call))
        try state.setActive(status == .active, key)
        return Nothing()
    }
}

/// Deletes a key; what was lent by it dies with it.
public struct DeleteAccessKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The key.
    public var accessKeyId: AccessKeyID

    /// Makes the action.
    public init(userName: UserName? = nil, accessKeyId: AccessKeyID) {
        self.userName = userName
        self.accessKeyId = accessKeyId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let key = try state.accessKey(accessKeyId, of: try state.subject(userName, call))
        try state.delete(key)
        return Nothing()
    }
}

/// Tells when a key was last used, to a quarter of an hour, and for what.
public struct GetAccessKeyLastUsed: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The key.
    public var accessKeyId: AccessKeyID

    /// Makes the action.
    public init(accessKeyId: AccessKeyID) { self.accessKeyId = accessKeyId }

    /// When a key was last used.
    public struct LastUsed: Codable, Sendable, Equatable {
        /// When; missing if never.
        public let lastUsedDate: UnixTime?
        /// For which service; `N/A` if never.
        public let serviceName: String
        /// In which region the request was signed; `N/A` if never.
        public let region: String
    }

    /// Whose key it is, and when it was last used.
    public struct Output: Codable, Sendable {
        /// Whose key it is.
        public var userName: UserName
        /// When it was last used.
        public var accessKeyLastUsed: LastUsed
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        // A key of another account is as unknown as one that nobody has.
        guard let key = try state.accessKey(accessKeyId), key.account == call.account,
            let owner = try state.findPrincipal(id: key.owner, in: key.account)
        else { throw .noSuchAccessKey(accessKeyId) }
        return Output(
            userName: owner.name,
            accessKeyLastUsed: LastUsed(
                lastUsedDate: key.lastUse?.time,
                serviceName: key.lastUse?.service ?? "N/A",
                region: key.lastUse?.region ?? "N/A"
            )
        )
    }
}
