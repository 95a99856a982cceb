// RandomWorld.swift: random policies, compiled for the engine and read by the judge, and cut down where they disagree.
import LatchkeyJSON
import LatchkeyPolicy

/// A random policy and where it stands.
struct RandomPolicy {
    /// The member of a case of `latchkey policy decide`.
    let member: String
    let kind: PolicyKind
    /// The level of the organisation.
    var level = 0
    var text: String

    /// The policy without one of its statements; nil if it would have none.
    ///
    /// Each stands on a line of its own.
    func without(_ statement: Int) -> RandomPolicy? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count > 3, statement < lines.count - 2 else { return nil }
        lines.remove(at: statement + 1)
        if statement == lines.count - 2, lines[statement].last == "," { lines[statement].removeLast() }
        var policy = self
        policy.text = lines.joined(separator: "\n")
        return policy
    }
}

/// Policies as text, compiled, and as the judge reads them.
struct RandomWorld {
    let policies: [RandomPolicy]
    /// How many levels the organisation has above the caller's and the resource's account.
    let levels: (service: Int, resource: Int)
    private(set) var compiled = PolicySet()
    private(set) var judged = JudgeWorld()

    /// Makes a world out of policies.
    init(_ policies: [RandomPolicy], levels: (service: Int, resource: Int)) throws {
        self.policies = policies
        self.levels = levels
        compiled.serviceControl = [[CompiledPolicy]](repeating: [], count: levels.service)
        compiled.resourceControl = [[CompiledPolicy]](repeating: [], count: levels.resource)
        judged.serviceControl = [[JudgeStatement]](repeating: [], count: levels.service)
        judged.resourceControl = [[JudgeStatement]](repeating: [], count: levels.resource)
        for policy in policies {
            func add(_ place: String, _ layer: PolicyLayer) throws -> (CompiledPolicy, [JudgeStatement]) {
                let name = policy.member + place
                let document = try PolicyDocument(policy.text, kind: policy.kind, use: .deciding)
                return (CompiledPolicy(document, name: name), try JudgeStatement.all(policy.text, layer, name))
            }
            switch policy.kind {
            case .identity where policy.member == "groupPolicies":
                let (engine, judge) = try add("[\(compiled.groups.count)]", .identity)
                compiled.groups.append(engine)
                judged.identity += judge
            case .identity:
                let (engine, judge) = try add("[\(compiled.identity.count)]", .identity)
                compiled.identity.append(engine)
                judged.identity += judge
            case .session:
                let (engine, judge) = try add("[\(compiled.session.count)]", .session)
                compiled.session.append(engine)
                judged.session = (judged.session ?? []) + judge
            case .serviceControl:
                let place = "[\(policy.level)][\(compiled.serviceControl[policy.level].count)]"
                let (engine, judge) = try add(place, .serviceControl)
                compiled.serviceControl[policy.level].append(engine)
                judged.serviceControl[policy.level] += judge
            case .resourceControl:
                let place = "[\(policy.level)][\(compiled.resourceControl[policy.level].count)]"
                let (engine, judge) = try add(place, .resourceControl)
                compiled.resourceControl[policy.level].append(engine)
                judged.resourceControl[policy.level] += judge
            case .boundary: (compiled.boundary, judged.boundary) = try add("", .boundary)
            case .resource: (compiled.resource, judged.resource) = try add("", .resource)
            case .trust: (compiled.trust, judged.trust) = try add("", .trust)
            }
        }
    }

    /// Makes a random one.
    init(_ roll: inout PolicyDice, isTrust: Bool) throws {
        var policies: [RandomPolicy] = []
        func add(_ member: String, _ kind: PolicyKind, _ count: Int, level: Int = 0, generous: Int) {
            for _ in 0..<count {
                let text = roll.policy(kind.rawValue, generous: generous)
                policies.append(RandomPolicy(member: member, kind: kind, level: level, text: text))
            }
        }
        add("identityPolicies", .identity, roll.dice.below(3), generous: 20)
        add("groupPolicies", .identity, roll.dice.below(2), generous: 10)
        if roll.dice.chance(25) { add("permissionsBoundary", .boundary, 1, generous: 50) }
        if roll.dice.chance(25) { add("sessionPolicies", .session, 1 + roll.dice.below(2), generous: 50) }
        let levels = (
            service: roll.dice.chance(30) ? 1 + roll.dice.below(2) : 0,
            resource: roll.dice.chance(20) ? 1 + roll.dice.below(2) : 0
        )
        for level in 0..<levels.service {
            let count = roll.dice.chance(95) ? 1 + roll.dice.below(2) : 0
            add("serviceControlPolicies", .serviceControl, count, level: level, generous: 80)
        }
        for level in 0..<levels.resource {
            add("resourceControlPolicies", .resourceControl, roll.dice.below(2), level: level, generous: 0)
        }
        if isTrust {
            add("trustPolicy", .trust, 1, generous: 60)
        } else if roll.dice.chance(55) {
            add("resourcePolicy", .resource, 1, generous: 40)
        }
        try self.init(policies, levels: levels)
    }

    // MARK: - Judging

    /// What judge and engine say to a question if they do not agree.
    func disagreement(_ question: JudgeQuestion) throws -> (wanted: Verdict, found: Verdict, decision: Decision)? {
        let wanted = judged.judge(question)
        let request = try AccessRequest(question)
        let decision = compiled.decide(request)
        let explanation = compiled.explain(request)
        let found = Verdict(explanation)
        if found == wanted, explanation.decision == decision { return nil }
        return (wanted, found, decision)
    }

    /// The policies, statements and keys without which they would agree.
    func smallest(_ question: JudgeQuestion) throws -> (RandomWorld, JudgeQuestion) {
        var world = self
        var question = question
        var place = 0
        while place < world.policies.count {
            var policies = world.policies
            policies.remove(at: place)
            let smaller = try RandomWorld(policies, levels: world.levels)
            if try smaller.disagreement(question) != nil { world = smaller } else { place += 1 }
        }
        for place in world.policies.indices {
            var statement = 0
            while let policy = world.policies[place].without(statement) {
                var policies = world.policies
                policies[place] = policy
                let smaller = try RandomWorld(policies, levels: world.levels)
                if try smaller.disagreement(question) != nil { world = smaller } else { statement += 1 }
            }
        }
        for key in question.context.keys {
            let smaller = question.without(key)
            if try world.disagreement(smaller) != nil { question = smaller }
        }
        return (world, question)
    }

    /// The case as `latchkey policy decide` reads it.
    func text(_ question: JudgeQuestion) -> String {
        var all: [(String, String)] = []
        func list(_ texts: [String]) -> String { "[\(texts.joined(separator: ","))]" }
        for member in ["identityPolicies", "groupPolicies", "sessionPolicies"] {
            let texts = policies.filter { $0.member == member }.map(\.text)
            if !texts.isEmpty { all.append((member, list(texts))) }
        }
        for (member, count) in [
            ("serviceControlPolicies", levels.service), ("resourceControlPolicies", levels.resource),
        ] where count > 0 {
            let texts = (0..<count)
                .map { level in
                    list(policies.filter { $0.member == member && $0.level == level }.map(\.text))
                }
            all.append((member, list(texts)))
        }
        for policy in policies where [.boundary, .resource, .trust].contains(policy.kind) {
            all.append((policy.member, policy.text))
        }
        return "{\((all + question.members).map { "\"\($0.0)\":\($0.1)" }.joined(separator: ","))}"
    }
}

extension JudgeQuestion {
    /// The question without one of its keys.
    fileprivate func without(_ key: String) -> JudgeQuestion {
        JudgeQuestion(
            caller: caller,
            action: action,
            resource: resource,
            resourceAccount: resourceAccount,
            context: context.filter { $0.key != key }
        )
    }

    /// Its members in a case of `latchkey policy decide`.
    fileprivate var members: [(String, String)] {
        var all: [(String, String)] = []
        func add(_ name: String, _ text: String) { all.append((name, JSON.string(text).text)) }
        switch caller {
        case .service(let name): all.append(("principal", JSON.object(["Service": .string(name)]).text))
        case .federated(let name): all.append(("principal", JSON.object(["Federated": .string(name)]).text))
        default: add("principal", caller.text)
        }
        switch caller {
        case .user(_, _, let id), .role(_, _, _, let id): add("principalId", id)
        case .federatedUser(_, _, let issuer): add("issuer", issuer)
        default: break
        }
        add("action", action)
        add("resource", resource)
        if let owner = resourceAccount { add("resourceAccount", owner) }
        let keys = context.sorted { $0.key < $1.key }
            .map { key, value -> (String, JSON) in
                switch value {
                case .single(let text): (key, .string(text))
                case .many(let texts): (key, .array(texts.map(JSON.string)))
                }
            }
        all.append(("context", JSON.object(JSON.Object(keys)).text))
        return all
    }
}

extension AccessRequest {
    /// The question as the engine takes it.
    init(_ question: JudgeQuestion) throws {
        var keys = RequestKeys()
        for (name, value) in question.context {
            switch value {
            case .single(let text): keys.set(name, text)
            case .many(let texts): keys.set(name, many: texts)
            }
        }
        let principal: RequestPrincipal =
            switch question.caller {
            case .anonymous: .anonymous
            case .service(let name): .service(name)
            case .federated(let name): .federated(name)
            case .account: try RequestPrincipal(arn: question.caller.text)
            case .user(_, let arn, let id): try RequestPrincipal(arn: arn, id: id)
            case .role(_, _, _, let id): try RequestPrincipal(arn: question.caller.text, id: id)
            case .federatedUser(_, let arn, let issuer): try RequestPrincipal(arn: arn, issuer: issuer)
            }
        try self.init(
            principal: principal,
            action: question.action,
            resource: question.resource,
            resourceAccount: question.resourceAccount,
            keys: keys
        )
    }
}

extension Verdict {
    /// What the engine says, in the judge's words.
    init(_ explanation: Explanation) {
        let applied = explanation.statements.map { found -> String in
            let place = "\(found.layer.rawValue) \(found.policy) line \(found.start.line)"
            return "\(place) \(found.sid ?? "") \(found.effect == .allow)"
        }
        self.init(
            outcome: explanation.decision.outcome,
            layer: explanation.decision.layer,
            applied: Set(applied),
            missing: Set(explanation.missingContextKeys.map { $0.lowercased() }),
            byOrganization: explanation.allowedByOrganizations,
            byBoundary: explanation.allowedByBoundary
        )
    }
}
