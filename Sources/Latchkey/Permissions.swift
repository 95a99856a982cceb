// Permissions.swift: all that hangs on a user, a group or a role, read and sealed as one.
import LatchkeyCrypto
import LatchkeyStore

/// Whom policies hang on: a user, a group or a role, by an identifier that no two of any kind share.
struct PolicyHolder: Equatable {
    enum Kind: String { case user, group, role }

    let kind: Kind
    let id: String
    let account: AccountID
    let name: String
    let path: Path

}

extension PolicyHolder {
    init(_ user: Principal) {
        self.init(kind: .user, id: user.id, account: user.account, name: user.name.text, path: user.path)
    }

    init(_ group: Group, in account: AccountID) {
        self.init(kind: .group, id: group.groupId, account: account, name: group.groupName.text, path: group.path)
    }
}

/// What a managed policy is attached as.
enum AttachmentUsage: String, Comparable {
    /// It grants and denies.
    case policy
    /// It bounds what the others grant.
    case boundary

    static func < (left: AttachmentUsage, right: AttachmentUsage) -> Bool { left.rawValue < right.rawValue }
}

/// Inline policies, attached policies, boundary and groups of one holder.
///
/// One keyed seal lies over all rows together and is renewed by `changePermissions` alone. So a writer of the database without
/// the keys can neither plant a policy or a membership, nor take a denial away: the seal no longer fits, and nothing is decided.
/// Documents are sealed by their digests, and compared with these when they are read.
struct Permissions {
    var inline: [(name: PolicyName, document: DocumentID)] = []
    var attachments: [(usage: AttachmentUsage, policy: AttachedDocument)] = []
    var groups: [PolicyHolder] = []
    fileprivate var seal: [UInt8]?

    var attached: [AttachedDocument] { attachments.filter { $0.usage == .policy }.map(\.policy) }
    var boundary: AttachedDocument? { attachments.first { $0.usage == .boundary }?.policy }
    var isEmpty: Bool { inline.isEmpty && attachments.isEmpty && groups.isEmpty }

    /// What the seal lies over; a group's name and path with it, lest two groups change places.
    fileprivate func message(of holder: PolicyHolder) -> Message {
        var message = Message().adding("permissions").adding(holder.kind.rawValue).adding(holder.id)
            .adding(holder.account.text)
        if holder.kind == .group { message = message.adding(holder.name).adding(holder.path.text) }
        for policy in inline.sorted(by: { $0.name.text < $1.name.text }) {
            message = message.adding("inline").adding(policy.name.text).adding(policy.document.digest)
        }
        for (usage, policy) in attachments.sorted(by: { ($0.usage, $0.policy.id) < ($1.usage, $1.policy.id) }) {
            message = message.adding("attached").adding(usage.rawValue).adding(policy.id)
        }
        for group in groups.sorted(by: { $0.id < $1.id }) { message = message.adding("group").adding(group.id) }
        return message
    }
}

/// A managed policy as something attached: the document that counts now.
struct AttachedDocument {
    let id: String
    let arn: ARN
    let version: Int64
    let document: DocumentID
}

extension State {
    /// All that hangs on the holder; fails with `StoreDamaged` when it does not fit its seal.
    borrowing func permissions(of holder: PolicyHolder) throws(Fault) -> Permissions {
        let permissions = try readPermissions(of: holder.id)[holder.id] ?? Permissions()
        try verify(permissions, of: holder)
        return permissions
    }

    /// All that hangs on the user and on each of the user's groups, in four queries; fails with `StoreDamaged`.
    borrowing func permissions(
        withGroupsOf user: PolicyHolder
    ) throws(Fault) -> (own: Permissions, groups: [(holder: PolicyHolder, permissions: Permissions)]) {
        let all = try readPermissions(of: user.id)
        let own = all[user.id] ?? Permissions()
        try verify(own, of: user)
        var groups: [(PolicyHolder, Permissions)] = []
        for group in own.groups {
            let permissions = all[group.id] ?? Permissions()
            try verify(permissions, of: group)
            groups.append((group, permissions))
        }
        return (own, groups)
    }

    /// Checks the seal, lets `body` change what hangs on the holder, and seals it anew.
    borrowing func changePermissions<Answer>(
        of holder: PolicyHolder,
        _ body: (Permissions) throws(Fault) -> Answer
    ) throws(Fault) -> Answer {
        let answer = try body(try permissions(of: holder))
        try sealPermissions(of: holder)
        return answer
    }

    /// Seals what hangs on the holder as it is now: for one that was just made or renamed, or after a change.
    borrowing func sealPermissions(of holder: PolicyHolder) throws(Fault) {
        let permissions = try readPermissions(of: holder.id)[holder.id] ?? Permissions()
        try run(
            """
            INSERT INTO permission_seals (holder, seal) VALUES ($1, $2)
            ON CONFLICT (holder) DO UPDATE SET seal = $2
            """,
            holder.id,
            try vault.rowSeal(permissions.message(of: holder))
        )
    }

    /// Forgets the seal of a holder that is no more.
    borrowing func forgetPermissions(of holder: PolicyHolder) throws(Fault) {
        try run("DELETE FROM permission_seals WHERE holder = $1", holder.id)
    }

    private borrowing func verify(_ permissions: Permissions, of holder: PolicyHolder) throws(Fault) {
        guard let seal = permissions.seal else {
            // A user without a seal has nothing, so that nothing is allowed; a group or role has a seal since it was made.
            if holder.kind == .user && permissions.isEmpty { return }
            throw .damaged("what hangs on the \(holder.kind.rawValue) \(holder.name)")
        }
        guard constantTimeEqual(seal, try vault.rowSeal(permissions.message(of: holder))) else {
            throw .damaged("what hangs on the \(holder.kind.rawValue) \(holder.name)")
        }
    }

    /// What hangs on the holder and on the groups that it is in, by holder.
    private borrowing func readPermissions(of id: String) throws(Fault) -> [String: Permissions] {
        var all: [String: Permissions] = [:]
        let seals: [(String, [UInt8])] = try rows(
            """
            WITH holders (id) AS (SELECT CAST($1 AS TEXT) UNION ALL SELECT group_id FROM memberships WHERE user_id = $1)
            SELECT holder, seal FROM permission_seals JOIN holders ON holders.id = holder
            """,
            id
        )
        for (holder, seal) in seals { all[holder, default: Permissions()].seal = seal }
        all[id, default: Permissions()].groups = try readGroups(of: id)
        let inline: [(String, String, [UInt8])] = try rows(
            """
            WITH holders (id) AS (SELECT CAST($1 AS TEXT) UNION ALL SELECT group_id FROM memberships WHERE user_id = $1)
            SELECT holder, name, digest FROM inline_policies JOIN holders ON holders.id = holder
            ORDER BY holder, inline_policies.folded
            """,
            id
        )
        for (holder, name, digest) in inline {
            all[holder, default: Permissions()].inline
                .append((PolicyName(checked: name), DocumentID(digest: digest)))
        }
        let attached: [(String, String, String, String?, Int64?, [UInt8]?, Int64?, [UInt8]?)] = try rows(
            """
            WITH holders (id) AS (SELECT CAST($1 AS TEXT) UNION ALL SELECT group_id FROM memberships WHERE user_id = $1)
            SELECT holder, usage, attachments.policy, arn, version, digest, latest, seal
            FROM attachments JOIN holders ON holders.id = holder LEFT JOIN policies ON policies.id = attachments.policy
            ORDER BY holder, policies.folded
            """,
            id
        )
        for (holder, usage, policy, arn, version, digest, latest, seal) in attached {
            guard let usage = AttachmentUsage(rawValue: usage) else { throw .damaged("an attached policy") }
            let document: AttachedDocument
            if let predefined = PredefinedPolicy.byID[policy] {
                document = predefined.attached
            } else {
                guard let arn, let version, let digest, let latest, let seal else {
                    throw .damaged("an attached policy")
                }
                document = AttachedDocument(
                    id: policy,
                    arn: ARN(checked: arn),
                    version: version,
                    document: DocumentID(digest: digest)
                )
                try verify(document, latest: latest, seal)
            }
            all[holder, default: Permissions()].attachments.append((usage, document))
        }
        return all
    }

    private borrowing func readGroups(of user: String) throws(Fault) -> [PolicyHolder] {
        let rows: [(String, String?, String?, String?)] = try rows(
            """
            SELECT group_id, account, name, path
            FROM memberships LEFT JOIN groups ON groups.id = group_id WHERE user_id = $1 ORDER BY folded
            """,
            user
        )
        var holders: [PolicyHolder] = []
        for (id, account, name, path) in rows {
            guard let account, let name, let path else { throw .damaged("a membership") }
            holders.append(
                PolicyHolder(
                    kind: .group,
                    id: id,
                    account: AccountID(checked: account),
                    name: name,
                    path: Path(checked: path)
                )
            )
        }
        return holders
    }
}
