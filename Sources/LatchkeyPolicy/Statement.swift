// Statement.swift: what a policy's text says, statement by statement, with the places where it says it.

/// A version of the policy language.
enum LanguageVersion: String {
    case old = "2008-10-17"
    case current = "2012-10-17"
}

/// A string of the document, and where it stands.
struct PlacedText: Sendable {
    let text: String
    let offset: Int
}

/// Everything that a document says.
struct PolicyContent: Sendable {
    var version: PlacedText?
    var statements: [Statement] = []

    var language: LanguageVersion { version.flatMap { LanguageVersion(rawValue: $0.text) } ?? .old }
}

/// One statement.
struct Statement: Sendable {
    var sid: PlacedText?
    var effect = PolicyEffect.deny
    /// Nil where the statement has neither `Principal` nor `NotPrincipal`.
    var principals: [PrincipalText]?
    var isNotPrincipal = false
    var actions: [PlacedText] = []
    var isNotAction = false
    /// Nil where the statement has neither `Resource` nor `NotResource`.
    var resources: [PlacedText]?
    var isNotResource = false
    var conditions: [ConditionText] = []
    /// Where its object begins.
    var offset = 0
    /// Where its first and its last character stand.
    var start = PolicyPlace(line: 1, column: 1)
    var end = PolicyPlace(line: 1, column: 1)
}

/// One principal that a statement names.
struct PrincipalText: Sendable {
    enum Kind: String {
        case aws = "AWS"
        case service = "Service"
        case federated = "Federated"
        case canonicalUser = "CanonicalUser"
    }

    let kind: Kind
    let value: PlacedText
}

/// One key of a condition block with its operator and values.
struct ConditionText: Sendable {
    let test: ConditionOperator
    let key: PlacedText
    let values: [PlacedText]
}
