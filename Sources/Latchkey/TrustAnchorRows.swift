// TrustAnchorRows.swift: how trust anchors are kept: one row each under a seal, which holds their revocation lists too.
import LatchkeyCrypto
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyStore

/// A trust anchor as it is kept.
struct StoredTrustAnchor: Equatable, Sendable {
    /// `TANC` and 17 characters; a namesake that is made later has another one.
    let id: String
    let account: AccountID
    var name: TrustAnchorName
    let created: UnixTime
    var updated: UnixTime
    var isActive: Bool
    /// The authority's certificate.
    var certificate: CertificateBody
    /// The serial numbers of certificates that are refused whatever any list says.
    var revoked: [String]
    /// The digests of the revocation lists that belong here, so that none can be taken away or brought back.
    var lists: [String]

    static let idPrefix = "TANC"
    static let most = 50
    static let mostRevoked = 1_000
    static let mostLists = 10

    var arn: ARN { ARN(checked: Self.arnText(id, in: account)) }

    static func arnText(_ id: String, in account: AccountID) -> String {
        "arn:aws:rolesanywhere::\(account):trust-anchor/\(id)"
    }

    fileprivate var message: Message {
        Message().adding("trust_anchor").adding(id).adding(account.text).adding(name.text).adding(created.seconds)
            .adding(updated.seconds).adding(isActive ? 1 : 0).adding(certificate.text).adding(Self.list(revoked))
            .adding(Self.list(lists))
    }

    fileprivate static func list(_ texts: [String]) -> String { JSON.array(texts.map { .string($0) }).text }

    fileprivate static func texts(_ list: String) -> [String] {
        ((try? JSON(parsing: list))?.array ?? []).compactMap(\.string)
    }
}

extension State {
    private typealias Row = (
        String, String, String, Int64, Int64, Bool, String, String, String, [UInt8]
    )

    /// The anchor of that ARN; fails with `NoSuchEntity`, or `StoreDamaged` when the row does not fit its seal.
    borrowing func trustAnchor(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredTrustAnchor {
        guard let found = try findTrustAnchor(arn, in: account) else {
            throw .noSuchEntity("The trust anchor \(arn) cannot be found.")
        }
        return found
    }

    /// The anchor of that ARN, if the account has it.
    borrowing func findTrustAnchor(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredTrustAnchor? {
        let start = StoredTrustAnchor.arnText("", in: account)
        guard arn.text.utf8.starts(with: start.utf8) else { return nil }
        let id = String(decoding: arn.text.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        return try findTrustAnchor(id: id, in: account)
    }

    /// The anchor of that identifier, if the account has it.
    borrowing func findTrustAnchor(id: String, in account: AccountID) throws(Fault) -> StoredTrustAnchor? {
        let found: Row? = try row(
            """
            SELECT id, account, name, created, updated, active, certificate, revoked, lists, seal FROM trust_anchors
            WHERE id = $1 AND account = $2
            """,
            id,
            account.text
        )
        guard let found else { return nil }
        return try anchor(found)
    }

    /// The account's anchors, by name without regard to case.
    borrowing func trustAnchors(in account: AccountID) throws(Fault) -> [StoredTrustAnchor] {
        let found: [Row] = try rows(
            """
            SELECT id, account, name, created, updated, active, certificate, revoked, lists, seal FROM trust_anchors
            WHERE account = $1 ORDER BY folded
            """,
            account.text
        )
        return try found.map { row throws(Fault) in try anchor(row) }
    }

    private borrowing func anchor(_ row: Row) throws(Fault) -> StoredTrustAnchor {
        let anchor = StoredTrustAnchor(
            id: row.0,
            account: AccountID(checked: row.1),
            name: TrustAnchorName(checked: row.2),
            created: UnixTime(row.3),
            updated: UnixTime(row.4),
            isActive: row.5,
            certificate: CertificateBody(checked: row.6),
            revoked: StoredTrustAnchor.texts(row.7),
            lists: StoredTrustAnchor.texts(row.8)
        )
        guard constantTimeEqual(row.9, try vault.rowSeal(anchor.message)) else { throw .damaged("a trust anchor") }
        return anchor
    }

    /// Keeps a new anchor; fails when the name, case apart, is taken, or there are fifty.
    borrowing func insert(_ new: StoredTrustAnchor) throws(Fault) {
        try refuseTaken(new)
        let count: (Int)? = try row("SELECT COUNT(*) FROM trust_anchors WHERE account = $1", new.account.text)
        guard let count, count < StoredTrustAnchor.most else {
            throw .limitExceeded("Cannot exceed quota for TrustAnchorsPerAccount: \(StoredTrustAnchor.most)")
        }
        try run(
            """
            INSERT INTO trust_anchors
                (id, account, name, folded, created, updated, active, certificate, revoked, lists, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            """,
            new.id,
            new.account.text,
            new.name.text,
            new.name.folded,
            new.created.seconds,
            new.updated.seconds,
            new.isActive,
            new.certificate.text,
            StoredTrustAnchor.list(new.revoked),
            StoredTrustAnchor.list(new.lists),
            try vault.rowSeal(new.message)
        )
    }

    /// Writes what may change of the anchor; fails when the name, case apart, is another's.
    borrowing func update(_ anchor: StoredTrustAnchor, at now: UnixTime) throws(Fault) {
        try refuseTaken(anchor)
        var anchor = anchor
        anchor.updated = now
        try run(
            """
            UPDATE trust_anchors SET name = $1, folded = $2, updated = $3, active = $4, certificate = $5, revoked = $6,
                lists = $7, seal = $8 WHERE id = $9
            """,
            anchor.name.text,
            anchor.name.folded,
            anchor.updated.seconds,
            anchor.isActive,
            anchor.certificate.text,
            StoredTrustAnchor.list(anchor.revoked),
            StoredTrustAnchor.list(anchor.lists),
            try vault.rowSeal(anchor.message),
            anchor.id
        )
    }

    private borrowing func refuseTaken(_ anchor: StoredTrustAnchor) throws(Fault) {
        let taken: (String)? = try row(
            "SELECT id FROM trust_anchors WHERE account = $1 AND folded = $2",
            anchor.account.text,
            anchor.name.folded
        )
        guard taken == nil || taken == anchor.id else {
            throw .entityAlreadyExists("The trust anchor with name \(anchor.name) already exists.")
        }
    }

    // MARK: Revocation lists

    /// The anchor's lists; fails with `StoreDamaged` when one is missing, or another one is there.
    borrowing func revocationLists(of anchor: StoredTrustAnchor) throws(Fault) -> [RevocationList] {
        let found: [(String, [UInt8])] = try rows(
            "SELECT digest, content FROM revocation_lists WHERE anchor = $1 ORDER BY digest",
            anchor.id
        )
        guard found.map(\.0) == anchor.lists.sorted() else { throw .damaged("the revocation lists of a trust anchor") }
        var lists: [RevocationList] = []
        for (digest, content) in found {
            guard Hex.encode(Digest.hash(content, with: .sha256)) == digest,
                let list = try? RevocationList(der: content)
            else { throw .damaged("a revocation list") }
            lists.append(list)
        }
        return lists
    }

    /// Keeps the list in the place of the issuer's former one; the anchor's row is the caller's to write.
    borrowing func replace(
        _ old: RevocationList?,
        with list: RevocationList,
        of anchor: inout StoredTrustAnchor
    ) throws(Fault) {
        if let old {
            let digest = Hex.encode(Digest.hash(old.der, with: .sha256))
            try run("DELETE FROM revocation_lists WHERE anchor = $1 AND digest = $2", anchor.id, digest)
            anchor.lists.removeAll { $0 == digest }
        }
        let digest = Hex.encode(Digest.hash(list.der, with: .sha256))
        guard anchor.lists.count < StoredTrustAnchor.mostLists else {
            throw .limitExceeded(
                "Cannot exceed quota for RevocationListsPerTrustAnchor: \(StoredTrustAnchor.mostLists)"
            )
        }
        try run(
            "INSERT INTO revocation_lists (anchor, digest, content) VALUES ($1, $2, $3)",
            anchor.id,
            digest,
            list.der
        )
        anchor.lists = (anchor.lists + [digest]).sorted()
    }
}
