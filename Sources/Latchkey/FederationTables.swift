// FederationTables.swift: the table of the identity providers whose word is taken.
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
