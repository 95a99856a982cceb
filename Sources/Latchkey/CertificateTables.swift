// CertificateTables.swift: the tables of uploaded keys and certificates, service credentials and credential reports.
import LatchkeyCrypto
import LatchkeyStore

/// The tables of uploaded keys and certificates, service credentials and credential reports.
let certificateTables = Migration(
    number: 4,
    sql:
        """
        CREATE TABLE ssh_public_keys (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            owner TEXT NOT NULL,
            created BIGINT NOT NULL,
            active BIGINT NOT NULL,
            body TEXT NOT NULL,
            seal BYTEA NOT NULL
        )
        """,
    "CREATE INDEX ssh_public_keys_by_owner ON ssh_public_keys (owner)",
    """
    CREATE TABLE signing_certificates (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        owner TEXT NOT NULL,
        created BIGINT NOT NULL,
        active BIGINT NOT NULL,
        body TEXT NOT NULL,
        digest BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        UNIQUE (account, digest)
    )
    """,
    "CREATE INDEX signing_certificates_by_owner ON signing_certificates (owner)",
    """
    CREATE TABLE server_certificates (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        name TEXT NOT NULL,
        folded TEXT NOT NULL,
        path TEXT NOT NULL,
        created BIGINT NOT NULL,
        expires BIGINT NOT NULL,
        body TEXT NOT NULL,
        chain TEXT,
        private_key BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        UNIQUE (account, folded)
    )
    """,
    """
    CREATE TABLE service_credentials (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        owner TEXT NOT NULL,
        service TEXT NOT NULL,
        name TEXT NOT NULL,
        created BIGINT NOT NULL,
        active BIGINT NOT NULL,
        digest BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        UNIQUE (account, service, name)
    )
    """,
    "CREATE INDEX service_credentials_by_owner ON service_credentials (owner)",
    """
    CREATE TABLE credential_reports (
        account TEXT PRIMARY KEY REFERENCES accounts (id),
        started BIGINT NOT NULL,
        generated BIGINT,
        content BYTEA,
        seal BYTEA
    )
    """
)

extension State {
    /// Fails with `DeleteConflict` while the user has any key, certificate or credential of these tables.
    borrowing func refuseDeletionWithUploads(of user: Principal) throws(Fault) {
        try refuseDeletionWithSSHPublicKeys(of: user)
        try refuseDeletionWithSigningCertificates(of: user)
        try refuseDeletionWithServiceCredentials(of: user)
    }

    /// Seals the private keys of server certificates anew that are not under the newest data key; says how many.
    borrowing func resealPrivateKeys(_ newest: [UInt8], _ limit: Int) throws(Fault) -> Int {
        let stale: [(String, [UInt8])] = try rows(
            "SELECT id, private_key FROM server_certificates WHERE substr(private_key, 1, 4) <> $1 ORDER BY id LIMIT $2",
            newest,
            limit
        )
        for (id, sealed) in stale {
            let secret = try open(sealed, column: StoredServerCertificate.column, row: id)
            try run(
                "UPDATE server_certificates SET private_key = $1 WHERE id = $2",
                try seal(secret, column: StoredServerCertificate.column, row: id),
                id
            )
        }
        return stale.count
    }

    /// Reads every row of these tables, so that one that does not fit its seal is found.
    borrowing func checkUploads(of owner: Principal) throws(Fault) {
        _ = try sshPublicKeys(of: owner)
        _ = try signingCertificates(of: owner)
        _ = try serviceCredentials(of: owner)
        guard owner.isRoot else { return }
        for certificate in try serverCertificates(in: owner.account) {
            _ = try open(certificate.sealedKey, column: StoredServerCertificate.column, row: certificate.id)
        }
        _ = try credentialReport(of: owner.account)
    }
}
