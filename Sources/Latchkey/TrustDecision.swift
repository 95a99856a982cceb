// TrustDecision.swift: whether somebody may take a role: its trust policy and the caller's own policies, asked together.
import LatchkeyPolicy
import LatchkeyStore

extension State {
    /// The first of the actions that the caller may not do with the role; `nil` when all are allowed.
    ///
    /// The trust policy must let the caller in. Naming the caller or the caller's role is enough in the role's own account; naming
    /// the account, or a caller of another account, leaves the last word to the caller's own policies. Errors deny.
    borrowing func denied(
        _ actions: [String],
        on role: StoredRole,
        to caller: Caller,
        _ keys: RequestKeys
    ) throws(Fault) -> String? {
        guard let principal = caller.policyPrincipal, var policies = try policySet(of: caller) else {
            return actions.first
        }
        policies.trust = try compiledTrust(of: role)
        return policies.denied(actions, on: role, to: principal, keys)
    }

    /// The first of the actions that somebody may not do with the role for whom a provider vouches; `nil` when all are allowed.
    borrowing func denied(
        _ actions: [String],
        on role: StoredRole,
        vouchedForBy provider: StoredOIDCProvider,
        _ keys: RequestKeys
    ) throws(Fault) -> String? {
        var policies = PolicySet()
        policies.trust = try compiledTrust(of: role)
        return policies.denied(actions, on: role, to: .federated(provider.arn.text), keys)
    }

    /// The first of the actions that the holder of a certificate may not do with the role; `nil` when all are allowed.
    ///
    /// The trust policy speaks of the service that asks in the holder's name, as AWS has it.
    borrowing func denied(
        _ actions: [String],
        on role: StoredRole,
        toHolderBy keys: RequestKeys
    ) throws(Fault) -> String? {
        var policies = PolicySet()
        policies.trust = try compiledTrust(of: role)
        return policies.denied(actions, on: role, to: .certificates, keys)
    }

    /// Whether the role's trust policy would still let in whoever made the session, asked as it was then.
    borrowing func trusts(
        _ role: StoredRole,
        _ maker: LentSession.Maker,
        _ session: LentSession
    ) throws(Fault) -> Bool {
        let principal =
            session.isByCertificate == true
            ? .certificates : session.provider.map(RequestPrincipal.federated) ?? maker.principal
        guard let principal else { return false }
        var policies = PolicySet()
        // What the maker's own policies said was asked then; it is the role's turn to withdraw its trust.
        policies.identity = [try PolicyText.everything.compiled(as: .identity, named: "everything")]
        policies.trust = try compiledTrust(of: role)
        return policies.denied(session.actions, on: role, to: principal, maker.keys) == nil
    }
}

extension PolicySet {
    /// The first of the actions that is not allowed; what cannot even be asked is not.
    fileprivate func denied(
        _ actions: [String],
        on role: StoredRole,
        to principal: RequestPrincipal,
        _ keys: RequestKeys
    ) -> String? {
        actions.first { action in
            let request = try? AccessRequest(
                principal: principal,
                action: action,
                resource: role.arn.text,
                keys: keys
            )
            return request.map { !decide($0).isAllowed } ?? true
        }
    }
}

extension RequestPrincipal {
    /// The service that asks in the name of those who hold certificates.
    fileprivate static let certificates = service(TrustedCertificates.service)
}

extension LentSession {
    /// What somebody needs to be allowed to make such a session of a role.
    var actions: [String] {
        var actions = [provider == nil ? "sts:AssumeRole" : "sts:AssumeRoleWithWebIdentity"]
        if !tags.isEmpty { actions.append("sts:TagSession") }
        if sourceIdentity != nil { actions.append("sts:SetSourceIdentity") }
        return actions
    }
}

extension LentSession.Maker {
    init(arn: String, id: String, _ keys: RequestKeys) {
        self.init(
            arn: arn,
            id: id,
            context: keys.values.map { name, values, isMany in
                isMany ? Key(name: name, values: values) : Key(name: name, value: values.first)
            }
        )
    }

    fileprivate var principal: RequestPrincipal? { try? RequestPrincipal(arn: arn, id: id) }

    fileprivate var keys: RequestKeys {
        var keys = RequestKeys()
        for key in context {
            keys.add(key.name, key.value)
            if let values = key.values { keys.set(key.name, many: values) }
        }
        return keys
    }
}

extension Caller {
    /// The caller as the policies' engine knows them; `nil` for nobody, and for whoever acts on the store itself.
    var policyPrincipal: RequestPrincipal? {
        switch identity {
        case .anonymous, .local, .root: nil
        case .user(let user): try? RequestPrincipal(arn: user.arn.text, id: user.id)
        case .assumedRole(let session): try? RequestPrincipal(arn: session.arn.text, id: session.roleID)
        case .federated(let session): try? RequestPrincipal(arn: session.arn.text, issuer: session.issuer.arn.text)
        }
    }
}

extension Caller {
    /// The caller's ARN; `nil` for nobody.
    ///
    /// Whoever may read the store acts as root.
    var arn: ARN? {
        switch identity {
        case .anonymous: nil
        case .local, .root: account.map { ARN(checked: "arn:aws:iam::\($0):root") }
        case .user(let user): user.arn
        case .assumedRole(let session): session.arn
        case .federated(let session): session.arn
        }
    }

    /// The unique identifier of the user, or of the session's role.
    var principalID: String? {
        switch identity {
        case .anonymous, .local, .root, .federated: nil
        case .user(let user): user.id
        case .assumedRole(let session): session.roleID
        }
    }
}

extension PolicyText {
    fileprivate static let everything = PolicyText(
        checked: """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}
            """
    )
}
