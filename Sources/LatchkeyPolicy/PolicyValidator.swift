// PolicyValidator.swift: what must and may stand in a policy of each kind, after its shape is known to be right.

struct PolicyValidator {
    let kind: PolicyKind
    let use: PolicyUse

    func check(_ content: PolicyContent) throws(PolicyFault) {
        if use == .storing, kind == .identity || kind == .boundary, content.language == .old {
            throw PolicyFault(
                "Policy document must be version 2012-10-17 or greater.",
                at: content.version?.offset ?? 0
            )
        }
        var sids: Set<String> = []
        for statement in content.statements {
            if let sid = statement.sid { try check(sid, &sids) }
            try check(principalsOf: statement)
            try check(actionsOf: statement)
            try check(resourcesOf: statement, variables: content.language == .current)
            try check(conditionsOf: statement)
        }
    }

    private func check(_ sid: PlacedText, _ sids: inout Set<String>) throws(PolicyFault) {
        guard sid.text.utf8.allSatisfy(\.isLetterOrDigit) else {
            let expression = "Check that your input satisfies the regular expression [0-9A-Za-z]*"
            throw PolicyFault("Statement IDs (SID) must be alpha-numeric. \(expression)", at: sid.offset)
        }
        guard sid.text.isEmpty || sids.insert(sid.text).inserted else {
            throw PolicyFault("Statement IDs (SID) in a single policy must be unique.", at: sid.offset)
        }
    }

    // MARK: - Principals

    private func check(principalsOf statement: Statement) throws(PolicyFault) {
        let place = statement.principals?.first?.value.offset ?? statement.offset
        switch kind {
        case .identity, .boundary, .session, .serviceControl:
            guard statement.principals == nil else {
                throw PolicyFault("Policy document should not specify a principal.", at: place)
            }
            return
        case .trust, .resource, .resourceControl: break
        }
        guard let principals = statement.principals else {
            // It names nobody and never matches; keeping it could only mislead.
            if use == .deciding && kind == .resource { return }
            throw PolicyFault("Missing required field Principal", at: place)
        }
        if statement.isNotPrincipal {
            if kind != .resource { throw PolicyFault("Has prohibited field NotPrincipal", at: place) }
            if statement.effect == .allow {
                throw PolicyFault(
                    .syntax,
                    detail:
                        "NotPrincipal with Allow lets in everyone else, the anonymous too; name who may with Principal",
                    at: place
                )
            }
        }
        for principal in principals {
            let isRight = kind == .resourceControl ? principal.isEveryone : PrincipalPattern(principal) != nil
            guard isRight else {
                let text = "\"\(principal.kind.rawValue)\":\"\(principal.value.text)\""
                throw PolicyFault("Invalid principal in policy: \(text)", at: principal.value.offset)
            }
        }
    }

    // MARK: - Actions

    private func check(actionsOf statement: Statement) throws(PolicyFault) {
        guard !statement.actions.isEmpty else {
            throw PolicyFault("Policy statement must contain actions.", at: statement.offset)
        }
        for action in statement.actions {
            try check(action)
            switch kind {
            case .trust:
                guard action.text.utf8.count > 4, action.text.utf8.prefix(4).map(Fold.lower).elementsEqual("sts:".utf8)
                else {
                    throw PolicyFault("AssumeRole policy may only specify STS AssumeRole actions.", at: action.offset)
                }
            case .resourceControl where action.text.utf8.elementsEqual("*".utf8):
                throw .shape("a resource control policy names services: s3:*, never * alone", at: action.offset)
            default: break
            }
        }
        guard kind == .resourceControl else { return }
        if statement.effect == .allow {
            throw .shape("a resource control policy can only deny", at: statement.offset)
        }
        if statement.isNotAction {
            throw .shape("a resource control policy has no NotAction", at: statement.offset)
        }
    }

    private func check(_ action: PlacedText) throws(PolicyFault) {
        let bytes = action.text.utf8
        if bytes.elementsEqual("*".utf8) { return }
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            let examples = "e.g., iam, sdb, ec2, etc."
            throw PolicyFault("Actions/Conditions must be prefaced by a vendor, \(examples)", at: action.offset)
        }
        let vendor = bytes[..<colon]
        let name = bytes[bytes.index(after: colon)...]
        if name.contains(UInt8(ascii: ":")) {
            throw PolicyFault("Actions/Condition can contain only one colon.", at: action.offset)
        }
        guard !vendor.isEmpty, vendor.allSatisfy({ $0.isLetterOrDigit || $0 == UInt8(ascii: "-") }) else {
            throw PolicyFault("Vendor \(Substring(vendor)) is not valid", at: action.offset)
        }
        let isName = name.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
        guard !name.isEmpty, isName else {
            throw .shape("an action's name has letters, digits, * and ?", at: action.offset)
        }
    }

    // MARK: - Resources and conditions

    private func check(resourcesOf statement: Statement, variables: Bool) throws(PolicyFault) {
        guard kind != .trust else {
            guard statement.resources == nil else {
                throw PolicyFault("Has prohibited field Resource", at: statement.resources?.first?.offset ?? 0)
            }
            return
        }
        guard let resources = statement.resources else {
            if kind == .resource { return }
            throw PolicyFault("Policy statement must contain resources.", at: statement.offset)
        }
        guard !resources.isEmpty else {
            throw PolicyFault("Policy statement must contain resources.", at: statement.offset)
        }
        for resource in resources { try ResourceRules.check(resource, variables: variables) }
    }

    private func check(conditionsOf statement: Statement) throws(PolicyFault) {
        for condition in statement.conditions where condition.test.base.isDate {
            for value in condition.values where Instant(value.text.utf8.span) == nil {
                throw PolicyFault(
                    .legacy,
                    detail: "a date is ISO 8601, such as 2026-11-25T20:00:00Z, or seconds since 1970",
                    at: value.offset
                )
            }
        }
    }
}

extension PrincipalText {
    var isEveryone: Bool { kind == .aws && value.text.utf8.elementsEqual("*".utf8) }
}

extension UInt8 {
    var isLetterOrDigit: Bool { Fold.lower(self) &- 0x61 < 26 || self &- 0x30 < 10 }
}
