// Evaluation.swift: one policy against one request; nothing is made on the way, and nothing is said unless asked for.

/// Listens to an evaluation; the one that decides hears nothing and costs nothing.
protocol Witness {
    /// Whether nobody listens: then the evaluation may stop as soon as its outcome is sure.
    static var isSilent: Bool { get }

    /// A statement applies.
    mutating func matched(_ statement: Int, of policy: CompiledPolicy, in layer: PolicyLayer)

    /// A statement that is about the request refers to a key that the request lacks.
    mutating func missed(_ key: String)

    /// All policies of a layer, or of one of its levels, were asked.
    mutating func asked(_ layer: PolicyLayer, isDenied: Bool, isAllowed: Bool)
}

/// What a policy, or several of a kind, say to a request.
struct Effects {
    var isDenied = false
    /// How strongly the caller is allowed; `direct` by a statement that names no principals.
    var allowed: PrincipalStrength?
}

extension CompiledPolicy {
    /// Adds what the policy says to what others of its kind said.
    func add<W: Witness>(
        to effects: inout Effects,
        _ request: AccessRequest,
        isBounded: Bool,
        in layer: PolicyLayer,
        _ witness: inout W
    ) {
        var lengths = program.index.lengths
        while lengths != 0 {
            let length = lengths.trailingZeroBitCount
            lengths &= lengths &- 1
            if length >= request.hashes.count { break }
            for place in program.index.find(request.hashes[length]).range {
                let posting = program.index.postings[place]
                guard program.matches(posting.pattern, request.action.span) else { continue }
                ask(posting.statement, &effects, request, isBounded, layer, &witness)
                if W.isSilent && effects.isDenied { return }
            }
        }
        for statement in program.index.others where !program.excludes(program.statements[statement], request) {
            ask(statement, &effects, request, isBounded, layer, &witness)
            if W.isSilent && effects.isDenied { return }
        }
    }

    /// Asks one statement that is about the request's action.
    private func ask<W: Witness>(
        _ place: Int,
        _ effects: inout Effects,
        _ request: AccessRequest,
        _ isBounded: Bool,
        _ layer: PolicyLayer,
        _ witness: inout W
    ) {
        let statement = program.statements[place]
        // What is allowed already cannot be allowed more.
        if W.isSilent, !statement.isDeny, effects.allowed == .direct { return }
        guard let strength = strength(of: statement, request, isBounded) else { return }
        if !W.isSilent { reportMissing(of: statement, request, &witness) }
        guard program.covers(statement, request) else { return }
        for condition in statement.conditions.range where !program.holds(program.conditions[condition], request.keys) {
            return
        }
        witness.matched(place, of: self, in: layer)
        if statement.isDeny {
            effects.isDenied = true
        } else {
            effects.allowed = max(effects.allowed ?? strength, strength)
        }
    }

    /// How strongly the statement means the caller; nil if it does not.
    private func strength(
        of statement: CompiledStatement,
        _ request: AccessRequest,
        _ isBounded: Bool
    ) -> PrincipalStrength? {
        // Without principals a statement means the one whom its policy is attached to; that of a resource means nobody.
        guard kind == .resource || kind == .trust || kind == .resourceControl else { return .direct }
        if statement.isNotPrincipal {
            let spared =
                !isBounded && PrincipalPattern.spare(request.principal, program.principals[statement.principals.range])
            return spared ? nil : .direct
        }
        var strongest: PrincipalStrength?
        for place in statement.principals.range {
            guard let strength = program.principals[place].strength(for: request.principal) else { continue }
            strongest = max(strongest ?? strength, strength)
        }
        return strongest
    }

    // MARK: - What is missing

    private func reportMissing<W: Witness>(
        of statement: CompiledStatement,
        _ request: AccessRequest,
        _ witness: inout W
    ) {
        for place in statement.resources.range {
            reportMissing(in: program.resources[place].tail, request, &witness)
        }
        guard program.covers(statement, request) else { return }
        for place in statement.conditions.range {
            let condition = program.conditions[place]
            reportMissing(condition.key, request, &witness)
            guard condition.test.base.hasVariables else { continue }
            for value in condition.values.range { reportMissing(in: program.templates[value], request, &witness) }
        }
    }

    private func reportMissing<W: Witness>(in template: Template, _ request: AccessRequest, _ witness: inout W) {
        guard template.form == .variable else { return }
        var at = template.extent.start
        while at < template.extent.end {
            if program.bytes[at] == Wildcard.variable {
                reportMissing(program.variables[program.number(at: at)].key, request, &witness)
                at += Program.variableWidth
            } else {
                at += 1
            }
        }
    }

    private func reportMissing<W: Witness>(_ key: Int, _ request: AccessRequest, _ witness: inout W) {
        if program.values(of: key, request.keys) == nil { witness.missed(keyNames[key]) }
    }
}

extension Program {
    /// Whether `NotAction` leaves the request's action out.
    func excludes(_ statement: CompiledStatement, _ request: AccessRequest) -> Bool {
        for place in statement.actions.range where matches(actions[place], request.action.span) { return true }
        return false
    }

    /// Whether the statement is about the request's resource.
    func covers(_ statement: CompiledStatement, _ request: AccessRequest) -> Bool {
        if !statement.hasResources { return true }
        var isUnresolved = false
        for place in statement.resources.range {
            switch match(resources[place], request) {
            case .matched: return !statement.isNotResource
            case .unresolved: isUnresolved = true
            case .other:
                // Wherever else the exception does not fit, what it would be is not known.
                if statement.isNotResource, !isResolved(resources[place].tail, request.keys) { isUnresolved = true }
            }
        }
        // Where an exception is not known, nothing is known to be no exception.
        return statement.isNotResource && !isUnresolved
    }

    private enum ResourceMatch {
        case matched, other
        /// A variable of the pattern has no value.
        case unresolved
    }

    private func match(_ pattern: ResourcePattern, _ request: AccessRequest) -> ResourceMatch {
        switch pattern.head {
        case .anything: return .matched
        case .never: return .unresolved
        case .literal, .pattern: break
        }
        // A request without resource is met by `*` only.
        guard let parts = request.parts else { return .other }
        let resource = request.resource.span
        let head = bytes.span.extracting(pattern.extent.range)
        if pattern.head == .literal {
            guard Wildcard.same(head, resource.extracting(0..<parts.last)) else { return .other }
        } else {
            guard parts.match(head, resource, parts: min(pattern.parts, 5)) else { return .other }
            if pattern.parts < 6 { return .matched }
        }
        let tail = resource.extracting(parts.last..<resource.count)
        if pattern.tail.form != .variable { return matches(pattern.tail, tail) ? .matched : .other }
        let outcome = expanding(pattern.tail, request.keys, for: tail.count) { Wildcard.matches($0, tail) }
        return outcome.map { $0 ? .matched : .other } ?? .unresolved
    }

    // MARK: - Templates

    /// Whether a template without variables matches a whole text.
    @inline(__always)
    func matches(_ template: Template, _ text: Span<UInt8>) -> Bool {
        let pattern = bytes.span.extracting(template.extent.range)
        switch template.form {
        case .literal: return Wildcard.same(pattern, text)
        case .anything: return true
        case .beginning:
            return text.count >= pattern.count && Wildcard.same(pattern, text.extracting(0..<pattern.count))
        case .pattern: return Wildcard.matches(pattern, text)
        case .variable: return false
        }
    }

    /// Whether all variables of a template have values.
    private func isResolved(_ template: Template, _ keys: RequestKeys) -> Bool {
        guard template.form == .variable else { return true }
        return expanding(template, keys, for: 0) { _ in true } != nil
    }

    /// Puts a template's pattern to a test, its variables replaced by their values as literal text; nil if one has none.
    ///
    /// What fits into a kilobyte is put on the stack. A pattern that needs more text than there is fails without being
    /// written: however often it repeats a variable, it takes no more room than itself and the text.
    func expanding(_ template: Template, _ keys: RequestKeys, for length: Int, _ test: (Span<UInt8>) -> Bool) -> Bool? {
        var outcome: Bool?
        var expansion = Expansion.unresolved
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { buffer in
            expansion = expand(template, keys, for: length, into: buffer)
            if case .written(let count) = expansion, count <= buffer.count {
                outcome = test(buffer.span.extracting(0..<count))
            }
        }
        switch expansion {
        case .unresolved: return nil
        case .tooLong: return false
        case .written(let needed):
            if let outcome { return outcome }
            let long = [UInt8](unsafeUninitializedCapacity: needed) { buffer, count in
                _ = expand(template, keys, for: length, into: buffer)
                count = needed
            }
            return test(long.span)
        }
    }

    static let variableWidth = 5

    /// The number of the variable that stands at a place of a pattern.
    func number(at place: Int) -> Int {
        var number = 0
        for index in place + 1..<place + Self.variableWidth { number = number << 7 | Int(bytes[index]) }
        return number
    }

    private enum Expansion {
        /// A variable has no value.
        case unresolved
        /// What is not `*` needs more bytes than the text has.
        case tooLong
        /// The whole length; more than there was room for is not written.
        case written(Int)
    }

    /// Writes a pattern as far as there is room, unless no text of this length can match it.
    private func expand(
        _ template: Template,
        _ keys: RequestKeys,
        for length: Int,
        into buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> Expansion {
        var needed = 0
        var wanted = 0
        func write(_ source: Span<UInt8>) {
            wanted += source.count
            guard wanted <= length else { return }
            for place in source.indices {
                if needed < buffer.count { buffer[needed] = source[place] }
                needed += 1
            }
        }
        var at = template.extent.start
        while at < template.extent.end {
            let byte = bytes[at]
            guard byte == Wildcard.variable else {
                if byte != Wildcard.any { wanted += 1 }
                if needed < buffer.count { buffer[needed] = byte }
                needed += 1
                at += 1
                continue
            }
            let variable = variables[number(at: at)]
            at += Self.variableWidth
            if let values = values(of: variable.key, keys) {
                // A set has no one value, and nothing is no value.
                guard !values.isMany else { return .unresolved }
                let value = keys.extents[values.extents.start]
                guard !value.isEmpty else { return .unresolved }
                write(keys.bytes.span.extracting(value.range))
            } else if let fallback = variable.fallback {
                write(bytes.span.extracting(fallback.range))
            } else {
                return .unresolved
            }
        }
        return wanted <= length ? .written(needed) : .tooLong
    }
}
