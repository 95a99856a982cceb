// Roles.swift: the roles of an account: rights that belong to nobody, and are lent to those whom the role trusts.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on roles.
let roleActions: [any Action.Type] = [CreateRole.self, GetRole.self, ListRoles.self, DeleteRole.self]

/// A role, as AWS shows one.
public struct Role: Codable, Sendable, Equatable {
    /// The path.
    public let path: Path
    /// The name, as it was given.
    public let roleName: RoleName
    /// The identifier: `AROA` and 17 characters.
    public let roleId: String
    /// The ARN.
    public let arn: ARN
    /// When the role was made.
    public let createDate: UnixTime
    /// Who may take it.
    public let assumeRolePolicyDocument: PolicyText?
    /// What it is for.
    public let description: String?
    /// The most seconds that a session may last; missing where AWS leaves it out.
    public let maxSessionDuration: Int?
    /// The policy that bounds the role's rights; missing where AWS leaves it out.
    public var permissionsBoundary: AttachedPermissionsBoundary?
    /// The tags; missing where AWS leaves them out.
    public var tags: [Tag]?
    /// When and where it was last used; missing where AWS leaves it out.
    public var roleLastUsed: RoleLastUsed?

    /// Shows a role whose trust policy has ARNs in the place of identifiers.
    init(_ role: StoredRole, trust: PolicyText) {
        path = role.path
        roleName = role.name
        roleId = role.id
        arn = role.arn
        createDate = role.created
        assumeRolePolicyDocument = trust
        description = role.description
        maxSessionDuration = role.longest
    }
}

/// When and where a role was last used; empty before the first time.
public struct RoleLastUsed: Codable, Sendable, Equatable {
    /// When, to a quarter of an hour.
    public let lastUsedDate: UnixTime?
    /// The region that the request was signed for.
    public let region: String?

    init(_ role: StoredRole) {
        lastUsedDate = role.lastUse?.time
        region = role.lastUse?.region
    }
}

/// Creates a role.
///
/// Fails with `EntityAlreadyExists` if the name, case apart, is taken, with `MalformedPolicyDocument` if the trust policy is not
/// one or names a principal that does not exist, and with `LimitExceeded`.
public struct CreateRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The path; `/` unless given.
    public var path: Path?
    /// The name.
    public var roleName: RoleName
    /// Who may take it.
    public var assumeRolePolicyDocument: PolicyText
    /// What it is for.
    public var description: RoleDescription?
    /// The most seconds that a session may last; 3,600 unless given.
    public var maxSessionDuration: MaxSessionDuration?
    /// The policy that bounds the role's rights; it must exist.
    public var permissionsBoundary: ARN?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(
        path: Path? = nil,
        roleName: RoleName,
        assumeRolePolicyDocument: PolicyText,
        description: RoleDescription? = nil,
        maxSessionDuration: MaxSessionDuration? = nil,
        permissionsBoundary: ARN? = nil,
        tags: [Tag]? = nil
    ) {
        self.path = path
        self.roleName = roleName
        self.assumeRolePolicyDocument = assumeRolePolicyDocument
        self.description = description
        self.maxSessionDuration = maxSessionDuration
        self.permissionsBoundary = permissionsBoundary
        self.tags = tags
    }

    /// The new role.
    public struct Output: Codable, Sendable {
        /// The role.
        public var role: Role
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, at: path, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        if let path, path.isOfServices {
            throw .invalidInput("The path \(path) is reserved for service-linked roles: use CreateServiceLinkedRole.")
        }
        var boundary: StoredPolicy?
        if let permissionsBoundary { boundary = try state.attachablePolicy(permissionsBoundary, in: call.account) }
        try assumeRolePolicyDocument.checkTrust()
        let role = StoredRole(
            id: UniqueID.make("AROA"),
            account: call.account,
            name: roleName,
            path: path ?? .root,
            created: call.now,
            description: description?.text,
            longest: (maxSessionDuration ?? .standard).count,
            trust: try state.resolvingPrincipals(of: assumeRolePolicyDocument),
            service: nil
        )
        try state.insert(role)
        try state.setTags(tags ?? [], of: role.id)
        if boundary != nil { try state.setBoundary(boundary, of: PolicyHolder(role)) }
        return Output(role: try state.shown(role))
    }
}

/// Shows a role.
public struct GetRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The name.
    public var roleName: RoleName

    /// Makes the action.
    public init(roleName: RoleName) { self.roleName = roleName }

    /// The role.
    public struct Output: Codable, Sendable {
        /// The role.
        public var role: Role
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let role = try state.role(roleName, in: call.account)
        var shown = try state.shown(role)
        shown.roleLastUsed = RoleLastUsed(role)
        return Output(role: shown)
    }
}

/// Lists the account's roles by name, case apart, in pages.
public struct ListRoles: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Only roles whose path begins so.
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

    /// One page of roles.
    public struct Output: Codable, Sendable {
        /// The roles, by name.
        public var roles: [Role]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let prefix = pathPrefix?.text ?? "/"
        let roles = try state.roles(of: call.account).filter { $0.path.text.hasPrefix(prefix) }
        let page = try Page(roles, after: marker, maxItems, state.vault) { $0.name.folded }
        var shown: [Role] = []
        for role in page.items { shown.append(Role(role, trust: try state.shownTrust(of: role))) }
        return Output(roles: shown, isTruncated: page.isTruncated, marker: page.marker)
    }
}

/// Deletes a role that nothing hangs on any more; its sessions end at once.
///
/// Fails with `DeleteConflict` while there is a policy or an instance profile, and with `UnmodifiableEntity` for a
/// service-linked role.
public struct DeleteRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var roleName: RoleName

    /// Makes the action.
    public init(roleName: RoleName) { self.roleName = roleName }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        try state.delete(try state.changeableRole(roleName, in: call.account))
        return Nothing()
    }
}

extension State {
    /// The role with boundary and tags, as it is shown alone.
    borrowing func shown(_ role: StoredRole) throws(Fault) -> Role {
        var shown = Role(role, trust: try shownTrust(of: role))
        shown.permissionsBoundary = try permissions(of: PolicyHolder(role)).boundary
            .map { AttachedPermissionsBoundary($0.arn) }
        let tags = try tags(of: role.id)
        shown.tags = tags.isEmpty ? nil : tags
        return shown
    }
}

extension Path {
    /// Whether it is a path of roles that services keep.
    fileprivate var isOfServices: Bool { folded.hasPrefix("/aws-service-role/") }
}
