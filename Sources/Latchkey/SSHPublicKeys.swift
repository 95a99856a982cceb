// SSHPublicKeys.swift: SSH public keys of users, five at most: uploaded as OpenSSH or PEM, handed out as either.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on SSH public keys.
let sshPublicKeyActions: [any Action.Type] = [
    UploadSSHPublicKey.self, GetSSHPublicKey.self, ListSSHPublicKeys.self, UpdateSSHPublicKey.self,
    DeleteSSHPublicKey.self,
]

/// An SSH public key.
public struct SSHPublicKey: Codable, Sendable, Equatable {
    /// Whose key it is.
    public let userName: UserName
    /// The identifier.
    public let sshPublicKeyId: SSHPublicKeyID
    /// The MD5 of the key in pairs of digits: a name, not a proof.
    public let fingerprint: String
    /// The key itself.
    public let sshPublicKeyBody: SSHPublicKeyBody
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// When it was uploaded.
    public let uploadDate: UnixTime
}

/// An SSH public key, as it is listed.
public struct SSHPublicKeyMetadata: Codable, Sendable, Equatable {
    /// Whose key it is.
    public let userName: UserName
    /// The identifier.
    public let sshPublicKeyId: SSHPublicKeyID
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// When it was uploaded.
    public let uploadDate: UnixTime
}

/// Uploads an SSH public key for a user: RSA of at least 2,048 bits, or Ed25519.
///
/// Fails with `DuplicateSSHPublicKey` if the user has the same key in whichever text, and with `LimitExceeded` when there are
/// five.
public struct UploadSSHPublicKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user.
    public var userName: UserName
    /// The key: a line of OpenSSH, or PEM.
    public var sshPublicKeyBody: SSHPublicKeyBody

    /// Makes the action.
    public init(userName: UserName, sshPublicKeyBody: SSHPublicKeyBody) {
        self.userName = userName
        self.sshPublicKeyBody = sshPublicKeyBody
    }

    /// The key.
    public struct Output: Codable, Sendable {
        /// The key.
        public var sshPublicKey: SSHPublicKey
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.iamUser(userName, in: call.account)
        let key = try sshPublicKeyBody.key()
        let id = SSHPublicKeyID(checked: UniqueID.make("APKA", count: 20))
        let stored = StoredSSHPublicKey(
            id: id,
            account: user.account,
            owner: user.id,
            created: call.now,
            isActive: true,
            body: sshPublicKeyBody
        )
        try state.insert(stored, key, of: user)
        return Output(sshPublicKey: try stored.shown(of: user, sshPublicKeyBody, key))
    }
}

/// Shows an SSH public key in the text that is asked for.
public struct GetSSHPublicKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read

    /// How a key is written.
    public enum Encoding: String, Codable, CaseIterable, Sendable {
        /// A line of OpenSSH.
        case ssh = "SSH"
        /// PEM.
        case pem = "PEM"
    }

    /// The user.
    public var userName: UserName
    /// The key.
    public var sshPublicKeyId: SSHPublicKeyID
    /// How it is to be written.
    public var encoding: Encoding

    /// Makes the action.
    public init(userName: UserName, sshPublicKeyId: SSHPublicKeyID, encoding: Encoding) {
        self.userName = userName
        self.sshPublicKeyId = sshPublicKeyId
        self.encoding = encoding
    }

    /// The key.
    public typealias Output = UploadSSHPublicKey.Output

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.iamUser(userName, in: call.account)
        let stored = try state.sshPublicKey(sshPublicKeyId, of: user)
        let key = try stored.body.key()
        let text = encoding == .ssh ? key.openSSH : key.pem
        return Output(sshPublicKey: try stored.shown(of: user, SSHPublicKeyBody(checked: text), key))
    }
}

/// Lists the SSH public keys of a user: the one that is named, or the caller.
public struct ListSSHPublicKeys: IAMAction {
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
        public var sshPublicKeys: [SSHPublicKeyMetadata]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.iamSubject(userName, call)
        let keys = try state.sshPublicKeys(of: user)
        let page = try Page(keys, after: marker, maxItems, state.vault, position: \.id.text)
        return Output(
            sshPublicKeys: page.items.map {
                SSHPublicKeyMetadata(
                    userName: user.name,
                    sshPublicKeyId: $0.id,
                    status: $0.isActive ? .active : .inactive,
                    uploadDate: $0.created
                )
            },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Makes an SSH public key active or inactive.
public struct UpdateSSHPublicKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user.
    public var userName: UserName
    /// The key.
    public var sshPublicKeyId: SSHPublicKeyID
    /// Whether it may be used.
    public var status: AccessKeyStatus

    /// Makes the action.
    public init(userName: UserName, sshPublicKeyId: SSHPublicKeyID, status: AccessKeyStatus) {
        self.userName = userName
        self.sshPublicKeyId = sshPublicKeyId
        self.status = status
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.iamUser(userName, in: call.account)
        try state.setActive(status == .active, try state.sshPublicKey(sshPublicKeyId, of: user))
        return Nothing()
    }
}

/// Deletes an SSH public key.
public struct DeleteSSHPublicKey: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user.
    public var userName: UserName
    /// The key.
    public var sshPublicKeyId: SSHPublicKeyID

    /// Makes the action.
    public init(userName: UserName, sshPublicKeyId: SSHPublicKeyID) {
        self.userName = userName
        self.sshPublicKeyId = sshPublicKeyId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.iamUser(userName, in: call.account)
        let key = try state.sshPublicKey(sshPublicKeyId, of: user)
        try state.run("DELETE FROM ssh_public_keys WHERE id = $1", key.id.text)
        return Nothing()
    }
}
