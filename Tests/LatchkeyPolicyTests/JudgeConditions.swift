// JudgeConditions.swift: the judge's condition operators: section 5.4 of the specification, word by word.

/// One line of a condition: an operator, a key, and the values written for it.
struct JudgeCondition {
    let test: String
    let key: String
    let values: [String]

    /// Whether its operator is one of those in whose values variables live.
    var hasVariables: Bool {
        let name = test.lowercased()
        return name.contains("string") || name.contains("arn") || name.contains("bool")
    }

    /// Whether it holds.
    func holds(isLive: Bool, _ context: [String: JudgeValue]) -> Bool {
        var name = test.lowercased()
        var set = ""
        for prefix in ["forallvalues:", "foranyvalue:"] where name.hasPrefix(prefix) {
            set = prefix
            name.removeFirst(prefix.count)
        }
        let isIfExists = name.hasSuffix("ifexists")
        if isIfExists { name.removeLast("ifexists".count) }
        let isNegated = name.contains("not")
        let value = context[key.lowercased()]

        if name == "null" {
            let isAbsent = value.map(\.all.isEmpty) ?? true
            return values.contains { $0.lowercased() == (isAbsent ? "true" : "false") }
        }
        /// Whether one value of the request satisfies the operator against the list.
        func satisfied(_ one: String) -> Bool {
            let isMatched = values.contains { compare(name, one, $0, isLive, context) }
            return isMatched != isNegated
        }
        switch set {
        case "forallvalues:":
            guard let value, value.all.contains(where: { !$0.isEmpty }) else { return true }
            return value.all.allSatisfy(satisfied)
        case "foranyvalue:":
            guard let value else { return isIfExists }
            return value.all.contains(where: satisfied)
        default:
            switch value {
            case nil: return isIfExists || isNegated
            case .many: return false
            case .single(let one): return satisfied(one)
            }
        }
    }

    /// Whether a value of the request matches a value of the policy under an operator without its negation.
    private func compare(
        _ name: String,
        _ one: String,
        _ written: String,
        _ isLive: Bool,
        _ context: [String: JudgeValue]
    ) -> Bool {
        /// The written value with its variables filled in.
        func letters(isWild: Bool) -> [Letter]? { filled(written, isLive: isLive, isWild: isWild, context) }
        let scalars = Array(one.unicodeScalars)
        switch name {
        case "stringequals", "stringnotequals":
            return letters(isWild: false) == Letter.plain(scalars)
        case "stringequalsignorecase", "stringnotequalsignorecase":
            return letters(isWild: false).map { lower($0) } == lower(Letter.plain(scalars))
        case "stringlike", "stringnotlike":
            return letters(isWild: true).map { matches($0, scalars) } ?? false
        case "arnequals", "arnlike", "arnnotequals", "arnnotlike":
            return letters(isWild: true).map { matchesARN($0, one) } ?? false
        case "bool":
            guard let wanted = letters(isWild: false).map(lower) else { return false }
            let words = ["true", "false"].map { Letter.plain($0.unicodeScalars) }
            return words.contains(wanted) && wanted == lower(Letter.plain(scalars))
        case "binaryequals":
            guard let left = plainBase64(one), let right = plainBase64(written) else { return false }
            return left == right
        case "ipaddress", "notipaddress":
            guard let block = PlainNetwork(written), let address = PlainNetwork(one), !one.contains("/") else {
                return false
            }
            return block.holds(address)
        default:
            let isDate = name.hasPrefix("date")
            guard let left = isDate ? PlainDate.read(one) : PlainDecimal(one),
                let right = isDate ? PlainDate.read(written) : PlainDecimal(written)
            else { return false }
            let order = PlainDecimal.compare(left, right)
            switch name.dropFirst(isDate ? 4 : 7) {
            case "equals", "notequals": return order == 0
            case "lessthan": return order < 0
            case "lessthanequals": return order <= 0
            case "greaterthan": return order > 0
            case "greaterthanequals": return order >= 0
            default: preconditionFailure("the judge does not know the operator \(test)")
            }
        }
    }

    private func lower(_ letters: [Letter]) -> [Letter] {
        letters.map { letter in
            if case .exactly(let scalar) = letter, "A"..."Z" ~= scalar {
                return .exactly(Unicode.Scalar(UInt8(scalar.value) + 32))
            }
            return letter
        }
    }
}
