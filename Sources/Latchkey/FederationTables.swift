// FederationTables.swift: the tables of those whose word is taken: identity providers, and authorities that issue certificates.
import LatchkeyStore

/// The table of OpenID Connect providers.
let federationTables = Migration(
    number: 8,
    sql:
        """
        CREATE TABLE oidc_providers (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            name TEXT NOT NULL,
            url TEXT NOT NULL,
            created BIGINT NOT NULL,
            clients TEXT NOT NULL,
            thumbprints TEXT NOT NULL,
            seal BYTEA NOT NULL,
            UNIQUE (account, name)
        )
        """
)

/// The tables of trust anchors, and of the certificates that their authorities took back.
let trustAnchorTables = Migration(
    number: 9,
    sql:
        """
        CREATE TABLE trust_anchors (
            id TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (id),
            name TEXT NOT NULL,
            folded TEXT NOT NULL,
            created BIGINT NOT NULL,
            updated BIGINT NOT NULL,
            active BIGINT NOT NULL,
            certificate TEXT NOT NULL,
            revoked TEXT NOT NULL,
            lists TEXT NOT NULL,
            seal BYTEA NOT NULL,
            UNIQUE (account, folded)
        )
        """,
    """
    CREATE TABLE revocation_lists (
        anchor TEXT NOT NULL REFERENCES trust_anchors (id),
        digest TEXT NOT NULL,
        content BYTEA NOT NULL,
        PRIMARY KEY (anchor, digest)
    )
    """
)
