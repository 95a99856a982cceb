// Explanation.swift: why a request is decided as it is: the same evaluation, with somebody listening.

/// A statement that applies to a request.
public struct MatchedStatement: Equatable, Sendable {
    /// The name of its policy.
    public let policy: String
    /// The layer that its policy is part of.
    public let layer: PolicyLayer
    /// Whether it allows or denies.
    public let effect: PolicyEffect
    /// Its `Sid`, if it has one.
    public let sid: String?
    /// Where its first character stands.
    public let start: PolicyPlace
    /// Where its last character stands.
    public let end: PolicyPlace
}

/// What one layer, or one level of it, says.
public struct LayerFinding: Equatable, Sendable {
    /// The layer.
    public let layer: PolicyLayer
    /// What it would decide alone.
    public let outcome: Decision.Outcome
}

/// Why a request is decided as it is.
public struct Explanation: Equatable, Sendable {
    /// What is decided: exactly what `decide` says.
    public let decision: Decision
    /// All statements that apply, in the order of the layers and of their texts.
    public let statements: [MatchedStatement]
    /// The keys that statements about this request refer to and the request lacks.
    public let missingContextKeys: [String]
    /// What each layer that was asked says; one entry for each level of an organisation.
    public let findings: [LayerFinding]

    /// The statements that decide: those that deny, or those that allow; none when nothing allows.
    public var deciding: [MatchedStatement] {
        switch decision.outcome {
        case .allowed: statements.filter { $0.effect == .allow }
        case .explicitDeny: statements.filter { $0.effect == .deny }
        case .implicitDeny: []
        }
    }

    /// Whether the permissions boundary allows; nil if there is none.
    public var allowedByBoundary: Bool? { allows(.boundary) }

    /// Whether the organisation allows, at each of its levels; nil if there is none.
    public var allowedByOrganizations: Bool? {
        switch (allows(.serviceControl), allows(.resourceControl)) {
        case (nil, nil): nil
        case (let service, let resource): service ?? true && resource ?? true
        }
    }

    private func allows(_ layer: PolicyLayer) -> Bool? {
        let own = findings.filter { $0.layer == layer }
        return own.isEmpty ? nil : own.allSatisfy { $0.outcome == .allowed }
    }
}

extension PolicySet {
    /// Decides a request and says why.
    public func explain(_ request: AccessRequest) -> Explanation {
        var listener = Listener()
        let decision = evaluate(request, &listener)
        return Explanation(
            decision: decision,
            statements: listener.statements,
            missingContextKeys: listener.missing,
            findings: listener.findings
        )
    }
}

/// Writes down what it hears.
private struct Listener: Witness {
    static var isSilent: Bool { false }

    /// A statement is found under each of its actions; it counts once.
    private struct Found: Hashable {
        let policy: ObjectIdentifier
        let statement: Int
        let layer: PolicyLayer
    }

    private var found: [(order: Int, statement: Int, matched: MatchedStatement)] = []
    private var seen: Set<Found> = []
    private var names: Set<[UInt8]> = []
    /// Counts the policies as they take turns.
    private var turn = (policy: ObjectIdentifier?.none, number: 0)
    private(set) var missing: [String] = []
    private(set) var findings: [LayerFinding] = []

    var statements: [MatchedStatement] {
        guard found.count > 1 else { return found.map(\.matched) }
        return found.sorted { ($0.order, $0.statement) < ($1.order, $1.statement) }.map(\.matched)
    }

    mutating func matched(_ statement: Int, of policy: CompiledPolicy, in layer: PolicyLayer) {
        let id = ObjectIdentifier(policy)
        guard seen.insert(Found(policy: id, statement: statement, layer: layer)).inserted else { return }
        if turn.policy != id { turn = (id, turn.number + 1) }
        let place = policy.places[statement]
        let matched = MatchedStatement(
            policy: policy.name,
            layer: layer,
            effect: policy.program.statements[statement].isDeny ? .deny : .allow,
            sid: place.sid,
            start: place.start,
            end: place.end
        )
        found.append((turn.number, statement, matched))
    }

    mutating func missed(_ key: String) {
        if names.insert(Fold.name(key)).inserted { missing.append(key) }
    }

    mutating func asked(_ layer: PolicyLayer, isDenied: Bool, isAllowed: Bool) {
        let outcome: Decision.Outcome = isDenied ? .explicitDeny : isAllowed ? .allowed : .implicitDeny
        findings.append(LayerFinding(layer: layer, outcome: outcome))
        // The same policy in another layer takes another turn.
        turn.policy = nil
    }
}
