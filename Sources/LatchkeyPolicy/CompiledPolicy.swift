// CompiledPolicy.swift: a policy that is ready to be asked, by any number of requests at once.

/// A policy that is ready to be asked.
///
/// It never changes: make it once from a document and keep it for as long as the document is what it is.
public final class CompiledPolicy: Sendable {
    /// What explanations call it.
    public let name: String
    /// Where it stands.
    public let kind: PolicyKind
    let program: Program
    /// The spelling of each of the program's keys.
    let keyNames: [String]
    /// Where each statement stands.
    let places: [StatementPlace]

    /// Compiles a document.
    public init(_ document: PolicyDocument, name: String) {
        let compiler = PolicyCompiler(document.content)
        self.name = name
        kind = document.kind
        program = compiler.program
        keyNames = compiler.keyNames
        places = document.content.statements.map { StatementPlace(sid: $0.sid?.text, start: $0.start, end: $0.end) }
    }
}

/// Where a statement stands in its text, and how it calls itself.
struct StatementPlace: Sendable {
    let sid: String?
    let start: PolicyPlace
    let end: PolicyPlace
}
