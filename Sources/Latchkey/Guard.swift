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
        let denial = call.denial(A.permission, on: target)
        guard call.caller.account == call.account else { throw .accessDenied(denial) }
        guard call.caller.mayCall(A.self) else {
            throw .accessDenied("\(denial) with this kind of temporary credential", reason: "credential_kind")
        }
        if A.access == .authenticated || call.caller.isRoot { return }
        let keys = try requestKeys(action, on: target, call)
        try require(A.permission, on: target, keys, call, isOwn: action.isGranted(call, self))
        guard let action = action as? any FurtherPermissions else { return }
        for permission in action.furtherPermissions(call) {
            let target = try self.target(permission.resource, in: call.account)
            var keys = try requestKeys(action, on: target, call)
            for (name, value) in permission.keys { keys.add(name, value) }
            try require(permission.name, on: target, keys, call)
        }
    }

    /// Fails with `AccessDenied` unless the policies allow it, or it is the caller's own right and they do not deny it.
    private borrowing func require(
        _ permission: String,
        on target: Target,
        _ keys: RequestKeys,
        _ call: Call,
        isOwn: Bool = false
    ) throws(Fault) {
        let decision = try decide(permission, on: target.arn, keys, call, isOwn: isOwn)
        guard decision.isAllowed else {
            throw .accessDenied(
                "\(call.denial(permission, on: target)) \(decision.because(permission))",
                reason: decision.outcome == .explicitDeny ? "explicit_deny" : "implicit_deny"
            )
        }
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

/// An action that its own permission alone does not allow.
protocol FurtherPermissions: Action {
    /// What the caller must be allowed besides.
    func furtherPermissions(_ call: Call) -> [FurtherPermission]
}

/// A permission that an action needs besides its own.
struct FurtherPermission {
    /// The permission, such as `iam:PassRole`.
    let name: String
    /// What it is about.
    let resource: Resource
    /// What policies may ask about it, over what they may ask about every call.
    let keys: [(name: String, value: String)]

    /// A role is handed to a service, which will act with its rights.
    static func passRole(_ role: Resource, to service: String, for associated: String) -> FurtherPermission {
        FurtherPermission(
            name: "iam:PassRole",
            resource: role,
            keys: [("iam:PassedToService", service), ("iam:AssociatedResourceArn", associated)]
        )
    }
}

extension Call {
    fileprivate func denial(_ permission: String, on target: Target) -> String {
        "User: \(caller.auditName) is not authorized to perform: \(permission) on resource: \(target.arn)"
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
