// Fold.swift: text without regard to case, and the hash by which names and actions are found.

enum Fold {
    /// A capital ASCII letter as a small one, any other byte as it is.
    @inline(__always)
    static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// A context key's name as it is compared.
    static func name(_ name: String) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(name.utf8.count)
        append(name, to: &folded)
        return folded
    }

    /// Appends a context key's name as it is compared.
    static func append(_ name: String, to folded: inout [UInt8]) {
        let start = folded.count
        for byte in name.utf8 {
            // A tag's key may be of any letters.
            if byte >= 0x80 {
                folded.removeLast(folded.count - start)
                folded.append(contentsOf: name.lowercased().utf8)
                return
            }
            folded.append(lower(byte))
        }
    }

    /// Whether two texts are equal without regard to case, scalar by scalar.
    static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        var i = 0
        var j = 0
        while i < left.count && j < right.count {
            let a = left[i]
            let b = right[j]
            if a < 0x80 && b < 0x80 {
                if lower(a) != lower(b) { return false }
                i += 1
                j += 1
            } else {
                let (first, next) = scalar(left, i)
                let (second, after) = scalar(right, j)
                if first != second && first.properties.lowercaseMapping != second.properties.lowercaseMapping {
                    return false
                }
                i = next
                j = after
            }
        }
        return i == left.count && j == right.count
    }

    /// How many bytes the scalar takes that begins with a byte.
    @inline(__always)
    static func length(_ first: UInt8) -> Int {
        first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    }

    /// The scalar that begins at a place, and the place after it.
    private static func scalar(_ bytes: Span<UInt8>, _ at: Int) -> (Unicode.Scalar, Int) {
        let first = bytes[at]
        let end = min(at + length(first), bytes.count)
        var value = first < 0x80 ? UInt32(first) : UInt32(first) & (first < 0xE0 ? 0x1F : first < 0xF0 ? 0x0F : 0x07)
        for index in at + 1..<max(end, at + 1) { value = value << 6 | UInt32(bytes[index] & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", end)
    }
}

/// The hash of a text, byte by byte (FNV-1a), so that the hash of every beginning of it is known on the way.
///
/// Its start differs from process to process: nobody can prepare names that collide.
struct TextHash {
    private(set) var value: UInt64

    private static let seed = UInt64.random(in: .min ... .max)

    init() { value = Self.seed }

    @inline(__always)
    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }

    static func of(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = TextHash()
        for index in bytes.indices { hash.add(bytes[index]) }
        return hash.value
    }

    /// The place of a hash in a table whose size is a power of two.
    @inline(__always)
    static func slot(_ hash: UInt64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: (hash ^ hash >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 33) & mask
    }
}
