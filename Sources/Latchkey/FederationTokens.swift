// FederationTokens.swift: lending some of a user's rights to somebody whom the user vouches for.
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyStore

/// Lends some of the caller's rights for a time to somebody under a name.
///
/// Without policies there are no rights: those that are passed and the caller's own must both allow. Only for long-term keys and
/// sessions of a login.
public struct GetFederationToken: STSAction {
    /// What the action does to the account.
    public static let access = Access.write
    /// The name.
    public var name: FederatedUserName
    /// A policy that grants of the caller's rights.
    public var policy: FederationPolicyText?
    /// Up to ten managed policies that grant of the caller's rights.
    public var policyArns: [PolicyDescriptor]?
    /// How long the credentials live; 43,200 seconds unless given.
    ///
    /// Those that root makes live an hour at most.
    public var durationSeconds: FederationDuration?
    /// Tags of the session, over the user's own.
    public var tags: [Tag]?

    /// Makes the action.
    public init(
        name: FederatedUserName,
        policy: FederationPolicyText? = nil,
        policyArns: [PolicyDescriptor]? = nil,
        durationSeconds: FederationDuration? = nil,
        tags: [Tag]? = nil
    ) {
        self.name = name
        self.policy = policy
        self.policyArns = policyArns
        self.durationSeconds = durationSeconds
        self.tags = tags
    }

    /// The credentials, and who they are for.
    public struct Output: Codable, Sendable {
        /// The credentials.
        public var credentials: TemporaryCredentials
        /// Who they are for.
        public var federatedUser: FederatedUser
        /// How full the room for policies and tags is, in percent; missing when none were passed.
        public var packedPolicySize: Int?
    }

    /// A federated user by its names.
    public struct FederatedUser: Codable, Sendable, Equatable {
        /// The account and the name.
        public var federatedUserId: String
        /// The ARN.
        public var arn: ARN
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource {
        Resource(description: FederatedSession.arn(name.text, in: call.account).text)
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let issuer = try state.subject(nil, call)
        let passing = SessionPassing(policy: policy?.text, policyArns: policyArns ?? [], tags: tags ?? [])
        try passing.check()
        var session = LentSession(
            .federated,
            name: name.text,
            source: issuer.id,
            sourceAccount: issuer.account.text
        )
        session.policy = policy?.text
        session.managedPolicies = try state.sessionPolicies(policyArns ?? [], in: issuer.account)
        session.tags = tags ?? []
        var duration = durationSeconds?.count ?? GetSessionToken.standardDuration
        if issuer.isRoot { duration = min(duration, GetSessionToken.rootDuration) }
        let credentials = try state.lend(
            of: issuer.id,
            in: issuer.account,
            for: Int64(duration),
            mfa: nil,
            session: session,
            call
        )
        let federated = FederatedSession(issuer: issuer, lent: session)
        return Output(
            credentials: credentials,
            federatedUser: FederatedUser(federatedUserId: federated.userID, arn: federated.arn),
            packedPolicySize: passing.packedSize
        )
    }
}

extension GetFederationToken: KeyedAction {
    func addKeys(to keys: inout RequestKeys, _ target: Target, _ state: borrowing State) throws(Fault) {
        keys.addRequested(tags)
        keys.add("sts:DurationSeconds", durationSeconds.map { "\($0.count)" })
    }
}
