// Segment.swift: how a text is cut into runs of the QR code's alphabets so that it takes the fewest bits.

/// A run of a text that is written in one of the QR code's alphabets (ISO/IEC 18004, 7.3).
struct Segment: Equatable {
    /// An alphabet of the code, from the densest to the most general.
    enum Alphabet: Int, CaseIterable {
        /// Digits, three in ten bits.
        case digits
        /// Digits, capital letters and nine signs, two in eleven bits.
        case capitals
        /// Anything, eight bits a byte.
        case bytes
    }

    /// The versions for which a segment's length takes the same number of bits (ISO/IEC 18004, table 3).
    enum VersionClass: Int, CaseIterable {
        /// Versions 1 to 9.
        case small
        /// Versions 10 to 26.
        case medium
        /// Versions 27 to 40.
        case large
    }

    /// The most bytes that any code holds: digits alone, level low, version 40.
    static let mostBytes = 7089

    let alphabet: Alphabet
    let range: Range<Int>
}

extension Segment {
    /// Cuts `bytes` into the segments that take the fewest bits.
    ///
    /// Text that is not all ASCII stays one segment of bytes, so that a reader which guesses the character set sees all
    /// of it.
    static func cut(_ bytes: Span<UInt8>, for versions: VersionClass) -> [Segment] {
        let whole = Segment(alphabet: .bytes, range: 0..<bytes.count)
        guard isASCII(bytes) else { return [whole] }

        // The cheapest way to have written everything up to a byte and to stand in an alphabet, byte after byte. Costs
        // are sixths of a bit, because a digit costs ten thirds and a capital eleven halves; a segment ends on a whole
        // bit.
        let alphabets = Alphabet.allCases
        let never = Int.max / 2  // A sum of two does not overflow.
        var cost = [Int](repeating: never, count: alphabets.count)
        var cameFrom = [Alphabet?](repeating: nil, count: bytes.count * alphabets.count)
        for index in bytes.indices {
            let cheapest = ending(cost)
            var next = [Int](repeating: never, count: alphabets.count)
            for alphabet in alphabets where alphabet.holds(bytes[index]) {
                let staying = cost[alphabet.rawValue]
                let written = index == 0 ? 0 : wholeBits(cost[cheapest.rawValue])
                let changing = written + 6 * alphabet.headerBits(versions)
                let stays = staying <= changing
                next[alphabet.rawValue] = min(staying, changing) + alphabet.sixthsOfBit
                cameFrom[index * alphabets.count + alphabet.rawValue] = stays ? alphabet : cheapest
            }
            cost = next
        }

        var segments: [Segment] = []
        var alphabet = ending(cost)
        var end = bytes.count
        for index in stride(from: bytes.count - 1, through: 0, by: -1) {
            let former = cameFrom[index * alphabets.count + alphabet.rawValue] ?? .bytes
            // To leave an alphabet for itself is never cheaper than to stay, so a new name is a new segment.
            guard former != alphabet || index == 0 else { continue }
            segments.append(Segment(alphabet: alphabet, range: index..<end))
            end = index
            alphabet = former
        }
        return segments.reversed()
    }

    /// Whether all of `bytes` are ASCII.
    static func isASCII(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where bytes[index] >= 0x80 { return false }
        return true
    }

    /// The alphabet in which it is cheapest to stand, by the costs of each.
    private static func ending(_ cost: [Int]) -> Alphabet {
        Alphabet.allCases.min { wholeBits(cost[$0.rawValue]) < wholeBits(cost[$1.rawValue]) } ?? .bytes
    }

    /// A cost in sixths of a bit, rounded up to a whole bit.
    private static func wholeBits(_ cost: Int) -> Int { (cost + 5) / 6 * 6 }
}

extension Segment.Alphabet {
    /// Whether `byte` can be written in this alphabet.
    func holds(_ byte: UInt8) -> Bool {
        switch self {
        case .digits:
            return byte >= 0x30 && byte <= 0x39
        case .capitals:
            switch byte {
            case 0x30...0x39, 0x41...0x5A: return true
            case 0x20, 0x24, 0x25, 0x2A, 0x2B, 0x2D, 0x2E, 0x2F, 0x3A: return true  // space $ % * + - . / :
            default: return false
            }
        case .bytes:
            return true
        }
    }

    /// What one byte costs.
    var sixthsOfBit: Int {
        switch self {
        case .digits: 20
        case .capitals: 33
        case .bytes: 48
        }
    }

    /// What beginning a segment costs: the mode's four bits and the length.
    func headerBits(_ versions: Segment.VersionClass) -> Int {
        switch (self, versions) {
        case (.digits, .small): 4 + 10
        case (.digits, .medium): 4 + 12
        case (.digits, .large): 4 + 14
        case (.capitals, .small): 4 + 9
        case (.capitals, .medium): 4 + 11
        case (.capitals, .large): 4 + 13
        case (.bytes, .small): 4 + 8
        case (.bytes, .medium), (.bytes, .large): 4 + 16
        }
    }
}

extension Segment.VersionClass {
    /// The last version of the class.
    var last: Int {
        switch self {
        case .small: 9
        case .medium: 26
        case .large: 40
        }
    }
}
