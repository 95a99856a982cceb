// Guard.swift: whether the caller may do this: the account's walls, root, what a credential's kind may call, then policies.
import LatchkeyPolicy
import LatchkeyStore

extension State {
    /// Fails with `AccessDenied` unless the caller may perform the action.
    borrowing func authorize<A: Action>(_ action: A, _ call: Call) throws(Fault) {
        // What is open to anyone names its subject itself, once it knows that there is such a one.
        if A.access == .open { return }
        let target = try target(action.resource(call), in: call.account)
        notes.subject = target.arn
        let denial =
            "User: \(call.caller.auditName) is not authorized to perform: \(A.permission) on resource: \(target.arn)"
        guard call.caller.account == call.account else { throw .accessDenied(denial) }
        guard call.caller.mayCall(A.self) else {
            throw .accessDenied("\(denial) with this kind of temporary credential", reason: "credential_kind")
        }
        if call.caller.isRoot { return }
        guard !target.isOfRoot || A.mayConcernRoot else {
            throw .accessDenied("\(denial): what is the root user's is changed by root alone", reason: "root")
        }
        if A.access == .authenticated { return }
        try permit(A.permission, on: target, action, call, isOwn: action.isGranted(call, self))
        guard let action = action as? any FurtherPermitted else { return }
        for (permission, target) in try action.furtherPermissions(call, target, self) {
            try permit(permission, on: target, action, call, isOwn: false)
        }
    }

    /// Fails with `AccessDenied` unless the policies let the caller do this for the sake of the action.
    private borrowing func permit(
        _ permission: String,
        on target: Target,
        _ action: some Action,
        _ call: Call,
        isOwn: Bool
    ) throws(Fault) {
        let keys = try requestKeys(action, on: target, call)
        let decision = try decide(permission, on: target.arn, keys, call, isOwn: isOwn)
        guard !decision.isAllowed else { return }
        let denial =
            "User: \(call.caller.auditName) is not authorized to perform: \(permission) on resource: \(target.arn)"
        throw .accessDenied(
            "\(denial) \(decision.because(permission))",
            reason: decision.outcome == .explicitDeny ? "explicit_deny" : "implicit_deny"
        )
    }

    /// What the policies say to the caller's request; from what is the caller's own right only a denial takes it away.
    private borrowing func decide(
        _ permission: String,
        on resource: String,
        _ keys: RequestKeys,
        _ call: Call,
        isOwn: Bool
    ) throws(Fault) -> Decision {
        guard var policies = try policySet(of: call.caller), let principal = call.caller.policyPrincipal else {
            throw .accessDenied("\(call.caller.auditName) has no policies that could allow it")
        }
        if isOwn { policies.resource = .ownRight }
        do throws(RequestError) {
            return policies.decide(
                try AccessRequest(
                    principal: principal,
                    action: permission,
                    resource: resource,
                    resourceAccount: call.account.text,
                    keys: keys
                )
            )
        } catch {
            // What cannot even be asked is not allowed.
            throw .accessDenied("the request cannot be held against policies: \(error.description)")
        }
    }
}

extension CompiledPolicy {
    /// Says of what is everyone's own right what a resource's policy would say that names them.
    fileprivate static let ownRight: CompiledPolicy? = {
        let text =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#
        return (try? PolicyDocument(text, kind: .resource, use: .deciding))
            .map { CompiledPolicy($0, name: "own right") }
    }()
}

extension Action {
    /// Whether the action may be done to root's own by others: looking, and spending a code, which gives nobody a right.
    fileprivate static var mayConcernRoot: Bool { isReadOnly || Self.self == VerifyOneTimeCode.self }
}

extension Caller {
    /// What a credential's kind may call at all.
    ///
    /// A temporary credential of `GetSessionToken` calls IAM only when it was made with a second factor, and of STS only
    /// `GetCallerIdentity` and `AssumeRole`. One of a role calls all but `GetSessionToken` and `GetFederationToken`. One of a
    /// federated user calls nothing of IAM, and of STS only `GetCallerIdentity`.
    fileprivate func mayCall<A: Action>(_ action: A.Type) -> Bool {
        guard case .temporary = credential else { return true }
        switch (identity, A.service) {
        case (.assumedRole, .iam), (.assumedRole, .latchkey): return true
        case (.assumedRole, .sts): return !["GetSessionToken", "GetFederationToken"].contains(A.name)
        case (.federated, .sts): return A.name == GetCallerIdentity.name
        case (.federated, .iam), (.federated, .latchkey): return false
        case (_, .iam), (_, .latchkey): return mfa != nil
        case (_, .sts): return [GetCallerIdentity.name, AssumeRole.name].contains(A.name)
        }
    }
}
