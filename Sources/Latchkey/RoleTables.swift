// RoleTables.swift: the tables of roles, instance profiles, and sessions of roles and federated users.
import LatchkeyStore

/// The tables of roles and of what is lent through them.
///
/// `credential_origins` says through whom a temporary credential came into being, first to last, so that ending what any of them
/// lent ends it too; `lent` is the credential that the link itself is, where somebody took a role. What a credential may do is
/// said by its own sealed row alone.
let roleTables = Migration(
    number: 5,
    sql:
        """
        CREATE TABLE roles (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            path TEXT NOT NULL,
            created BIGINT NOT NULL,
            description TEXT,
            longest BIGINT NOT NULL,
            trust TEXT NOT NULL,
            service TEXT,
            last_used BIGINT,
            last_region TEXT,
            seal BYTEA NOT NULL,
            UNIQUE (account, folded)
        )
        """,
    """
    CREATE TABLE instance_profiles (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        name TEXT NOT NULL,
        folded TEXT NOT NULL,
        path TEXT NOT NULL,
        created BIGINT NOT NULL,
        role TEXT,
        seal BYTEA NOT NULL,
        UNIQUE (account, folded)
    )
    """,
    "CREATE INDEX instance_profiles_by_role ON instance_profiles (role)",
    """
    CREATE TABLE role_deletions (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        deleted BIGINT NOT NULL
    )
    """,
    "ALTER TABLE temporary_credentials ADD COLUMN session TEXT",
    """
    CREATE TABLE credential_origins (
        credential TEXT NOT NULL REFERENCES temporary_credentials (id) ON DELETE CASCADE,
        place BIGINT NOT NULL,
        principal TEXT NOT NULL,
        name TEXT NOT NULL,
        issued BIGINT NOT NULL,
        lent TEXT,
        PRIMARY KEY (credential, place)
    )
    """,
    "CREATE INDEX credential_origins_by_principal ON credential_origins (principal)",
    "CREATE INDEX credential_origins_by_credential ON credential_origins (lent)"
)
