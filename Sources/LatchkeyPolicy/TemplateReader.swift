// TemplateReader.swift: patterns with wildcards and policy variables, cut into their pieces.

/// A piece of a pattern.
enum TemplateToken: Equatable {
    case literal(String)
    /// `*`.
    case any
    /// `?`.
    case one
    case variable(key: String, fallback: String?)
}

enum TemplateReader {
    /// Cuts a pattern into pieces; two literals may follow one another.
    static func tokens(of text: String, wildcards: Bool, variables: Bool) -> [TemplateToken] {
        let bytes = text.utf8.span
        // Behind the last closing brace no variable ends, so none is looked for: each search would go to the end.
        let end = text.utf8.lastIndex(of: UInt8(ascii: "}"))
            .map { text.utf8.distance(from: text.utf8.startIndex, to: $0) }
        let lastBrace = end ?? -1
        var tokens: [TemplateToken] = []
        tokens.reserveCapacity(8)
        var start = 0
        var at = 0
        func literal(to end: Int) {
            if end > start { tokens.append(.literal(Self.text(bytes, start, end))) }
        }
        while at < bytes.count {
            let byte = bytes[at]
            if wildcards, byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") {
                literal(to: at)
                tokens.append(byte == UInt8(ascii: "*") ? .any : .one)
                at += 1
                start = at
            } else if variables, byte == UInt8(ascii: "$"), at < lastBrace,
                let (token, end) = variable(bytes, at)
            {
                literal(to: at)
                tokens.append(token)
                at = end
                start = at
            } else {
                at += 1
            }
        }
        literal(to: at)
        return tokens
    }

    /// Reads the variable that begins at a `$`; nil where the text means only itself.
    private static func variable(_ bytes: Span<UInt8>, _ start: Int) -> (TemplateToken, end: Int)? {
        guard start + 1 < bytes.count, bytes[start + 1] == UInt8(ascii: "{") else { return nil }
        let first = start + 2
        var close = first
        var comma: Int?
        while close < bytes.count, bytes[close] != UInt8(ascii: "}") {
            if comma == nil, bytes[close] == UInt8(ascii: ",") {
                comma = close
                if let (fallback, end) = Self.fallback(bytes, close + 1) {
                    return (.variable(key: text(bytes, first, close), fallback: fallback), end)
                }
            }
            close += 1
        }
        guard close < bytes.count, close > first else { return nil }
        if close == first + 1 {
            switch bytes[first] {
            case UInt8(ascii: "*"): return (.literal("*"), close + 1)
            case UInt8(ascii: "?"): return (.literal("?"), close + 1)
            case UInt8(ascii: "$"): return (.literal("$"), close + 1)
            default: break
            }
        }
        return (.variable(key: text(bytes, first, close), fallback: nil), close + 1)
    }

    /// Reads `'text'}` behind the comma, and the place after it.
    private static func fallback(_ bytes: Span<UInt8>, _ start: Int) -> (String, end: Int)? {
        var at = skipBlanks(bytes, start)
        guard at < bytes.count, bytes[at] == UInt8(ascii: "'") else { return nil }
        let first = at + 1
        at = first
        while at < bytes.count, bytes[at] != UInt8(ascii: "'") { at += 1 }
        let close = skipBlanks(bytes, at + 1)
        guard close < bytes.count, bytes[close] == UInt8(ascii: "}") else { return nil }
        return (text(bytes, first, at), close + 1)
    }

    private static func skipBlanks(_ bytes: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < bytes.count, bytes[at] == UInt8(ascii: " ") { at += 1 }
        return at
    }

    private static func text(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> String {
        // The text was UTF-8, and it is cut only beside ASCII.
        guard let piece = try? UTF8Span(validating: bytes.extracting(start..<end)) else { return "" }
        return String(copying: piece)
    }
}

enum Variables {
    /// The keys that a pattern refers to.
    static func keys(in text: String) -> [String] {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return [] }
        return TemplateReader.tokens(of: text, wildcards: false, variables: true)
            .compactMap { token in
                if case .variable(let key, _) = token { key } else { nil }
            }
    }
}
