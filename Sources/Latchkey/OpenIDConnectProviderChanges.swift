// OpenIDConnectProviderChanges.swift: the clients that a provider's tokens may be for, and its certificates' thumbprints.
import LatchkeyStore

/// Lets a provider's tokens be for one more client; a client that is there already is no fault.
public struct AddClientIDToOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// The client.
    public var clientID: ClientID

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, clientID: ClientID) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.clientID = clientID
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var provider = try state.oidcProvider(openIDConnectProviderArn, in: call.account)
        provider.clients = try StoredOIDCProvider.checked(provider.clients + [clientID])
        try state.update(provider)
        return Nothing()
    }
}

/// Lets a provider's tokens no longer be for a client; a client that is not there is no fault.
public struct RemoveClientIDFromOpenIDConnectProvider: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// The client.
    public var clientID: ClientID

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, clientID: ClientID) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.clientID = clientID
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var provider = try state.oidcProvider(openIDConnectProviderArn, in: call.account)
        provider.clients.removeAll { $0 == clientID }
        try state.update(provider)
        return Nothing()
    }
}

/// Puts other thumbprints in the place of a provider's.
public struct UpdateOpenIDConnectProviderThumbprint: IAMAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The provider.
    public var openIDConnectProviderArn: ARN
    /// Up to five thumbprints.
    public var thumbprintList: [Thumbprint]

    /// Makes the action.
    public init(openIDConnectProviderArn: ARN, thumbprintList: [Thumbprint]) {
        self.openIDConnectProviderArn = openIDConnectProviderArn
        self.thumbprintList = thumbprintList
    }

    /// There is nothing to answer.
    public typealias Output = Nothing

    /// What the permission is about.
    public func resource(_ call: Call) throws(Fault) -> Resource { try .oidcProvider(openIDConnectProviderArn) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Nothing {
        var provider = try state.oidcProvider(openIDConnectProviderArn, in: call.account)
        provider.thumbprints = try StoredOIDCProvider.checked(thumbprintList)
        try state.update(provider)
        return Nothing()
    }
}
