// PermissionTables.swift: the tables of groups, memberships, policies, and what hangs on whom.
import LatchkeyStore

/// The tables of groups and policies.
let permissionTables = Migration(
    number: 3,
    sql:
        """
        CREATE TABLE groups (
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
    CREATE TABLE memberships (
        user_id TEXT NOT NULL REFERENCES users (id),
        group_id TEXT NOT NULL REFERENCES groups (id),
        PRIMARY KEY (user_id, group_id)
    )
    """,
    "CREATE INDEX memberships_by_group ON memberships (group_id)",
    """
    CREATE TABLE inline_policies (
        holder TEXT NOT NULL,
        folded TEXT NOT NULL,
        name TEXT NOT NULL,
        document TEXT NOT NULL,
        digest BYTEA NOT NULL,
        size BIGINT NOT NULL,
        PRIMARY KEY (holder, folded)
    )
    """,
    """
    CREATE TABLE policies (
        id TEXT PRIMARY KEY,
        account TEXT NOT NULL REFERENCES accounts (id),
        arn TEXT NOT NULL UNIQUE,
        folded TEXT NOT NULL,
        description TEXT,
        created BIGINT NOT NULL,
        updated BIGINT NOT NULL,
        version BIGINT NOT NULL,
        digest BYTEA NOT NULL,
        latest BIGINT NOT NULL,
        seal BYTEA NOT NULL,
        UNIQUE (account, folded)
    )
    """,
    """
    CREATE TABLE policy_versions (
        policy TEXT NOT NULL REFERENCES policies (id),
        number BIGINT NOT NULL,
        created BIGINT NOT NULL,
        document TEXT NOT NULL,
        digest BYTEA NOT NULL,
        seal BYTEA NOT NULL,
        PRIMARY KEY (policy, number)
    )
    """,
    """
    CREATE TABLE attachments (
        holder TEXT NOT NULL,
        policy TEXT NOT NULL,
        usage TEXT NOT NULL,
        account TEXT NOT NULL REFERENCES accounts (id),
        PRIMARY KEY (holder, policy, usage)
    )
    """,
    "CREATE INDEX attachments_by_policy ON attachments (policy, account)",
    "CREATE TABLE permission_seals (holder TEXT PRIMARY KEY, seal BYTEA NOT NULL)"
)
