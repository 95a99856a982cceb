// SimulationActions.swift: what policies would decide: those of a user, group or role, or any that are given.
import LatchkeyPolicy

/// The actions that ask policies without doing anything.
let simulationActions: [any Action.Type] = [
    SimulatePrincipalPolicy.self, SimulateCustomPolicy.self, GetContextKeysForPrincipalPolicy.self,
    GetContextKeysForCustomPolicy.self,
]

/// One page of what came of a simulation.
public struct SimulationPage: Codable, Sendable, Equatable {
    /// One result for each action on each resource.
    public var evaluationResults: [EvaluationResult]
    /// Whether there are more.
    public var isTruncated: Bool
    /// Where the next page begins.
    public var marker: Marker?
}

/// Tells what policies that are given would decide.
///
/// Fails with `InvalidInput` for a policy, principal, action or resource that is none.
public struct SimulateCustomPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The policies of the caller who is simulated.
    public var policyInputList: [PolicyText]
    /// What bounds them; at most one.
    public var permissionsBoundaryPolicyInputList: [PolicyText]?
    /// The actions.
    public var actionNames: [AskedAction]
    /// The resources; `*` unless given.
    public var resourceArns: [AskedResource]?
    /// The policy of every resource.
    public var resourcePolicy: PolicyText?
    /// The account that owns the resources: its number or an ARN of it.
    public var resourceOwner: AskedResource?
    /// Who is simulated: a user or session; a user of this account without a name unless given.
    public var callerArn: AskedResource?
    /// The circumstances.
    public var contextEntries: [ContextEntry]?
    /// Of EC2's simulations only, which need resources that do not exist here; read and not used.
    public var resourceHandlingOption: ResourceHandlingOption?
    /// How many results a page has.
    public var maxItems: MaxItems?
    /// Where the page begins.
    public var marker: Marker?

    /// The answer.
    public typealias Output = SimulationPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> SimulationPage {
        guard resourcePolicy == nil || callerArn != nil else {
            throw .invalidInput("CallerArn is needed where there is a ResourcePolicy: it names who is let in.")
        }
        let caller = callerArn?.text ?? "arn:aws:iam::\(call.account):user/simulated"
        var simulation = Simulation(principal: try .init(simulated: caller), policies: PolicySet(), keys: RequestKeys())
        try simulation.add(
            policyInputList,
            boundaries: permissionsBoundaryPolicyInputList,
            resource: resourcePolicy,
            owner: resourceOwner
        )
        try simulation.keys.add(contextEntries)
        return try state.page(of: simulation, actionNames, resourceArns, call, marker, maxItems)
    }
}

/// Tells what the policies of a user, group or role would decide.
///
/// Those of a user are the user's own and those of the user's groups; a group has its own alone. A role's trust policy is asked
/// where taking that role is what is asked about. Fails with `NoSuchEntity` or `InvalidInput`.
public struct SimulatePrincipalPolicy: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read
    /// The user, group or role.
    public var policySourceArn: ARN
    /// Further policies, as if they were attached.
    public var policyInputList: [PolicyText]?
    /// What bounds them in place of the boundary that is set; at most one.
    public var permissionsBoundaryPolicyInputList: [PolicyText]?
    /// The actions.
    public var actionNames: [AskedAction]
    /// The resources; `*` unless given.
    public var resourceArns: [AskedResource]?
    /// The policy of every resource.
    public var resourcePolicy: PolicyText?
    /// The account that owns the resources: its number or an ARN of it.
    public var resourceOwner: AskedResource?
    /// Who is simulated, if it is not the user or role itself.
    public var callerArn: AskedResource?
    /// The circumstances; they go before what is known of the user or role.
    public var contextEntries: [ContextEntry]?
    /// Of EC2's simulations only, which need resources that do not exist here; read and not used.
    public var resourceHandlingOption: ResourceHandlingOption?
    /// How many results a page has.
    public var maxItems: MaxItems?
    /// Where the page begins.
    public var marker: Marker?

    /// The answer.
    public typealias Output = SimulationPage

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { Resource(description: policySourceArn.text) }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> SimulationPage {
        let source = try state.policySource(policySourceArn, in: call.account)
        if resourcePolicy != nil && callerArn == nil, case .group = source {
            throw .invalidInput("CallerArn is needed where there is a ResourcePolicy: a group calls nothing itself.")
        }
        var simulation = try state.simulation(of: source, as: callerArn?.text, call)
        try simulation.add(
            policyInputList ?? [],
            boundaries: permissionsBoundaryPolicyInputList,
            resource: resourcePolicy,
            owner: resourceOwner
        )
        try simulation.keys.add(contextEntries)
        return try state.page(of: simulation, actionNames, resourceArns, call, marker, maxItems)
    }
}

extension Simulation {
    /// Adds the policies that came with a request; fails with `InvalidInput` if one is none.
    mutating func add(
        _ identity: [PolicyText],
        boundaries: [PolicyText]?,
        resource: PolicyText?,
        owner: AskedResource?
    ) throws(Fault) {
        for (index, text) in identity.enumerated() {
            policies.identity.append(try compile(text, .identity, named: "PolicyInputList.\(index + 1)"))
        }
        if let boundaries {
            guard boundaries.count <= 1 else { throw .invalidInput("There can be one permissions boundary at most.") }
            for text in boundaries {
                policies.boundary = try compile(text, .boundary, named: "PermissionsBoundaryPolicyInputList.1")
            }
        }
        if let resource {
            policies.resource = try compile(resource, .resource, named: "ResourcePolicy")
            sources["ResourcePolicy"] = Source(id: "ResourcePolicy", type: .resource)
        }
        guard let owner = owner?.text else { return }
        var number = owner[...]
        if owner.hasPrefix("arn:") {
            let parts = owner.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            number = parts.dropFirst(4).first ?? ""
        }
        guard number.utf8.count == 12, number.utf8.allSatisfy(\.isASCIIDigit) else {
            throw .invalidInput("ResourceOwner must be an account's number or an ARN of that account.")
        }
        self.owner = String(number)
    }

    private func compile(_ text: PolicyText, _ kind: PolicyKind, named name: String) throws(Fault) -> CompiledPolicy {
        do throws(PolicyError) {
            return CompiledPolicy(try PolicyDocument(text.text, kind: kind, use: .deciding), name: name)
        } catch {
            throw .invalidInput("\(name) is no policy: \(error.description)")
        }
    }
}

extension RequestPrincipal {
    /// Whoever is simulated; fails with `InvalidInput`.
    init(simulated arn: String, id: String? = nil) throws(Fault) {
        do throws(RequestError) {
            try self.init(arn: arn, id: id)
        } catch {
            throw .invalidInput("CallerArn must be the ARN of a user or of a session: \(arn.prefix(128))")
        }
    }
}
