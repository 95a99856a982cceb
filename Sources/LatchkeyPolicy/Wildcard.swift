// Wildcard.swift: patterns against texts, in time that no pattern can blow up.

/// Patterns as bytes: UTF-8, with bytes that UTF-8 never has for what is not literal.
///
/// So text that comes from outside cannot turn into a wildcard.
enum Wildcard {
    /// `*`: any run of characters, also none.
    static let any: UInt8 = 0xFF
    /// `?`: one Unicode scalar.
    static let one: UInt8 = 0xFE
    /// A policy variable; four bytes with seven bits each of its number follow.
    static let variable: UInt8 = 0xFD

    /// Whether a pattern without variables matches the whole text.
    ///
    /// Each piece between two stars is looked for once, from the left: no star is ever tried again.
    static func matches(_ pattern: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        var p = 0
        var t = 0
        while p < pattern.count, pattern[p] != any {
            guard t < text.count else { return false }
            if pattern[p] == one {
                t = min(t + Fold.length(text[t]), text.count)
            } else if pattern[p] == text[t] {
                t += 1
            } else {
                return false
            }
            p += 1
        }
        if p == pattern.count { return t == text.count }
        // What follows the last star stands at the end.
        var q = pattern.count
        var u = text.count
        while pattern[q - 1] != any {
            guard u > t else { return false }
            u -= 1
            if pattern[q - 1] == one {
                while u > t, text[u] & 0xC0 == 0x80 { u -= 1 }
            } else if pattern[q - 1] != text[u] {
                return false
            }
            q -= 1
        }
        p += 1
        let isASCII = p < q && isASCII(text)
        while p < q {
            var end = p
            while pattern[end] != any { end += 1 }
            guard let next = find(pattern.extracting(p..<end), text.extracting(t..<u), isASCII) else { return false }
            t += next
            p = end + 1
        }
        return true
    }

    /// Returns where the first match of a piece without stars ends.
    private static func find(_ piece: Span<UInt8>, _ text: Span<UInt8>, _ isASCII: Bool) -> Int? {
        piece.withUnsafeBufferPointer { piece in
            text.withUnsafeBufferPointer { text in
                isASCII ? findBytes(piece, text) : findScalars(piece, text)
            }
        }
    }

    private static func isASCII(_ text: Span<UInt8>) -> Bool {
        var all: UInt8 = 0
        for index in text.indices { all |= text[index] }
        return all < 0x80
    }

    /// Where each character is a byte, so is what `?` stands for.
    private static func findBytes(_ piece: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>) -> Int? {
        let (piece, text) = (UnsafeRawBufferPointer(piece), UnsafeRawBufferPointer(text))
        var start = 0
        while start + piece.count <= text.count {
            if matchesBytes(piece, text, at: start) { return start + piece.count }
            start += 1
        }
        return nil
    }

    /// Whether a piece stands at a place of a text that is long enough; eight bytes at a time.
    @inline(__always)
    private static func matchesBytes(
        _ piece: UnsafeRawBufferPointer,
        _ text: UnsafeRawBufferPointer,
        at start: Int
    ) -> Bool {
        let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
        var p = 0
        while p + 8 <= piece.count {
            let wanted = piece.loadUnaligned(fromByteOffset: p, as: UInt64.self)
            let found = text.loadUnaligned(fromByteOffset: start + p, as: UInt64.self)
            if wanted != found {
                // All bits of the bytes where the piece has a `?`.
                let other = wanted ^ (UInt64(one) &* 0x0101_0101_0101_0101)
                let isOne = ~((other & low) &+ low | other | low)
                if (wanted ^ found) & ~((isOne >> 7) &* 0xFF) != 0 { return false }
            }
            p += 8
        }
        while p < piece.count {
            if piece[p] != text[start + p] && piece[p] != one { return false }
            p += 1
        }
        return true
    }

    private static func findScalars(_ piece: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var start = 0
        // Also when the piece is empty and the text is.
        while start <= text.count {
            var at = start
            var p = 0
            while p < piece.count {
                // Where the text is too short now, it is so from every later start.
                guard at < text.count else { return nil }
                let wanted = piece[p]
                if wanted == text[at] {
                    at += 1
                } else if wanted == one {
                    at += text[at] < 0x80 ? 1 : Fold.length(text[at])
                } else {
                    break
                }
                p += 1
            }
            if p == piece.count { return min(at, text.count) }
            start += Fold.length(text[start])
        }
        return nil
    }

    /// Whether two texts are the same bytes.
    @inline(__always)
    static func same(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in right.withUnsafeBytes { right in same(left, right) } }
    }

    /// Whether a text is a word.
    static func same(_ text: Span<UInt8>, _ word: StaticString) -> Bool {
        word.withUTF8Buffer { same(text, $0.span) }
    }

    /// A text that was UTF-8 before it was cut beside ASCII.
    static func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// Compares eight bytes at a time, the last of them perhaps twice.
    @inline(__always)
    private static func same(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let width = MemoryLayout<UInt64>.size
        guard left.count >= width else {
            for index in left.indices where left[index] != right[index] { return false }
            return true
        }
        var at = 0
        while at < left.count {
            at = min(at, left.count - width)
            let word = left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            if word != right.loadUnaligned(fromByteOffset: at, as: UInt64.self) { return false }
            at += width
        }
        return true
    }
}

/// Where the colons are that part an ARN into six.
struct ARNParts: Sendable {
    private(set) var colons: InlineArray<5, Int> = [0, 0, 0, 0, 0]

    /// Finds them; nil if the text is no ARN.
    init?(_ text: Span<UInt8>) {
        guard text.count > 4, text[0] == UInt8(ascii: "a"), text[1] == UInt8(ascii: "r"), text[2] == UInt8(ascii: "n")
        else { return nil }
        var found = 0
        for index in 3..<text.count where text[index] == UInt8(ascii: ":") {
            colons[found] = index
            found += 1
            if found == 5 { break }
        }
        guard found == 5, colons[0] == 3 else { return nil }
    }

    /// Where the sixth part begins.
    var last: Int { colons[4] + 1 }

    /// Whether the parts of a pattern match those of a text; parts that the pattern lacks match anything.
    ///
    /// A pattern without its sixth part ends in a colon or is short.
    func match(_ pattern: Span<UInt8>, _ text: Span<UInt8>, parts: Int = 6) -> Bool {
        var p = 0
        var t = 0
        for part in 0..<parts {
            if part == 5 {
                return Wildcard.matches(pattern.extracting(p..<pattern.count), text.extracting(t..<text.count))
            }
            var end = p
            while end < pattern.count, pattern[end] != UInt8(ascii: ":") { end += 1 }
            let textEnd = colons[part]
            guard Wildcard.matches(pattern.extracting(p..<end), text.extracting(t..<textEnd)) else { return false }
            if end == pattern.count { return true }
            p = end + 1
            t = textEnd + 1
        }
        return true
    }
}
