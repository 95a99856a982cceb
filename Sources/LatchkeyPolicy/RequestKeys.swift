// RequestKeys.swift: the condition keys of one request: built once, then found without making anything.

/// A piece of an array.
struct Extent: Sendable {
    var start: Int
    var end: Int

    static let none = Extent(start: 0, end: 0)

    var isEmpty: Bool { start == end }
    var count: Int { end - start }
    var range: Range<Int> { start..<end }
}

/// The context of a request: each key has one value, or is multi-valued and has any number of them.
///
/// Names are compared without regard to case, those of tags too. Whether a key is multi-valued is a matter of its definition,
/// not of how many values there happen to be. A key that is absent is not the same as one with an empty value.
public struct RequestKeys: Sendable {
    struct Entry {
        let hash: UInt64
        let name: Extent
        /// Which of `extents` are its values.
        var values: Extent
        var isMany: Bool
    }

    private(set) var bytes: [UInt8] = []
    private(set) var extents: [Extent] = []
    private(set) var entries: [Entry] = []
    /// Places of entries from 1, and 0 where it is free; its size is a power of two and more than the entries.
    private var table: [Int32] = []

    /// Makes a context without keys.
    public init() {
        bytes.reserveCapacity(1024)
        extents.reserveCapacity(32)
        entries.reserveCapacity(32)
        table = [Int32](repeating: 0, count: 64)
    }

    /// Gives a single-valued key its value, in place of what it had.
    public mutating func set(_ name: String, _ value: String) {
        let start = extents.count
        extents.append(append(value.utf8.span))
        set(name, Extent(start: start, end: start + 1), isMany: false)
    }

    /// Gives a multi-valued key its values, in place of what it had.
    public mutating func set(_ name: String, many values: [String]) {
        let start = extents.count
        for value in values { extents.append(append(value.utf8.span)) }
        set(name, Extent(start: start, end: extents.count), isMany: true)
    }

    /// Whether there is a key of this name.
    public func contains(_ name: String) -> Bool {
        let folded = Fold.name(name)
        return find(TextHash.of(folded.span), folded.span) != nil
    }

    private mutating func append(_ text: Span<UInt8>) -> Extent {
        let start = bytes.count
        text.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        return Extent(start: start, end: bytes.count)
    }

    private mutating func set(_ name: String, _ values: Extent, isMany: Bool) {
        let start = bytes.count
        Fold.append(name, to: &bytes)
        let extent = Extent(start: start, end: bytes.count)
        let hash = TextHash.of(bytes.span.extracting(extent.range))
        if let place = find(hash, bytes.span.extracting(extent.range)) {
            entries[place].values = values
            entries[place].isMany = isMany
            bytes.removeLast(extent.count)
            return
        }
        entries.append(Entry(hash: hash, name: extent, values: values, isMany: isMany))
        if entries.count * 2 > table.count {
            table = [Int32](repeating: 0, count: table.count * 2)
            for place in entries.indices { enter(place) }
        } else {
            enter(entries.count - 1)
        }
    }

    private mutating func enter(_ place: Int) {
        var slot = TextHash.slot(entries[place].hash, table.count - 1)
        while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = Int32(truncatingIfNeeded: place + 1)
    }

    // MARK: - Finding

    /// The values of a key that is there.
    struct Values {
        /// Which of `extents` they are.
        let extents: Extent
        let isMany: Bool
    }

    @inline(__always)
    func values(_ hash: UInt64, _ name: Span<UInt8>) -> Values? {
        guard let place = find(hash, name) else { return nil }
        return Values(extents: entries[place].values, isMany: entries[place].isMany)
    }

    private func find(_ hash: UInt64, _ name: Span<UInt8>) -> Int? {
        var slot = TextHash.slot(hash, table.count - 1)
        while table[slot] != 0 {
            let place = Int(table[slot]) - 1
            if entries[place].hash == hash, Wildcard.same(bytes.span.extracting(entries[place].name.range), name) {
                return place
            }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }
}
