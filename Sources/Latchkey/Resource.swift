// Resource.swift: what a permission is about, and where the store keeps it: an ARN with its path and spelling, tags, boundary.

/// What a permission is about: the ARN that a policy's `Resource` is held against.
public struct Resource: Sendable, CustomStringConvertible {
    /// The ARN, or `*`.
    ///
    /// A name that an action carries has no path, and perhaps another spelling than the one that is kept: `State.target` knows
    /// those, and policies decide about what it found.
    public let description: String
    let kept: Kept

    /// Which rows hold the thing, if the store may hold it.
    enum Kept: Sendable {
        case nowhere
        case root
        case user(UserName)
        case group(GroupName)
        case device(SerialNumber)
        case ownerOfDevice(SerialNumber)
        case policy(ARN)
        case serverCertificate(ServerCertificateName)
        case role(RoleName)
        case instanceProfile(InstanceProfileName)
        case oidcProvider(ARN)
        case trustAnchor(ARN)
    }

    init(description: String, kept: Kept = .nowhere) {
        self.description = description
        self.kept = kept
    }

    /// Everything of the account.
    public static let all = Resource(description: "*")

    /// The account's root user.
    static func root(of account: AccountID) -> Resource {
        Resource(description: "arn:aws:iam::\(account):root", kept: .root)
    }

    /// A user, which need not exist; one with a path is about to be made.
    static func user(_ name: UserName, at path: Path? = nil, in account: AccountID) -> Resource {
        if name.isRoot { return root(of: account) }
        return Resource(
            description: "arn:aws:iam::\(account):user\((path ?? .root).text)\(name.text)",
            kept: path == nil ? .user(name) : .nowhere
        )
    }

    /// A group, which need not exist; one with a path is about to be made.
    static func group(_ name: GroupName, at path: Path? = nil, in account: AccountID) -> Resource {
        Resource(
            description: "arn:aws:iam::\(account):group\(path ?? .root)\(name)",
            kept: path == nil ? .group(name) : .nowhere
        )
    }

    /// A virtual device.
    static func device(_ serial: SerialNumber) -> Resource {
        Resource(description: serial.text, kept: .device(serial))
    }

    /// A device, which need not exist, by its ARN; a hardware device's serial is the last part of one.
    static func device(_ serial: SerialNumber, in account: AccountID) -> Resource {
        serial.isVirtual
            ? device(serial)
            : Resource(description: "arn:aws:iam::\(account):mfa/\(serial)", kept: .device(serial))
    }

    /// Whoever has the device.
    static func owner(ofDevice serial: SerialNumber, in account: AccountID) -> Resource {
        Resource(description: device(serial, in: account).description, kept: .ownerOfDevice(serial))
    }

    /// A policy that is to be made.
    static func policy(_ name: PolicyName, at path: PolicyPath?, in account: AccountID) -> Resource {
        Resource(description: "arn:aws:iam::\(account):policy\(path ?? .root)\(name)")
    }

    /// A policy, which need not exist; fails with `InvalidInput` if the ARN is not one of a policy.
    static func policy(_ arn: ARN) throws(Fault) -> Resource {
        guard arn.isOfPolicy else { throw .invalidInput("ARN \(arn) is not valid.") }
        return Resource(description: arn.text, kept: .policy(arn))
    }

    /// A role, which need not exist; one with a path is about to be made.
    static func role(_ name: RoleName, at path: Path? = nil, in account: AccountID) -> Resource {
        Resource(
            description: "arn:aws:iam::\(account):role\(path ?? .root)\(name)",
            kept: path == nil ? .role(name) : .nowhere
        )
    }

    /// An instance profile, which need not exist; one with a path is about to be made.
    static func instanceProfile(
        _ name: InstanceProfileName,
        at path: Path? = nil,
        in account: AccountID
    ) -> Resource {
        Resource(
            description: "arn:aws:iam::\(account):instance-profile\(path ?? .root)\(name)",
            kept: path == nil ? .instanceProfile(name) : .nowhere
        )
    }

    /// A server certificate, which need not exist; one with a path is about to be made.
    static func serverCertificate(
        _ name: ServerCertificateName,
        at path: Path? = nil,
        in account: AccountID
    ) -> Resource {
        Resource(
            description: StoredServerCertificate.arn(name, at: path ?? .root, in: account).text,
            kept: path == nil ? .serverCertificate(name) : .nowhere
        )
    }
}

/// What an action is about, as policies see it.
struct Target {
    /// The ARN as it is kept, or as it would be; `*` for everything.
    let arn: String
    /// The row whose tags are the resource's.
    var tagged: String?
    /// Whose permissions it holds, if it can hold any.
    var holder: PolicyHolder?
    /// Whether it is the root user, or a device of root's.
    var isOfRoot = false
}

extension Target {
    /// A user, or root.
    init(_ user: Principal) {
        self.init(arn: user.arn.text, tagged: user.id, holder: PolicyHolder(user), isOfRoot: user.isRoot)
    }
}

extension State {
    /// What the resource is in the store; what is not there is taken as it was named.
    borrowing func target(_ resource: Resource, in account: AccountID) throws(Fault) -> Target {
        switch resource.kept {
        case .nowhere: break
        case .root: return Target(arn: resource.description, isOfRoot: true)
        case .user(let name):
            if let user = try findPrincipal(name, in: account) { return Target(user) }
        case .group(let name):
            if let group = try findGroup(name, in: account) {
                return Target(arn: group.arn.text, holder: PolicyHolder(group, in: account))
            }
        case .device(let serial):
            if let device = try findDevice(serial, in: account) {
                return Target(
                    arn: resource.description,
                    tagged: device.row,
                    isOfRoot: (device.owner ?? device.pendingFor) == account.text
                )
            }
        case .ownerOfDevice(let serial):
            if let id = try findDevice(serial, in: account)?.owner, let owner = try findPrincipal(id: id, in: account) {
                return Target(owner)
            }
        case .policy(let arn):
            if let policy = try findPolicy(arn, in: account) { return Target(arn: arn.text, tagged: policy.id) }
        case .serverCertificate(let name):
            if let certificate = try findServerCertificate(name, in: account) {
                return Target(arn: certificate.metadata.arn.text, tagged: certificate.id)
            }
        case .role(let name):
            if let role = try findRole(name, in: account) {
                return Target(arn: role.arn.text, tagged: role.id, holder: PolicyHolder(role))
            }
        case .instanceProfile(let name):
            if let profile = try findInstanceProfile(name, in: account) {
                return Target(arn: profile.arn.text, tagged: profile.id)
            }
        case .oidcProvider(let arn):
            if let provider = try findOIDCProvider(arn, in: account) {
                return Target(arn: provider.arn.text, tagged: provider.id)
            }
        case .trustAnchor(let arn):
            if let anchor = try findTrustAnchor(arn, in: account) {
                return Target(arn: anchor.arn.text, tagged: anchor.id)
            }
        }
        return Target(arn: resource.description)
    }
}
