// PolicyVersions.swift: up to five versions of a managed policy, one of which counts.
public import LatchkeyOTP
import LatchkeyStore

/// The actions on versions of managed policies.
let policyVersionActions: [any Action.Type] = [
    CreatePolicyVersion.self, GetPolicyVersion.self, ListPolicyVersions.self, DeletePolicyVersion.self,
    SetDefaultPolicyVersion.self,
]

/// A version of a managed policy, as AWS shows one.
public struct PolicyVersion: Codable, Sendable, Equatable {
    /// The document; missing where AWS leaves it out.
    public var document: PolicyText?
    /// The version.
    public let versionId: PolicyVersionID
    /// Whether it is the one that counts.
    public let isDefaultVersion: Bool
    /// When it was made.
    public let createDate: UnixTime

    init(_ version: StoredVersion, of policy: StoredPolicy, document: PolicyText? = nil) {
        self.document = document
        versionId = PolicyVersionID(version.number)
        isDefaultVersion = version.number == policy.version
        createDate = version.created
    }
}

/// Gives a managed policy another version, which counts from now on if so asked.
///
/// Fails with `LimitExceeded` when there are five, and with `MalformedPolicyDocument`.
public struct CreatePolicyVersion: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The policy.
    public var policyArn: ARN
    /// The document.
    public var policyDocument: PolicyText
    /// Whether it counts from now on.
    public var setAsDefault: Bool?

    /// Makes the action.
    public init(policyArn: ARN, policyDocument: PolicyText, setAsDefault: Bool? = nil) {
        self.policyArn = policyArn
        self.policyDocument = policyDocument
        self.setAsDefault = setAsDefault
    }

    /// The new version.
    public struct Output: Codable, Sendable {
        /// The version, without its document.
        public var policyVersion: PolicyVersion
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        var policy = try state.ownPolicy(policyArn, in: call.account)
        try policyDocument.checkManaged()
        guard try state.versions(of: policy).count < Quota.versionsPerPolicy else {
            throw .limitExceeded(
                """
                A managed policy can have up to \(Quota.versionsPerPolicy) versions. Before you create a new version, \
                you must delete an existing version.
                """
            )
        }
        let inUse = try state.versionsInUse(in: call.account)
        guard inUse < Quota.versionsInUse, policy.latest < Int64.max else {
            throw .limitExceeded("Cannot exceed quota for PolicyVersionsInUse: \(Quota.versionsInUse)")
        }
        let version = StoredVersion(
            number: policy.latest + 1,
            created: call.now,
            document: DocumentID(of: policyDocument)
        )
        try state.insertVersion(version, policyDocument, of: policy)
        policy.latest = version.number
        policy.updated = call.now
        if setAsDefault == true {
            policy.version = version.number
            policy.document = version.document
        }
        try state.update(policy)
        return Output(policyVersion: PolicyVersion(version, of: policy))
    }
}

/// Shows a version of a managed policy with its document.
public struct GetPolicyVersion: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The policy.
    public var policyArn: ARN
    /// The version.
    public var versionId: PolicyVersionID

    /// Makes the action.
    public init(policyArn: ARN, versionId: PolicyVersionID) {
        self.policyArn = policyArn
        self.versionId = versionId
    }

    /// The version.
    public struct Output: Codable, Sendable {
        /// The version.
        public var policyVersion: PolicyVersion
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let policy = try state.policy(policyArn, in: call.account)
        let version = try state.version(versionId, of: policy)
        let text = try state.policyText(policy.id, version.number, version.document)
        return Output(policyVersion: PolicyVersion(version, of: policy, document: text))
    }
}

/// Lists the versions of a managed policy without their documents, newest first, in pages.
public struct ListPolicyVersions: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list
    /// The policy.
    public var policyArn: ARN
    /// Where the last page ended.
    public var marker: Marker?
    /// At most so many in a page.
    public var maxItems: MaxItems?

    /// Makes the action.
    public init(policyArn: ARN, marker: Marker? = nil, maxItems: MaxItems? = nil) {
        self.policyArn = policyArn
        self.marker = marker
        self.maxItems = maxItems
    }

    /// One page of versions.
    public struct Output: Codable, Sendable {
        /// The versions, newest first.
        public var versions: [PolicyVersion]
        /// Whether there is another page.
        public var isTruncated: Bool
        /// What to send for it.
        public var marker: Marker?
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let policy = try state.policy(policyArn, in: call.account)
        let page = try Page(try state.versions(of: policy), after: marker, maxItems, state.vault) {
            // Counted down, so that the newest comes first.
            let digits = String(Int64.max - max(0, $0.number))
            return String(repeating: "0", count: max(0, 19 - digits.utf8.count)) + digits
        }
        return Output(
            versions: page.items.map { PolicyVersion($0, of: policy) },
            isTruncated: page.isTruncated,
            marker: page.marker
        )
    }
}

/// Deletes a version of a managed policy.
///
/// Fails with `DeleteConflict` for the default one.
public struct DeletePolicyVersion: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The policy.
    public var policyArn: ARN
    /// The version.
    public var versionId: PolicyVersionID

    /// Makes the action.
    public init(policyArn: ARN, versionId: PolicyVersionID) {
        self.policyArn = policyArn
        self.versionId = versionId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        let policy = try state.ownPolicy(policyArn, in: call.account)
        let version = try state.version(versionId, of: policy)
        guard version.number != policy.version else {
            throw .deleteConflict("Cannot delete the default version of a policy.")
        }
        try state.run(
            "DELETE FROM policy_versions WHERE policy = $1 AND number = $2",
            policy.id,
            version.number
        )
        return Nothing()
    }
}

/// Makes a version of a managed policy the one that counts, from the next request on.
public struct SetDefaultPolicyVersion: IAMAction {
    /// What the action does to the account.
    public static let access = Access.permissions
    /// The policy.
    public var policyArn: ARN
    /// The version.
    public var versionId: PolicyVersionID

    /// Makes the action.
    public init(policyArn: ARN, versionId: PolicyVersionID) {
        self.policyArn = policyArn
        self.versionId = versionId
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .policy(policyArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var policy = try state.ownPolicy(policyArn, in: call.account)
        let version = try state.version(versionId, of: policy)
        policy.version = version.number
        policy.document = version.document
        try state.update(policy)
        return Nothing()
    }
}

extension State {
    /// The version of that name; fails with `NoSuchEntity`.
    borrowing func version(_ id: PolicyVersionID, of policy: StoredPolicy) throws(Fault) -> StoredVersion {
        guard let number = id.number, let version = try versions(of: policy).first(where: { $0.number == number })
        else {
            throw .noSuchEntity("Policy \(policy.arn) version \(id) does not exist or is not attachable.")
        }
        return version
    }

    /// How many versions the account's policies have together.
    borrowing func versionsInUse(in account: AccountID) throws(Fault) -> Int {
        let count: (Int)? = try row(
            """
            SELECT COUNT(*) FROM policy_versions JOIN policies ON policies.id = policy_versions.policy
            WHERE policies.account = $1
            """,
            account.text
        )
        return count ?? 0
    }
}
