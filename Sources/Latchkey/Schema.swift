// Schema.swift: the tables of the authority, as one forward-only list of migrations for SQLite and PostgreSQL alike.
import LatchkeyStore

/// The migrations, oldest first.
///
/// They are appended to and never edited: stores out there have run them.
let migrations: [Migration] = [
    Migration(
        number: 1,
        sql:
            "CREATE TABLE meta (name TEXT PRIMARY KEY, value BYTEA NOT NULL)",
        "CREATE TABLE data_keys (id BIGINT PRIMARY KEY, wrapped BYTEA NOT NULL)",
        "CREATE TABLE accounts (id TEXT PRIMARY KEY, alias TEXT UNIQUE, created BIGINT NOT NULL)",
        """
        CREATE TABLE users (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            path TEXT NOT NULL,
            created BIGINT NOT NULL,
            UNIQUE (account, folded)
        )
        """,
        """
        CREATE TABLE tags (
            resource TEXT NOT NULL,
            folded TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (resource, folded)
        )
        """,
        """
        CREATE TABLE passwords (
            owner TEXT PRIMARY KEY,
            hash TEXT NOT NULL,
            created BIGINT NOT NULL,
            changed BIGINT NOT NULL,
            must_change BIGINT NOT NULL,
            short BIGINT NOT NULL,
            last_used BIGINT
        )
        """,
        """
        CREATE TABLE password_history (
            owner TEXT NOT NULL,
            number BIGINT NOT NULL,
            hash TEXT NOT NULL,
            PRIMARY KEY (owner, number)
        )
        """,
        """
        CREATE TABLE password_policies (
            account TEXT PRIMARY KEY REFERENCES accounts (id),
            minimum_length BIGINT NOT NULL,
            require_symbols BIGINT NOT NULL,
            require_numbers BIGINT NOT NULL,
            require_uppercase BIGINT NOT NULL,
            require_lowercase BIGINT NOT NULL,
            users_may_change BIGINT NOT NULL,
            max_age BIGINT,
            reuse_prevention BIGINT,
            hard_expiry BIGINT
        )
        """,
        """
        CREATE TABLE mfa_devices (
            serial TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            created BIGINT NOT NULL,
            kind TEXT NOT NULL,
            algorithm TEXT NOT NULL,
            digits BIGINT NOT NULL,
            period BIGINT NOT NULL,
            seed BYTEA NOT NULL,
            label TEXT NOT NULL,
            issuer TEXT,
            pending_for TEXT,
            pending_until BIGINT,
            owner TEXT,
            enabled BIGINT,
            last_step BIGINT NOT NULL,
            drift BIGINT NOT NULL,
            failures BIGINT NOT NULL,
            retry_at BIGINT NOT NULL,
            disabled TEXT,
            UNIQUE (account, folded)
        )
        """,
        "CREATE INDEX mfa_devices_by_owner ON mfa_devices (owner)",
        """
        CREATE TABLE recovery_sets (
            owner TEXT PRIMARY KEY,
            salt BYTEA NOT NULL,
            created BIGINT NOT NULL,
            failures BIGINT NOT NULL,
            retry_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE recovery_codes (
            owner TEXT NOT NULL,
            number BIGINT NOT NULL,
            hash BYTEA NOT NULL,
            used BIGINT,
            PRIMARY KEY (owner, number)
        )
        """,
        "CREATE TABLE credential_seals (owner TEXT PRIMARY KEY, seal BYTEA NOT NULL)",
        """
        CREATE TABLE throttles (
            subject TEXT PRIMARY KEY,
            failures BIGINT NOT NULL,
            retry_at BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE challenges (
            id BYTEA PRIMARY KEY,
            owner TEXT NOT NULL,
            expires BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            seal BYTEA NOT NULL
        )
        """,
        "CREATE INDEX challenges_by_expiry ON challenges (expires)",
        """
        CREATE TABLE sessions (
            id BYTEA PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            owner TEXT NOT NULL,
            created BIGINT NOT NULL,
            expires BIGINT NOT NULL,
            mfa BIGINT,
            address TEXT NOT NULL,
            seal BYTEA NOT NULL
        )
        """,
        "CREATE INDEX sessions_by_owner ON sessions (owner)",
        "CREATE INDEX sessions_by_expiry ON sessions (expires)",
        """
        CREATE TABLE audit (
            number BIGINT PRIMARY KEY,
            time BIGINT NOT NULL,
            account TEXT NOT NULL,
            event TEXT NOT NULL,
            caller TEXT NOT NULL,
            subject TEXT,
            peer TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT,
            factors TEXT NOT NULL,
            request TEXT NOT NULL,
            detail TEXT NOT NULL,
            link BYTEA NOT NULL
        )
        """,
        "CREATE INDEX audit_by_time ON audit (time)",
        "CREATE TABLE audit_head (name TEXT PRIMARY KEY, number BIGINT NOT NULL, link BYTEA NOT NULL)"
    ),
    credentialTables,
    permissionTables,
    certificateTables,
    principalSeals,
    deviceAnchors,
    roleTables,
    federationTables,
    trustAnchorTables,
]
