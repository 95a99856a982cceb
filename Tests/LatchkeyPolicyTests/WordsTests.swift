// WordsTests.swift: refusals beside moto's, whose words come from what IAM itself answered.
import Foundation
import LatchkeyJSON
import LatchkeyPolicy
import LatchkeyTestSupport
import Testing

@Suite("Refusals beside moto")
struct WordsTests {
    /// What moto takes, and IAM's documentation or these rules do not.
    private static let stricter: Set = [
        "duplicate_name", "resource_vendor_wildcard", "principal_in_identity", "null_if_exists", "sid_with_blank",
    ]
    /// What both refuse, in other words.
    private static let worded: Set = ["variable_before_fifth_colon"]

    @Test("identity policies are taken or refused as by moto, in the same words")
    func words() throws {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        let path = parts.joined(separator: "/") + "/Vectors/policy/documents.json"
        let file = try JSON(parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))))
        let cases = try #require(file["cases"]?.array).filter { $0["policyKind"] == "identity" }
        let output = try PythonEnvironment.run(
            """
            import json, sys
            from moto.iam.policy_validation import IAMPolicyDocumentValidator
            for line in sys.stdin:
                try:
                    IAMPolicyDocumentValidator(json.loads(line)).validate()
                    print("")
                except Exception as error:
                    print(error.message)
            """,
            with: ["moto==5.2.5"],
            stdin: cases.flatMap { ($0["text"] ?? .null).bytes() + [0x0A] }
        )
        let answers = output.stdout.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        try #require(answers.count == cases.count + 1)
        for (answer, vector) in zip(answers, cases) {
            let id = try #require(vector["id"]?.string)
            let text = try #require(vector["text"]?.string)
            var message = ""
            do throws(PolicyError) {
                _ = try PolicyDocument(text, kind: .identity)
            } catch {
                message = error.message
            }
            if Self.stricter.contains(id) {
                #expect(answer.isEmpty && !message.isEmpty, "\(id)")
            } else if Self.worded.contains(id) {
                #expect(!answer.isEmpty && !message.isEmpty, "\(id)")
            } else {
                #expect(message == answer, "\(id)")
            }
        }
    }
}
