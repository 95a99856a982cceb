// Simulation.swift: policies asked without doing anything: each action on each resource, with the statements that decide.
import LatchkeyPolicy

/// What was decided.
public enum EvaluationDecision: String, Codable, CaseIterable, Sendable {
    case allowed, explicitDeny, implicitDeny

    init(_ outcome: Decision.Outcome) {
        switch outcome {
        case .allowed: self = .allowed
        case .explicitDeny: self = .explicitDeny
        case .implicitDeny: self = .implicitDeny
        }
    }
}

/// What kind of policy a statement is of.
public enum PolicySourceType: String, Codable, CaseIterable, Sendable {
    case user, group, role
    case awsManaged = "aws-managed"
    case userManaged = "user-managed"
    case resource
    /// A policy that came with the request.
    case none
}

/// A place in a policy's text.
public struct StatementPosition: Codable, Sendable, Equatable {
    /// The line, from 1.
    public let line: Int
    /// The column, in characters, from 1.
    public let column: Int

    init(_ place: PolicyPlace) { (line, column) = (place.line, place.column) }
}

/// A statement that decided.
public struct DecidingStatement: Codable, Sendable, Equatable {
    /// Which policy it is of.
    public let sourcePolicyId: String
    /// What kind of policy that is.
    public let sourcePolicyType: PolicySourceType
    /// Where it begins.
    public let startPosition: StatementPosition
    /// Where it ends.
    public let endPosition: StatementPosition
}

/// What a permissions boundary says.
public struct BoundaryDecisionDetail: Codable, Sendable, Equatable {
    /// Whether it allows.
    public let allowedByPermissionsBoundary: Bool
}

/// What an organisation says.
public struct OrganizationsDecisionDetail: Codable, Sendable, Equatable {
    /// Whether it allows.
    public let allowedByOrganizations: Bool
}

/// What came of one action on one resource.
public struct ResourceSpecificResult: Codable, Sendable, Equatable {
    /// The resource.
    public let evalResourceName: AskedResource
    /// What was decided.
    public let evalResourceDecision: EvaluationDecision
    /// The statements that decided.
    public let matchedStatements: [DecidingStatement]
    /// The condition keys that statements about the request refer to and the request lacks.
    public let missingContextValues: [String]
    /// What each side says, where the resource is of another account.
    public let evalDecisionDetails: [String: EvaluationDecision]?
    /// What the boundary says, if there is one.
    public let permissionsBoundaryDecisionDetail: BoundaryDecisionDetail?
}

/// What came of one question.
public struct EvaluationResult: Codable, Sendable, Equatable {
    /// The action.
    public let evalActionName: AskedAction
    /// The resource.
    public let evalResourceName: AskedResource?
    /// What was decided.
    public let evalDecision: EvaluationDecision
    /// The statements that decided.
    public let matchedStatements: [DecidingStatement]
    /// The condition keys that statements about the request refer to and the request lacks.
    public let missingContextValues: [String]
    /// What the organisation says, if there is one.
    public let organizationsDecisionDetail: OrganizationsDecisionDetail?
    /// What the boundary says, if there is one.
    public let permissionsBoundaryDecisionDetail: BoundaryDecisionDetail?
    /// What each side says, where the resource is of another account.
    public let evalDecisionDetails: [String: EvaluationDecision]?
    /// The same by resource.
    public let resourceSpecificResults: [ResourceSpecificResult]
}

/// Policies, a principal and its circumstances, to be asked any number of questions.
struct Simulation {
    /// At most so many pairs of action and resource: a short request can name more than fit into memory.
    static let most = 100_000

    /// What explanations call a policy, and what it is.
    struct Source {
        let id: String
        let type: PolicySourceType
    }

    let principal: RequestPrincipal
    var policies: PolicySet
    var keys: RequestKeys
    var sources: [String: Source] = [:]
    /// The account that owns resources whose ARNs do not say it.
    var owner: String?

    /// Asks about one action on one resource; fails with `InvalidInput` for what cannot be asked.
    func ask(_ action: AskedAction, on resource: AskedResource) throws(Fault) -> EvaluationResult {
        let explanation = try explain(action.text, on: resource.text)
        let decision = EvaluationDecision(explanation.decision.outcome)
        let statements = explanation.deciding.map { statement in
            let source = sources[statement.policy] ?? Source(id: statement.policy, type: .none)
            return DecidingStatement(
                sourcePolicyId: source.id,
                sourcePolicyType: source.type,
                startPosition: StatementPosition(statement.start),
                endPosition: StatementPosition(statement.end)
            )
        }
        let boundary = explanation.allowedByBoundary.map { BoundaryDecisionDetail(allowedByPermissionsBoundary: $0) }
        let details = policies.resource == nil && policies.trust == nil ? nil : explanation.sides
        return EvaluationResult(
            evalActionName: action,
            evalResourceName: resource,
            evalDecision: decision,
            matchedStatements: statements,
            missingContextValues: explanation.missingContextKeys,
            organizationsDecisionDetail: explanation.allowedByOrganizations.map {
                OrganizationsDecisionDetail(allowedByOrganizations: $0)
            },
            permissionsBoundaryDecisionDetail: boundary,
            evalDecisionDetails: details,
            resourceSpecificResults: [
                ResourceSpecificResult(
                    evalResourceName: resource,
                    evalResourceDecision: decision,
                    matchedStatements: statements,
                    missingContextValues: explanation.missingContextKeys,
                    evalDecisionDetails: details,
                    permissionsBoundaryDecisionDetail: boundary
                )
            ]
        )
    }

    /// What the policies decide, and why.
    func explain(_ action: String, on resource: String) throws(Fault) -> Explanation {
        do throws(RequestError) {
            return policies.explain(
                try AccessRequest(
                    principal: principal,
                    action: action,
                    resource: resource,
                    resourceAccount: owner,
                    keys: keys
                )
            )
        } catch {
            throw .invalidInput("\(error.description): \(error == .action ? action : resource)")
        }
    }
}

extension Explanation {
    /// What each layer that was asked says.
    fileprivate var sides: [String: EvaluationDecision] {
        Dictionary(findings.map { ($0.layer.rawValue, EvaluationDecision($0.outcome)) }, uniquingKeysWith: { $1 })
    }
}
