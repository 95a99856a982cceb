// VectorReport.swift: what came of running vector files: counts, lines for people and JSON for machines.

public import LatchkeyJSON

/// What came of one case.
public struct VectorResult: Sendable {
    /// How it ended.
    public enum Outcome: Equatable, Sendable {
        /// What came out is what was expected.
        case passed
        /// Something else came out.
        case failed(expected: JSON, got: JSON)
        /// A slow case that was not asked for.
        case skipped
        /// A case that only an authority can be asked: the authority's own tests do.
        case left
    }

    /// The case's id.
    public let id: String

    /// How it ended.
    public let outcome: Outcome
}

/// What came of running one or more vector files.
public struct VectorReport: Sendable {
    /// What came of one file.
    public struct File: Sendable {
        /// The file's path below the directory that was run, or as it was given.
        public let path: String
        /// Where its cases come from.
        public let source: String
        /// The kind of its cases.
        public let kind: String
        /// What came of each case, in the order of the file.
        public let results: [VectorResult]

        /// How many cases passed.
        public var passed: Int { results.count { $0.outcome == .passed } }
        /// How many slow cases were left out.
        public var skipped: Int { results.count { $0.outcome == .skipped } }
        /// How many cases were left to an authority.
        public var left: Int { results.count { $0.outcome == .left } }
        /// The cases that failed.
        public var failures: [VectorResult] {
            results.filter { if case .failed = $0.outcome { true } else { false } }
        }
    }

    /// The files, in the order they were run.
    public let files: [File]

    /// Puts what came of several runs together.
    public init(files: [File]) { self.files = files }

    /// How many cases passed.
    public var passed: Int { files.reduce(0) { $0 + $1.passed } }
    /// How many cases failed.
    public var failed: Int { files.reduce(0) { $0 + $1.failures.count } }
    /// How many slow cases were left out.
    public var skipped: Int { files.reduce(0) { $0 + $1.skipped } }
    /// How many cases were left to an authority.
    public var left: Int { files.reduce(0) { $0 + $1.left } }
    /// Whether something was run and nothing failed.
    public var succeeded: Bool { failed == 0 && passed > 0 }

    /// Lines for people: one a file with its counts, one more for each failure, one for the whole.
    public var lines: [String] {
        let width = files.map { safe($0.source).count }.max() ?? 0
        let counts = files.map { "\($0.passed)/\($0.results.count)" }
        let countWidth = counts.map(\.count).max() ?? 0
        var lines: [String] = []
        for (file, count) in zip(files, counts) {
            let source = safe(file.source)
            let blanks = String(repeating: " ", count: max(0, width - source.count) + 2 + countWidth - count.count)
            lines.append("\(source)\(blanks)\(count)   \(safe(file.path))\(note(file))")
            for result in file.results {
                guard case .failed(let expected, let got) = result.outcome else { continue }
                lines.append("  \(safe(result.id)): expected \(expected), got \(got)")
            }
        }
        let total = files.reduce(0) { $0 + $1.results.count }
        var last = "\(passed) of \(total) cases passed"
        if failed > 0 { last += ", \(failed) failed" }
        if skipped > 0 { last += ", \(skipped) slow not run" }
        if left > 0 { last += ", \(left) left to the tests of the authority" }
        return lines + [last]
    }

    /// One JSON value for machines.
    public var json: JSON {
        [
            "succeeded": .bool(succeeded),
            "passed": .number(passed),
            "failed": .number(failed),
            "skipped": .number(skipped),
            "left": .number(left),
            "files": .array(files.map(Self.json)),
        ]
    }

    private static func json(_ file: File) -> JSON {
        [
            "path": .string(file.path),
            "source": .string(file.source),
            "kind": .string(file.kind),
            "cases": .number(file.results.count),
            "passed": .number(file.passed),
            "failed": .number(file.failures.count),
            "skipped": .number(file.skipped),
            "left": .number(file.left),
            "failures": .array(
                file.results.compactMap { result in
                    guard case .failed(let expected, let got) = result.outcome else { return nil }
                    return ["id": .string(result.id), "expected": expected, "got": got]
                }
            ),
        ]
    }

    private func note(_ file: File) -> String {
        var notes: [String] = []
        if !file.failures.isEmpty { notes.append("\(file.failures.count) failed") }
        if file.skipped > 0 { notes.append("\(file.skipped) slow not run") }
        if file.left > 0 { notes.append("left to the tests of the authority") }
        return notes.isEmpty ? "" : "   (\(notes.joined(separator: ", ")))"
    }

    /// Text from a file as a terminal may have it: as it is, or with escapes where it would do harm.
    private func safe(_ text: String) -> String { String(JSON.string(text).text.dropFirst().dropLast()) }
}
