// Guard.swift: whether the caller may do this: the account's walls, root, what a credential's kind may call, then policies.
import LatchkeyStore

extension State {
    /// Fails with `AccessDenied` unless the caller may perform the action.
    borrowing func authorize<A: Action>(_ action: A, _ call: Call) throws(Fault) {
        // What is open to anyone names its subject itself, once it knows that there is such a one.
        if A.access == .open { return }
        let resource = try action.resource(call)
        notes.subject = resource.description
        let target = try target(resource, in: call.account)
        notes.subject = target.arn
        let denial =
            "User: \(call.caller.auditName) is not authorized to perform: \(A.permission) on resource: \(target.arn)"
        guard call.caller.account == call.account else { throw .accessDenied(denial) }
        guard call.caller.mayCall(A.self) else {
            throw .accessDenied("\(denial) with this kind of temporary credential", reason: "credential_kind")
        }
        if A.access == .authenticated || call.caller.isRoot { return }
        if try action.isGranted(call, self) { return }
        throw .accessDenied("\(denial) because no identity-based policy allows the \(A.permission) action")
    }
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
