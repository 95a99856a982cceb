// OpenIDConnectProviders.swift: identity providers whose tokens are taken for proof: made, shown, listed and deleted.
import LatchkeyFederation
public import LatchkeyOTP
import LatchkeyStore

/// The actions on OpenID Connect providers.
let openIDConnectProviderActions: [any Action.Type] = [
    CreateOpenIDConnectProvider.self, GetOpenIDConnectProvider.self, ListOpenIDConnectProviders.self,
    DeleteOpenIDConnectProvider.self, AddClientIDToOpenIDConnectProvider.self,
    RemoveClientIDFromOpenIDConnectProvider.self, UpdateOpenIDConnectProviderThumbprint.self,
    TagOpenIDConnectProvider.self, UntagOpenIDConnectProvider.self, ListOpenIDConnectProviderTags.self,
]

/// The actions of those whom such providers vouch for.
let webIdentityActions: [any Action.Type] = [AssumeRoleWithWebIdentity.self]

/// Makes an identity provider known, so that roles can trust those whom it vouches for.
///
/// The provider is not asked for anything yet. Its certificate must be one that this machine trusts: thumbprints are kept and
/// shown, as AWS does for its clients' sake, and open no way past that. Fails with `EntityAlreadyExists` if there is one of that URL.
public struct CreateOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The provider's URL, which must be its tokens' `iss` byte for byte.
    public var url: OpenIDConnectProviderURL
    /// Up to 100 clients that its tokens may be for.
    public var clientIDList: [ClientID]?
    /// Up to five thumbprints of its certificates.
    public var thumbprintList: [Thumbprint]?
    /// Up to 50 tags.
    public var tags: [Tag]?

    /// Makes the action.
    public init(
        url: OpenIDConnectProviderURL,
        clientIDList: [ClientID]? = nil,
        thumbprintList: [Thumbprint]? = nil,
        tags: [Tag]? = nil
    ) {
        self.url = url
        self.clientIDList = clientIDList
        self.thumbprintList = thumbprintList
        self.tags = tags
    }

    /// The new provider.
    public struct Output: Codable, Sendable {
        /// Its ARN.
        public var openIDConnectProviderArn: ARN
        /// The tags; missing when there are none.
        public var tags: [Tag]?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        let scheme = ["https://", "http://"].first { url.text.utf8.starts(with: $0.utf8) } ?? ""
        let name = String(decoding: url.text.utf8.dropFirst(scheme.utf8.count), as: UTF8.self)
        return Resource(description: StoredOIDCProvider.arnText(name, in: call.account))
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard let address = WebAddress(url.text, reach: state.settings.providerReach) else {
            throw .invalidInput(
                "Invalid Open ID Connect Provider URL: it begins with https:// and a host's name in small letters, "
                    + "and has no query."
            )
        }
        let provider = StoredOIDCProvider(
            id: UniqueID.make(StoredOIDCProvider.idPrefix),
            account: call.account,
            name: address.schemeless,
            url: url.text,
            created: call.now,
            clients: try StoredOIDCProvider.checked(clientIDList ?? []),
            thumbprints: try StoredOIDCProvider.checked(thumbprintList ?? [])
        )
        try state.insert(provider)
        try state.setTags(tags ?? [], of: provider.id)
        let kept = try state.tags(of: provider.id)
        return Output(openIDConnectProviderArn: provider.arn, tags: kept.isEmpty ? nil : kept)
    }
}

/// Shows an identity provider.
public struct GetOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The provider.
    public var openIDConnectProviderArn: ARN

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN) { self.openIDConnectProviderArn = openIDConnectProviderArn }

    /// The provider.
    public struct Output: Codable, Sendable {
        /// The URL, without its scheme as AWS shows it.
        public var url: OpenIDConnectProviderURL
        /// The clients that its tokens may be for.
        public var clientIDList: [ClientID]
        /// The thumbprints of its certificates.
        public var thumbprintList: [Thumbprint]
        /// When it was made known.
        public var createDate: UnixTime
        /// The tags.
        public var tags: [Tag]
    }

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let provider = try state.oidcProvider(openIDConnectProviderArn, in: call.account)
        return Output(
            url: OpenIDConnectProviderURL(checked: provider.name),
            clientIDList: provider.clients,
            thumbprintList: provider.thumbprints,
            createDate: provider.created,
            tags: try state.tags(of: provider.id)
        )
    }
}

/// Lists the account's identity providers, by name.
public struct ListOpenIDConnectProviders: IAMAction {
    /// What the action does to the account.
    public static let access = Access.list

    /// Makes the action.
    public init() {}

    /// The providers.
    public struct Output: Codable, Sendable {
        /// The providers.
        public var openIDConnectProviderList: [Entry]
    }

    /// One provider.
    public struct Entry: Codable, Sendable, Equatable {
        /// Its ARN.
        public var arn: ARN
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        Output(openIDConnectProviderList: try state.oidcProviders(in: call.account).map { Entry(arn: $0.arn) })
    }
}

/// Deletes an identity provider, and ends at once every session that it vouched for.
///
/// A provider that is not there is no fault, as in AWS. Roles that trust it keep their policies, which then trust nobody.
public struct DeleteOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The provider.
    public var openIDConnectProviderArn: ARN

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN) { self.openIDConnectProviderArn = openIDConnectProviderArn }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        guard let provider = try state.findOIDCProvider(openIDConnectProviderArn, in: call.account) else {
            return Nothing()
        }
        try state.endSessions(through: provider.id)
        try state.setTags([], of: provider.id)
        try state.run("DELETE FROM oidc_providers WHERE id = $1", provider.id)
        return Nothing()
    }
}

extension StoredOIDCProvider {
    /// The clients, each once; fails with `LimitExceeded`.
    static func checked(_ clients: [ClientID]) throws(Fault) -> [ClientID] {
        var seen: Set<ClientID> = []
        let clients = clients.filter { seen.insert($0).inserted }
        guard clients.count <= mostClients else {
            throw .limitExceeded("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: \(mostClients)")
        }
        return clients
    }

    /// The thumbprints, each once and in small letters; fails with `InvalidInput`.
    static func checked(_ thumbprints: [Thumbprint]) throws(Fault) -> [Thumbprint] {
        var seen: Set<Thumbprint> = []
        let thumbprints = thumbprints.map { Thumbprint(checked: $0.folded) }.filter { seen.insert($0).inserted }
        guard thumbprints.count <= mostThumbprints else {
            throw .invalidInput("Thumbprint list must contain fewer than \(mostThumbprints + 1) entries.")
        }
        return thumbprints
    }
}

extension Resource {
    /// A provider, which need not exist; fails with `InvalidInput` if the ARN is not one of a provider.
    static func oidcProvider(_ arn: ARN) throws(Fault) -> Resource {
        let parts = arn.text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[1] == "aws", parts[2] == "iam", parts[5].utf8.starts(with: "oidc-provider/".utf8)
        else {
            throw .invalidInput("Invalid ARN: \(arn)")
        }
        return Resource(description: arn.text, kept: .oidcProvider(arn))
    }
}
