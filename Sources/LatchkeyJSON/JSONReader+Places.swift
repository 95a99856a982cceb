// JSONReader+Places.swift: finds a value again in the text it was read from, for the line and column of an error.

extension JSONReader {
    /// Returns where the value at the end of a path begins, or as far on the way there as the text goes.
    static func offset(of steps: [PathStep], in bytes: Span<UInt8>) -> Int {
        var at = 0
        skipBlanks(bytes, &at)
        // A text that was read once cannot fail now; should it, the place reached so far is the answer.
        try? walk(steps[...], bytes, &at)
        return at
    }

    private static func walk(
        _ steps: ArraySlice<PathStep>,
        _ bytes: Span<UInt8>,
        _ at: inout Int
    ) throws(SyntaxFault) {
        guard let step = steps.first, at < bytes.count else { return }
        let opened = at
        var next = at + 1
        switch (step, bytes[at]) {
        case (.member(let wanted), UInt8(ascii: "{")):
            if closes(UInt8(ascii: "}"), bytes, &next) { return }
            repeat {
                _ = try beginName(bytes, &next)
                let name = try string(bytes, &next)
                try colon(bytes, &next)
                skipBlanks(bytes, &next)
                if ExactText.same(name, wanted) { break }
                _ = try value(bytes, &next, depth: 0)
                // A member that is missing is missing from its object: point there.
                if try !goesOn(until: UInt8(ascii: "}"), bytes, &next) { return }
            } while true
        case (.element(let wanted), UInt8(ascii: "[")):
            if closes(UInt8(ascii: "]"), bytes, &next) { return }
            for _ in 0..<max(0, wanted) {
                _ = try value(bytes, &next, depth: 0)
                if try !goesOn(until: UInt8(ascii: "]"), bytes, &next) { return }
            }
            skipBlanks(bytes, &next)
        default:
            at = opened
            return
        }
        at = next
        try walk(steps.dropFirst(), bytes, &at)
    }
}
