// OpenIDConnectProviderRows.swift: how OpenID Connect providers are kept: one row each, under a seal.
import LatchkeyCrypto
import LatchkeyFederation
import LatchkeyJSON
import LatchkeyOTP
import LatchkeyStore

/// An OpenID Connect provider as it is kept.
struct StoredOIDCProvider: Equatable {
    /// `OIDC` and 17 characters; a namesake made anew has another one.
    let id: String
    let account: AccountID
    /// The URL without its scheme, which is the provider's name in ARNs and condition keys.
    let name: String
    let url: String
    let created: UnixTime
    var clients: [ClientID]
    var thumbprints: [Thumbprint]

    static let idPrefix = "OIDC"
    static let most = 100
    static let mostClients = 100
    static let mostThumbprints = 5

    var arn: ARN { ARN(checked: Self.arnText(name, in: account)) }

    static func arnText(_ name: String, in account: AccountID) -> String {
        "arn:aws:iam::\(account):oidc-provider/\(name)"
    }

    fileprivate var message: Message {
        Message().adding("oidc_provider").adding(id).adding(account.text).adding(name).adding(url)
            .adding(created.seconds).adding(Self.list(clients)).adding(Self.list(thumbprints))
    }

    fileprivate static func list(_ texts: [some ConstrainedText]) -> String {
        JSON.array(texts.map { .string($0.text) }).text
    }

    fileprivate static func texts<Text: ConstrainedText>(_ list: String) -> [Text] {
        ((try? JSON(parsing: list))?.array ?? []).compactMap(\.string).map { Text(checked: $0) }
    }
}

extension State {
    private typealias Row = (String, String, String, String, Int64, String, String, [UInt8])

    /// The provider of that ARN; fails with `NoSuchEntity`, or `StoreDamaged` when the row does not fit its seal.
    borrowing func oidcProvider(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredOIDCProvider {
        guard let found = try findOIDCProvider(arn, in: account) else {
            throw .noSuchEntity("OpenIDConnect Provider not found for arn \(arn)")
        }
        return found
    }

    /// The provider of that ARN, if the account has it.
    borrowing func findOIDCProvider(_ arn: ARN, in account: AccountID) throws(Fault) -> StoredOIDCProvider? {
        let start = StoredOIDCProvider.arnText("", in: account)
        guard arn.text.utf8.starts(with: start.utf8) else { return nil }
        return try findOIDCProvider(
            name: String(decoding: arn.text.utf8.dropFirst(start.utf8.count), as: UTF8.self),
            in: account
        )
    }

    /// The provider whose URL, without its scheme, is that.
    borrowing func findOIDCProvider(name: String, in account: AccountID) throws(Fault) -> StoredOIDCProvider? {
        let found: Row? = try row(
            """
            SELECT id, account, name, url, created, clients, thumbprints, seal FROM oidc_providers
            WHERE account = $1 AND name = $2
            """,
            account.text,
            name
        )
        guard let found else { return nil }
        return try provider(found)
    }

    /// The account's providers, by name.
    borrowing func oidcProviders(in account: AccountID) throws(Fault) -> [StoredOIDCProvider] {
        let found: [Row] = try rows(
            """
            SELECT id, account, name, url, created, clients, thumbprints, seal FROM oidc_providers
            WHERE account = $1 ORDER BY name
            """,
            account.text
        )
        return try found.map { row throws(Fault) in try provider(row) }
    }

    /// Whether there still is a provider of that identifier.
    borrowing func hasOIDCProvider(id: String, in account: AccountID) throws(Fault) -> Bool {
        let found: (Int)? = try row(
            "SELECT 1 FROM oidc_providers WHERE id = $1 AND account = $2",
            id,
            account.text
        )
        return found != nil
    }

    /// How many providers the account has.
    borrowing func oidcProviderCount(in account: AccountID) throws(Fault) -> Int {
        let count: (Int)? = try row("SELECT COUNT(*) FROM oidc_providers WHERE account = $1", account.text)
        return count ?? 0
    }

    private borrowing func provider(_ row: Row) throws(Fault) -> StoredOIDCProvider {
        let provider = StoredOIDCProvider(
            id: row.0,
            account: AccountID(checked: row.1),
            name: row.2,
            url: row.3,
            created: UnixTime(row.4),
            clients: StoredOIDCProvider.texts(row.5),
            thumbprints: StoredOIDCProvider.texts(row.6)
        )
        guard constantTimeEqual(row.7, try vault.rowSeal(provider.message)) else {
            throw .damaged("an OpenID Connect provider")
        }
        return provider
    }

    /// Keeps a new provider; fails when there is one of that URL, whatever its scheme, or there are a hundred.
    borrowing func insert(_ new: StoredOIDCProvider) throws(Fault) {
        guard try findOIDCProvider(name: new.name, in: new.account) == nil else {
            throw .entityAlreadyExists("Provider with url \(new.url) already exists.")
        }
        guard try oidcProviderCount(in: new.account) < StoredOIDCProvider.most else {
            throw .limitExceeded(
                "Cannot exceed quota for OpenIdConnectProvidersPerAccount: \(StoredOIDCProvider.most)"
            )
        }
        try run(
            """
            INSERT INTO oidc_providers (id, account, name, url, created, clients, thumbprints, seal)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            new.id,
            new.account.text,
            new.name,
            new.url,
            new.created.seconds,
            StoredOIDCProvider.list(new.clients),
            StoredOIDCProvider.list(new.thumbprints),
            try vault.rowSeal(new.message)
        )
    }

    /// Writes the provider's clients and thumbprints.
    borrowing func update(_ provider: StoredOIDCProvider) throws(Fault) {
        try run(
            "UPDATE oidc_providers SET clients = $1, thumbprints = $2, seal = $3 WHERE id = $4",
            StoredOIDCProvider.list(provider.clients),
            StoredOIDCProvider.list(provider.thumbprints),
            try vault.rowSeal(provider.message),
            provider.id
        )
    }
}
