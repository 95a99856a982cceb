// PolicyDocument.swift: an IAM policy: read exactly, checked for where it stands, with what is dangerous in it.

/// A policy document that keeps every rule of its kind.
public struct PolicyDocument: Sendable {
    /// Where the policy stands.
    public let kind: PolicyKind
    /// What is legal in it and dangerous, in the order of the text; looked for when it is read for storing.
    public let warnings: [PolicyWarning]
    let content: PolicyContent

    /// Reads a policy from its text.
    ///
    /// - Throws: `PolicyError` with AWS's message and the line and column of the first fault.
    public init(_ text: String, kind: PolicyKind, use: PolicyUse = .storing) throws(PolicyError) {
        try self.init(text.utf8.span, kind: kind, use: use)
    }

    /// Reads a policy from the UTF-8 bytes of its text.
    ///
    /// - Throws: `PolicyError` with AWS's message and the line and column of the first fault.
    public init(_ bytes: Span<UInt8>, kind: PolicyKind, use: PolicyUse = .storing) throws(PolicyError) {
        do throws(PolicyFault) {
            if use == .storing, Self.isTooLong(bytes) {
                throw .shape("the policy is longer than \(PolicySize.text) characters", at: PolicySize.text)
            }
            var reader = PolicyReader()
            self = try PolicyDocument(reader.whole(bytes), bytes, kind: kind, use: use)
        } catch {
            throw PolicyError(error, in: bytes)
        }
    }

    private static func isTooLong(_ bytes: Span<UInt8>) -> Bool {
        if bytes.count <= PolicySize.text { return false }
        var characters = 0
        for index in bytes.indices where bytes[index] & 0xC0 != 0x80 { characters += 1 }
        return characters > PolicySize.text
    }

    /// Checks what was read from some bytes.
    init(_ content: PolicyContent, _ bytes: Span<UInt8>, kind: PolicyKind, use: PolicyUse) throws(PolicyFault) {
        try PolicyValidator(kind: kind, use: use).check(content)
        self.kind = kind
        self.content = content
        if use == .storing {
            var cursor = PlaceCursor()
            warnings = PolicyDanger.all(in: content)
                .map { danger in
                    PolicyWarning(
                        kind: danger.kind,
                        message: danger.message,
                        place: cursor.place(of: danger.offset, in: bytes)
                    )
                }
        } else {
            warnings = []
        }
    }

    /// How many statements the policy has.
    public var statementCount: Int { content.statements.count }

    /// The context keys that conditions and variables refer to, as first written, each once.
    public var contextKeys: [String] {
        var seen: Set<[UInt8]> = []
        var keys: [String] = []
        func add(_ key: String) { if seen.insert(Fold.name(key)).inserted { keys.append(key) } }
        let live = content.language == .current
        for statement in content.statements {
            for resource in statement.resources ?? [] where live { Variables.keys(in: resource.text).forEach(add) }
            for condition in statement.conditions {
                add(condition.key.text)
                guard live, condition.test.base.hasVariables else { continue }
                for value in condition.values { Variables.keys(in: value.text).forEach(add) }
            }
        }
        return keys
    }
}
