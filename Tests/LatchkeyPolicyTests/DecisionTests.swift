// DecisionTests.swift: what policies decide: the vectors, what is the same without explanation, and what an attacker may send.
import Foundation
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

    @Test("are the same with and without explanation", arguments: try VectorFile.directory(directory))
    func explained(name: String) throws {
        let file = try JSON(parsing: try bytes(of: "\(directory)/\(name)"))
        guard file["kind"] == "policy" else { return }
        for vector in try #require(file["cases"]?.array) {
            var object = try #require(vector.object)
            for member in ["id", "comment", "expect"] { object[member] = nil }
            guard let question = try? PolicyCase(JSON.object(object).bytes().span) else { continue }
            let explanation = question.explain()
            #expect(question.policies.decide(question.request) == explanation.decision)
            #expect(
                explanation.decision.outcome == .implicitDeny || explanation.decision.layer == .root
                    || !explanation.deciding.isEmpty
            )
        }
    }

    // MARK: - What an attacker may send

    @Test("a policy of 10,240 stars is one star")
    func stars() throws {
        let stars = String(repeating: "*", count: 10_240)
        #expect(try decision(#"{"StringLike":{"x:y":"\#(stars)"}}"#, ["x:y": "anything"]) == .allowed)
        #expect(try decision(#"{"StringLike":{"x:y":"\#(stars)b"}}"#, ["x:y": "anything"]) == .implicitDeny)
    }

    @Test("a pattern is matched in time, however it is made", .timeLimit(.minutes(10)))
    func hostile() throws {
        let value = String(repeating: "a", count: 100_000)
        let pattern = String(repeating: "a*", count: 50_000) + "b"
        #expect(try decision(#"{"StringLike":{"x:y":"\#(pattern)"}}"#, ["x:y": value]) == .implicitDeny)
        let marks = "*" + String(repeating: "?a*", count: 20_000) + "b"
        #expect(try decision(#"{"StringLike":{"x:y":"\#(marks)"}}"#, ["x:y": value]) == .implicitDeny)
    }

    @Test("variables without an end are read in time", .timeLimit(.minutes(10)))
    func openVariables() throws {
        for text in ["${", "${a,'", "${a", "$"] {
            let open = String(repeating: text, count: 130_000 / text.utf8.count)
            #expect(try decision(#"{"StringLike":{"x:y":"\#(open)"}}"#, ["x:y": open]) == .allowed)
        }
    }

    @Test("values longer than the stack's kilobyte are put into patterns whole")
    func longValues() throws {
        let value = String(repeating: "x", count: 5000)
        let block = #"{"StringLike":{"x:y":"a${x:z}*${x:z}b"}}"#
        #expect(try decision(block, ["x:y": "a\(value)-\(value)b", "x:z": value]) == .allowed)
        #expect(try decision(block, ["x:y": "a\(value)\(value.dropLast())b", "x:z": value]) == .implicitDeny)
    }

    @Test("a pattern that would be gigabytes long is not put together", .timeLimit(.minutes(1)))
    func hugeValues() throws {
        let value = String(repeating: "x", count: 1_000_000)
        let pattern = String(repeating: "${x:z}*", count: 8_000)
        for base in ["StringLike", "StringEqualsIgnoreCase", "StringEquals"] {
            let block = #"{"\#(base)":{"x:y":"\#(pattern)"}}"#
            #expect(try decision(block, ["x:y": "short", "x:z": value]) == .implicitDeny)
            // One without a value still makes the whole have none.
            let negated = #"{"StringNotLike":{"x:y":"\#(pattern)${x:none}"}}"#
            #expect(try decision(negated, ["x:y": "short", "x:z": value]) == .allowed)
        }
        let kelvins = String(repeating: "\u{212A}", count: 2_000)
        let letters = String(repeating: "k", count: 4_000)
        let block = #"{"StringEqualsIgnoreCase":{"x:y":"${x:z}${x:z}"}}"#
        #expect(try decision(block, ["x:y": letters, "x:z": kelvins]) == .allowed)
    }

    @Test("ten thousand statements about other actions change nothing")
    func many() throws {
        let others = (0..<10_000)
            .map { number in
                #"{"Effect":"\#(number % 2 == 0 ? "Deny" : "Allow")","Action":"other\#(number % 50):Do\#(number)*","Resource":"*"}"#
            }
        let own = #"{"Sid":"own","Effect":"Allow","Action":"s3:Get*","Resource":"*"}"#
        let text = #"{"Version":"2012-10-17","Statement":[\#((others + [own]).joined(separator: ","))]}"#
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity, use: .deciding), name: "many")]
        let explanation = policies.explain(try request("s3:GetObject", [:]))
        #expect(explanation.decision == policies.decide(try request("s3:GetObject", [:])))
        #expect(explanation.deciding.map(\.sid) == ["own"])
        #expect(policies.decide(try request("other2:Do9952", [:])).outcome == .explicitDeny)
        #expect(policies.decide(try request("other3:Do9953x", [:])).outcome == .allowed)
        #expect(policies.decide(try request("other3:Do9952", [:])).outcome == .implicitDeny)
    }

    @Test("action names longer than what the index looks at are compared to their end")
    func longActions() throws {
        let name = String(repeating: "a", count: 100)
        let text =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:\#(name)b","s3:\#(name)c?"],"Resource":"*"}}"#
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity), name: "long")]
        for (end, isAllowed) in [("b", true), ("", false), ("bb", false), ("cd", true), ("c", false)] {
            #expect(policies.decide(try request("s3:\(name)\(end)", [:])).isAllowed == isAllowed)
        }
    }

    @Test("one policy answers many threads at once")
    func threads() async throws {
        let text =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}}"#
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity), name: "shared")]
        let shared = policies
        let right = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var keys = RequestKeys()
                    keys.set("aws:username", "user\(task)")
                    var right = 0
                    for other in 0..<8 {
                        let request = try AccessRequest(
                            principal: try RequestPrincipal(arn: "arn:aws:iam::123456789012:user/u"),
                            action: "s3:GetObject",
                            resource: "arn:aws:s3:::b/user\(other)",
                            keys: keys
                        )
                        if shared.decide(request).isAllowed == (task == other) { right += 1 }
                    }
                    return right
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(right == 64)
    }

    // MARK: - What is said

    @Test("a statement is shown from its first to its last character")
    func places() throws {
        let text = """
            {"principal":"arn:aws:iam::123456789012:user/ann","action":"s3:GetObject","resource":"*",
             "identityPolicies":[{"Version":"2012-10-17","Statement":[
              {"Sid":"ö","Effect":"Allow","Action":"s3:PutObject","Resource":"*"},
              {"Effect":"Allow","Action":"s3:Get*",
               "Resource":"*"}]}]}
            """
        #expect(throws: PolicyCaseError.self) { try PolicyCase(text.utf8.span) }
        let statement = try #require(try PolicyCase(text.replacing("ö", with: "o").utf8.span).explain().deciding.first)
        #expect((statement.start.line, statement.start.column) == (4, 3))
        #expect((statement.end.line, statement.end.column) == (5, 18))
        #expect(statement.policy == "identityPolicies[0]")
    }

    @Test("a denial is worded as AWS words it")
    func words() {
        let none = Decision(outcome: .implicitDeny, layer: .identity)
        #expect(none.because("iam:GetUser") == "because no identity-based policy allows the iam:GetUser action")
        let boundary = Decision(outcome: .explicitDeny, layer: .boundary)
        #expect(boundary.because("iam:GetUser") == "with an explicit deny in a permissions boundary")
    }

    @Test("layers say for themselves what they would decide")
    func findings() throws {
        let text =
            #"{"principal":"arn:aws:iam::123456789012:user/ann","action":"s3:GetObject","resource":"*","identityPolicies":[{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}],"permissionsBoundary":{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}},"serviceControlPolicies":[[{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}]]}"#
        let explanation = try PolicyCase(text.utf8.span).explain()
        #expect(explanation.decision == Decision(outcome: .implicitDeny, layer: .boundary))
        #expect(explanation.allowedByBoundary == false)
        #expect(explanation.allowedByOrganizations == true)
        #expect(explanation.findings.map(\.layer) == [.serviceControl, .identity, .boundary])
        #expect(explanation.statements.map(\.layer) == [.serviceControl, .identity])
    }

    private func request(_ action: String, _ context: [String: String]) throws -> AccessRequest {
        var keys = RequestKeys()
        for (name, value) in context { keys.set(name, value) }
        return try AccessRequest(
            principal: try RequestPrincipal(arn: "arn:aws:iam::123456789012:user/ann"),
            action: action,
            keys: keys
        )
    }

    private func decision(_ block: String, _ context: [String: String]) throws -> Decision.Outcome {
        let text =
            #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":\#(block)}}"#
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(try PolicyDocument(text, kind: .identity, use: .deciding), name: "block")]
        return policies.decide(try request("s3:GetObject", context)).outcome
    }

    private func bytes(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
}
