// Decision.swift: what all policies together say to a request: the layers, their order, and who has the last word.

/// What was decided, and which layer decided it.
public struct Decision: Equatable, Sendable {
    /// The ways in which a request can end.
    public enum Outcome: String, Sendable {
        /// Allowed.
        case allowed = "Allow"
        /// Denied because a statement says so.
        case explicitDeny = "ExplicitDeny"
        /// Denied because no statement allows it.
        case implicitDeny = "ImplicitDeny"
    }

    /// How it ended.
    public let outcome: Outcome
    /// The layer that allowed it, that denies it, or that fails to allow it.
    public let layer: PolicyLayer

    /// Makes a decision of its parts.
    public init(outcome: Outcome, layer: PolicyLayer) {
        self.outcome = outcome
        self.layer = layer
    }

    /// Whether the request may be done.
    public var isAllowed: Bool { outcome == .allowed }

    /// Why a request was denied, in AWS's words: what follows "… is not authorized to perform: ACTION on resource: ARN".
    public func because(_ action: String) -> String {
        switch outcome {
        case .allowed: "because \(layer.article) \(layer.words) allows the \(action) action"
        case .explicitDeny: "with an explicit deny in \(layer.article) \(layer.words)"
        case .implicitDeny: "because no \(layer.words) allows the \(action) action"
        }
    }
}

/// A kind of policies that decides together.
public enum PolicyLayer: String, Sendable {
    /// The policies of the caller and of its groups.
    case identity
    /// The caller's permissions boundary.
    case boundary
    /// The policies of the caller's session.
    case session
    /// The organisation's, over the caller's account.
    case serviceControl
    /// The organisation's, over the resource's account.
    case resourceControl
    /// The resource's own.
    case resource
    /// The role's own: who may assume it.
    case trust
    /// No policy: the root user of an account may do everything in it.
    case root

    fileprivate var words: String {
        switch self {
        case .identity: "identity-based policy"
        case .boundary: "permissions boundary"
        case .session: "session policy"
        case .serviceControl: "service control policy"
        case .resourceControl: "resource control policy"
        case .resource: "resource-based policy"
        case .trust: "role trust policy"
        case .root: "root user's right"
        }
    }

    fileprivate var article: String {
        switch self {
        case .identity: "an"
        case .trust, .root: "the"
        default: "a"
        }
    }
}

/// The policies that apply to one principal and one resource.
public struct PolicySet: Sendable {
    /// The principal's own: inline and attached.
    public var identity: [CompiledPolicy] = []
    /// Those of the principal's groups.
    public var groups: [CompiledPolicy] = []
    /// What bounds them, if anything does.
    public var boundary: CompiledPolicy?
    /// What was passed when the session was made; empty if nothing was.
    public var session: [CompiledPolicy] = []
    /// For each level of the organisation above the principal's account, and for the account; empty if there is none.
    public var serviceControl: [[CompiledPolicy]] = []
    /// The same for the resource's account; at each level everything is allowed that no policy denies.
    public var resourceControl: [[CompiledPolicy]] = []
    /// The resource's own, if it has one.
    public var resource: CompiledPolicy?
    /// The role's own, when the request is to assume it.
    public var trust: CompiledPolicy?

    /// Makes a set without policies, which denies everyone but root.
    public init() {}

    /// Decides a request.
    ///
    /// Takes about a microsecond and allocates nothing.
    public func decide(_ request: AccessRequest) -> Decision {
        var nobody = Nobody()
        return evaluate(request, &nobody)
    }
}

/// Hears nothing.
private struct Nobody: Witness {
    static var isSilent: Bool { true }

    mutating func matched(_ statement: Int, of policy: CompiledPolicy, in layer: PolicyLayer) {}
    mutating func missed(_ key: String) {}
    mutating func asked(_ layer: PolicyLayer, isDenied: Bool, isAllowed: Bool) {}
}

extension PolicySet {
    /// The one way to a decision, whether or not it is to be explained.
    func evaluate<W: Witness>(_ request: AccessRequest, _ witness: inout W) -> Decision {
        var course = Course(isBounded: boundary != nil)

        for level in resourceControl {
            _ = course.ask(level, request, .resourceControl, &witness)
            if W.isSilent, let denial = course.denial { return denial }
        }
        if request.principal.hasIdentitySide {
            for level in serviceControl {
                if course.ask(level, request, .serviceControl, &witness) == nil { course.fail(.serviceControl) }
                if W.isSilent, let denial = course.denial { return denial }
            }
        }

        var grant = resource.flatMap { course.ask($0, request, .resource, &witness) }
        var gate = PolicyLayer.resource
        if let trust {
            grant = course.ask(trust, request, .trust, &witness)
            gate = .trust
        }
        if W.isSilent, let denial = course.denial { return denial }
        let needsGrant = gate == .trust || request.isForeign || !request.principal.hasIdentitySide
        if needsGrant && grant == nil { course.fail(gate) }
        guard request.principal.hasIdentitySide else { return course.end(allowedBy: gate) }

        // What a policy of another account says does not stand in for the principal's own.
        let strength = request.isForeign ? nil : grant
        let own = askIdentity(request, &course, &witness)
        if W.isSilent, let denial = course.denial { return denial }
        if own == nil, strength ?? .account == .account { course.fail(.identity) }

        if let boundary, request.principal.kind != .root {
            if course.ask(boundary, request, .boundary, &witness) == nil, strength != .direct { course.fail(.boundary) }
            if W.isSilent, let denial = course.denial { return denial }
        }
        if !session.isEmpty {
            if course.ask(session, request, .session, &witness) == nil, strength != .direct { course.fail(.session) }
        } else if request.principal.kind == .federatedUser, strength != .direct {
            // Such a session has no permissions but those that are passed to it.
            course.fail(.session)
        }
        // What the resource's policy grants by itself is its grant, whatever else allows.
        return course.end(allowedBy: strength ?? .account == .account ? own ?? gate : gate)
    }

    /// Asks the principal's own policies; returns what allows, if anything does.
    private func askIdentity<W: Witness>(
        _ request: AccessRequest,
        _ course: inout Course,
        _ witness: inout W
    ) -> PolicyLayer? {
        if request.principal.kind == .root { return .root }
        var effects = Effects()
        course.add(identity, request, .identity, &effects, &witness)
        if !(W.isSilent && effects.isDenied) { course.add(groups, request, .identity, &effects, &witness) }
        return course.finish(effects, .identity, &witness) == nil ? nil : .identity
    }
}

/// A decision on its way through the layers.
private struct Course {
    let isBounded: Bool
    /// The first layer that denies.
    private var denier: PolicyLayer?
    /// The first layer that should have allowed and did not.
    private var silent: PolicyLayer?

    init(isBounded: Bool) { self.isBounded = isBounded }

    var denial: Decision? { denier.map { Decision(outcome: .explicitDeny, layer: $0) } }

    mutating func fail(_ layer: PolicyLayer) { silent = silent ?? layer }

    func end(allowedBy layer: PolicyLayer) -> Decision {
        if let denial { return denial }
        if let silent { return Decision(outcome: .implicitDeny, layer: silent) }
        return Decision(outcome: .allowed, layer: layer)
    }

    /// Asks one policy that is a layer alone; returns how strongly it allows.
    mutating func ask<W: Witness>(
        _ policy: CompiledPolicy,
        _ request: AccessRequest,
        _ layer: PolicyLayer,
        _ witness: inout W
    ) -> PrincipalStrength? {
        var effects = Effects()
        policy.add(to: &effects, request, isBounded: isBounded, in: layer, &witness)
        return finish(effects, layer, &witness)
    }

    /// Asks the policies of a layer, any of which may allow.
    mutating func ask<W: Witness>(
        _ policies: [CompiledPolicy],
        _ request: AccessRequest,
        _ layer: PolicyLayer,
        _ witness: inout W
    ) -> PrincipalStrength? {
        var effects = Effects()
        add(policies, request, layer, &effects, &witness)
        return finish(effects, layer, &witness)
    }

    func add<W: Witness>(
        _ policies: [CompiledPolicy],
        _ request: AccessRequest,
        _ layer: PolicyLayer,
        _ effects: inout Effects,
        _ witness: inout W
    ) {
        for policy in policies {
            policy.add(to: &effects, request, isBounded: isBounded, in: layer, &witness)
            if W.isSilent && effects.isDenied { return }
        }
    }

    mutating func finish<W: Witness>(
        _ effects: Effects,
        _ layer: PolicyLayer,
        _ witness: inout W
    ) -> PrincipalStrength? {
        if effects.isDenied { denier = denier ?? layer }
        // Of these everything is allowed that is not denied.
        let isAllowed = layer == .resourceControl || effects.allowed != nil
        witness.asked(layer, isDenied: effects.isDenied, isAllowed: isAllowed)
        return effects.allowed
    }
}
