// AccessKeyRows.swift: how access keys are kept: the secret sealed, the row sealed, the last use noted now and then.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyStore

/// The tables of access keys and temporary credentials.
let credentialTables = Migration(
    number: 2,
    sql:
        """
        CREATE TABLE access_keys (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            owner TEXT NOT NULL,
            created BIGINT NOT NULL,
            active BIGINT NOT NULL,
            secret BYTEA NOT NULL,
            last_used BIGINT,
            last_service TEXT,
            last_region TEXT,
            seal BYTEA NOT NULL
        )
        """,
    "CREATE INDEX access_keys_by_owner ON access_keys (owner)",
    """
    CREATE TABLE temporary_credentials (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        owner TEXT NOT NULL,
        parent_key TEXT,
        parent_session BYTEA,
        created BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        mfa BIGINT,
        secret BYTEA NOT NULL,
        token BYTEA NOT NULL,
        seal BYTEA NOT NULL
    )
    """,
    "CREATE INDEX temporary_credentials_by_owner ON temporary_credentials (owner)",
    "CREATE INDEX temporary_credentials_by_expiry ON temporary_credentials (expires)"
)

/// An access key as it is kept, without its secret.
struct StoredAccessKey {
    let id: AccessKeyID
    let account: AccountID
    let owner: String
    let created: UnixTime
    let isActive: Bool
    let sealedSecret: [UInt8]
    let lastUse: (time: UnixTime, service: String, region: String)?

    static let most = 2
    static let column = "access_keys.secret"

    /// What the row's seal lies over; when the key was last used is a convenience and stays outside.
    fileprivate var message: Message {
        Message().adding("access_key").adding(id.text).adding(account.text).adding(owner).adding(created.seconds)
            .adding(isActive ? 1 : 0)
    }

    fileprivate func with(isActive: Bool) -> StoredAccessKey {
        StoredAccessKey(
            id: id,
            account: account,
            owner: owner,
            created: created,
            isActive: isActive,
            sealedSecret: sealedSecret,
            lastUse: lastUse
        )
    }
}

extension State {
    private typealias Row = (
        String, String, String, Int64, Bool, [UInt8], Int64?, String?, String?, [UInt8]
    )

    /// The key of that identifier, of whichever account; fails with `StoreDamaged` when the row does not fit its seal.
    borrowing func accessKey(_ id: AccessKeyID) throws(Fault) -> StoredAccessKey? {
        let found: Row? = try row(
            """
            SELECT id, account, owner, created, active, secret, last_used, last_service, last_region, seal
            FROM access_keys WHERE id = $1
            """,
            id.text
        )
        guard let found else { return nil }
        return try key(found)
    }

    /// The principal's keys, by identifier.
    borrowing func accessKeys(of owner: Principal) throws(Fault) -> [StoredAccessKey] {
        let found: [Row] = try rows(
            """
            SELECT id, account, owner, created, active, secret, last_used, last_service, last_region, seal
            FROM access_keys WHERE owner = $1 ORDER BY id
            """,
            owner.id
        )
        var keys: [StoredAccessKey] = []
        for row in found { keys.append(try key(row)) }
        return keys
    }

    /// The principal's key of that identifier; fails with `NoSuchEntity`.
    borrowing func accessKey(_ id: AccessKeyID, of owner: Principal) throws(Fault) -> StoredAccessKey {
        guard let key = try accessKey(id), key.owner == owner.id else { throw .noSuchAccessKey(id) }
        return key
    }

    private borrowing func key(_ row: Row) throws(Fault) -> StoredAccessKey {
        let lastUse = row.6.map { (time: UnixTime($0), service: row.7 ?? "N/A", region: row.8 ?? "N/A") }
        let key = StoredAccessKey(
            id: AccessKeyID(checked: row.0),
            account: AccountID(checked: row.1),
            owner: row.2,
            created: UnixTime(row.3),
            isActive: row.4,
            sealedSecret: row.5,
            lastUse: lastUse
        )
        guard constantTimeEqual(row.9, try vault.rowSeal(key.message)) else { throw .damaged("an access key") }
        return key
    }

    /// Keeps a new key; fails with `LimitExceeded` when there are two.
    borrowing func insertAccessKey(
        _ id: AccessKeyID,
        _ secret: SecretText,
        of owner: Principal,
        at now: UnixTime
    ) throws(Fault) {
        guard try accessKeys(of: owner).count < StoredAccessKey.most else {
            throw .limitExceeded("Cannot exceed quota for AccessKeysPerUser: \(StoredAccessKey.most)")
        }
        let key = StoredAccessKey(
            id: id,
            account: owner.account,
            owner: owner.id,
            created: now,
            isActive: true,
            sealedSecret: try seal(Secret(Array(secret.text.utf8)), column: StoredAccessKey.column, row: id.text),
            lastUse: nil
        )
        try run(
            """
            INSERT INTO access_keys (id, account, owner, created, active, secret, seal)
            VALUES ($1, $2, $3, $4, 1, $5, $6)
            """,
            id.text,
            owner.account.text,
            owner.id,
            now.seconds,
            key.sealedSecret,
            try vault.rowSeal(key.message)
        )
    }

    /// Makes the key active or inactive.
    borrowing func setActive(_ isActive: Bool, _ key: StoredAccessKey) throws(Fault) {
        try run(
            "UPDATE access_keys SET active = $1, seal = $2 WHERE id = $3",
            isActive ? 1 : 0,
            try vault.rowSeal(key.with(isActive: isActive).message),
            key.id.text
        )
    }

    /// Deletes the key and what was lent by it.
    borrowing func delete(_ key: StoredAccessKey) throws(Fault) {
        try run("DELETE FROM temporary_credentials WHERE parent_key = $1", key.id.text)
        try run("DELETE FROM access_keys WHERE id = $1", key.id.text)
    }

    /// Notes a use of the key.
    borrowing func noteUse(of id: AccessKeyID, service: String, region: String, at now: UnixTime) throws(Fault) {
        try run(
            "UPDATE access_keys SET last_used = $1, last_service = $2, last_region = $3 WHERE id = $4",
            now.seconds,
            service,
            region,
            id.text
        )
    }
}

extension Fault {
    static func noSuchAccessKey(_ id: AccessKeyID) -> Fault {
        .noSuchEntity("The Access Key with id \(id) cannot be found.")
    }
}
