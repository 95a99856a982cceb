// PolicyVectors.swift: vectors of policies: what is one, and what they decide together.

internal import LatchkeyJSON
internal import LatchkeyPolicy

/// What policies decide, and which of their statements do.
struct PolicyVector: VectorKind {
    static let name = "policy"
    static let columns: Set = ["matched", "missingContext"]

    let identityPolicies: [JSON]?
    let groupPolicies: [JSON]?
    let permissionsBoundary: JSON?
    let sessionPolicies: [JSON]?
    let serviceControlPolicies: [[JSON]]?
    let resourceControlPolicies: [[JSON]]?
    let resourcePolicy: JSON?
    let trustPolicy: JSON?
    let principal: JSON
    let issuer: String?
    let principalId: String?
    let resourceAccount: String?
    let action: String
    let resource: String
    let context: JSON?

    struct Answer: Codable {
        let decision: String
        let layer: String
        /// The deciding statements: the policy's name, and the statement's Sid where it has one.
        let matched: [String]?
        let missingContext: [String]?
    }

    func answer() throws -> Answer {
        let explanation = try PolicyCase(asCase.bytes().span).explain()
        return Answer(
            decision: explanation.decision.outcome.rawValue,
            layer: explanation.decision.layer.rawValue,
            matched: explanation.deciding.map { $0.policy + ($0.sid.map { " \($0)" } ?? "") },
            missingContext: explanation.missingContextKeys
        )
    }

    private var asCase: JSON {
        var members: JSON.Object = ["principal": principal, "action": .string(action), "resource": .string(resource)]
        members["identityPolicies"] = identityPolicies.map(JSON.array)
        members["groupPolicies"] = groupPolicies.map(JSON.array)
        members["permissionsBoundary"] = permissionsBoundary
        members["sessionPolicies"] = sessionPolicies.map(JSON.array)
        members["serviceControlPolicies"] = serviceControlPolicies.map { .array($0.map(JSON.array)) }
        members["resourceControlPolicies"] = resourceControlPolicies.map { .array($0.map(JSON.array)) }
        members["resourcePolicy"] = resourcePolicy
        members["trustPolicy"] = trustPolicy
        members["issuer"] = issuer.map(JSON.string)
        members["principalId"] = principalId.map(JSON.string)
        members["resourceAccount"] = resourceAccount.map(JSON.string)
        members["context"] = context
        return .object(members)
    }
}

/// Whether a text is a policy of a kind, what it refers to and what it is warned of.
struct PolicyDocumentVector: VectorKind {
    static let name = "policy-document"

    let policyKind: String
    let text: String

    struct Answer: Codable {
        let statements: Int64
        let contextKeys: [String]
        let warnings: [String]
    }

    func answer() throws -> Answer {
        guard let kind = PolicyKind(rawValue: policyKind) else { throw VectorRefusal(.parse, "policyKind") }
        let document = try PolicyDocument(text, kind: kind)
        return Answer(
            statements: Int64(document.statementCount),
            contextKeys: document.contextKeys,
            warnings: document.warnings.map(\.kind.rawValue)
        )
    }
}
