// PolicyDanger.swift: what is legal in a policy and does not do what its writer most likely meant.

struct PolicyDanger {
    let kind: PolicyWarning.Kind
    let message: String
    let offset: Int

    /// Everything dangerous in a document, in the order of its text.
    static func all(in content: PolicyContent) -> [PolicyDanger] {
        var dangers: [PolicyDanger] = []
        for statement in content.statements {
            dangers += ofStatement(statement)
            let demanded = demandedKeys(of: statement)
            for condition in statement.conditions { dangers += ofCondition(condition, in: statement, demanded) }
            if content.language == .old { dangers += variables(in: statement) }
        }
        return dangers.sorted { $0.offset < $1.offset }
    }

    private static func ofStatement(_ statement: Statement) -> [PolicyDanger] {
        guard statement.effect == .allow else { return [] }
        var dangers: [PolicyDanger] = []
        let isEverything = statement.resources?.contains { $0.text.utf8.elementsEqual("*".utf8) } ?? true
        if statement.isNotAction && isEverything {
            dangers.append(
                PolicyDanger(
                    kind: .allowNotAction,
                    message: "Allow with NotAction on every resource grants all other actions of all services, those "
                        + "that are yet to come included; list what is granted in Action",
                    offset: statement.offset
                )
            )
        }
        if let everyone = statement.principals?.first(where: \.isEveryone), statement.conditions.isEmpty {
            dangers.append(
                PolicyDanger(
                    kind: .allowEveryone,
                    message: "everyone may, the anonymous too; name who may, or add a Condition",
                    offset: everyone.value.offset
                )
            )
        }
        let certified = statement.principals?
            .first { $0.kind == .service && $0.value.text.utf8.elementsEqual("rolesanywhere.amazonaws.com".utf8) }
        if let certified, statement.conditions.isEmpty {
            dangers.append(
                PolicyDanger(
                    kind: .allowEveryCertificate,
                    message:
                        "every certificate below every trust anchor of the account opens the role; name the anchor in a "
                        + "Condition on `aws:SourceArn`, or the machine in one on `aws:PrincipalTag/x509Subject/CN`",
                    offset: certified.value.offset
                )
            )
        }
        return dangers
    }

    private static func ofCondition(
        _ condition: ConditionText,
        in statement: Statement,
        _ demanded: Set<[UInt8]>
    ) -> [PolicyDanger] {
        let test = condition.test
        let key = Fold.name(condition.key.text)
        func danger(_ kind: PolicyWarning.Kind, _ message: String) -> PolicyDanger {
            PolicyDanger(kind: kind, message: message, offset: condition.key.offset)
        }
        var dangers: [PolicyDanger] = []
        if statement.effect == .allow, test.quantifier == .all, !demanded.contains(key) {
            let check = "\"Null\": {\"\(condition.key.text)\": \"false\"}"
            dangers.append(
                danger(
                    .forAllValuesWithoutNull,
                    "ForAllValues is also true of a request without `\(condition.key.text)`; add \(check)"
                )
            )
        }
        if statement.effect == .deny, test.base == .bool, !test.ifExists,
            key.elementsEqual("aws:multifactorauthpresent".utf8),
            condition.values.contains(where: { $0.text.utf8.map(Fold.lower).elementsEqual("false".utf8) })
        {
            dangers.append(
                danger(
                    .multiFactorWithoutIfExists,
                    "long-term keys do not have this key and are not denied; write BoolIfExists"
                )
            )
        }
        if test.quantifier == .single, test.base != .null, isSet(key) {
            dangers.append(
                danger(
                    .setKeyWithoutPrefix,
                    "`\(condition.key.text)` has many values and never matches without ForAllValues or ForAnyValue"
                )
            )
        }
        for value in condition.values where !isReadable(value.text, test.base) {
            dangers.append(
                PolicyDanger(
                    kind: .unreadableValue,
                    message: "the operator cannot read this value, which therefore matches nothing",
                    offset: value.offset
                )
            )
        }
        return dangers
    }

    /// The keys that a statement demands to be there.
    private static func demandedKeys(of statement: Statement) -> Set<[UInt8]> {
        var keys: Set<[UInt8]> = []
        for condition in statement.conditions where condition.test.base == .null {
            let isDemand = condition.values.allSatisfy { $0.text.utf8.map(Fold.lower).elementsEqual("false".utf8) }
            if isDemand { keys.insert(Fold.name(condition.key.text)) }
        }
        return keys
    }

    private static func isSet(_ key: [UInt8]) -> Bool {
        let sets = ["aws:tagkeys", "aws:calledvia", "aws:principalorgpaths", "sts:transitivetagkeys"]
        return sets.contains { key.elementsEqual($0.utf8) } || key.suffix(4).elementsEqual(":amr".utf8)
    }

    private static func isReadable(_ text: String, _ base: ConditionOperator.Base) -> Bool {
        let bytes = text.utf8.span
        switch base {
        case _ where base.isNumeric: return DecimalText(bytes) != nil
        case .ipAddress: return Network(bytes) != nil
        case .binaryEquals: return Base64Text.isValid(bytes)
        case .bool where text.utf8.contains(UInt8(ascii: "$")): return true
        case .bool, .null:
            let small = text.utf8.map(Fold.lower)
            return small.elementsEqual("true".utf8) || small.elementsEqual("false".utf8)
        default: return true
        }
    }

    private static func variables(in statement: Statement) -> [PolicyDanger] {
        let values = statement.conditions.filter { $0.test.base.hasVariables }.flatMap(\.values)
        return ((statement.resources ?? []) + values).filter { !Variables.keys(in: $0.text).isEmpty }
            .map { text in
                PolicyDanger(
                    kind: .variableInOldVersion,
                    message: "without \"Version\": \"2012-10-17\" a policy variable is plain text",
                    offset: text.offset
                )
            }
    }
}
