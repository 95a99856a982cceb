// ConditionOperator.swift: the operators of condition blocks, out of their names.

/// `[ForAllValues:|ForAnyValue:] base [IfExists]`.
struct ConditionOperator: Equatable, Sendable {
    /// What is compared, and how; the negated operators are these with `isNegated`.
    enum Base: UInt8, Sendable {
        case stringEquals, stringEqualsIgnoreCase, stringLike
        case numericEquals, numericLessThan, numericLessThanEquals, numericGreaterThan, numericGreaterThanEquals
        case dateEquals, dateLessThan, dateLessThanEquals, dateGreaterThan, dateGreaterThanEquals
        case bool, binaryEquals, ipAddress, arnLike, null
    }

    /// Which of a key's values must pass.
    enum Quantifier: UInt8, Sendable {
        case single, all, any
    }

    let base: Base
    let isNegated: Bool
    let quantifier: Quantifier
    let ifExists: Bool

    /// Reads a name, in any capitalisation; nil for one that is unknown.
    init?(_ name: String) {
        var bytes = name.utf8.map(Fold.lower)[...]
        let quantifiers: [(String, Quantifier)] = [("forallvalues:", .all), ("foranyvalue:", .any)]
        let prefixed = quantifiers.first { bytes.starts(with: $0.0.utf8) }
        if let prefixed { bytes = bytes.dropFirst(prefixed.0.utf8.count) }
        let suffix = "ifexists".utf8
        ifExists = bytes.count > suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix)
        if ifExists { bytes = bytes.dropLast(suffix.count) }
        guard let (base, isNegated) = Self.bases[String(decoding: bytes, as: UTF8.self)] else { return nil }
        // Whether a key is there is asked of the key, not of its values.
        if base == .null && (ifExists || prefixed != nil) { return nil }
        self.base = base
        self.isNegated = isNegated
        quantifier = prefixed?.1 ?? .single
    }

    private static let bases: [String: (Base, Bool)] = [
        "stringequals": (.stringEquals, false), "stringnotequals": (.stringEquals, true),
        "stringequalsignorecase": (.stringEqualsIgnoreCase, false),
        "stringnotequalsignorecase": (.stringEqualsIgnoreCase, true),
        "stringlike": (.stringLike, false), "stringnotlike": (.stringLike, true),
        "numericequals": (.numericEquals, false), "numericnotequals": (.numericEquals, true),
        "numericlessthan": (.numericLessThan, false), "numericlessthanequals": (.numericLessThanEquals, false),
        "numericgreaterthan": (.numericGreaterThan, false),
        "numericgreaterthanequals": (.numericGreaterThanEquals, false),
        "dateequals": (.dateEquals, false), "datenotequals": (.dateEquals, true),
        "datelessthan": (.dateLessThan, false), "datelessthanequals": (.dateLessThanEquals, false),
        "dategreaterthan": (.dateGreaterThan, false), "dategreaterthanequals": (.dateGreaterThanEquals, false),
        "bool": (.bool, false), "binaryequals": (.binaryEquals, false),
        "ipaddress": (.ipAddress, false), "notipaddress": (.ipAddress, true),
        "arnequals": (.arnLike, false), "arnlike": (.arnLike, false),
        "arnnotequals": (.arnLike, true), "arnnotlike": (.arnLike, true),
        "null": (.null, false),
    ]
}

extension ConditionOperator.Base {
    var isNumeric: Bool { (Self.numericEquals.rawValue...Self.numericGreaterThanEquals.rawValue).contains(rawValue) }
    var isDate: Bool { (Self.dateEquals.rawValue...Self.dateGreaterThanEquals.rawValue).contains(rawValue) }

    /// Whether `${…}` in a value stands for a key.
    var hasVariables: Bool {
        switch self {
        case .stringEquals, .stringEqualsIgnoreCase, .stringLike, .arnLike, .bool: true
        default: false
        }
    }

    /// Whether `*` and `?` in a value are wildcards.
    var hasWildcards: Bool { self == .stringLike || self == .arnLike }
}
