// ConditionEvaluation.swift: one key of a condition block against the request's values of it.

extension Program {
    /// The request's values of a key; nil if it is absent.
    @inline(__always)
    func values(of key: Int, _ keys: RequestKeys) -> RequestKeys.Values? {
        keys.values(self.keys[key].hash, bytes.span.extracting(self.keys[key].name.range))
    }

    /// Whether a condition holds.
    func holds(_ condition: CompiledCondition, _ keys: RequestKeys) -> Bool {
        let test = condition.test
        let values = values(of: condition.key, keys)
        if test.base == .null {
            let isAbsent = values.map { $0.isMany && $0.extents.isEmpty } ?? true
            return condition.values.end & (isAbsent ? 1 : 2) != 0
        }
        guard let values else {
            return switch test.quantifier {
            case .single: test.ifExists || test.isNegated
            case .all: true
            case .any: test.ifExists
            }
        }
        switch test.quantifier {
        case .single:
            // A set needs to be told which of its values must pass.
            guard !values.isMany else { return false }
            return passes(keys.extents[values.extents.start], condition, keys)
        case .all:
            var isEmpty = true
            var passes = true
            for place in values.extents.range {
                if !keys.extents[place].isEmpty { isEmpty = false }
                if passes { passes = self.passes(keys.extents[place], condition, keys) }
            }
            return passes || isEmpty
        case .any:
            for place in values.extents.range where passes(keys.extents[place], condition, keys) { return true }
            return false
        }
    }

    /// Whether one value of the request passes: it matches one of the list, or none if the operator is negated.
    @inline(__always)
    private func passes(_ value: Extent, _ condition: CompiledCondition, _ keys: RequestKeys) -> Bool {
        matchesOne(value, condition, keys) != condition.test.isNegated
    }

    private func matchesOne(_ extent: Extent, _ condition: CompiledCondition, _ keys: RequestKeys) -> Bool {
        let value = keys.bytes.span.extracting(extent.range)
        let list = condition.values.range
        switch condition.test.base {
        case .stringEquals:
            for place in list where match(templates[place], keys, value.count, { Wildcard.same($0, value) }) {
                return true
            }
        case .stringLike:
            for place in list {
                let template = templates[place]
                if template.form == .variable {
                    if expanding(template, keys, for: value.count, { Wildcard.matches($0, value) }) ?? false {
                        return true
                    }
                } else if matches(template, value) {
                    return true
                }
            }
        case .stringEqualsIgnoreCase:
            // Without regard to case a letter of three bytes may be one of a single byte.
            for place in list where match(templates[place], keys, 3 * value.count, { Fold.equal($0, value) }) {
                return true
            }
        case .bool:
            guard Truth.isOne(value) else { return false }
            for place in list where match(templates[place], keys, 3 * value.count, { Fold.equal($0, value) }) {
                return true
            }
        case .arnLike:
            guard let parts = ARNParts(value) else { return false }
            for place in list where match(templates[place], keys, value.count, { parts.match($0, value) }) {
                return true
            }
        case .ipAddress:
            guard let address = NetworkAddress(value) else { return false }
            for place in list where networks[place].contains(address) { return true }
        case .binaryEquals:
            for place in list where Base64Text.equal(bytes.span.extracting(texts[place].range), value) { return true }
        case .null: return false
        case .dateEquals, .dateLessThan, .dateLessThanEquals, .dateGreaterThan, .dateGreaterThanEquals:
            guard let moment = Instant(value) else { return false }
            for place in list {
                let order = moment < instants[place] ? -1 : moment == instants[place] ? 0 : 1
                if condition.test.base.accepts(order) { return true }
            }
        case .numericEquals, .numericLessThan, .numericLessThanEquals, .numericGreaterThan, .numericGreaterThanEquals:
            guard let number = DecimalText(value) else { return false }
            for place in list {
                let other = decimals[place]
                let text = bytes.span.extracting(other.text.range)
                if condition.test.base.accepts(DecimalText.compare(number, value, other.number, text)) { return true }
            }
        }
        return false
    }

    /// Whether a test accepts a template's text or pattern; a variable without value is never accepted.
    private func match(
        _ template: Template,
        _ keys: RequestKeys,
        _ length: Int,
        _ test: (Span<UInt8>) -> Bool
    ) -> Bool {
        switch template.form {
        case .variable: expanding(template, keys, for: length, test) ?? false
        case .beginning: test(bytes.span.extracting(template.extent.start..<template.extent.end + 1))
        case .literal, .anything, .pattern: test(bytes.span.extracting(template.extent.range))
        }
    }
}

extension ConditionOperator.Base {
    /// Whether a comparison of the request's value with the policy's, below zero, zero or above it, is what is asked for.
    fileprivate func accepts(_ order: Int) -> Bool {
        switch self {
        case .numericEquals, .dateEquals: order == 0
        case .numericLessThan, .dateLessThan: order < 0
        case .numericLessThanEquals, .dateLessThanEquals: order <= 0
        case .numericGreaterThan, .dateGreaterThan: order > 0
        case .numericGreaterThanEquals, .dateGreaterThanEquals: order >= 0
        default: false
        }
    }
}

private enum Truth {
    /// Whether a text is "true" or "false", in letters of any case.
    static func isOne(_ text: Span<UInt8>) -> Bool {
        let word: StaticString = text.count == 4 ? "true" : "false"
        guard text.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for index in text.indices where Fold.lower(text[index]) != word[index] { return false }
            return true
        }
    }
}
