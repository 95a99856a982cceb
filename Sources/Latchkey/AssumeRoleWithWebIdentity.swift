// AssumeRoleWithWebIdentity.swift: taking a role with nothing but a token of an identity provider that the role trusts.
import LatchkeyFederation
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyStore

/// Lends a role's rights for a time to whomever an identity provider vouches for.
///
/// The call is not signed: the token is all the proof there is. The provider is one of the role's account; its keys are asked
/// for, where they are not at hand, before the store is touched. Then the role's trust policy decides, which can ask about the token's
/// claims as `PROVIDER:sub`, `PROVIDER:aud` and so on. Fails with `InvalidIdentityToken`, `ExpiredTokenException`,
/// `IDPCommunicationError`, `IDPRejectedClaim`, and with `AccessDenied` whether or not there is such a role.
public struct AssumeRoleWithWebIdentity: STSAction {
    /// What the action does to the account.
    public static let access = Access.open
    /// The role.
    public var roleArn: ARN
    /// The session's name.
    public var roleSessionName: RoleSessionName
    /// The token.
    public var webIdentityToken: WebIdentityToken
    /// The provider of an OAuth 2.0 access token; such tokens prove nothing here, so none is taken.
    public var providerId: OAuthProviderID?
    /// Up to ten managed policies of the role's account that narrow the session.
    public var policyArns: [PolicyDescriptor]?
    /// A policy that narrows the session.
    public var policy: FederationPolicyText?
    /// How long the session lasts: up to the role's own maximum; an hour unless given.
    public var durationSeconds: RoleDuration?

    /// Makes the action.
    public init(
        roleArn: ARN,
        roleSessionName: RoleSessionName,
        webIdentityToken: WebIdentityToken,
        policyArns: [PolicyDescriptor]? = nil,
        policy: FederationPolicyText? = nil,
        durationSeconds: RoleDuration? = nil
    ) {
        self.roleArn = roleArn
        self.roleSessionName = roleSessionName
        self.webIdentityToken = webIdentityToken
        self.policyArns = policyArns
        self.policy = policy
        self.durationSeconds = durationSeconds
    }

    /// The credentials, and who they make of the caller.
    public struct Output: Codable, Sendable {
        /// The credentials.
        public var credentials: TemporaryCredentials
        /// Whom the provider vouches for, in its own words.
        public var subjectFromWebIdentityToken: String
        /// Who the caller is with the credentials.
        public var assumedRoleUser: AssumeRole.AssumedRoleUser
        /// How full the room for policies and tags is, in percent; missing when none were passed.
        public var packedPolicySize: Int?
        /// The token's issuer.
        public var provider: String
        /// The client that the token is for.
        public var audience: String
        /// Who the session stands for.
        public var sourceIdentity: SourceIdentity?
    }

    /// What the token has proved, and the provider that it was held against.
    public struct Evidence: Sendable {
        let assertion: Assertion
        let provider: StoredOIDCProvider
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { Resource(description: roleArn.text) }

    /// Does the slow part: asks the provider for its keys, if they are not at hand, and checks the token.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> Evidence {
        let (account, _) = try roleArn.role()
        guard providerId == nil else {
            throw .validation("ProviderId names an OAuth 2.0 provider: leave it out, and give an OpenID Connect token.")
        }
        let token: JWT
        do throws(FederationError) { token = try JWT(webIdentityToken.text) } catch { throw Fault(error) }
        guard let provider = try await authority.oidcProvider(of: token, in: account) else {
            throw Fault(.claimRefused(name: "iss", reason: "names no OpenID Connect provider of the role's account"))
        }
        let rules = TokenRules(issuer: provider.url, clientIDs: provider.clients.map(\.text))
        do throws(FederationError) {
            let assertion = try await authority.verifier.verify(token, rules, at: call.now.seconds)
            return Evidence(assertion: assertion, provider: provider)
        } catch {
            throw Fault(error)
        }
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ evidence: Evidence) throws(Fault) -> Output {
        let (account, roleName) = try roleArn.role()
        // The provider may have been changed while it was asked.
        let provider = try state.findOIDCProvider(evidence.provider.arn, in: account)
        guard let provider, provider.id == evidence.provider.id, provider.takes(evidence.assertion) else {
            throw .invalidIdentityToken("The provider was changed while it was asked: try again.", "provider_changed")
        }
        guard let role = try state.findRole(roleName, in: account), role.arn == roleArn else {
            throw .notAuthorized(toPerform: "sts:AssumeRoleWithWebIdentity", reason: "not_found")
        }
        var session = try session(provider, evidence.assertion)
        let keys = try keys(role, session, provider, evidence.assertion, call, state)
        if let action = try state.denied(session.actions, on: role, vouchedForBy: provider, keys) {
            throw .notAuthorized(toPerform: action, reason: "trust")
        }
        session.maker = LentSession.Maker(arn: provider.arn.text, id: provider.id, keys)
        session.managedPolicies = try state.sessionPolicies(policyArns ?? [], in: role.account)
        let credentials = try state.lend(
            of: role.id,
            in: role.account,
            for: Int64(try role.duration(durationSeconds)),
            mfa: nil,
            session: session,
            call
        )
        try note(evidence.assertion, provider, role, call, state)
        let lent = RoleSession(role: role, lent: session)
        return Output(
            credentials: credentials,
            subjectFromWebIdentityToken: evidence.assertion.subject,
            assumedRoleUser: AssumeRole.AssumedRoleUser(assumedRoleId: lent.userID, arn: lent.arn),
            packedPolicySize: passing(session).packedSize,
            provider: evidence.assertion.issuer,
            audience: evidence.assertion.clientID,
            sourceIdentity: session.sourceIdentity.map { SourceIdentity(checked: $0) }
        )
    }

    /// The session as it would be; tags and the source identity are what the token says.
    private func session(_ provider: StoredOIDCProvider, _ assertion: Assertion) throws(Fault) -> LentSession {
        var session = LentSession(
            .role,
            name: roleSessionName.text,
            source: provider.id,
            sourceAccount: provider.account.text
        )
        let claims = try SessionClaims(assertion)
        session.provider = provider.arn.text
        session.sourceIdentity = claims.sourceIdentity?.text
        session.tags = claims.tags
        session.transitiveKeys = claims.transitiveKeys.map { $0.lowercased() }.sorted()
        session.policy = policy?.text
        try passing(session).check()
        return session
    }

    private func passing(_ session: LentSession) -> SessionPassing {
        SessionPassing(policy: session.policy, policyArns: policyArns ?? [], tags: session.tags)
    }

    /// What the trust policy may ask about the call.
    private func keys(
        _ role: StoredRole,
        _ session: LentSession,
        _ provider: StoredOIDCProvider,
        _ assertion: Assertion,
        _ call: Call,
        _ state: borrowing State
    ) throws(Fault) -> RequestKeys {
        var keys = try state.keys(self, taking: role, in: session, for: durationSeconds, call)
        keys.add("aws:FederatedProvider", provider.arn.text)
        if !session.transitiveKeys.isEmpty { keys.set("sts:TransitiveTagKeys", many: session.transitiveKeys) }
        keys.add(assertion, of: provider)
        return keys
    }

    /// Tells the audit trail, and that of the role's account too.
    private func note(
        _ assertion: Assertion,
        _ provider: StoredOIDCProvider,
        _ role: StoredRole,
        _ call: Call,
        _ state: borrowing State
    ) throws(Fault) {
        state.notes.details.append((name: "session", value: roleSessionName.text))
        state.notes.details.append((name: "provider", value: provider.arn.text))
        state.notes.details.append((name: "provider_subject", value: assertion.subject))
        try state.record(Self.name, alsoFor: role, call)
    }
}

extension Authority {
    /// The account's provider that the token says it is from, if there is one; the transaction is over before anything is asked.
    fileprivate func oidcProvider(of token: JWT, in account: AccountID) async throws(Fault) -> StoredOIDCProvider? {
        guard let issuer = token.unverifiedIssuer,
            let address = WebAddress(issuer, reach: settings.providerReach)
        else { return nil }
        let found = try await read { state throws(Fault) in
            try state.findOIDCProvider(name: address.schemeless, in: account)
        }
        return found.flatMap { $0.url.utf8.elementsEqual(issuer.utf8) ? $0 : nil }
    }
}

extension StoredOIDCProvider {
    /// Whether the token's clients are still the provider's.
    fileprivate func takes(_ assertion: Assertion) -> Bool {
        (assertion.audiences + [assertion.clientID])
            .allSatisfy { name in
                clients.contains(ClientID(checked: name))
            }
    }
}
