// Users.swift: the users of an account: what a user is, how it is kept, what may be done with it.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on users.
let userActions: [any Action.Type] = [CreateUser.self, GetUser.self, ListUsers.self, DeleteUser.self]

/// A user, as AWS shows one.
public struct User: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name, as it was given.
    public let userName: UserName
    /// The identifier: `AIDA` and 17 characters; root's is the account's number.
    public let userId: String
    /// The ARN.
    public let arn: ARN
    /// When the user was made.
    public let createDate: UnixTime
    /// When the user last signed in with a password; missing before the first time.
    public var passwordLastUsed: UnixTime?
    /// The policy that bounds the user's rights; missing where AWS leaves it out.
    public var permissionsBoundary: AttachedPermissionsBoundary?
    /// The tags; missing where AWS leaves them out.
    public var tags: [Tag]?

    init(
        _ principal: Principal,
        passwordLastUsed: UnixTime?,
        permissionsBoundary: AttachedPermissionsBoundary? = nil,
        tags: [Tag]? = nil
    ) {
        path = principal.path
        userName = principal.name
        userId = principal.id
        arn = principal.arn
        createDate = principal.created
        self.passwordLastUsed = passwordLastUsed
        self.permissionsBoundary = permissionsBoundary
        self.tags = tags
    }
}

/// Creates a user.
///
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken; `root` always is.
public struct CreateUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var userName: UserName
    /// The path; `/` unless given.
    public var path: Path?
    /// The policy that bounds the user's rights; it must exist.
    public var permissionsBoundary: ARN?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(userName: UserName, path: Path? = nil, permissionsBoundary: ARN? = nil, tags: [Tag]? = nil) {
        self.userName = userName
        self.path = path
        self.permissionsBoundary = permissionsBoundary
        self.tags = tags
    }

    /// The new user.
    public struct Output: Codable, Sendable {
        /// The user.
        public var user: User
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, at: path, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var boundary: StoredPolicy?
        if let permissionsBoundary { boundary = try state.attachablePolicy(permissionsBoundary, in: call.account) }
        guard try state.findPrincipal(userName, in: call.account) == nil else {
            throw .entityAlreadyExists("User with name \(userName) already exists.")
        }
        let count: (Int)? = try state.row("SELECT COUNT(*) FROM users WHERE account = $1", call.account.text)
        guard count ?? 0 < Quota.users else {
            throw .limitExceeded("Cannot exceed quota for UsersPerAccount: \(Quota.users)")
        }
        let id = UniqueID.user()
        try state.run(
            "INSERT INTO users (id, account, name, folded, path, created) VALUES ($1, $2, $3, $4, $5, $6)",
            id,
            call.account.text,
            userName.text,
            userName.folded,
            (path ?? .root).text,
            call.now.seconds
        )
        try state.setTags(tags ?? [], of: id)
        let principal = try state.principal(userName, in: call.account)
        try state.setBoundary(boundary, of: PolicyHolder(principal))
        let kept = try state.tags(of: id)
        return Output(
            user: User(
                principal,
                passwordLastUsed: nil,
                permissionsBoundary: try state.boundary(of: principal),
                tags: kept.isEmpty ? nil : kept
            )
        )
    }
}

/// Shows a user: the one that is named, or the caller.
public struct GetUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The name; the caller unless given.
    public var userName: UserName?

    /// Makes the action.
    public init(userName: UserName? = nil) { self.userName = userName }

    /// The user.
    public struct Output: Codable, Sendable {
        /// The user.
        public var user: User
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName ?? call.callerName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let principal = try state.subject(userName, call)
        let tags = try state.tags(of: principal.id)
        return Output(
            user: User(
                principal,
                passwordLastUsed: try state.passwordLastUsed(principal),
                permissionsBoundary: try state.boundary(of: principal),
                tags: tags.isEmpty ? nil : tags
            )
        )
    }
}

/// Lists the account's users by name, case apart, in pages.
public struct ListUsers: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only users whose path begins so.
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

    /// One page of users.
    public struct Output: Codable, Sendable {
        /// The users, by name.
        public var users: [User]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let after = try marker?.position(state.vault) ?? ""
        let limit = (maxItems ?? .standard).count
        let prefix = pathPrefix?.text ?? "/"
        let rows: [(String, String, String, Int64, Int64?)] = try state.rows(
            """
            SELECT users.id, users.name, users.path, users.created, passwords.last_used
            FROM users LEFT JOIN passwords ON passwords.owner = users.id
            WHERE users.account = $1 AND users.folded > $2 AND substr(users.path, 1, $3) = $4
            ORDER BY users.folded LIMIT $5
            """,
            call.account.text,
            after,
            prefix.utf8.count,
            prefix,
            limit + 1
        )
        let users = rows.prefix(limit)
            .map { id, name, path, created, lastUsed in
                let principal = Principal(
                    id: id,
                    name: UserName(checked: name),
                    path: Path(checked: path),
                    account: call.account,
                    created: UnixTime(created)
                )
                return User(principal, passwordLastUsed: lastUsed.map { UnixTime($0) })
            }
        let isTruncated = rows.count > limit
        var next: Marker?
        if isTruncated, let last = users.last { next = try Marker(after: last.userName.folded, state.vault) }
        return Output(users: users, isTruncated: isTruncated, marker: next)
    }
}

/// Deletes a user that nothing hangs on any more.
///
/// Fails with `DeleteConflict` while there is a password, a device, an access key, a policy or a membership.
public struct DeleteUser: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var userName: UserName

    /// Makes the action.
    public init(userName: UserName) { self.userName = userName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .user(userName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        guard !userName.isRoot else { throw .accessDenied("The root user cannot be deleted.") }
        let user = try state.principal(userName, in: call.account)
        let credentials = try state.credentials(of: user)
        guard credentials.devices.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must deactivate MFA device first.")
        }
        guard try state.accessKeys(of: user).isEmpty else {
            throw .deleteConflict("Cannot delete entity, must delete access keys first.")
        }
        guard credentials.password == nil else {
            throw .deleteConflict("Cannot delete entity, must delete login profile first.")
        }
        let holder = PolicyHolder(user)
        let permissions = try state.permissions(of: holder)
        try permissions.requireNoPolicies()
        guard permissions.groups.isEmpty else {
            throw .deleteConflict("Cannot delete entity, must remove users from group first.")
        }
        // A boundary grants nothing, and goes with its user.
        if permissions.boundary != nil { try state.setBoundary(nil, of: holder) }
        try state.forgetPermissions(of: holder)
        try state.refuseDeletionWithUploads(of: user)
        try state.removeRecoveryCodes(of: user)
        try state.endSessions(of: user)
        try state.endTemporaryCredentials(of: user)
        try state.resetThrottle(.password(user))
        try state.setTags([], of: user.id)
        try state.run("DELETE FROM mfa_devices WHERE pending_for = $1 AND owner IS NULL", user.id)
        try state.run("DELETE FROM credential_seals WHERE owner = $1", user.id)
        try state.run("DELETE FROM users WHERE id = $1", user.id)
        return Nothing()
    }
}

extension Call {
    /// The caller's name where an action without a name means the caller; nobody's for a session of a role or federated user.
    var callerName: UserName {
        switch caller.identity {
        case .user(let principal): principal.name
        case .root, .local: .root
        case .anonymous, .assumedRole, .federated: .nobody
        }
    }
}

extension State {
    /// When the principal last signed in with a password.
    borrowing func passwordLastUsed(_ principal: Principal) throws(Fault) -> UnixTime? {
        let found: (Int64?)? = try row("SELECT last_used FROM passwords WHERE owner = $1", principal.id)
        return (found ?? nil).map { UnixTime($0) }
    }
}
