// HeldPolicies.swift: the policies that decide about a user: which they are at once, their texts when they are asked for.
import LatchkeyStore

/// The policies that decide about a principal, layer by layer.
struct HeldPolicies {
    /// The user's own: inline and attached.
    var identity: [HeldPolicy] = []
    /// Those of the user's groups: inline and attached.
    var groups: [HeldPolicy] = []
    /// What bounds them, if anything does.
    var boundary: HeldPolicy?
}

/// One policy that decides.
struct HeldPolicy {
    /// Where the text is.
    fileprivate enum Place {
        case inline(holder: String)
        case managed(policy: String, version: Int64)
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

    /// The policy's text; fails with `StoreDamaged` when it is not the one that was sealed.
    borrowing func text(of document: HeldPolicy) throws(Fault) -> PolicyText {
        switch document.place {
        case .inline(let holder): try inlineText(document.name, of: holder, document.id)
        case .managed(let policy, let version): try policyText(policy, version, document.id)
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
    fileprivate init(_ attached: AttachedDocument, of holder: PolicyHolder) {
        self.init(
            name: attached.arn.policyName,
            arn: attached.arn,
            holder: holder,
            id: attached.document,
            place: .managed(policy: attached.id, version: attached.version)
        )
    }
}
