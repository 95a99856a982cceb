// JudgeMatching.swift: the judge's wildcards, variables and ARNs: section 5 of the specification, word by word.

/// A letter of a pattern.
enum Letter: Equatable {
    case exactly(Unicode.Scalar)
    /// `?`
    case one
    /// `*`
    case run

    /// The letters of a text in which nothing is wild.
    static func plain(_ text: some Sequence<Unicode.Scalar>) -> [Letter] { text.map { .exactly($0) } }

    /// The letters of a text in which `*` and `?` are wild.
    static func wild(_ text: some Sequence<Unicode.Scalar>) -> [Letter] {
        text.map { $0 == "*" ? .run : $0 == "?" ? .one : .exactly($0) }
    }
}

/// Whether a pattern matches a whole text: by recursion, each pair of places once.
func matches(_ pattern: [Letter], _ text: [Unicode.Scalar]) -> Bool {
    let width = text.count + 1
    var memo = [Bool?](repeating: nil, count: (pattern.count + 1) * width)
    func rest(_ p: Int, _ t: Int) -> Bool {
        if let known = memo[p * width + t] { return known }
        let answer: Bool
        if p == pattern.count {
            answer = t == text.count
        } else {
            switch pattern[p] {
            case .run: answer = rest(p + 1, t) || (t < text.count && rest(p, t + 1))
            case .one: answer = t < text.count && rest(p + 1, t + 1)
            case .exactly(let letter): answer = t < text.count && text[t] == letter && rest(p + 1, t + 1)
            }
        }
        memo[p * width + t] = answer
        return answer
    }
    return rest(0, 0)
}

/// The parts of a text between its first five colons; fewer if it has fewer.
func sixParts<Piece: Equatable>(_ text: [Piece], colon: Piece) -> [[Piece]] {
    text.split(separator: colon, maxSplits: 5, omittingEmptySubsequences: false).map { Array($0) }
}

/// The value of a context key.
enum JudgeValue {
    case single(String)
    case many([String])

    var all: [String] {
        switch self {
        case .single(let value): [value]
        case .many(let values): values
        }
    }
}

/// A text of a policy with its variables filled in; nil if one of them has no value.
func filled(
    _ text: String,
    isLive: Bool,
    isWild: Bool,
    _ context: [String: JudgeValue]
) -> [Letter]? {
    let letters = Array(text.unicodeScalars)
    var result: [Letter] = []
    var at = 0
    while at < letters.count {
        if isLive, letters[at] == "$", at + 1 < letters.count, letters[at + 1] == "{",
            let end = letters[at...].firstIndex(of: "}"), end > at + 2
        {
            let inside = String(String.UnicodeScalarView(letters[at + 2..<end]))
            at = end + 1
            if inside == "*" || inside == "?" || inside == "$" {
                result += Letter.plain(inside.unicodeScalars)
                continue
            }
            var name = inside
            var fallback: String?
            if let comma = inside.firstIndex(of: ",") {
                name = String(inside[..<comma])
                var quoted = inside[inside.index(after: comma)...]
                while quoted.first == " " { quoted.removeFirst() }
                fallback = String(quoted.dropFirst().dropLast())
            }
            switch context[name.lowercased()] {
            case .single(let value) where !value.isEmpty: result += Letter.plain(value.unicodeScalars)
            case nil:
                guard let fallback else { return nil }
                result += Letter.plain(fallback.unicodeScalars)
            default: return nil
            }
        } else {
            result += isWild ? Letter.wild([letters[at]]) : Letter.plain([letters[at]])
            at += 1
        }
    }
    return result
}

/// The keys of the variables in a text.
func variableKeys(_ text: String) -> [String] {
    text.split(separator: "$").filter { $0.hasPrefix("{") }
        .compactMap { piece in
            guard let end = piece.firstIndex(of: "}") else { return nil }
            let inside = piece[..<end].dropFirst()
            return inside.isEmpty || ["*", "?"].contains(inside) ? nil : String(inside.prefix { $0 != "," })
        }
}

/// Whether an ARN pattern with its variables filled in matches an ARN.
func matchesARN(_ pattern: [Letter], _ arn: String) -> Bool {
    let parts = sixParts(Array(arn.unicodeScalars), colon: ":")
    guard parts.count == 6, parts[0] == Array("arn".unicodeScalars) else { return false }
    var patterns = sixParts(pattern, colon: .exactly(":"))
    while patterns.count < 6 { patterns.append([.run]) }
    return zip(patterns, parts).allSatisfy { matches($0, $1) }
}

/// Whether a pattern of Action or NotAction matches.
func matchesAction(_ pattern: String, _ action: String) -> Bool {
    matches(Letter.wild(pattern.lowercased().unicodeScalars), Array(action.lowercased().unicodeScalars))
}

/// What comparing a resource with an element of Resource or NotResource gives.
enum ResourceMatch {
    case yes, no, unresolvable
}

/// Compares a resource with an element of Resource or NotResource.
func matchResource(
    _ pattern: String,
    _ resource: String,
    isLive: Bool,
    _ context: [String: JudgeValue]
) -> ResourceMatch {
    if pattern == "*" { return .yes }
    guard let letters = filled(pattern, isLive: isLive, isWild: true, context) else { return .unresolvable }
    return matchesARN(letters, resource) ? .yes : .no
}
