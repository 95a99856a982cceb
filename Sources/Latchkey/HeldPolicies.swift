// HeldPolicies.swift: the policies that decide about a caller: which they are at once, their texts when they are asked for.
import LatchkeyStore

/// The policies that decide about a principal, layer by layer.
struct HeldPolicies {
    /// The user's own: inline and attached.
    var identity: [HeldPolicy] = []
    /// Those of the user's groups: inline and attached.
    var groups: [HeldPolicy] = []
    /// What bounds them, if anything does.
    var boundary: HeldPolicy?
    /// What was passed for the session; empty when nothing was, which leaves a role's session all that the role may.
    var session: [HeldPolicy] = []
}

/// One policy that decides.
struct HeldPolicy {
    /// Where the text is.
    fileprivate enum Place {
        case inline(holder: String)
        case managed(policy: String, version: Int64)
        case passed(PolicyText)
    }

    /// The name.
    let name: PolicyName
    /// The ARN of a managed policy; none of an inline one.
    let arn: ARN?
    /// Whom the policy hangs on.
    let holder: PolicyHolder
    /// What tells the text from every other: what was made of it may be kept under this for ever.
    let id: DocumentID
    fileprivate let place: Place
}

extension State {
    /// The policies that decide about the principal now; fails with `StoreDamaged` when a seal does not fit.
    ///
    /// Four queries, and no text is read: a policy that was compiled before is found by its `id`.
    borrowing func heldPolicies(of principal: Principal) throws(Fault) -> HeldPolicies {
        let user = PolicyHolder(principal)
        let (own, groups) = try permissions(withGroupsOf: user)
        return HeldPolicies(
            identity: own.documents(of: user),
            groups: groups.flatMap { $0.permissions.documents(of: $0.holder) },
            boundary: own.boundary.map { HeldPolicy($0, of: user) }
        )
    }

    /// The policies that hang on one holder alone.
    borrowing func heldPolicies(of holder: PolicyHolder) throws(Fault) -> HeldPolicies {
        let permissions = try permissions(of: holder)
        return HeldPolicies(
            identity: permissions.documents(of: holder),
            boundary: permissions.boundary.map { HeldPolicy($0, of: holder) }
        )
    }

    /// The policies that decide about the caller now; `nil` for one about whom none do.
    ///
    /// A federated user has the user's own policies, and root's has all there is; without passed policies neither has any right.
    borrowing func heldPolicies(of caller: Caller) throws(Fault) -> HeldPolicies? {
        switch caller.identity {
        case .anonymous, .local, .root: return nil
        case .user(let principal): return try heldPolicies(of: principal)
        case .assumedRole(let session):
            let holder = PolicyHolder(session.role)
            var held = try heldPolicies(of: holder)
            held.session = try sessionPolicies(of: session.lent, holder)
            return held
        case .federated(let session):
            let holder = PolicyHolder(session.issuer)
            var held = HeldPolicies()
            if session.issuer.isRoot {
                held.identity = PredefinedPolicy.all.prefix(1).map { HeldPolicy($0.attached, of: holder) }
            } else {
                held = try heldPolicies(of: session.issuer)
            }
            held.session = try sessionPolicies(of: session.lent, holder)
            return held
        }
    }

    /// The policy's text; fails with `StoreDamaged` when it is not the one that was sealed.
    borrowing func text(of document: HeldPolicy) throws(Fault) -> PolicyText {
        switch document.place {
        case .inline(let holder): try inlineText(document.name, of: holder, document.id)
        case .managed(let policy, let version): try policyText(policy, version, document.id)
        case .passed(let text): text
        }
    }
}

extension Permissions {
    /// The policies that grant and deny.
    fileprivate func documents(of holder: PolicyHolder) -> [HeldPolicy] {
        let inline = inline.map {
            HeldPolicy(name: $0.name, arn: nil, holder: holder, id: $0.document, place: .inline(holder: holder.id))
        }
        return inline + attached.map { HeldPolicy($0, of: holder) }
    }
}

extension HeldPolicy {
    /// A policy whose text was passed with a call.
    init(passed text: PolicyText, _ holder: PolicyHolder) {
        self.init(
            name: PolicyName(checked: "session"),
            arn: nil,
            holder: holder,
            id: DocumentID(of: text),
            place: .passed(text)
        )
    }

    init(_ attached: AttachedDocument, of holder: PolicyHolder) {
        self.init(
            name: attached.arn.policyName,
            arn: attached.arn,
            holder: holder,
            id: attached.document,
            place: .managed(policy: attached.id, version: attached.version)
        )
    }
}
