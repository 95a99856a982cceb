// Judge.swift: a slow evaluator written from the specification alone, to hold the engine against.
import LatchkeyJSON
import LatchkeyPolicy

/// Who asks, as the judge sees it.
enum JudgeCaller: Equatable {
    case anonymous
    case service(String)
    case federated(String)
    case account(String)
    case user(account: String, arn: String, id: String)
    case role(account: String, name: String, session: String, id: String)
    case federatedUser(account: String, arn: String, issuer: String)

    /// Nil for those who have no identity side.
    var account: String? {
        switch self {
        case .anonymous, .service, .federated: nil
        case .account(let account), .user(let account, _, _), .role(let account, _, _, _),
            .federatedUser(let account, _, _):
            account
        }
    }

    /// How `latchkey policy decide` writes it.
    var text: String {
        switch self {
        case .anonymous: "*"
        case .service(let name), .federated(let name): name
        case .account(let account): "arn:aws:iam::\(account):root"
        case .user(_, let arn, _), .federatedUser(_, let arn, _): arn
        case .role(let account, let name, let session, _): "arn:aws:sts::\(account):assumed-role/\(name)/\(session)"
        }
    }
}

/// How strongly a statement names a caller.
enum JudgeStrength: Int {
    case account, role, direct
}

/// A statement that the judge has read.
struct JudgeStatement {
    let layer: PolicyLayer
    /// What a verdict calls it: layer, policy, name, effect and line.
    let label: String
    let isAllow: Bool
    let isLive: Bool
    let actions: [String]?
    let notActions: [String]?
    let resources: [String]?
    let notResources: [String]?
    let principals: [(kind: String, name: String)]?
    let notPrincipals: [(kind: String, name: String)]?
    let conditions: [JudgeCondition]

    /// Reads the statements of a policy that is one.
    static func all(_ text: String, _ layer: PolicyLayer, _ name: String) throws -> [JudgeStatement] {
        let json = try JSON(parsing: text)
        let isLive = json["Version"]?.string == "2012-10-17"
        let list = json["Statement"]?.array ?? json["Statement"].map { [$0] } ?? []
        return list.enumerated()
            .map { number, statement in
                let isAllow = statement["Effect"]?.string == "Allow"
                // Each statement of a case stands on a line of its own, from the second on.
                let place = "\(layer.rawValue) \(name) line \(number + 2)"
                return JudgeStatement(
                    layer: layer,
                    label: "\(place) \(statement["Sid"]?.string ?? "") \(isAllow)",
                    isAllow: isAllow,
                    isLive: isLive,
                    actions: texts(statement["Action"]),
                    notActions: texts(statement["NotAction"]),
                    resources: texts(statement["Resource"]),
                    notResources: texts(statement["NotResource"]),
                    principals: principals(statement["Principal"]),
                    notPrincipals: principals(statement["NotPrincipal"]),
                    conditions: (statement["Condition"]?.object?.members ?? [])
                        .flatMap { test, keys in
                            (keys.object?.members ?? [])
                                .map { JudgeCondition(test: test, key: $0.name, values: texts($0.value) ?? []) }
                        }
                )
            }
    }

    /// The text of a scalar, or those of a list of them.
    private static func texts(_ json: JSON?) -> [String]? {
        switch json {
        case nil: nil
        case .string(let text), .number(let text): [text]
        case .bool(let value): ["\(value)"]
        case .array(let values): values.flatMap { texts($0) ?? [] }
        default: []
        }
    }

    private static func principals(_ json: JSON?) -> [(kind: String, name: String)]? {
        if let text = json?.string { return [("AWS", text)] }
        return json?.object?.members.flatMap { kind, names in (texts(names) ?? []).map { (kind, $0) } }
    }

    /// Whether it applies to a question.
    func applies(_ question: JudgeQuestion, hasBoundary: Bool) -> Bool {
        names(question.caller, hasBoundary: hasBoundary) && isAbout(question)
            && conditions.allSatisfy { $0.holds(isLive: isLive, question.context) }
    }

    /// The keys that it refers to and the question lacks, if it is about the caller and the action, and as for its
    /// conditions about the resource too.
    func missing(_ question: JudgeQuestion, hasBoundary: Bool) -> Set<String> {
        guard names(question.caller, hasBoundary: hasBoundary), isAboutAction(question) else { return [] }
        var keys = isLive ? ((resources ?? []) + (notResources ?? [])).flatMap(variableKeys) : []
        if isAbout(question) {
            for condition in conditions {
                keys.append(condition.key)
                if isLive, condition.hasVariables { keys += condition.values.flatMap(variableKeys) }
            }
        }
        return Set(keys.map { $0.lowercased() }).subtracting(question.context.keys)
    }

    private func isAboutAction(_ question: JudgeQuestion) -> Bool {
        if let actions, !actions.contains(where: { matchesAction($0, question.action) }) { return false }
        if let notActions, notActions.contains(where: { matchesAction($0, question.action) }) { return false }
        return true
    }

    /// Whether action and resource are meant.
    func isAbout(_ question: JudgeQuestion) -> Bool {
        guard isAboutAction(question) else { return false }
        func found(_ patterns: [String]) -> [ResourceMatch] {
            patterns.map { matchResource($0, question.resource, isLive: isLive, question.context) }
        }
        if let resources, !found(resources).contains(.yes) { return false }
        if let notResources, found(notResources).contains(where: { $0 != .no }) { return false }
        return true
    }

    // MARK: - Principals

    private func names(_ caller: JudgeCaller, hasBoundary: Bool) -> Bool {
        if layer != .resource, layer != .trust, layer != .resourceControl { return true }
        if let notPrincipals { return hasBoundary || !Self.spares(caller, notPrincipals) }
        return strength(caller) != nil
    }

    /// How strongly it names a caller; nil if it does not.
    func strength(_ caller: JudgeCaller) -> JudgeStrength? {
        (principals ?? []).compactMap { Self.strength($0.kind, $0.name, caller) }.max { $0.rawValue < $1.rawValue }
    }

    private static func strength(_ kind: String, _ name: String, _ caller: JudgeCaller) -> JudgeStrength? {
        switch (kind, caller) {
        case ("Service", .service(name)), ("Federated", .federated(name)): return .direct
        case ("AWS", _): break
        default: return nil
        }
        if name == "*" { return .direct }
        if let account = caller.account, name == account || name == "arn:aws:iam::\(account):root" { return .account }
        switch caller {
        case .user(_, let arn, let id): return name == arn || name == id ? .direct : nil
        case .federatedUser(_, let arn, let issuer): return name == arn ? .direct : name == issuer ? .role : nil
        case .role(let account, let role, _, let id):
            if name == caller.text { return .direct }
            let isRole = name.hasPrefix("arn:aws:iam::\(account):role/") && name.split(separator: "/").last == role[...]
            return isRole || name == id ? .role : nil
        default: return nil
        }
    }

    /// Whether the caller, and its role and account if it has them, are all listed.
    private static func spares(_ caller: JudgeCaller, _ list: [(kind: String, name: String)]) -> Bool {
        let found = Set(list.compactMap { strength($0.kind, $0.name, caller) })
        if list.contains(where: { $0.kind == "AWS" && $0.name == "*" }) { return true }
        switch caller {
        case .anonymous, .service, .federated: return found.contains(.direct)
        case .account: return found.contains(.account)
        case .user, .federatedUser: return found.contains(.direct) && found.contains(.account)
        case .role: return found.contains(.direct) && found.contains(.role) && found.contains(.account)
        }
    }
}

/// A question as the judge sees it.
struct JudgeQuestion {
    let caller: JudgeCaller
    let action: String
    let resource: String
    let resourceAccount: String?
    /// By names in small letters.
    let context: [String: JudgeValue]

    /// Whether the resource belongs to another account.
    var isForeign: Bool {
        let parts = resource.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        let owner = resourceAccount ?? (parts.count == 6 ? String(parts[4]) : "")
        return !owner.isEmpty && caller.account != nil && owner != caller.account
    }
}
