// PolicyCase.swift: a whole question as JSON: policies, principal, action, resource and context in one object.
internal import LatchkeyJSON

/// A question with the policies that answer it, as `latchkey policy decide` and the vectors write it.
///
/// Its members are `identityPolicies`, `groupPolicies`, `permissionsBoundary`, `sessionPolicies`, `serviceControlPolicies`,
/// `resourceControlPolicies`, `resourcePolicy`, `trustPolicy`, `principal`, `issuer`, `principalId`, `resourceAccount`,
/// `action`, `resource` and `context`; all but principal, action and resource may be missing.
public struct PolicyCase: Sendable {
    /// The policies.
    public let policies: PolicySet
    /// The question.
    public let request: AccessRequest

    /// Reads a case from the UTF-8 bytes of its JSON; the places of statements are places in these.
    public init(_ bytes: Span<UInt8>) throws(PolicyCaseError) {
        do throws(PolicyFault) {
            var reader = CaseReader()
            self = try reader.read(bytes)
        } catch {
            throw PolicyCaseError(error, in: bytes)
        }
    }

    fileprivate init(policies: PolicySet, request: AccessRequest) {
        self.policies = policies
        self.request = request
    }

    /// What the policies decide, and why.
    public func explain() -> Explanation { policies.explain(request) }
}

extension PolicyCase {
    /// Appends the answer to a case that stands in some bytes, as `latchkey policy decide` prints it, without a line's end.
    public static func answer(_ bytes: Span<UInt8>, to answers: inout [UInt8]) {
        do throws(PolicyCaseError) {
            try PolicyCase(bytes).explain().write(to: &answers)
        } catch {
            refuse("\(error)", to: &answers)
        }
    }

    /// Appends the answer to what is no case.
    public static func refuse(_ reason: String, to answers: inout [UInt8]) {
        JSON.object(["error": .string(reason)]).write(to: &answers)
    }
}

/// Says why a text is no case.
public struct PolicyCaseError: Error, Equatable, Sendable {
    /// What is wrong.
    public let reason: String
    /// Where it is wrong.
    public let place: PolicyPlace

    fileprivate init(_ fault: PolicyFault, in bytes: Span<UInt8>) {
        reason = fault.message == .syntax ? fault.detail ?? fault.message : fault.message
        var cursor = PlaceCursor()
        place = cursor.place(of: fault.offset, in: bytes)
    }
}

extension PolicyCaseError: CustomStringConvertible {
    /// One sentence: place and reason.
    public var description: String { "line \(place.line), column \(place.column): \(reason)" }
}

extension Explanation {
    /// Appends the explanation as `latchkey policy decide` prints it: one JSON object on one line, without its end.
    public func write(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "{\"decision\":\"".utf8)
        bytes.append(contentsOf: decision.outcome.rawValue.utf8)
        bytes.append(contentsOf: "\",\"layer\":\"".utf8)
        bytes.append(contentsOf: decision.layer.rawValue.utf8)
        bytes.append(contentsOf: "\",\"matched\":[".utf8)
        for (place, statement) in deciding.enumerated() {
            bytes.append(contentsOf: (place == 0 ? "{\"policy\":" : ",{\"policy\":").utf8)
            JSON.string(statement.policy).write(to: &bytes)
            if let sid = statement.sid {
                bytes.append(contentsOf: ",\"sid\":".utf8)
                JSON.string(sid).write(to: &bytes)
            }
            bytes.append(contentsOf: ",\"line\":".utf8)
            JSON.number(statement.start.line).write(to: &bytes)
            bytes.append(contentsOf: ",\"column\":".utf8)
            JSON.number(statement.start.column).write(to: &bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(contentsOf: "],\"missingContext\":".utf8)
        JSON.array(missingContextKeys.map(JSON.string)).write(to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}

/// Reads a case, member by member.
private struct CaseReader {
    private var policies = PolicySet()
    private var keys = RequestKeys()
    private var action: PlacedText?
    private var resource: PlacedText?
    private var account: PlacedText?
    private var principalText: PlacedText?
    private var issuer: PlacedText?
    private var id: PlacedText?
    private var principal: RequestPrincipal?
    private var seen = NameSet()

    mutating func read(_ bytes: Span<UInt8>) throws(PolicyFault) -> PolicyCase {
        var reader = PolicyReader()
        try reader.object(bytes, of: "a case") { (reader, bytes, name, start) throws(PolicyFault) in
            guard seen.insert(name) else { throw PolicyFault(SyntaxFault(.duplicate, at: start)) }
            try member(name, start, &reader, bytes)
        }
        JSONReader.skipBlanks(bytes, &reader.at)
        if reader.at < bytes.count { throw PolicyFault(SyntaxFault(.trailing, at: reader.at)) }
        return PolicyCase(policies: policies, request: try request())
    }

    private func request() throws(PolicyFault) -> AccessRequest {
        guard let action else { throw .shape("the case has no action", at: 0) }
        guard let resource else { throw .shape("the case has no resource", at: 0) }
        do throws(RequestError) {
            return try AccessRequest(
                principal: try who(),
                action: action.text,
                resource: resource.text,
                resourceAccount: account?.text,
                keys: keys
            )
        } catch {
            let text = error == .action ? action : error == .resource ? resource : principalText
            throw .shape("\(error)", at: text?.offset ?? 0)
        }
    }

    private func who() throws(RequestError) -> RequestPrincipal {
        if let principal { return principal }
        guard let name = principalText else { throw .principal }
        if name.text.utf8.elementsEqual("*".utf8) { return .anonymous }
        return try RequestPrincipal(arn: name.text, issuer: issuer?.text, id: id?.text)
    }

    private mutating func member(
        _ name: String,
        _ start: Int,
        _ reader: inout PolicyReader,
        _ bytes: Span<UInt8>
    ) throws(PolicyFault) {
        switch name {
        case "action": action = try reader.text(bytes, of: name)
        case "resource": resource = try reader.text(bytes, of: name)
        case "resourceAccount": account = try reader.text(bytes, of: name)
        case "issuer": issuer = try reader.text(bytes, of: name)
        case "principalId": id = try reader.text(bytes, of: name)
        case "principal":
            guard reader.peek(bytes) == UInt8(ascii: "{") else {
                principalText = try reader.text(bytes, of: name)
                return
            }
            principal = try reader.principal(bytes)
        case "context": try context(&reader, bytes)
        case "identityPolicies": policies.identity = try reader.policies(bytes, .identity, name)
        case "groupPolicies": policies.groups = try reader.policies(bytes, .identity, name)
        case "sessionPolicies": policies.session = try reader.policies(bytes, .session, name)
        case "permissionsBoundary": policies.boundary = try reader.policy(bytes, .boundary, name)
        case "resourcePolicy": policies.resource = try reader.policy(bytes, .resource, name)
        case "trustPolicy": policies.trust = try reader.policy(bytes, .trust, name)
        case "serviceControlPolicies": policies.serviceControl = try reader.levels(bytes, .serviceControl, name)
        case "resourceControlPolicies": policies.resourceControl = try reader.levels(bytes, .resourceControl, name)
        default: throw .shape("`\(name)` is no member of a case", at: start)
        }
    }

    private mutating func context(_ reader: inout PolicyReader, _ bytes: Span<UInt8>) throws(PolicyFault) {
        try reader.object(bytes, of: "context") { (reader, bytes, name, start) throws(PolicyFault) in
            guard !keys.contains(name) else {
                throw .shape("the context has this key twice; keys that differ only in case are one", at: start)
            }
            if reader.peek(bytes) == UInt8(ascii: "[") {
                keys.set(name, many: try reader.scalars(bytes).map(\.text))
            } else {
                keys.set(name, try reader.scalar(bytes).text)
            }
        }
    }
}

extension PolicyReader {
    /// Reads `{"Service": NAME}` or `{"Federated": NAME}`.
    fileprivate mutating func principal(_ bytes: Span<UInt8>) throws(PolicyFault) -> RequestPrincipal {
        let start = at
        var principal: RequestPrincipal?
        try object(bytes, of: "principal") { (reader, bytes, name, start) throws(PolicyFault) in
            guard principal == nil, name == "Service" || name == "Federated" else {
                throw .shape("a principal is a text, or an object with Service or Federated alone", at: start)
            }
            let text = try reader.text(bytes, of: name).text
            principal = name == "Service" ? .service(text) : .federated(text)
        }
        guard let principal else { throw .shape("the principal is empty", at: start) }
        return principal
    }

    /// Reads a document: an object, or a text that holds one.
    fileprivate mutating func policy(
        _ bytes: Span<UInt8>,
        _ kind: PolicyKind,
        _ name: String
    ) throws(PolicyFault) -> CompiledPolicy {
        if peek(bytes) == UInt8(ascii: "\"") {
            let text = try text(bytes, of: name)
            do throws(PolicyError) {
                return CompiledPolicy(try PolicyDocument(text.text, kind: kind, use: .deciding), name: name)
            } catch {
                throw PolicyFault("in \(name): \(error)", at: text.offset)
            }
        }
        let content = try document(bytes)
        return CompiledPolicy(try PolicyDocument(content, bytes, kind: kind, use: .deciding), name: name)
    }

    fileprivate mutating func policies(
        _ bytes: Span<UInt8>,
        _ kind: PolicyKind,
        _ name: String
    ) throws(PolicyFault) -> [CompiledPolicy] {
        var policies: [CompiledPolicy] = []
        try array(bytes, of: name) { (reader, bytes) throws(PolicyFault) in
            policies.append(try reader.policy(bytes, kind, "\(name)[\(policies.count)]"))
        }
        return policies
    }

    fileprivate mutating func levels(
        _ bytes: Span<UInt8>,
        _ kind: PolicyKind,
        _ name: String
    ) throws(PolicyFault) -> [[CompiledPolicy]] {
        var levels: [[CompiledPolicy]] = []
        try array(bytes, of: name) { (reader, bytes) throws(PolicyFault) in
            levels.append(try reader.policies(bytes, kind, "\(name)[\(levels.count)]"))
        }
        return levels
    }

    private mutating func array(
        _ bytes: Span<UInt8>,
        of name: String,
        _ element: (inout PolicyReader, Span<UInt8>) throws(PolicyFault) -> Void
    ) throws(PolicyFault) {
        guard peek(bytes) == UInt8(ascii: "[") else { throw .shape("expected \(name) to be an array", at: at) }
        at += 1
        if JSONReader.closes(UInt8(ascii: "]"), bytes, &at) { return }
        repeat {
            _ = peek(bytes)
            try element(&self, bytes)
        } while try goesOn(UInt8(ascii: "]"), bytes)
    }
}
