// InlinePolicies.swift: policies that belong to one holder and go with it: how they are named, kept and listed.
import LatchkeyCrypto
import LatchkeyStore

/// A policy's name: 1 to 128 letters, digits or `_+=,.@-`; equal without regard to case.
public struct PolicyName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "policyName"
    /// The allowed lengths.
    public static let lengths = 1...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// One page of names of inline policies.
public struct PolicyNamePage: Codable, Sendable {
    /// The names.
    public var policyNames: [PolicyName]
    /// Whether there is another page.
    public var isTruncated: Bool
    /// What to send for it.
    public var marker: Marker?

    init(_ all: [PolicyName], after marker: Marker?, _ maxItems: MaxItems?, _ vault: Vault) throws(Fault) {
        let sorted = all.sorted { $0.folded < $1.folded }
        let page = try Page(sorted, after: marker, maxItems, vault) { $0.folded }
        policyNames = page.items
        isTruncated = page.isTruncated
        self.marker = page.marker
    }
}

extension PolicyHolder {
    /// The most that the inline policies may be together, in characters without white space.
    fileprivate var inlineQuota: Int {
        switch kind {
        case .user: Quota.userPolicySize
        case .group: Quota.groupPolicySize
        case .role: Quota.rolePolicySize
        }
    }
}

extension State {
    /// The user of that name, as one whom policies hang on.
    borrowing func holder(_ name: UserName, in account: AccountID) throws(Fault) -> PolicyHolder {
        PolicyHolder(try iamUser(name, in: account))
    }

    /// The group of that name, as one whom policies hang on.
    borrowing func holder(_ name: GroupName, in account: AccountID) throws(Fault) -> PolicyHolder {
        PolicyHolder(try group(name, in: account), in: account)
    }

    /// Gives the holder an inline policy, or another document to the one of that name.
    borrowing func putInlinePolicy(
        _ name: PolicyName,
        _ text: PolicyText,
        on holder: PolicyHolder
    ) throws(Fault) {
        try text.checkInline()
        try changePermissions(of: holder) { _ throws(Fault) in
            let others: [(Int)] = try rows(
                "SELECT size FROM inline_policies WHERE holder = $1 AND folded <> $2",
                holder.id,
                name.folded
            )
            // Clamped, so that no number in the database can overflow the sum.
            let size = others.reduce(text.countedLength) { $0 + min(max($1, 0), PolicyText.lengths.upperBound) }
            guard size <= holder.inlineQuota else {
                throw .limitExceeded(
                    "Maximum policy size of \(holder.inlineQuota) bytes exceeded for \(holder.kind.rawValue) \(holder.name)"
                )
            }
            try run(
                """
                INSERT INTO inline_policies (holder, folded, name, document, digest, size)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (holder, folded) DO UPDATE SET name = $3, document = $4, digest = $5, size = $6
                """,
                holder.id,
                name.folded,
                name.text,
                text.text,
                DocumentID(of: text).digest,
                text.countedLength
            )
        }
    }

    /// The holder's inline policy of that name; fails with `NoSuchEntity`.
    borrowing func inlinePolicy(
        _ name: PolicyName,
        of holder: PolicyHolder
    ) throws(Fault) -> (name: PolicyName, text: PolicyText) {
        guard let found = try permissions(of: holder).inline.first(where: { $0.name.folded == name.folded }) else {
            throw .noSuchInlinePolicy(name, holder)
        }
        return (found.name, try inlineText(found.name, of: holder.id, found.document))
    }

    /// The text of an inline policy; fails with `StoreDamaged` when it is not the one whose digest was sealed.
    borrowing func inlineText(
        _ name: PolicyName,
        of holder: String,
        _ document: DocumentID
    ) throws(Fault) -> PolicyText {
        let text: (String)? = try row(
            "SELECT document FROM inline_policies WHERE holder = $1 AND folded = $2",
            holder,
            name.folded
        )
        guard let text, case let text = PolicyText(checked: text), DocumentID(of: text) == document else {
            throw .damaged("the policy \(name)")
        }
        return text
    }

    /// Takes the inline policy of that name from the holder; fails with `NoSuchEntity`.
    borrowing func deleteInlinePolicy(_ name: PolicyName, of holder: PolicyHolder) throws(Fault) {
        try changePermissions(of: holder) { _ throws(Fault) in
            let removed = try run(
                "DELETE FROM inline_policies WHERE holder = $1 AND folded = $2",
                holder.id,
                name.folded
            )
            guard removed == 1 else { throw .noSuchInlinePolicy(name, holder) }
        }
    }
}

extension Fault {
    fileprivate static func noSuchInlinePolicy(_ name: PolicyName, _ holder: PolicyHolder) -> Fault {
        .noSuchEntity("The \(holder.kind.rawValue) policy with name \(name) cannot be found.")
    }
}
