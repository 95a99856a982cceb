// HostilePolicyTests.swift: policies made to cost as much as they can.
import LatchkeyPolicy
import Testing

@Suite("Hostile policies")
struct HostilePolicyTests {
    private func decide(_ statement: String, _ context: [String: String], resource: String = "*") throws -> Bool {
        let text = #"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",\#(statement)}}"#
        var policies = PolicySet()
        let document = try PolicyDocument(text, kind: .identity, use: .deciding)
        policies.identity = [CompiledPolicy(document, name: "p")]
        var keys = RequestKeys()
        for (name, value) in context { keys.set(name, value) }
        let request = try AccessRequest(
            principal: try RequestPrincipal(arn: "arn:aws:iam::111111111111:user/ann"),
            action: "s3:Get",
            resource: resource,
            keys: keys
        )
        return policies.decide(request).isAllowed
    }

    private func condition(_ value: String) -> String {
        #""Resource":"*","Condition":{"StringLike":{"x:text":"\#(value)"}}"#
    }

    @Test("that repeat a long variable a hundred thousand times take no more room than their text")
    func repeatedVariable() throws {
        // Written out this would be 1.6 gigabytes.
        let value = String(repeating: "a", count: 16_384)
        let pattern = String(repeating: "${x:a}*", count: 100_000)
        #expect(try !decide(condition(pattern), ["x:a": value, "x:text": value]))
        #expect(
            try !decide(#""Resource":"arn:aws:s3:::\#(pattern)""#, ["x:a": value], resource: "arn:aws:s3:::\(value)")
        )
        #expect(
            try !decide(
                #""NotResource":"arn:aws:s3:::\#(pattern)${x:gone}""#,
                ["x:a": value],
                resource: "arn:aws:s3:::b"
            )
        )
        #expect(try decide(#""NotResource":"arn:aws:s3:::\#(pattern)""#, ["x:a": value], resource: "arn:aws:s3:::b"))
    }

    @Test("whose variables fill the text to its last byte still match")
    func exactFit() throws {
        for length in [1, 511, 512, 513, 1023, 1024, 1025, 5000] {
            let value = String(repeating: "é", count: length)
            #expect(try decide(condition("${x:a}"), ["x:a": value, "x:text": value]))
            #expect(try decide(condition("*${x:a}*${x:a}*"), ["x:a": value, "x:text": value + value]))
            #expect(try decide(condition("?${x:a}?"), ["x:a": value, "x:text": "a" + value + "b"]))
            #expect(try !decide(condition("?${x:a}?"), ["x:a": value, "x:text": value + "b"]))
        }
    }

    @Test("with 65,000 variables that never end are read once")
    func unterminatedVariables() throws {
        let text = String(repeating: "${", count: 65_000)
        #expect(try decide(condition(text), ["x:text": text]))
        let ended = "${x:a}" + text
        #expect(try decide(condition(ended), ["x:a": "a", "x:text": "a" + text]))
    }

    @Test("that demand 4,000 keys and test 4,000 are warned of those that they do not demand")
    func manyConditions() throws {
        let demands = (0..<4_000).map { #""x:\#($0)":false"# }.joined(separator: ",")
        let tests = (2_000..<6_000).map { #""x:\#($0)":"""# }.joined(separator: ",")
        let statement = #"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Null":{\#(demands)},"#
        let text = #"{"Version":"2012-10-17","Statement":\#(statement)"ForAllValues:StringLike":{\#(tests)}}}}"#
        #expect(text.utf8.count < PolicySize.text)
        #expect(try PolicyDocument(text, kind: .session).warnings.count == 2_000)
    }

    @Test("of 10,240 stars match once, forwards", arguments: ["*a", "a*", "*?", "*a*b"])
    func stars(piece: String) throws {
        let pattern = String(repeating: piece, count: 10_240)
        let text = String(repeating: "a", count: 20_000)
        #expect(try !decide(condition(pattern + "c"), ["x:text": text]))
        #expect(try decide(condition(pattern + "*"), ["x:text": text]) == !piece.contains("b"))
    }
}
