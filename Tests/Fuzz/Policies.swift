// Policies.swift: policies of every kind, and whole questions: `Fuzz policies`; the first byte says which.
import LatchkeyPolicy

/// Reads a policy, or a case with policies in it, and asks what was read.
func readPolicy(_ bytes: [UInt8]) {
    guard let first = bytes.first else { return }
    let text = bytes[1...]
    let kinds = PolicyKind.allCases
    let number = Int(first &- UInt8(ascii: "0"))
    guard number < kinds.count else {
        var answer: [UInt8] = []
        PolicyCase.answer(text.span, to: &answer)
        precondition(answer.first == UInt8(ascii: "{") && answer.last == UInt8(ascii: "}"))
        return
    }
    do throws(PolicyError) {
        let document = try PolicyDocument(text.span, kind: kinds[number])
        _ = (document.warnings, document.contextKeys)
        var policies = PolicySet()
        policies.identity = [CompiledPolicy(document, name: "fuzzed")]
        guard let request = question else { return }
        precondition(policies.decide(request) == policies.explain(request).decision)
    } catch {
        precondition(error.line > 0 && error.column > 0, "\(error)")
    }
}

private let question: AccessRequest? = {
    var keys = RequestKeys()
    keys.set("aws:username", "ann")
    keys.set("aws:SourceIp", "192.0.2.7")
    keys.set("aws:CurrentTime", "2026-11-25T20:00:00Z")
    keys.set("aws:TagKeys", many: ["a", "é"])
    guard let ann = try? RequestPrincipal(arn: "arn:aws:iam::123456789012:user/ann") else { return nil }
    return try? AccessRequest(principal: ann, action: "s3:GetObject", resource: "arn:aws:s3:::b/ann/k", keys: keys)
}()
