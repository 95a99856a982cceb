// TreeDecodingContainers.swift: how a Decodable type reads the members of a structure or map and the elements of a list.

/// The members of a structure, by their names on the wire, or the values of a map, by theirs.
struct MemberDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: TreeDecoder
    private let members: [WireNode.Member]
    private let isMap: Bool
    /// Where the values of a map are; a structure's members are few.
    private var places: [String: Int] = [:]
    private let enclosing: String?

    init(_ decoder: TreeDecoder, _ members: [WireNode.Member]) {
        self.decoder = decoder
        self.members = members
        if case .map = decoder.node {
            isMap = true
            for (index, member) in members.enumerated() { places[member.name] = index }
        } else {
            isMap = false
        }
        enclosing = isMap ? nil : Place.enclosing(decoder.place) ?? decoder.reading.action
    }

    var codingPath: [any CodingKey] { decoder.codingPath }

    /// Known for maps only: a structure's members are asked for by name.
    var allKeys: [Key] { isMap ? members.compactMap { Key(stringValue: $0.name) } : [] }

    func contains(_ key: Key) -> Bool { find(wire(key)) != nil }

    private func wire(_ key: some CodingKey) -> String {
        isMap ? key.stringValue : WireName.of(key.stringValue, in: enclosing)
    }

    /// Where a member is, which thereby is known.
    private func find(_ wire: String) -> Int? {
        if isMap { return places[wire] }
        guard let index = members.firstIndex(where: { $0.name == wire }) else { return nil }
        decoder.use?.use(index)
        return index
    }

    private func required(_ key: some CodingKey) throws(WireError) -> TreeDecoder {
        let name = key.stringValue
        let wire = wire(key)
        guard let index = find(wire) else { throw .missing(Place(.member(key: name, wire: wire), in: decoder.place)) }
        let step: Place.Step = isMap ? .entry(index, key: name) : .member(key: name, wire: wire)
        return TreeDecoder(members[index].node, at: Place(step, in: decoder.place), decoder.reading)
    }

    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try TreeDecoder.decode(type, required(key))
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Inner> { try required(key).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try required(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { try required(WireKey(stringValue: "super")) }

    func superDecoder(forKey key: Key) throws -> any Decoder { try required(key) }
}

/// The elements of a list, one after the other.
struct ElementDecoding: UnkeyedDecodingContainer {
    private let decoder: TreeDecoder
    private let elements: [WireNode]
    private(set) var currentIndex = 0

    init(_ decoder: TreeDecoder, _ elements: [WireNode]) {
        self.decoder = decoder
        self.elements = elements
    }

    var codingPath: [any CodingKey] { decoder.codingPath }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    /// Reads the next element, which stays the next if that fails.
    private mutating func next<T>(_ read: (TreeDecoder) throws -> T) throws -> T {
        let place = Place(.element(currentIndex), in: decoder.place)
        guard currentIndex < elements.count else { throw WireError.missing(place) }
        let value = try read(TreeDecoder(elements[currentIndex], at: place, decoder.reading))
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try TreeDecoder.decode(type, $0) } }

    mutating func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type
    ) throws -> KeyedDecodingContainer<Inner> { try next { try $0.container(keyedBy: type) } }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next { try $0.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder { try next { $0 } }
}
