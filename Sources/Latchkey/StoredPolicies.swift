// StoredPolicies.swift: how managed policies and their versions are kept, counted and sealed.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// A managed policy as it is kept, or as it was shipped.
struct StoredPolicy {
    let id: String
    let arn: ARN
    let description: String?
    let created: UnixTime
    var updated: UnixTime
    /// The number of the default version.
    var version: Int64
    /// The document of the default version.
    var document: DocumentID
    /// The number of the newest version that there ever was: numbers are never used again.
    var latest: Int64

    var name: PolicyName { arn.policyName }
    var path: PolicyPath { arn.policyPath }
    var position: String { arn.policyPosition }
    var attached: AttachedDocument { AttachedDocument(id: id, arn: arn, version: version, document: document) }
}

/// A version of a managed policy as it is kept, without its text.
struct StoredVersion {
    let number: Int64
    let created: UnixTime
    let document: DocumentID
}

/// How many hold a policy.
struct PolicyUsage: Equatable {
    var attachments = 0
    var boundaries = 0
}

extension State {
    private typealias Row = (String, String, String?, Int64, Int64, Int64, [UInt8], Int64, [UInt8])

    // MARK: Finding

    /// The policy of that ARN, shipped or the account's own; fails with `NoSuchEntity`.
    borrowing func policy(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredPolicy {
        guard let policy = try findPolicy(arn, in: account) else {
            throw .noSuchEntity("Policy \(arn) was not found.")
        }
        return policy
    }

    /// The account's own policy of that ARN; fails with `AccessDenied` for those that are not its own to change.
    borrowing func ownPolicy(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredPolicy {
        guard arn.text.hasPrefix("arn:aws:iam::\(account):policy/") else {
            throw .accessDenied("Policy is outside your own account.", reason: "foreign_policy")
        }
        return try policy(arn, in: account)
    }

    /// The policy of that ARN, to be attached; fails with `NoSuchEntity`.
    borrowing func attachablePolicy(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredPolicy {
        guard arn.isOfPolicy else { throw .invalidInput("ARN \(arn) is not valid.") }
        guard let policy = try findPolicy(arn, in: account) else {
            throw .noSuchEntity("Policy \(arn) does not exist or is not attachable.")
        }
        return policy
    }

    /// The policy of that ARN, if there is one.
    borrowing func findPolicy(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredPolicy? {
        if let predefined = PredefinedPolicy.byARN[arn.text] { return predefined.policy }
        let found: Row? = try row(
            """
            SELECT id, arn, description, created, updated, version, digest, latest, seal
            FROM policies WHERE arn = $1 AND account = $2
            """,
            arn.text,
            account.text
        )
        guard let found else { return nil }
        return try policy(found)
    }

    /// Policies by name without regard to case.
    borrowing func policies(_ scope: PolicyScope, in account: AccountID) throws(Fault) -> [StoredPolicy] {
        var policies: [StoredPolicy] = []
        if scope != .local { policies += PredefinedPolicy.all.map(\.policy) }
        if scope != .aws {
            let found: [Row] = try rows(
                """
                SELECT id, arn, description, created, updated, version, digest, latest, seal
                FROM policies WHERE account = $1
                """,
                account.text
            )
            for row in found { policies.append(try policy(row)) }
        }
        return policies.sorted { $0.position < $1.position }
    }

    private borrowing func policy(_ row: Row) throws(Fault) -> StoredPolicy {
        let policy = StoredPolicy(
            id: row.0,
            arn: ARN(checked: row.1),
            description: row.2,
            created: UnixTime(row.3),
            updated: UnixTime(row.4),
            version: row.5,
            document: DocumentID(digest: row.6),
            latest: row.7
        )
        try verify(policy.attached, latest: policy.latest, row.8)
        return policy
    }

    /// How many of the account hold each policy.
    borrowing func policyUsage(in account: AccountID) throws(Fault) -> [String: PolicyUsage] {
        let counts: [(String, String, Int)] = try rows(
            "SELECT policy, usage, COUNT(*) FROM attachments WHERE account = $1 GROUP BY policy, usage",
            account.text
        )
        var usage: [String: PolicyUsage] = [:]
        for (policy, kind, count) in counts {
            switch AttachmentUsage(rawValue: kind) {
            case .policy: usage[policy, default: PolicyUsage()].attachments = count
            case .boundary: usage[policy, default: PolicyUsage()].boundaries = count
            case nil: throw .damaged("an attached policy")
            }
        }
        return usage
    }

    /// How many of the account hold the policy.
    borrowing func usage(of policy: StoredPolicy, in account: AccountID) throws(Fault) -> PolicyUsage {
        let counts: [(String, Int)] = try rows(
            "SELECT usage, COUNT(*) FROM attachments WHERE policy = $1 AND account = $2 GROUP BY usage",
            policy.id,
            account.text
        )
        var usage = PolicyUsage()
        for (kind, count) in counts {
            switch AttachmentUsage(rawValue: kind) {
            case .policy: usage.attachments = count
            case .boundary: usage.boundaries = count
            case nil: throw .damaged("an attached policy")
            }
        }
        return usage
    }

    // MARK: Seals

    /// Fails with `StoreDamaged` unless the seal is the policy's.
    borrowing func verify(_ policy: AttachedDocument, latest: Int64, _ seal: [UInt8]) throws(Fault) {
        guard constantTimeEqual(seal, try policySeal(policy, latest: latest)) else {
            throw .damaged("the policy \(policy.arn)")
        }
    }

    private borrowing func policySeal(_ policy: AttachedDocument, latest: Int64) throws(Fault) -> [UInt8] {
        try vault.rowSeal(
            Message().adding("policy").adding(policy.id).adding(policy.arn.text).adding(policy.version)
                .adding(policy.document.digest).adding(latest)
        )
    }

    private borrowing func versionSeal(_ version: StoredVersion, of policy: String) throws(Fault) -> [UInt8] {
        try vault.rowSeal(
            Message().adding("policy_version").adding(policy).adding(version.number).adding(version.created.seconds)
                .adding(version.document.digest)
        )
    }

    // MARK: Writing

    /// Keeps a new policy with its first version; fails with `EntityAlreadyExists` and `LimitExceeded`.
    borrowing func insertPolicy(
        _ name: PolicyName,
        at path: PolicyPath,
        _ text: PolicyText,
        description: String?,
        in account: AccountID,
        at now: UnixTime
    ) throws(Fault) -> StoredPolicy {
        let taken: (Int)? = try row(
            "SELECT COUNT(*) FROM policies WHERE account = $1 AND folded = $2",
            account.text,
            name.folded
        )
        guard taken == 0 else {
            throw .entityAlreadyExists("A policy called \(name) already exists. Duplicate names are not allowed.")
        }
        let count: (Int)? = try row("SELECT COUNT(*) FROM policies WHERE account = $1", account.text)
        guard count ?? 0 < Quota.policies else {
            throw .limitExceeded("Cannot exceed quota for PoliciesPerAccount: \(Quota.policies)")
        }
        let policy = StoredPolicy(
            id: UniqueID.make("ANPA"),
            arn: ARN(checked: Resource.policy(name, at: path, in: account).description),
            description: description,
            created: now,
            updated: now,
            version: 1,
            document: DocumentID(of: text),
            latest: 1
        )
        try run(
            """
            INSERT INTO policies (id, account, arn, folded, description, created, updated, version, digest, latest, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $6, 1, $7, 1, $8)
            """,
            policy.id,
            account.text,
            policy.arn.text,
            name.folded,
            description,
            now.seconds,
            policy.document.digest,
            try policySeal(policy.attached, latest: policy.latest)
        )
        try insertVersion(StoredVersion(number: 1, created: now, document: policy.document), text, of: policy)
        return policy
    }

    /// Keeps a new version.
    borrowing func insertVersion(
        _ version: StoredVersion,
        _ text: PolicyText,
        of policy: StoredPolicy
    ) throws(Fault) {
        try run(
            """
            INSERT INTO policy_versions (policy, number, created, document, digest, seal)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            policy.id,
            version.number,
            version.created.seconds,
            text.text,
            version.document.digest,
            try versionSeal(version, of: policy.id)
        )
    }

    /// Keeps what changed about a policy.
    borrowing func update(_ policy: StoredPolicy) throws(Fault) {
        try run(
            "UPDATE policies SET updated = $1, version = $2, digest = $3, latest = $4, seal = $5 WHERE id = $6",
            policy.updated.seconds,
            policy.version,
            policy.document.digest,
            policy.latest,
            try policySeal(policy.attached, latest: policy.latest),
            policy.id
        )
    }

    // MARK: Versions

    /// The policy's versions, newest first; fails with `StoreDamaged` when one does not fit its seal.
    borrowing func versions(of policy: StoredPolicy) throws(Fault) -> [StoredVersion] {
        if PredefinedPolicy.byID[policy.id] != nil {
            return [StoredVersion(number: policy.version, created: policy.created, document: policy.document)]
        }
        let rows: [(Int64, Int64, [UInt8], [UInt8])] = try rows(
            "SELECT number, created, digest, seal FROM policy_versions WHERE policy = $1 ORDER BY number DESC",
            policy.id
        )
        var versions: [StoredVersion] = []
        for (number, created, digest, seal) in rows {
            let version = StoredVersion(
                number: number,
                created: UnixTime(created),
                document: DocumentID(digest: digest)
            )
            guard constantTimeEqual(seal, try versionSeal(version, of: policy.id)) else {
                throw .damaged("a version of the policy \(policy.arn)")
            }
            versions.append(version)
        }
        return versions
    }

    /// The text of a policy's version; fails with `StoreDamaged` when it is not the one whose digest was sealed.
    borrowing func policyText(
        _ policy: String,
        _ number: Int64,
        _ document: DocumentID
    ) throws(Fault) -> PolicyText {
        if let predefined = PredefinedPolicy.byID[policy] { return predefined.text }
        let text: (String)? = try row(
            "SELECT document FROM policy_versions WHERE policy = $1 AND number = $2",
            policy,
            number
        )
        guard let text, case let text = PolicyText(checked: text), DocumentID(of: text) == document else {
            throw .damaged("a policy's document")
        }
        return text
    }
}
