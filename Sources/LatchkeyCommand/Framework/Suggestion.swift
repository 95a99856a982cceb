// Suggestion.swift: what somebody probably meant who typed a word that does not exist.

/// Finds the known word nearest to a mistyped one.
enum Suggestion {
    /// Returns the nearest of `words`, or nil when none is near.
    ///
    /// Near is one slip of the fingers for each three letters, or the word's beginning.
    static func nearest(to typed: String, among words: [String]) -> String? {
        let typed = Array(typed.utf8.prefix(64))
        var best: (word: String, distance: Int)?
        for word in words {
            let distance = slips(typed, Array(word.utf8))
            if distance <= max(1, min(typed.count, word.utf8.count) / 3), distance < best?.distance ?? .max {
                best = (word, distance)
            }
        }
        if let best { return best.word }
        guard typed.count >= 2 else { return nil }
        return words.first { $0.utf8.starts(with: typed) }
    }

    /// Letters missing, added, changed or swapped with their neighbour between two words.
    private static func slips(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}
