// Program.swift: a policy as a decision wants it: flat arrays of plain values that refer to one another by number.

/// What a policy was compiled to.
struct Program: Sendable {
    /// All texts: literals, patterns, names.
    var bytes: [UInt8] = []
    var statements: [CompiledStatement] = []
    var index = ActionIndex()
    /// The patterns of `NotAction`.
    var actions: [Template] = []
    var resources: [ResourcePattern] = []
    var principals: [PrincipalPattern] = []
    var conditions: [CompiledCondition] = []
    var keys: [CompiledKey] = []
    var variables: [CompiledVariable] = []
    // The values of conditions, by the kind of their operator.
    var templates: [Template] = []
    var decimals: [CompiledDecimal] = []
    var instants: [Instant] = []
    var networks: [Network] = []
    var texts: [Extent] = []
}

/// A text or pattern among the program's bytes.
struct Template: Sendable {
    enum Form: Sendable {
        /// Bytes, and no more.
        case literal
        /// `*` alone.
        case anything
        /// Bytes, then a `*`; the extent is that of the bytes.
        case beginning
        /// Bytes and wildcards.
        case pattern
        /// Bytes, wildcards and variables.
        case variable
    }

    let form: Form
    let extent: Extent
}

/// A pattern of a resource's ARN.
struct ResourcePattern: Sendable {
    enum Head: Sendable {
        /// The pattern is `*`.
        case anything
        /// The first five parts are literal: bytes up to the fifth colon.
        case literal
        /// They have wildcards.
        case pattern
        /// The pattern cannot match.
        case never
    }

    let head: Head
    let extent: Extent
    /// How many parts the pattern has; those that it lacks match anything.
    let parts: Int
    /// The sixth part.
    let tail: Template
}

/// One statement.
struct CompiledStatement: Sendable {
    let isDeny: Bool
    let isNotPrincipal: Bool
    let isNotResource: Bool
    /// Whether anything is asked of the resource at all.
    let hasResources: Bool
    /// The patterns of `NotAction`; nothing where the index finds the statement.
    let actions: Extent
    let resources: Extent
    let principals: Extent
    let conditions: Extent
}

/// A key that conditions and variables refer to.
struct CompiledKey: Sendable {
    let hash: UInt64
    let name: Extent
}

/// A policy variable.
struct CompiledVariable: Sendable {
    let key: Int
    /// What stands for a key that is absent.
    let fallback: Extent?
}

/// A number among the program's bytes.
struct CompiledDecimal: Sendable {
    let number: DecimalText
    let text: Extent
}

/// One key of a condition block.
struct CompiledCondition: Sendable {
    let test: ConditionOperator
    let key: Int
    /// Which values of the operator's kind are its own; for `Null` 1 for "true" and 2 for "false", added.
    let values: Extent
}
