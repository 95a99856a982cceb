// PolicyCompiler.swift: a document to a program: everything that can be done before a question is known.

struct PolicyCompiler {
    private(set) var program = Program()
    private(set) var keyNames: [String] = []
    private let hasVariables: Bool
    private var keyPlaces: [[UInt8]: Int] = [:]
    private var entries: [(hash: UInt64, length: Int, posting: ActionIndex.Posting)] = []

    init(_ content: PolicyContent) {
        hasVariables = content.language == .current
        program.statements.reserveCapacity(content.statements.count)
        program.bytes.reserveCapacity(content.statements.count * 128)
        for statement in content.statements { add(statement) }
        program.index.fill(entries)
        entries = []
        keyPlaces = [:]
    }

    private mutating func add(_ statement: Statement) {
        let place = program.statements.count
        let notActions = program.actions.count
        for action in statement.actions {
            let pattern = template(action.text, wildcards: true, variables: false, folded: true)
            if statement.isNotAction { program.actions.append(pattern) } else { enter(pattern, place) }
        }
        if statement.isNotAction { program.index.others.append(place) }
        let resources = program.resources.count
        for resource in statement.resources ?? [] { program.resources.append(self.resource(resource.text)) }
        let principals = program.principals.count
        program.principals += (statement.principals ?? []).compactMap { PrincipalPattern($0) }
        let conditions = program.conditions.count
        for text in statement.conditions {
            let compiled = condition(text)
            program.conditions.append(compiled)
        }
        program.statements.append(
            CompiledStatement(
                isDeny: statement.effect == .deny,
                isNotPrincipal: statement.isNotPrincipal,
                isNotResource: statement.isNotResource,
                hasResources: statement.resources != nil,
                actions: Extent(start: notActions, end: program.actions.count),
                resources: Extent(start: resources, end: program.resources.count),
                principals: Extent(start: principals, end: program.principals.count),
                conditions: Extent(start: conditions, end: program.conditions.count)
            )
        )
    }

    /// Files an action's pattern under its literal beginning.
    private mutating func enter(_ pattern: Template, _ statement: Int) {
        var hash = TextHash()
        var length = 0
        if pattern.form != .anything {
            for place in pattern.extent.range {
                let byte = program.bytes[place]
                if byte >= Wildcard.one || length == ActionIndex.longest { break }
                hash.add(byte)
                length += 1
            }
        }
        entries.append((hash.value, length, ActionIndex.Posting(statement: statement, pattern: pattern)))
    }

    // MARK: - Patterns

    private mutating func template(
        _ text: String,
        wildcards: Bool,
        variables: Bool,
        folded: Bool = false
    ) -> Template {
        guard variables, text.utf8.contains(UInt8(ascii: "$")) else {
            return template(text.utf8, wildcards: wildcards, folded: folded)
        }
        return template(TemplateReader.tokens(of: text, wildcards: wildcards, variables: true)[...])
    }

    private mutating func template(
        _ text: some Sequence<UInt8>,
        wildcards: Bool = true,
        folded: Bool = false
    ) -> Template {
        let start = program.bytes.count
        for byte in text {
            switch byte {
            case UInt8(ascii: "*") where wildcards: star(since: start)
            case UInt8(ascii: "?") where wildcards: program.bytes.append(Wildcard.one)
            default: program.bytes.append(folded ? Fold.lower(byte) : byte)
            }
        }
        return finished(start, hasVariable: false)
    }

    private mutating func template(_ tokens: ArraySlice<TemplateToken>) -> Template {
        // The texts of variables come first: they must not stand within the pattern.
        let first = program.variables.count
        for case .variable(let key, let fallback) in tokens {
            program.variables.append(
                CompiledVariable(key: self.key(key), fallback: fallback.map { text(Array($0.utf8)) })
            )
        }
        let start = program.bytes.count
        var number = first
        for token in tokens {
            switch token {
            case .literal(let literal): program.bytes.append(contentsOf: literal.utf8)
            case .any: star(since: start)
            case .one: program.bytes.append(Wildcard.one)
            case .variable:
                program.bytes.append(Wildcard.variable)
                for shift in stride(from: 21, through: 0, by: -7) {
                    program.bytes.append(UInt8(truncatingIfNeeded: number >> shift & 0x7F))
                }
                number += 1
            }
        }
        return finished(start, hasVariable: number > first)
    }

    /// Appends a star, unless one stands there.
    private mutating func star(since start: Int) {
        if program.bytes.count == start || program.bytes[program.bytes.count - 1] != Wildcard.any {
            program.bytes.append(Wildcard.any)
        }
    }

    private func finished(_ start: Int, hasVariable: Bool) -> Template {
        let extent = Extent(start: start, end: program.bytes.count)
        if hasVariable { return Template(form: .variable, extent: extent) }
        let special = program.bytes[extent.range].firstIndex { $0 >= Wildcard.one }
        guard let special else { return Template(form: .literal, extent: extent) }
        guard special == extent.end - 1, program.bytes[special] == Wildcard.any else {
            return Template(form: .pattern, extent: extent)
        }
        if extent.count == 1 { return Template(form: .anything, extent: extent) }
        return Template(form: .beginning, extent: Extent(start: start, end: special))
    }

    private mutating func text(_ text: some Collection<UInt8>) -> Extent {
        let start = program.bytes.count
        program.bytes.append(contentsOf: text)
        return Extent(start: start, end: program.bytes.count)
    }

    /// Cuts a pattern of an ARN behind its fifth colon; those inside a variable do not count.
    private mutating func resource(_ text: String) -> ResourcePattern {
        if text.utf8.elementsEqual("*".utf8) {
            return ResourcePattern(head: .anything, extent: .none, parts: 0, tail: template([]))
        }
        if hasVariables, text.utf8.contains(UInt8(ascii: "$")) {
            return resource(TemplateReader.tokens(of: text, wildcards: true, variables: true))
        }
        var colons = 0
        var cut = text.utf8.startIndex
        while cut < text.utf8.endIndex, colons < 5 {
            if text.utf8[cut] == UInt8(ascii: ":") { colons += 1 }
            cut = text.utf8.index(after: cut)
        }
        let head = template(text[..<cut].utf8)
        let tail = template(text[cut...].utf8)
        return pattern(head, colons == 5 ? 6 : colons + 1, tail)
    }

    private mutating func resource(_ tokens: [TemplateToken]) -> ResourcePattern {
        var colons = 0
        for (place, token) in tokens.enumerated() {
            // A variable so early never matches, and is refused when the document is read.
            if case .variable = token {
                return ResourcePattern(head: .never, extent: .none, parts: 0, tail: template([]))
            }
            guard case .literal(let text) = token else { continue }
            for index in text.utf8.indices where text.utf8[index] == UInt8(ascii: ":") {
                colons += 1
                guard colons == 5 else { continue }
                let after = text.utf8.index(after: index)
                var part = tokens[...place]
                part[place] = .literal(String(text[..<after]))
                let head = template(part)
                part = tokens[place...]
                part[place] = .literal(String(text[after...]))
                return pattern(head, 6, template(part))
            }
        }
        return pattern(template(tokens[...]), colons + 1, template([]))
    }

    private func pattern(_ head: Template, _ parts: Int, _ tail: Template) -> ResourcePattern {
        // The beginning's extent leaves its star out; put it back.
        let extent = head.form == .beginning ? Extent(start: head.extent.start, end: head.extent.end + 1) : head.extent
        let isLiteral = head.form == .literal && parts == 6
        return ResourcePattern(head: isLiteral ? .literal : .pattern, extent: extent, parts: parts, tail: tail)
    }

    // MARK: - Conditions

    private mutating func key(_ name: String) -> Int {
        let folded = Fold.name(name)
        if let place = keyPlaces[folded] { return place }
        let place = program.keys.count
        keyPlaces[folded] = place
        program.keys.append(CompiledKey(hash: TextHash.of(folded.span), name: text(folded)))
        keyNames.append(name)
        return place
    }

    private mutating func condition(_ condition: ConditionText) -> CompiledCondition {
        let key = self.key(condition.key.text)
        let base = condition.test.base
        var values = Extent.none
        switch base {
        case .stringEquals, .stringEqualsIgnoreCase, .stringLike, .arnLike, .bool:
            values.start = program.templates.count
            for value in condition.values {
                let compiled = template(value.text, wildcards: base.hasWildcards, variables: hasVariables)
                program.templates.append(compiled)
            }
            values.end = program.templates.count
        case .null:
            for value in condition.values {
                let small = value.text.utf8.map(Fold.lower)
                values.end |= small.elementsEqual("true".utf8) ? 1 : small.elementsEqual("false".utf8) ? 2 : 0
            }
        case .ipAddress:
            values.start = program.networks.count
            program.networks += condition.values.compactMap { Network($0.text.utf8.span) }
            values.end = program.networks.count
        case .binaryEquals:
            values.start = program.texts.count
            for value in condition.values { program.texts.append(text(value.text.utf8)) }
            values.end = program.texts.count
        case _ where base.isDate:
            values.start = program.instants.count
            program.instants += condition.values.compactMap { Instant($0.text.utf8.span) }
            values.end = program.instants.count
        default:
            values.start = program.decimals.count
            for value in condition.values {
                guard let number = DecimalText(value.text.utf8.span) else { continue }
                program.decimals.append(CompiledDecimal(number: number, text: text(value.text.utf8)))
            }
            values.end = program.decimals.count
        }
        return CompiledCondition(test: condition.test, key: key, values: values)
    }
}
