// DecisionTests.swift: what policies decide: the vectors, what is the same without explanation, and what an attacker may send.
import LatchkeyJSON
import LatchkeyPolicy
import LatchkeyVectors
import Testing

private let directory: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/") + "/Vectors/policy"
}()

@Suite("Decisions")
struct DecisionTests {
    @Test("are those of the vectors", arguments: try VectorFile.directory(directory))
    func vectors(name: String) throws {
        let report = try VectorRunner.run(path: "\(directory)/\(name)")
        let isRight = report.succeeded
        #expect(isRight, "\(report.lines.joined(separator: "\n"))")
    }
}
