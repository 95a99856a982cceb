// InstanceProfileRoles.swift: which role an instance profile holds.
import LatchkeyStore

/// The actions that put roles into instance profiles.
let instanceProfileRoleActions: [any Action.Type] = [
    AddRoleToInstanceProfile.self, RemoveRoleFromInstanceProfile.self, ListInstanceProfilesForRole.self,
]

/// Puts a role into an instance profile that holds none.
///
/// Takes the permission `iam:PassRole` on the role besides its own. Fails with `LimitExceeded` if the profile holds one, and with
/// `UnmodifiableEntity` for a service-linked role.
public struct AddRoleToInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The instance profile.
    public var instanceProfileName: InstanceProfileName
    /// The role.
    public var roleName: RoleName

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, roleName: RoleName) {
        self.instanceProfileName = instanceProfileName
        self.roleName = roleName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var profile = try state.instanceProfile(instanceProfileName, in: call.account)
        let role = try state.changeableRole(roleName, in: call.account)
        guard profile.role == nil else {
            throw .limitExceeded("Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1")
        }
        profile.role = role.id
        try state.update(profile)
        return Nothing()
    }
}

/// Takes the role from an instance profile.
///
/// Fails with `NoSuchEntity` if it does not hold that role.
public struct RemoveRoleFromInstanceProfile: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The instance profile.
    public var instanceProfileName: InstanceProfileName
    /// The role.
    public var roleName: RoleName

    /// Makes the action.
    public init(instanceProfileName: InstanceProfileName, roleName: RoleName) {
        self.instanceProfileName = instanceProfileName
        self.roleName = roleName
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .instanceProfile(instanceProfileName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var profile = try state.instanceProfile(instanceProfileName, in: call.account)
        let role = try state.role(roleName, in: call.account)
        guard profile.role == role.id else {
            throw .noSuchEntity("The role with name \(roleName) is not in the instance profile \(profile.name).")
        }
        profile.role = nil
        try state.update(profile)
        return Nothing()
    }
}

/// Lists the instance profiles that hold a role, by name, case apart, in pages.
public struct ListInstanceProfilesForRole: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The role.
    public var roleName: RoleName
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(roleName: RoleName, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.roleName = roleName
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of instance profiles.
    public typealias Output = InstanceProfilePage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .role(roleName, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> InstanceProfilePage {
        let role = try state.role(roleName, in: call.account)
        let profiles = try state.instanceProfiles(of: call.account, holding: role)
        return try InstanceProfilePage(profiles, after: marker, maxItems, state)
    }
}
