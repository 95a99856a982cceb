// ReaderFuzzTests.swift: what is no policy, in great numbers: refused with a place, never a trap.
import LatchkeyJSON
import LatchkeyPolicy
import Testing

@Suite("The reader of policies")
struct ReaderFuzzTests {
    private static let kinds = PolicyKind.allCases
    private static let snippets = [
        "{", "}", "[", "]", "\"", ",", ":", "*", "?", "$", "${", "${}", "${*}", "${a, '", "'}", "\\", "\\u0", "\\u0000",
        "\\ud800", "null", "true", "-", "1e9", "0", "\n", " ", "\u{FEFF}", "é", "\u{1F511}", "Action", "\"Action\":",
        "\"Condition\":{", "\"Null\":{\"a\":true}", "arn:aws:", "ForAllValues:", "IfExists", "Statement",
        "\"Sid\":\"\",",
        "[[[[", "\"NotPrincipal\":{\"AWS\":\"*\"},", "2008-10-17", "999999999999999999999999", "\t",
    ]

    @Test("is given 200,000 changed policies", arguments: 0..<8 as Range<UInt64>)
    func changed(part: UInt64) throws {
        var roll = PolicyDice(dice: Dice(seed: DifferentialTests.seed &+ part))
        var refused = 0
        let request = try AccessRequest(
            principal: .anonymous,
            action: "s3:Get",
            resource: "arn:aws:sqs:::a",
            keys: RequestKeys()
        )
        for _ in 0..<250 {
            let kind = roll.dice.pick(Self.kinds)
            let original = Array(roll.policy(kind.rawValue, generous: 20).utf8)
            for _ in 0..<100 {
                let bytes = Self.changed(original, &roll.dice)
                if try !isSound(bytes, kind, request, &roll.dice) { refused += 1 }
            }
        }
        #expect(refused > 10_000)
        #expect(refused < 25_000)
    }

    private static func changed(_ original: [UInt8], _ dice: inout Dice) -> [UInt8] {
        var bytes = original
        for _ in 0..<1 + dice.below(3) {
            let at = dice.below(bytes.count + 1)
            let end = min(at + dice.below(12), bytes.count)
            switch dice.below(6) {
            case 0: bytes.insert(contentsOf: dice.pick(snippets).utf8, at: at)
            case 1: bytes.replaceSubrange(at..<end, with: dice.pick(snippets).utf8)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: dice.below(bytes.count + 1))
            case 4: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: dice.next()) }
            default: if dice.chance(20) { bytes.removeSubrange(at...) } else { bytes.insert(0x20, at: at) }
            }
        }
        return bytes
    }

    /// Whether bytes are a policy; one is asked something, and an error must name a place in them.
    private func isSound(
        _ bytes: [UInt8],
        _ kind: PolicyKind,
        _ request: AccessRequest,
        _ dice: inout Dice
    ) throws -> Bool {
        do throws(PolicyError) {
            let document = try PolicyDocument(bytes.span, kind: kind, use: dice.chance(50) ? .storing : .deciding)
            var set = PolicySet()
            set.identity = [CompiledPolicy(document, name: "p")]
            set.resource = set.identity[0]
            _ = set.explain(request)
        } catch {
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let isPlace =
                1...lines.count ~= error.line && error.column >= 1 && error.column <= lines[error.line - 1].count + 1
            if !isPlace || error.message.isEmpty { Issue.record("\(error): \(String(decoding: bytes, as: UTF8.self))") }
            return false
        }
        // What is a policy is JSON to begin with.
        _ = try JSON(parsing: bytes)
        return true
    }
}
