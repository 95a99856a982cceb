// JudgeLayers.swift: the judge's layers and their order: section 3 of the specification, step by step.
import LatchkeyPolicy

/// What the judge says.
struct Verdict: Equatable {
    let outcome: Decision.Outcome
    let layer: PolicyLayer
    /// Policies and statements that apply, in no order.
    let applied: Set<String>
    /// Keys, in small letters, that statements about the request refer to and it lacks.
    let missing: Set<String>
    /// Whether the organisation's policies of all levels would allow it, and whether the boundary would, if there are any.
    let byOrganization: Bool?
    let byBoundary: Bool?
}

/// All policies that apply to one question.
struct JudgeWorld {
    var identity: [JudgeStatement] = []
    var boundary: [JudgeStatement]?
    /// Nil if none were passed.
    var session: [JudgeStatement]?
    var serviceControl: [[JudgeStatement]] = []
    var resourceControl: [[JudgeStatement]] = []
    var resource: [JudgeStatement]?
    var trust: [JudgeStatement]?

    func judge(_ question: JudgeQuestion) -> Verdict {
        let caller = question.caller
        let hasIdentity = caller.account != nil
        let isRoot = if case .account = caller { true } else { false }
        // What is attached to users and roles only is none of the root user's.
        let boundary = isRoot ? nil : boundary
        var missing: Set<String> = []
        func applied(_ statements: [JudgeStatement]?) -> [JudgeStatement] {
            for statement in statements ?? [] {
                missing.formUnion(statement.missing(question, hasBoundary: self.boundary != nil))
            }
            return (statements ?? []).filter { $0.applies(question, hasBoundary: self.boundary != nil) }
        }
        let controls = resourceControl.map(applied)
        let levels = hasIdentity ? serviceControl.map(applied) : []
        let resources = applied(resource)
        let trusts = applied(trust)
        let own = hasIdentity && !isRoot ? applied(identity) : []
        let bounds = hasIdentity ? applied(boundary) : []
        let sessions = hasIdentity ? applied(session) : []

        let all: [(PolicyLayer, [JudgeStatement])] = [
            (.resourceControl, controls.flatMap { $0 }), (.serviceControl, levels.flatMap { $0 }),
            (.resource, resources), (.trust, trusts), (.identity, own), (.boundary, bounds), (.session, sessions),
        ]
        let names = Set(all.flatMap { $0.1.map(\.label) })
        func isAllowed(_ statements: [JudgeStatement]) -> Bool { statements.contains(where: \.isAllow) }
        func isDenied(_ statements: [JudgeStatement]) -> Bool { statements.contains { !$0.isAllow } }
        let hasOrganization = !controls.isEmpty || !levels.isEmpty
        let isOrganized = !controls.contains(where: isDenied) && levels.allSatisfy { isAllowed($0) && !isDenied($0) }
        func say(_ outcome: Decision.Outcome, _ layer: PolicyLayer) -> Verdict {
            Verdict(
                outcome: outcome,
                layer: layer,
                applied: names,
                missing: missing,
                byOrganization: hasOrganization ? isOrganized : nil,
                byBoundary: hasIdentity && boundary != nil ? isAllowed(bounds) && !isDenied(bounds) : nil
            )
        }

        // 1: an explicit deny anywhere ends it.
        for (layer, found) in all where found.contains(where: { !$0.isAllow }) { return say(.explicitDeny, layer) }

        // 2: each level of the organisation must allow; resource control policies allow by themselves.
        for level in levels where !isAllowed(level) { return say(.implicitDeny, .serviceControl) }

        // 5 and 6: the layer that fails to allow.
        let isFederated = if case .federatedUser = caller { true } else { false }
        func limit() -> PolicyLayer? {
            if boundary != nil, !isAllowed(bounds) { return .boundary }
            if session != nil || isFederated, !isAllowed(sessions) { return .session }
            return nil
        }

        // 3: the resource's own policy, which for a role that is assumed is its trust policy.
        let door: PolicyLayer = trust != nil ? .trust : .resource
        let strength = (trust != nil ? trusts : resources).filter(\.isAllow).compactMap { $0.strength(caller) }
            .max { $0.rawValue < $1.rawValue }
        if !hasIdentity { return say(strength == nil ? .implicitDeny : .allowed, door) }
        if strength == nil, trust != nil || question.isForeign { return say(.implicitDeny, door) }
        if !question.isForeign {
            if strength == .direct { return say(.allowed, door) }
            if strength == .role {
                if let silent = limit() { return say(.implicitDeny, silent) }
                return say(.allowed, door)
            }
        }

        // 4: the identity's policies, which the root user does not need.
        if !isRoot, !isAllowed(own) { return say(.implicitDeny, .identity) }
        if let silent = limit() { return say(.implicitDeny, silent) }
        return say(.allowed, isRoot ? .root : .identity)
    }
}
