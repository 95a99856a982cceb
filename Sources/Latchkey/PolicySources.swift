// PolicySources.swift: whose policies are simulated: a user, a group or a role, by ARN, with what is known of them.
import LatchkeyPolicy
import LatchkeyStore

/// Whom policies hang on.
enum PolicySource {
    case user(Principal)
    case group(PolicyHolder)
    case role(StoredRole)
}

extension State {
    /// The user, group or role of that ARN; fails with `NoSuchEntity`, or `InvalidInput` for an ARN of something else.
    borrowing func policySource(_ arn: ARN, in account: AccountID) throws(Fault) -> PolicySource {
        let parts = arn.text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[2] == "iam", let slash = parts[5].firstIndex(of: "/"),
            let name = parts[5].split(separator: "/").last.map(String.init)
        else { throw .invalidInput("Invalid Entity Arn: \(arn)") }
        let missing = Fault.noSuchEntity("The entity with ARN \(arn) cannot be found.")
        switch parts[5][..<slash] {
        case "user":
            guard let user = try findPrincipal(UserName(name), in: account), user.arn == arn else { throw missing }
            return .user(user)
        case "group":
            guard let group = try findGroup(GroupName(name), in: account), group.arn == arn else { throw missing }
            return .group(PolicyHolder(group, in: account))
        case "role":
            guard let role = try findRole(RoleName(name), in: account), role.arn == arn else { throw missing }
            return .role(role)
        default: throw .invalidInput("Invalid Entity Arn: \(arn)")
        }
    }

    /// The source's policies as they are now, with what is known of the source itself.
    borrowing func simulation(
        of source: PolicySource,
        as caller: String?,
        _ call: Call
    ) throws(Fault) -> Simulation {
        let account = call.account
        let held: HeldPolicies
        let principal: RequestPrincipal
        var keys = RequestKeys()
        keys.add("aws:PrincipalAccount", account.text)
        switch source {
        case .user(let user):
            held = try heldPolicies(of: user)
            principal = try RequestPrincipal(simulated: caller ?? user.arn.text, id: user.id)
            try addCaller(Caller(user, mfa: nil, by: .none), at: call.now, to: &keys)
        case .group(let group):
            held = try heldPolicies(of: group)
            principal = try RequestPrincipal(simulated: caller ?? "arn:aws:iam::\(account):user/simulated")
        case .role(let role):
            held = try heldPolicies(of: PolicyHolder(role))
            let session = "arn:aws:sts::\(account):assumed-role/\(role.name)/simulated"
            principal = try RequestPrincipal(simulated: caller ?? session, id: role.id)
            keys.add("aws:PrincipalType", "AssumedRole")
            keys.add("aws:userid", "\(role.id):simulated")
            keys.add("aws:PrincipalArn", role.arn.text)
            for tag in try tags(of: role.id) { keys.add("aws:PrincipalTag/\(tag.key)", tag.value) }
        }
        var simulation = Simulation(principal: principal, policies: try policySet(of: held), keys: keys)
        for policy in held.identity + held.groups { simulation.sources[policy.source] = Simulation.Source(policy) }
        if let boundary = held.boundary { simulation.sources[boundary.source] = Simulation.Source(boundary) }
        return simulation
    }

    /// One page of the results, action by action and resource by resource.
    borrowing func page(
        of simulation: Simulation,
        _ actions: [AskedAction],
        _ resources: [AskedResource]?,
        _ call: Call,
        _ marker: Marker?,
        _ maxItems: MaxItems?
    ) throws(Fault) -> SimulationPage {
        guard !actions.isEmpty else { throw .invalidInput("ActionNames is empty: name an action.") }
        let resources = resources.flatMap { $0.isEmpty ? nil : $0 } ?? [AskedResource(checked: "*")]
        let (count, isTooLarge) = actions.count.multipliedReportingOverflow(by: resources.count)
        guard !isTooLarge, count <= Simulation.most else {
            throw .invalidInput("One simulation asks about at most \(Simulation.most) pairs of action and resource.")
        }
        let places = 0..<count
        let page = try Page(Array(places), after: marker, maxItems, vault) { place in
            // Padded, so that positions sort as numbers do.
            let digits = "\(place)"
            return String(repeating: "0", count: max(0, 12 - digits.utf8.count)) + digits
        }
        var results: [EvaluationResult] = []
        for place in page.items {
            let (action, resource) = (actions[place / resources.count], resources[place % resources.count])
            results.append(try withTrust(simulation, action, resource, call).ask(action, on: resource))
        }
        return SimulationPage(evaluationResults: results, isTruncated: page.isTruncated, marker: page.marker)
    }

    /// The simulation, with the trust policy of the role where taking that role is what is asked about.
    private borrowing func withTrust(
        _ simulation: Simulation,
        _ action: AskedAction,
        _ resource: AskedResource,
        _ call: Call
    ) throws(Fault) -> Simulation {
        guard action.text.asciiLowercased.hasPrefix("sts:assumerole"), resource.text.utf8.count >= 20,
            case .role(let role) = try? policySource(ARN(checked: resource.text), in: call.account)
        else { return simulation }
        var simulation = simulation
        simulation.policies.trust = try compiledTrust(of: role)
        simulation.sources[role.arn.text] = Simulation.Source(id: role.arn.text, type: .role)
        return simulation
    }
}

extension Simulation.Source {
    init(_ policy: HeldPolicy) {
        let type: PolicySourceType
        if let arn = policy.arn {
            type = arn.text.hasPrefix("arn:aws:iam::aws:") ? .awsManaged : .userManaged
        } else {
            type = PolicySourceType(rawValue: policy.holder.kind.rawValue) ?? .none
        }
        self.init(id: policy.source, type: type)
    }
}
