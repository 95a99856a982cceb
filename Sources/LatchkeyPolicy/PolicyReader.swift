// PolicyReader.swift: a policy out of JSON bytes, in one walk: the exact grammar, with the place of everything it keeps.
internal import LatchkeyJSON

/// Reads a policy that stands in some bytes, and remembers where it is.
struct PolicyReader {
    var at: Int
    private var cursor = PlaceCursor()

    init(at offset: Int = 0) { at = offset }

    /// Reads a document that is the whole text.
    mutating func whole(_ bytes: Span<UInt8>) throws(PolicyFault) -> PolicyContent {
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw PolicyFault(SyntaxFault(.byteOrderMark, at: 0))
        }
        let content = try document(bytes)
        JSONReader.skipBlanks(bytes, &at)
        if at < bytes.count { throw PolicyFault(SyntaxFault(.trailing, at: at)) }
        return content
    }

    /// Reads the document that stands here.
    mutating func document(_ bytes: Span<UInt8>) throws(PolicyFault) -> PolicyContent {
        var content = PolicyContent()
        var seen = NameSet()
        try object(bytes, of: "a policy") { (reader, bytes, name, start) throws(PolicyFault) in
            guard seen.insert(name) else { throw PolicyFault(SyntaxFault(.duplicate, at: start)) }
            switch name {
            case "Version":
                let version = try reader.text(bytes, of: name)
                guard LanguageVersion(rawValue: version.text) != nil else {
                    throw .shape("Version is 2012-10-17 or 2008-10-17", at: version.offset)
                }
                content.version = version
            case "Id": _ = try reader.text(bytes, of: name)
            case "Statement": content.statements = try reader.statements(bytes)
            default: throw .shape("the element is not known here", at: start)
            }
        }
        if content.statements.isEmpty { throw .shape("the policy has no Statement", at: at - 1) }
        return content
    }

    private mutating func statements(_ bytes: Span<UInt8>) throws(PolicyFault) -> [Statement] {
        guard let first = peek(bytes), first == UInt8(ascii: "[") else { return [try statement(bytes)] }
        let start = at
        var statements: [Statement] = []
        at += 1
        if JSONReader.closes(UInt8(ascii: "]"), bytes, &at) { throw .shape("the policy has no statement", at: start) }
        repeat {
            statements.append(try statement(bytes))
        } while try goesOn(UInt8(ascii: "]"), bytes)
        return statements
    }

    private mutating func statement(_ bytes: Span<UInt8>) throws(PolicyFault) -> Statement {
        _ = peek(bytes)
        var statement = Statement()
        statement.offset = at
        statement.start = cursor.place(of: at, in: bytes)
        var seen = Elements()
        try object(bytes, of: "a statement") { (reader, bytes, name, start) throws(PolicyFault) in
            guard let element = Elements(name: name) else { throw .shape("the element is not known here", at: start) }
            guard seen.isDisjoint(with: element) else { throw PolicyFault(SyntaxFault(.duplicate, at: start)) }
            seen.formUnion(element)
            if seen.isSuperset(of: [.action, .notAction]) || seen.isSuperset(of: [.resource, .notResource])
                || seen.isSuperset(of: [.principal, .notPrincipal])
            {
                throw .shape("an element and its opposite exclude each other", at: start)
            }
            switch element {
            case .sid: statement.sid = try reader.text(bytes, of: name)
            case .effect: statement.effect = try reader.effect(bytes)
            case .action, .notAction:
                statement.isNotAction = element == .notAction
                statement.actions = try reader.texts(bytes, of: name)
            case .resource, .notResource:
                statement.isNotResource = element == .notResource
                statement.resources = try reader.texts(bytes, of: name)
            case .principal, .notPrincipal:
                statement.isNotPrincipal = element == .notPrincipal
                statement.principals = try reader.principals(bytes)
            default: statement.conditions = try reader.conditions(bytes)
            }
        }
        statement.end = cursor.place(of: at - 1, in: bytes)
        if !seen.contains(.effect) { throw .shape("the statement has no Effect", at: statement.offset) }
        return statement
    }

    private mutating func effect(_ bytes: Span<UInt8>) throws(PolicyFault) -> PolicyEffect {
        let word = try text(bytes, of: "Effect")
        if let effect = PolicyEffect(rawValue: word.text) { return effect }
        let small = word.text.utf8.map(Fold.lower)
        if small.elementsEqual("allow".utf8) || small.elementsEqual("deny".utf8) {
            throw PolicyFault(.legacy, detail: "Effect is written Allow or Deny", at: word.offset)
        }
        throw .shape("Effect is Allow or Deny", at: word.offset)
    }

    private mutating func principals(_ bytes: Span<UInt8>) throws(PolicyFault) -> [PrincipalText] {
        guard let first = peek(bytes), first == UInt8(ascii: "{") else {
            let everyone = try text(bytes, of: "Principal")
            guard everyone.text.utf8.elementsEqual("*".utf8) else {
                throw .shape("a principal is \"*\" or an object", at: everyone.offset)
            }
            return [PrincipalText(kind: .aws, value: everyone)]
        }
        var principals: [PrincipalText] = []
        var seen = NameSet()
        let start = at
        try object(bytes, of: "a principal") { (reader, bytes, name, start) throws(PolicyFault) in
            guard let kind = PrincipalText.Kind(rawValue: name) else {
                throw .shape("the element is not known here", at: start)
            }
            guard seen.insert(name) else { throw PolicyFault(SyntaxFault(.duplicate, at: start)) }
            for value in try reader.texts(bytes, of: name) {
                principals.append(PrincipalText(kind: kind, value: value))
            }
        }
        if principals.isEmpty { throw .shape("the statement names no principal", at: start) }
        return principals
    }

    private mutating func conditions(_ bytes: Span<UInt8>) throws(PolicyFault) -> [ConditionText] {
        var conditions: [ConditionText] = []
        var operators = NameSet()
        try object(bytes, of: "Condition") { (reader, bytes, name, start) throws(PolicyFault) in
            guard operators.insert(name) else { throw PolicyFault(SyntaxFault(.duplicate, at: start)) }
            let test = ConditionOperator(name)
            var keys = NameSet()
            try reader.object(bytes, of: "a condition") { (reader, bytes, name, keyStart) throws(PolicyFault) in
                guard let test else { throw .shape("the operator is not known", at: start) }
                guard keys.insert(name) else { throw PolicyFault(SyntaxFault(.duplicate, at: keyStart)) }
                let values = try reader.scalars(bytes)
                conditions.append(
                    ConditionText(test: test, key: PlacedText(text: name, offset: keyStart), values: values)
                )
            }
        }
        return conditions
    }

    // MARK: - Values

    /// Reads a string, or an array of strings.
    private mutating func texts(_ bytes: Span<UInt8>, of element: String) throws(PolicyFault) -> [PlacedText] {
        guard let first = peek(bytes), first == UInt8(ascii: "[") else { return [try text(bytes, of: element)] }
        at += 1
        if JSONReader.closes(UInt8(ascii: "]"), bytes, &at) { return [] }
        var texts: [PlacedText] = []
        repeat {
            texts.append(try text(bytes, of: element))
        } while try goesOn(UInt8(ascii: "]"), bytes)
        return texts
    }

    /// Reads a condition's value, or an array of them.
    mutating func scalars(_ bytes: Span<UInt8>) throws(PolicyFault) -> [PlacedText] {
        guard let first = peek(bytes), first == UInt8(ascii: "[") else { return [try scalar(bytes)] }
        at += 1
        if JSONReader.closes(UInt8(ascii: "]"), bytes, &at) { return [] }
        var scalars: [PlacedText] = []
        repeat {
            scalars.append(try scalar(bytes))
        } while try goesOn(UInt8(ascii: "]"), bytes)
        return scalars
    }

    /// Reads a string, a number or a truth value, the latter two as they are written.
    mutating func scalar(_ bytes: Span<UInt8>) throws(PolicyFault) -> PlacedText {
        switch peek(bytes) {
        case UInt8(ascii: "\""): return try text(bytes, of: "a value")
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"):
            throw .shape("a condition's value is a string, a number, true or false", at: at)
        default: break
        }
        let start = at
        do throws(SyntaxFault) {
            switch try JSONReader.value(bytes, &at, depth: 0) {
            case .number(let text): return PlacedText(text: text, offset: start)
            case .bool(let truth): return PlacedText(text: truth ? "true" : "false", offset: start)
            default: throw SyntaxFault(.expectedValue, at: start)
            }
        } catch {
            throw PolicyFault(error)
        }
    }

    mutating func text(_ bytes: Span<UInt8>, of element: String) throws(PolicyFault) -> PlacedText {
        guard let first = peek(bytes), first == UInt8(ascii: "\"") else {
            throw .shape("expected \(element) to be a string", at: at)
        }
        let start = at
        do throws(SyntaxFault) {
            return PlacedText(text: try JSONReader.string(bytes, &at), offset: start)
        } catch {
            throw PolicyFault(error)
        }
    }

    // MARK: - Structure

    /// Reads an object, calling `member` with the reader at the value of each of its members.
    mutating func object(
        _ bytes: Span<UInt8>,
        of element: String,
        _ member: (inout PolicyReader, Span<UInt8>, String, Int) throws(PolicyFault) -> Void
    ) throws(PolicyFault) {
        guard let first = peek(bytes), first == UInt8(ascii: "{") else {
            throw .shape("expected \(element) to be an object", at: at)
        }
        at += 1
        if JSONReader.closes(UInt8(ascii: "}"), bytes, &at) { return }
        repeat {
            let start: Int
            let name: String
            do throws(SyntaxFault) {
                start = try JSONReader.beginName(bytes, &at)
                name = try JSONReader.string(bytes, &at)
                try JSONReader.colon(bytes, &at)
            } catch {
                throw PolicyFault(error)
            }
            try member(&self, bytes, name, start)
        } while try goesOn(UInt8(ascii: "}"), bytes)
    }

    mutating func goesOn(_ bracket: UInt8, _ bytes: Span<UInt8>) throws(PolicyFault) -> Bool {
        do throws(SyntaxFault) { return try JSONReader.goesOn(until: bracket, bytes, &at) } catch {
            throw PolicyFault(error)
        }
    }

    /// The first byte of what comes next.
    mutating func peek(_ bytes: Span<UInt8>) -> UInt8? {
        JSONReader.skipBlanks(bytes, &at)
        return at < bytes.count ? bytes[at] : nil
    }
}

/// The elements of a statement.
private struct Elements: OptionSet {
    let rawValue: UInt16

    static let sid = Elements(rawValue: 1)
    static let effect = Elements(rawValue: 2)
    static let principal = Elements(rawValue: 4)
    static let notPrincipal = Elements(rawValue: 8)
    static let action = Elements(rawValue: 16)
    static let notAction = Elements(rawValue: 32)
    static let resource = Elements(rawValue: 64)
    static let notResource = Elements(rawValue: 128)
    static let condition = Elements(rawValue: 256)

    init(rawValue: UInt16) { self.rawValue = rawValue }

    init?(name: String) {
        switch name {
        case "Sid": self = .sid
        case "Effect": self = .effect
        case "Principal": self = .principal
        case "NotPrincipal": self = .notPrincipal
        case "Action": self = .action
        case "NotAction": self = .notAction
        case "Resource": self = .resource
        case "NotResource": self = .notResource
        case "Condition": self = .condition
        default: return nil
        }
    }
}

/// Names that were there, told apart byte by byte; quick for the few of a policy and for the many of an attack.
struct NameSet {
    private var few: [String] = []
    private var many: Set<[UInt8]> = []

    /// Adds a name; false if it was there.
    mutating func insert(_ name: String) -> Bool {
        if many.isEmpty {
            if few.isEmpty { few.reserveCapacity(8) }
            // Equivalence first: it is quick for short names, and mostly says no.
            if few.contains(where: { $0 == name && $0.utf8.elementsEqual(name.utf8) }) { return false }
            few.append(name)
            if few.count > 16 { many = Set(few.map { Array($0.utf8) }) }
            return true
        }
        return many.insert(Array(name.utf8)).inserted
    }
}
