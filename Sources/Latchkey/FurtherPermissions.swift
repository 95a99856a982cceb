// FurtherPermissions.swift: what some calls need besides their own permission: for a new name, for tags, for a role that is passed on.

/// An action that does what another permission is for, or does it to a second thing.
protocol FurtherPermitted: Action {
    /// The permissions that the caller needs besides the action's own, and what each is about.
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)]
}

// MARK: New names: whoever may change the one thing need not be allowed to make it another

extension UpdateUser: FurtherPermitted {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        guard newUserName != nil || newPath != nil, let user = try state.findPrincipal(userName, in: call.account)
        else { return [] }
        let new = Resource.user(newUserName ?? user.name, at: newPath ?? user.path, in: call.account)
        return [(Self.permission, target.named(new))]
    }
}

extension UpdateGroup: FurtherPermitted {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        guard newGroupName != nil || newPath != nil, let group = try state.findGroup(groupName, in: call.account)
        else { return [] }
        let new = Resource.group(newGroupName ?? group.groupName, at: newPath ?? group.path, in: call.account)
        return [(Self.permission, target.named(new))]
    }
}

extension UpdateServerCertificate: FurtherPermitted {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        guard newServerCertificateName != nil || newPath != nil,
            let old = try state.findServerCertificate(serverCertificateName, in: call.account)
        else { return [] }
        let name = newServerCertificateName ?? old.name
        let new = Resource.serverCertificate(name, at: newPath ?? old.path, in: call.account)
        return [(Self.permission, target.named(new))]
    }
}

extension Target {
    /// The same thing under the name that it is to have.
    fileprivate func named(_ new: Resource) -> Target {
        Target(arn: new.description, tagged: tagged, holder: holder, isOfRoot: isOfRoot)
    }
}

// MARK: Roles that are passed on

extension AddRoleToInstanceProfile: FurtherPermitted {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        [("iam:PassRole", try state.target(.role(roleName, in: call.account), in: call.account))]
    }
}

// MARK: Tags, by which policies tell who may do what

/// An action that makes something, and tags it if asked to.
protocol TaggingMaker: FurtherPermitted {
    var tags: [Tag]? { get }
    /// The action that tags such a thing once it is there.
    static var tagging: any Action.Type { get }
}

extension TaggingMaker {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        tags?.isEmpty ?? true ? [] : [(Self.tagging.permission, target)]
    }
}

extension CreateUser: TaggingMaker { static var tagging: any Action.Type { TagUser.self } }
extension CreateRole: TaggingMaker { static var tagging: any Action.Type { TagRole.self } }
extension CreatePolicy: TaggingMaker { static var tagging: any Action.Type { TagPolicy.self } }
extension CreateInstanceProfile: TaggingMaker { static var tagging: any Action.Type { TagInstanceProfile.self } }
extension CreateVirtualMFADevice: TaggingMaker { static var tagging: any Action.Type { TagMFADevice.self } }
extension UploadServerCertificate: TaggingMaker { static var tagging: any Action.Type { TagServerCertificate.self } }

extension GetFederationToken: FurtherPermitted {
    func furtherPermissions(
        _ call: Call,
        _ target: Target,
        _ state: borrowing State
    ) throws(Fault) -> [(permission: String, target: Target)] {
        tags?.isEmpty ?? true ? [] : [("sts:TagSession", target)]
    }
}
