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
        _ context: RequestContext
    ) throws(Fault) -> String? {
        guard let principal = caller.policyPrincipal, let documents = try policyDocuments(of: caller) else {
            return actions.first
        }
        var policies = PolicySet()
        for document in documents.identity { policies.identity.append(try compiled(document, .identity)) }
        for document in documents.groups { policies.groups.append(try compiled(document, .identity)) }
        if let boundary = documents.boundary { policies.boundary = try compiled(boundary, .boundary) }
        for document in documents.session { policies.session.append(try compiled(document, .session)) }
        policies.trust = try compiledTrust(of: role)
        return denied(actions, on: role, to: principal, context, policies)
    }

    /// Whether the role's trust policy would still let in whoever made the session, asked as it was then.
    borrowing func trusts(
        _ role: StoredRole,
        _ maker: LentSession.Maker,
        _ session: LentSession
    ) throws(Fault) -> Bool {
        guard let principal = try? RequestPrincipal(arn: maker.arn, id: maker.id) else { return false }
        var policies = PolicySet()
        // What the maker's own policies said was asked then; it is the role's turn to withdraw its trust.
        policies.identity = [try compile("all", PolicyText.everything, .identity)]
        policies.trust = try compiledTrust(of: role)
        return denied(session.actions, on: role, to: principal, maker.requestContext, policies) == nil
    }

    private borrowing func denied(
        _ actions: [String],
        on role: StoredRole,
        to principal: RequestPrincipal,
        _ context: RequestContext,
        _ policies: PolicySet
    ) -> String? {
        let keys = context.requestKeys
        return actions.first { action in
            let request = try? AccessRequest(
                principal: principal,
                action: action,
                resource: role.arn.text,
                keys: keys
            )
            guard let request else { return true }
            return !policies.decide(request).isAllowed
        }
    }

    private borrowing func compiledTrust(of role: StoredRole) throws(Fault) -> CompiledPolicy {
        try compile("trust", try decidingTrust(of: role), .trust)
    }

    private borrowing func compiled(_ document: PolicyDocument, _ kind: PolicyKind) throws(Fault) -> CompiledPolicy {
        try compile(document.name.text, try text(of: document), kind)
    }

    /// Compiles a policy that was checked when it was kept; one that is none denies with the whole question.
    private borrowing func compile(
        _ name: String,
        _ text: PolicyText,
        _ kind: PolicyKind
    ) throws(Fault) -> CompiledPolicy {
        do throws(PolicyError) {
            return CompiledPolicy(
                try LatchkeyPolicy.PolicyDocument(text.text, kind: kind, use: .deciding),
                name: name
            )
        } catch {
            throw .accessDenied("The policy \(name) cannot be evaluated: \(error.message)", reason: "policy")
        }
    }
}

extension LentSession {
    /// What somebody needs to be allowed to make such a session of a role.
    var actions: [String] {
        var actions = ["sts:AssumeRole"]
        if !tags.isEmpty { actions.append("sts:TagSession") }
        if sourceIdentity != nil { actions.append("sts:SetSourceIdentity") }
        return actions
    }
}

extension LentSession.Maker {
    init(arn: String, id: String, _ context: RequestContext) {
        self.init(
            arn: arn,
            id: id,
            context: context.keys.map { key in
                switch key.values {
                case .one(let value): Key(name: key.name, value: value)
                case .many(let values): Key(name: key.name, values: values)
                }
            }
        )
    }

    fileprivate var requestContext: RequestContext {
        var context = RequestContext()
        for key in self.context {
            context.add(key.name, key.value)
            if let values = key.values { context.add(key.name, many: values) }
        }
        return context
    }
}

extension RequestContext {
    /// The keys as the policies' engine takes them; of two of one name the later counts.
    fileprivate var requestKeys: RequestKeys {
        var request = RequestKeys()
        for key in keys {
            switch key.values {
            case .one(let value): request.set(key.name, value)
            case .many(let values): request.set(key.name, many: values)
            }
        }
        return request
    }
}

extension Caller {
    /// The caller as the policies' engine knows them; `nil` for nobody, and for whoever acts on the store itself.
    fileprivate var policyPrincipal: RequestPrincipal? {
        switch identity {
        case .anonymous, .local, .root: nil
        case .user(let user): try? RequestPrincipal(arn: user.arn.text, id: user.id)
        case .assumedRole(let session): try? RequestPrincipal(arn: session.arn.text, id: session.roleID)
        case .federated(let session): try? RequestPrincipal(arn: session.arn.text, issuer: session.issuer.arn.text)
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
