// ServiceCredentials.swift: a user name and password for one service that cannot sign requests, such as Git over HTTPS.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on service-specific credentials.
let serviceCredentialActions: [any Action.Type] = [
    CreateServiceSpecificCredential.self, ListServiceSpecificCredentials.self, UpdateServiceSpecificCredential.self,
    ResetServiceSpecificCredential.self, DeleteServiceSpecificCredential.self,
]

/// A service-specific credential, with its password for this once.
public struct ServiceSpecificCredential: Codable, Sendable {
    /// When it was made.
    public let createDate: UnixTime
    /// The service.
    public let serviceName: String
    /// The name at the service's door.
    public let serviceUserName: String
    /// The password: 44 characters.
    public let servicePassword: SecretText
    /// The identifier.
    public let serviceSpecificCredentialId: ServiceSpecificCredentialID
    /// Whose credential it is.
    public let userName: UserName
    /// Whether it may be used.
    public let status: AccessKeyStatus
}

/// A service-specific credential, as it is listed.
public struct ServiceSpecificCredentialMetadata: Codable, Sendable, Equatable {
    /// Whose credential it is.
    public let userName: UserName
    /// Whether it may be used.
    public let status: AccessKeyStatus
    /// The name at the service's door.
    public let serviceUserName: String
    /// When it was made.
    public let createDate: UnixTime
    /// The identifier.
    public let serviceSpecificCredentialId: ServiceSpecificCredentialID
    /// The service.
    public let serviceName: String
}

/// Makes a user name and password for one service.
///
/// Fails with `NotSupportedService` for a service that takes none, and with `LimitExceeded` when the user has two for it.
public struct CreateServiceSpecificCredential: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user.
    public var userName: UserName
    /// The service: `codecommit.amazonaws.com` or `cassandra.amazonaws.com`.
    public var serviceName: String

    /// Makes the action.
    public init(userName: UserName, serviceName: String) {
        self.userName = userName
        self.serviceName = serviceName
    }

    /// The credential.
    public struct Output: Codable, Sendable {
        /// The credential, with its password for this once.
        public var serviceSpecificCredential: ServiceSpecificCredential
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.iamUser(userName, in: call.account)
        let service = try CredentialService.named(serviceName)
        let present = try state.serviceCredentials(of: user).filter { $0.service == service }
        guard present.count < StoredServiceCredential.most else {
            throw .limitExceeded(
                "Cannot exceed quota for ServiceSpecificCredentialsPerUser: \(StoredServiceCredential.most)"
            )
        }
        let (password, digest) = try state.newServicePassword()
        let stored = StoredServiceCredential(
            id: ServiceSpecificCredentialID(checked: UniqueID.make("ACCA")),
            account: user.account,
            owner: user.id,
            service: service,
            name: try state.freeServiceUserName(user, service),
            created: call.now,
            isActive: true,
            digest: digest
        )
        try state.insert(stored)
        return Output(serviceSpecificCredential: stored.shown(of: user, password))
    }
}

/// Lists service-specific credentials of a user, or of all users, without passwords.
public struct ListServiceSpecificCredentials: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The user; the caller unless given.
    public var userName: UserName?
    /// Only of this service.
    public var serviceName: String?
    /// Whether those of every user are wanted.
    public var allUsers: Bool?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(
        userName: UserName? = nil,
        serviceName: String? = nil,
        allUsers: Bool? = nil,
        marker: Marker? = nil,
        maxItems: MaxItems? = nil
    ) {
        self.userName = userName
        self.serviceName = serviceName
        self.allUsers = allUsers
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of credentials.
    public struct Output: Codable, Sendable {
        /// The credentials, by identifier.
        public var serviceSpecificCredentials: [ServiceSpecificCredentialMetadata]
        /// What to send for the next page.
        public var marker: Marker?
        /// Whether there is another page.
        public var isTruncated: Bool
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        allUsers == true ? .all : .user(userName ?? call.callerName, in: call.account)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let service = try serviceName.map { name throws(Fault) in try CredentialService.named(name) }
        let users: [Principal]
        if allUsers == true {
            guard userName == nil else { throw .invalidInput("Give either UserName or AllUsers, not both.") }
            users = try state.principals(of: call.account).filter { !$0.isRoot }
        } else {
            users = [try state.iamSubject(userName, call)]
        }
        var all: [(user: Principal, credential: StoredServiceCredential)] = []
        for user in users {
            for credential in try state.serviceCredentials(of: user)
            where service == nil || credential.service == service { all.append((user, credential)) }
        }
        all.sort { $0.credential.id.text < $1.credential.id.text }
        let page = try Page(all, after: marker, maxItems, state.vault, position: \.credential.id.text)
        return Output(
            serviceSpecificCredentials: page.items.map { $0.credential.listed(of: $0.user) },
            marker: page.marker,
            isTruncated: page.isTruncated
        )
    }
}

/// Makes a service-specific credential active or inactive.
public struct UpdateServiceSpecificCredential: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The credential.
    public var serviceSpecificCredentialId: ServiceSpecificCredentialID
    /// Whether it may be used.
    public var status: AccessKeyStatus

    /// Makes the action.
    public init(
        userName: UserName? = nil,
        serviceSpecificCredentialId: ServiceSpecificCredentialID,
        status: AccessKeyStatus
    ) {
        self.userName = userName
        self.serviceSpecificCredentialId = serviceSpecificCredentialId
        self.status = status
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.iamSubject(userName, call)
        var credential = try state.serviceCredential(serviceSpecificCredentialId, of: user)
        credential.isActive = status == .active
        try state.update(credential)
        return Nothing()
    }
}

/// Gives a service-specific credential a new password; the old one opens nothing any more.
public struct ResetServiceSpecificCredential: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The credential.
    public var serviceSpecificCredentialId: ServiceSpecificCredentialID

    /// Makes the action.
    public init(userName: UserName? = nil, serviceSpecificCredentialId: ServiceSpecificCredentialID) {
        self.userName = userName
        self.serviceSpecificCredentialId = serviceSpecificCredentialId
    }

    /// The credential.
    public typealias Output = CreateServiceSpecificCredential.Output

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let user = try state.iamSubject(userName, call)
        var credential = try state.serviceCredential(serviceSpecificCredentialId, of: user)
        let (password, digest) = try state.newServicePassword()
        credential.digest = digest
        try state.update(credential)
        return Output(serviceSpecificCredential: credential.shown(of: user, password))
    }
}

/// Deletes a service-specific credential.
public struct DeleteServiceSpecificCredential: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The user; the caller unless given.
    public var userName: UserName?
    /// The credential.
    public var serviceSpecificCredentialId: ServiceSpecificCredentialID

    /// Makes the action.
    public init(userName: UserName? = nil, serviceSpecificCredentialId: ServiceSpecificCredentialID) {
        self.userName = userName
        self.serviceSpecificCredentialId = serviceSpecificCredentialId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let user = try state.iamSubject(userName, call)
        let credential = try state.serviceCredential(serviceSpecificCredentialId, of: user)
        try state.run("DELETE FROM service_credentials WHERE id = $1", credential.id.text)
        return Nothing()
    }
}
