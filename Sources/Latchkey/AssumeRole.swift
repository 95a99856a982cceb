// AssumeRole.swift: taking a role: its rights for a time, for those whom it trusts.
import LatchkeyOTP
import LatchkeyPolicy
import LatchkeyStore

/// Lends the caller a role's rights for a time, in the place of their own.
///
/// The role may be of another account. Its trust policy and the caller's own policies decide, after the second factor that is
/// given was proved. Fails with `AccessDenied`, whether or not there is such a role.
public struct AssumeRole: STSAction {
    /// What the action does to the account.
    ///
    /// Who may is decided in the work itself: the trust policy has a say, and the code that is given counts in it.
    public static let access = Access.authenticated
    /// Failures that were counted stay counted.
    public static let keepsRefusal = true
    /// The role.
    public var roleArn: ARN
    /// The session's name.
    public var roleSessionName: RoleSessionName
    /// Up to ten managed policies of the role's account that narrow the session.
    public var policyArns: [PolicyDescriptor]?
    /// A policy that narrows the session.
    public var policy: SessionPolicyText?
    /// How long the session lasts: up to the role's own maximum, and up to an hour from one role to the next; an hour unless given.
    public var durationSeconds: RoleDuration?
    /// Tags of the session, over the role's own.
    public var tags: [Tag]?
    /// Keys of these tags that go on to the sessions that this one makes.
    public var transitiveTagKeys: [TagKey]?
    /// What the role's owner told the caller to say.
    public var externalId: ExternalID?
    /// The caller's device; together with a code.
    public var serialNumber: SerialNumber?
    /// The device's present code.
    public var tokenCode: TokenCode?
    /// Who the session stands for; it stays so along a chain.
    public var sourceIdentity: SourceIdentity?
    /// Assertions of a context provider; there is none here, so none is taken.
    public var providedContexts: [ProvidedContext]?

    /// An assertion of a context provider.
    public struct ProvidedContext: Codable, Sendable, Equatable {
        /// The provider.
        public var providerArn: ARN?
        /// What it asserts.
        public var contextAssertion: ContextAssertion?
    }

    /// Makes the action.
    public init(
        roleArn: ARN,
        roleSessionName: RoleSessionName,
        policyArns: [PolicyDescriptor]? = nil,
        policy: SessionPolicyText? = nil,
        durationSeconds: RoleDuration? = nil,
        tags: [Tag]? = nil,
        transitiveTagKeys: [TagKey]? = nil,
        externalId: ExternalID? = nil,
        serialNumber: SerialNumber? = nil,
        tokenCode: TokenCode? = nil,
        sourceIdentity: SourceIdentity? = nil
    ) {
        self.roleArn = roleArn
        self.roleSessionName = roleSessionName
        self.policyArns = policyArns
        self.policy = policy
        self.durationSeconds = durationSeconds
        self.tags = tags
        self.transitiveTagKeys = transitiveTagKeys
        self.externalId = externalId
        self.serialNumber = serialNumber
        self.tokenCode = tokenCode
        self.sourceIdentity = sourceIdentity
    }

    /// The credentials, and who they make of the caller.
    public struct Output: Codable, Sendable {
        /// The credentials.
        public var credentials: TemporaryCredentials
        /// Who the caller is with them.
        public var assumedRoleUser: AssumedRoleUser
        /// How full the room for policies and tags is, in percent; missing when none were passed.
        public var packedPolicySize: Int?
        /// Who the session stands for.
        public var sourceIdentity: SourceIdentity?
    }

    /// A session of a role by its names.
    public struct AssumedRoleUser: Codable, Sendable, Equatable {
        /// The role's identifier and the session's name.
        public var assumedRoleId: String
        /// The session's ARN.
        public var arn: ARN
    }

    private static let longestInChain = 3_600

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { Resource(description: roleArn.text) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        let maker = try maker(of: call)
        let (account, roleName) = try roleArn.role()
        guard providedContexts?.isEmpty ?? true else {
            throw .validation("There is no context provider here: leave out ProvidedContexts.")
        }
        let mfa = try state.secondFactor(serialNumber, tokenCode, call)
        guard let role = try state.findRole(roleName, in: account), role.arn == roleArn else {
            throw denial("sts:AssumeRole", call, reason: "not_found")
        }
        var session = try session(maker, call)
        let keys = try keys(role, session, mfa, call, state)
        if let action = try state.denied(session.actions, on: role, to: call.caller, keys) {
            throw denial(action, call, reason: "trust")
        }
        session.maker = LentSession.Maker(
            arn: maker.arn,
            id: maker.id,
            keys
        )
        session.managedPolicies = try state.sessionPolicies(policyArns ?? [], in: role.account)
        let credentials = try state.lend(
            of: role.id,
            in: role.account,
            for: Int64(try duration(role, call)),
            mfa: mfa,
            session: session,
            call
        )
        try note(role, call, state)
        let lent = RoleSession(role: role, lent: session)
        return Output(
            credentials: credentials,
            assumedRoleUser: AssumedRoleUser(assumedRoleId: lent.userID, arn: lent.arn),
            packedPolicySize: passing(session).packedSize,
            sourceIdentity: session.sourceIdentity.map { SourceIdentity(checked: $0) }
        )
    }

    /// Who asks: an IAM user, or somebody who took a role; root takes none.
    private func maker(of call: Call) throws(Fault) -> (arn: String, id: String, source: (id: String, account: String))
    {
        switch call.caller.identity {
        case .user(let user): return (user.arn.text, user.id, (user.id, user.account.text))
        case .assumedRole(let session):
            return (session.arn.text, session.roleID, (session.lent.source, session.lent.sourceAccount))
        case .root, .local: throw .accessDenied("Roles may not be assumed by root accounts.", reason: "root")
        case .anonymous, .federated: throw denial("sts:AssumeRole", call, reason: "credential_kind")
        }
    }

    /// The session as it would be, with what it inherits; fails with `InvalidParameterValue` and `PackedPolicyTooLarge`.
    private func session(
        _ maker: (arn: String, id: String, source: (id: String, account: String)),
        _ call: Call
    ) throws(Fault) -> LentSession {
        var session = LentSession(
            .role,
            name: roleSessionName.text,
            source: maker.source.id,
            sourceAccount: maker.source.account
        )
        let parent = call.caller.lent
        session.certificate = parent?.certificate
        session.sourceIdentity = sourceIdentity?.text ?? parent?.sourceIdentity
        if let old = parent?.sourceIdentity, session.sourceIdentity != old {
            throw .accessDenied("The source identity is \(old) since it was set, and cannot be changed.")
        }
        let inherited = (parent?.tags ?? []).filter { parent?.transitiveKeys.contains($0.key.lowercased()) ?? false }
        let tags = tags ?? []
        let keys = Set(inherited.map { $0.key.lowercased() })
        if let tag = tags.first(where: { keys.contains($0.key.lowercased()) }) {
            throw .invalidParameter("The tag \(tag.key.escapedForDisplay) is inherited, and cannot be set anew.")
        }
        session.tags = inherited + tags
        session.policy = policy?.text
        try passing(session).check()
        let own = Set(tags.map { $0.key.lowercased() })
        let transitive = (transitiveTagKeys ?? []).map { $0.text.lowercased() }
        guard transitive.count <= 50 else { throw .tooLong("transitiveTagKeys", most: 50) }
        guard transitive.allSatisfy(own.contains) else {
            throw .invalidParameter("The specified transitive tag key must be included in the requested tags.")
        }
        session.transitiveKeys = keys.union(transitive).sorted()
        return session
    }

    private func passing(_ session: LentSession) -> SessionPassing {
        SessionPassing(policy: session.policy, policyArns: policyArns ?? [], tags: session.tags)
    }

    /// What the policies may ask about the call.
    private func keys(
        _ role: StoredRole,
        _ session: LentSession,
        _ mfa: UnixTime?,
        _ call: Call,
        _ state: borrowing State
    ) throws(Fault) -> RequestKeys {
        var keys = try state.keys(self, taking: role, in: session, for: durationSeconds, call)
        keys.add("sts:ExternalId", externalId?.text)
        if let transitiveTagKeys { keys.set("sts:TransitiveTagKeys", many: transitiveTagKeys.map(\.text)) }
        if tokenCode != nil, mfa != nil {
            keys.add("aws:MultiFactorAuthPresent", "true")
            keys.add("aws:MultiFactorAuthAge", "0")
        }
        return keys
    }

    /// How long the session lasts; fails with `ValidationError` beyond the role's maximum, and beyond an hour in a chain.
    private func duration(_ role: StoredRole, _ call: Call) throws(Fault) -> Int {
        if case .assumedRole = call.caller.identity, let wanted = durationSeconds?.count, wanted > Self.longestInChain {
            throw .validation(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
            )
        }
        return try role.duration(durationSeconds)
    }

    /// Tells the audit trail, and that of the role's account too.
    private func note(_ role: StoredRole, _ call: Call, _ state: borrowing State) throws(Fault) {
        state.notes.details.append((name: "session", value: roleSessionName.text))
        if let sourceIdentity { state.notes.details.append((name: "source_identity", value: sourceIdentity.text)) }
        try state.record(Self.name, alsoFor: role, call)
    }

    private func denial(_ action: String, _ call: Call, reason: String) -> Fault {
        .accessDenied(
            "User: \(call.caller.auditName) is not authorized to perform: \(action) on resource: \(roleArn)",
            reason: reason
        )
    }
}

extension State {
    /// When the second factor was proved: now, if the caller's device and its code are given and right; earlier, or not at all.
    ///
    /// A wrong code is `AccessDenied`, as in AWS, and counts.
    borrowing func secondFactor(
        _ serial: SerialNumber?,
        _ code: TokenCode?,
        _ call: Call
    ) throws(Fault) -> UnixTime? {
        guard serial != nil || code != nil else { return call.caller.lent == nil ? call.caller.mfa : nil }
        guard let serial, let code else {
            throw .validation("Both serialNumber and tokenCode must be given, or neither.")
        }
        let refusal = { (reason: String) in
            Fault.accessDenied("MultiFactorAuthentication failed with invalid MFA one time pass code.", reason: reason)
        }
        guard call.caller.lent == nil else { throw refusal("no_device") }
        let caller = try subject(nil, call)
        let spent = try refusingDamage(as: refusal) { () throws(Fault) in
            try changeCredentials(of: caller) { credentials throws(Fault) in
                try spend(code.text, credentials.devices.filter { $0.serial == serial }, at: call.now)
            }
        }
        guard let spent else { throw refusal(notes.refusal ?? "wrong_code") }
        notes.factors.append(spent.device.parameters.kind.rawValue)
        return call.now
    }
}
