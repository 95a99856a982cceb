// ActionIndex.swift: finds the statements about an action by the literal beginnings of their patterns.

/// Statements by what their action patterns begin with, up to the first wildcard.
///
/// An exact name is its own beginning, `s3:Get*` begins with `s3:get`, `*` with nothing. A request's action is asked for under
/// each of its own beginnings that has such a length: other services and actions cost nothing.
struct ActionIndex: Sendable {
    /// A pattern of a statement.
    struct Posting: Sendable {
        let statement: Int
        let pattern: Template
    }

    private struct Slot {
        var hash: UInt64 = 0
        /// Which postings begin so; nothing in a free slot.
        var postings = Extent.none
    }

    /// More of a beginning is not looked at.
    static let longest = 63

    private(set) var postings: [Posting] = []
    /// Its size is a power of two.
    private var slots: [Slot] = []
    /// Bit n: there are beginnings of length n.
    private(set) var lengths: UInt64 = 0
    /// The statements with `NotAction`, which every action asks.
    var others: [Int] = []

    /// Files patterns under the hashes and lengths of their beginnings.
    mutating func fill(_ entries: [(hash: UInt64, length: Int, posting: Posting)]) {
        // Within one beginning the statements keep their order.
        let sorted = entries.indices.sorted { (entries[$0].hash, $0) < (entries[$1].hash, $1) }
        var size = 2
        while size < entries.count * 2 { size *= 2 }
        slots = [Slot](repeating: Slot(), count: size)
        postings.reserveCapacity(entries.count)
        var place = 0
        while place < sorted.count {
            let hash = entries[sorted[place]].hash
            let start = postings.count
            while place < sorted.count, entries[sorted[place]].hash == hash {
                let entry = entries[sorted[place]]
                lengths |= 1 << UInt64(entry.length)
                postings.append(entry.posting)
                place += 1
            }
            var slot = TextHash.slot(hash, size - 1)
            while !slots[slot].postings.isEmpty { slot = (slot + 1) & (size - 1) }
            slots[slot] = Slot(hash: hash, postings: Extent(start: start, end: postings.count))
        }
    }

    /// Which postings begin with what has this hash.
    @inline(__always)
    func find(_ hash: UInt64) -> Extent {
        var slot = TextHash.slot(hash, slots.count - 1)
        while !slots[slot].postings.isEmpty {
            if slots[slot].hash == hash { return slots[slot].postings }
            slot = (slot + 1) & (slots.count - 1)
        }
        return .none
    }
}
