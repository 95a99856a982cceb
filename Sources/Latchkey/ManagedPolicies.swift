// ManagedPolicies.swift: policies that stand alone and are attached by name: making, showing, listing, deleting.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on managed policies.
let managedPolicyActions: [any Action.Type] = [
    CreatePolicy.self, GetPolicy.self, ListPolicies.self, DeletePolicy.self,
]

/// A managed policy, as AWS shows one.
public struct ManagedPolicy: Codable, Sendable, Equatable {
    /// The name, as it was given.
    public let policyName: PolicyName
    /// The identifier: `ANPA` and 17 characters.
    public let policyId: String
    /// The ARN.
    public let arn: ARN
    /// The path.
    public let path: PolicyPath
    /// The version that counts.
    public let defaultVersionId: PolicyVersionID
    /// How many users and groups of the account have it attached.
    public let attachmentCount: Int
    /// How many users of the account it bounds.
    public let permissionsBoundaryUsageCount: Int
    /// Whether it can be attached.
    public let isAttachable: Bool
    /// What it is for; missing where AWS leaves it out.
    public let description: String?
    /// When it was made.
    public let createDate: UnixTime
    /// When its latest version was made.
    public let updateDate: UnixTime
    /// The tags; missing where AWS leaves them out.
    public var tags: [Tag]?

    init(_ policy: StoredPolicy, _ usage: PolicyUsage, isDescribed: Bool, tags: [Tag]? = nil) {
        policyName = policy.name
        policyId = policy.id
        arn = policy.arn
        path = policy.path
        defaultVersionId = PolicyVersionID(policy.version)
        attachmentCount = usage.attachments
        permissionsBoundaryUsageCount = usage.boundaries
        isAttachable = true
        description = isDescribed ? policy.description : nil
        createDate = policy.created
        updateDate = policy.updated
        self.tags = tags
    }
}

/// Whose policies are meant.
public enum PolicyScope: String, Codable, CaseIterable, Sendable {
    /// The account's own and the predefined ones.
    case all = "All"
    /// The predefined ones.
    case aws = "AWS"
    /// The account's own.
    case local = "Local"
}

/// What policies are used for.
public enum PolicyUsageFilter: String, Codable, CaseIterable, Sendable {
    /// To grant and deny.
    case permissionsPolicy = "PermissionsPolicy"
    /// To bound what others grant.
    case permissionsBoundary = "PermissionsBoundary"
}

/// Creates a managed policy with its first version.
///
/// Fails with `EntityAlreadyExists` if the account has a policy of that name, case apart, with `MalformedPolicyDocument`, and with
/// `LimitExceeded`.
public struct CreatePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The name.
    public var policyName: PolicyName
    /// The path; `/` unless given.
    public var path: PolicyPath?
    /// The document.
    public var policyDocument: PolicyText
    /// What it is for; it cannot be changed later.
    public var description: PolicyDescription?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(
        policyName: PolicyName,
        path: PolicyPath? = nil,
        policyDocument: PolicyText,
        description: PolicyDescription? = nil,
        tags: [Tag]? = nil
    ) {
        self.policyName = policyName
        self.path = path
        self.policyDocument = policyDocument
        self.description = description
        self.tags = tags
    }

    /// The new policy.
    public struct Output: Codable, Sendable {
        /// The policy.
        public var policy: ManagedPolicy
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .policy(policyName, at: path, in: call.account) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        try policyDocument.checkManaged()
        let policy = try state.insertPolicy(
            policyName,
            at: path ?? .root,
            policyDocument,
            description: description?.text,
            in: call.account,
            at: call.now
        )
        try state.setTags(tags ?? [], of: policy.id)
        let kept = try state.tags(of: policy.id)
        return Output(
            policy: ManagedPolicy(policy, PolicyUsage(), isDescribed: false, tags: kept.isEmpty ? nil : kept)
        )
    }
}

/// Shows a managed policy, without its document.
public struct GetPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(policyArn: ARN) { self.policyArn = policyArn }

    /// The policy.
    public struct Output: Codable, Sendable {
        /// The policy.
        public var policy: ManagedPolicy
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let policy = try state.policy(policyArn, in: call.account)
        return Output(
            policy: ManagedPolicy(
                policy,
                try state.usage(of: policy, in: call.account),
                isDescribed: true,
                tags: try state.tags(of: policy.id)
            )
        )
    }
}

/// Lists managed policies by name, case apart, in pages.
public struct ListPolicies: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// Whose; all unless given.
    public var scope: PolicyScope?
    /// Only policies that are attached to someone.
    public var onlyAttached: Bool?
    /// Only policies whose path begins so.
    public var pathPrefix: PolicyPath?
    /// Only policies that are used so.
    public var policyUsageFilter: PolicyUsageFilter?
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(
        scope: PolicyScope? = nil,
        onlyAttached: Bool? = nil,
        pathPrefix: PolicyPath? = nil,
        policyUsageFilter: PolicyUsageFilter? = nil,
        marker: Marker? = nil,
        maxItems: MaxItems? = nil
    ) {
        self.scope = scope
        self.onlyAttached = onlyAttached
        self.pathPrefix = pathPrefix
        self.policyUsageFilter = policyUsageFilter
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of policies.
    public struct Output: Codable, Sendable {
        /// The policies, by name.
        public var policies: [ManagedPolicy]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let usage = try state.policyUsage(in: call.account)
        let policies = try state.policies(scope ?? .all, in: call.account)
            .filter { policy in
                let used = usage[policy.id] ?? PolicyUsage()
                let isUsed =
                    switch policyUsageFilter {
                    case .permissionsPolicy: used.attachments > 0
                    case .permissionsBoundary: used.boundaries > 0
                    case nil: onlyAttached != true || used.attachments > 0
                    }
                return isUsed && policy.path.text.hasPrefix(pathPrefix?.text ?? "/")
            }
        let page = try Page(policies, after: marker, maxItems, state.vault) { $0.position }
        return Output(
            policies: page.items.map { ManagedPolicy($0, usage[$0.id] ?? PolicyUsage(), isDescribed: false) },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Deletes a managed policy that nobody has and that has no version but the default one.
///
/// Fails with `DeleteConflict` otherwise.
public struct DeletePolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The policy.
    public var policyArn: ARN

    /// Makes the action.
    public init(policyArn: ARN) { self.policyArn = policyArn }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.ownPolicy(policyArn, in: call.account)
        guard try state.usage(of: policy, in: call.account) == PolicyUsage() else {
            throw .deleteConflict("Cannot delete a policy attached to entities.")
        }
        guard try state.versions(of: policy).count == 1 else {
            throw .deleteConflict(
                """
                This policy has more than one version. Before you delete a policy, you must delete the policy's \
                versions. The default version is deleted with the policy.
                """
            )
        }
        try state.setTags([], of: policy.id)
        try state.run("DELETE FROM policy_versions WHERE policy = $1", policy.id)
        try state.run("DELETE FROM policies WHERE id = $1", policy.id)
        return Nothing()
    }
}
