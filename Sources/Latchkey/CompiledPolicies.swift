// CompiledPolicies.swift: policies that were made ready once, kept under what can never change.
import LatchkeyPolicy
import Synchronization

/// The policies that were compiled, by the digest of their texts.
///
/// A text under a digest is always the same: whoever changes a policy, on whatever server, changes the digest that the store
/// names, and so what is asked for here. Nothing in here can be out of date.
final class CompiledPolicies: Sendable {
    /// What tells a compiled policy from every other.
    struct Key: Hashable {
        let text: DocumentID
        let name: String
        let kind: PolicyKind
    }

    /// More than most accounts have; all are dropped when there are more, which costs their compilation once.
    private static let most = 8_192

    private let policies = Mutex<[Key: CompiledPolicy]>([:])

    subscript(key: Key) -> CompiledPolicy? { policies.withLock { $0[key] } }

    func keep(_ policy: CompiledPolicy, as key: Key) {
        policies.withLock { policies in
            if policies.count >= Self.most { policies = [:] }
            policies[key] = policy
        }
    }
}

extension PolicyText {
    /// The policy, ready to be asked; fails with `StoreDamaged` if the text is none, for such a text is never kept.
    func compiled(as kind: PolicyKind, named name: String) throws(Fault) -> CompiledPolicy {
        do throws(PolicyError) {
            return CompiledPolicy(try PolicyDocument(text, kind: kind, use: .deciding), name: name)
        } catch {
            throw .damaged("a policy")
        }
    }
}

extension HeldPolicy {
    /// What explanations call the policy.
    var source: String { arn?.text ?? "\(holder.kind.rawValue)_\(holder.name)_\(name)" }
}

extension State {
    /// The policies that decide about the caller, ready to be asked; `nil` for one about whom none do.
    borrowing func policySet(of caller: Caller) throws(Fault) -> PolicySet? {
        guard let held = try heldPolicies(of: caller) else { return nil }
        var set = PolicySet()
        for policy in held.identity { set.identity.append(try compile(policy, as: .identity)) }
        for policy in held.groups { set.groups.append(try compile(policy, as: .identity)) }
        if let boundary = held.boundary { set.boundary = try compile(boundary, as: .boundary) }
        for policy in held.session { set.session.append(try compile(policy, as: .session)) }
        return set
    }

    /// The role's trust policy, ready to be asked.
    borrowing func compiledTrust(of role: StoredRole) throws(Fault) -> CompiledPolicy {
        let text = try decidingTrust(of: role)
        let key = CompiledPolicies.Key(text: DocumentID(of: text), name: role.arn.text, kind: .trust)
        if let known = compiled[key] { return known }
        let new = try text.compiled(as: .trust, named: role.arn.text)
        compiled.keep(new, as: key)
        return new
    }

    private borrowing func compile(_ policy: HeldPolicy, as kind: PolicyKind) throws(Fault) -> CompiledPolicy {
        let key = CompiledPolicies.Key(text: policy.id, name: policy.source, kind: kind)
        if let known = compiled[key] { return known }
        let new = try text(of: policy).compiled(as: kind, named: policy.source)
        compiled.keep(new, as: key)
        return new
    }
}
