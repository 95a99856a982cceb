// JSON+DecodingContainers.swift: how a Decodable type reads the members of an object and the elements of an array.

/// The members of an object.
struct MemberDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: TreeDecoder
    private let object: JSON.Object
    private let path: PathLink?

    init(_ decoder: TreeDecoder, _ object: JSON.Object) {
        self.decoder = decoder
        self.object = object
        path = decoder.path
    }

    var codingPath: [any CodingKey] { PathLink.keys(path) }
    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool { find(key) != nil }

    /// The value of a member, which thereby is known; nil if there is none.
    private func find(_ key: some CodingKey) -> JSON? {
        guard let place = object.place(of: key.stringValue) else { return nil }
        decoder.members?.use(place)
        return object.members[place].value
    }

    private func child(_ key: some CodingKey) throws(JSONError) -> TreeDecoder {
        if let child = present(key) { return child }
        throw JSONError(at: PathLink.steps(path) + [.member(key.stringValue)], reason: "this member is missing")
    }

    private func present(_ key: some CodingKey) -> TreeDecoder? {
        find(key).map { TreeDecoder($0, at: MemberKey(key), under: path, strict: decoder.strict) }
    }

    /// A member that may be missing or null, found once.
    private func optional<T>(_ key: Key, _ read: (TreeDecoder) throws -> T) throws -> T? {
        guard let child = present(key), !child.value.isNull else { return nil }
        return try read(child)
    }

    /// A child that is given away: it is looked at for unknown members when this object is done.
    private func handOut(_ child: TreeDecoder) -> TreeDecoder {
        decoder.members?.handOut(child)
        return child
    }

    func decodeNil(forKey key: Key) throws -> Bool { try child(key).decodeNil() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try child(key).bool() }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try child(key).string() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try child(key).float(type) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try child(key).float(type) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try child(key).integer(type) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try child(key).integer(type) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try child(key).integer(type) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try child(key).integer(type) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try child(key).integer(type) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try child(key).integer(type) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try child(key).integer(type) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try child(key).integer(type) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try child(key).integer(type) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try child(key).integer(type) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try child(key).integer(type) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try child(key).integer(type) }

    // Of the optional forms only those that are common: the others come from the standard library and look up thrice.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try optional(key) { try $0.bool() }
    }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try optional(key) { try $0.string() }
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try optional(key) { try $0.integer(type) }
    }

    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try optional(key) { try $0.integer(type) }
    }

    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try optional(key) { try $0.integer(type) }
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try optional(key) { try TreeDecoder.decode(type, $0) }
    }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try TreeDecoder.decode(type, try child(key))
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Inner> {
        try handOut(try child(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try handOut(try child(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { handOut(try child(MemberKey(stringValue: "super"))) }

    func superDecoder(forKey key: Key) throws -> any Decoder { handOut(try child(key)) }
}

/// The elements of an array, one after the other.
struct ElementDecoding: UnkeyedDecodingContainer {
    private let decoder: TreeDecoder
    private let elements: [JSON]
    private let path: PathLink?
    private(set) var currentIndex = 0

    init(_ decoder: TreeDecoder, _ elements: [JSON]) {
        self.decoder = decoder
        self.elements = elements
        path = decoder.path
    }

    var codingPath: [any CodingKey] { PathLink.keys(path) }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex >= elements.count }

    /// The decoder of the next element, which stays the next until `advance`.
    private func child() throws(JSONError) -> TreeDecoder {
        guard currentIndex < elements.count
        else { throw JSONError(at: PathLink.steps(path) + [.element(currentIndex)], reason: "this element is missing") }
        return TreeDecoder(
            elements[currentIndex],
            at: MemberKey(index: currentIndex),
            under: path,
            strict: decoder.strict
        )
    }

    /// The next element's decoder, given away.
    private mutating func handOutNext() throws -> TreeDecoder {
        let child = try next { $0 }
        decoder.members?.handOut(child)
        return child
    }

    private mutating func next<T>(_ read: (TreeDecoder) throws -> T) throws -> T {
        let value = try read(try child())
        currentIndex += 1
        return value
    }

    mutating func decodeNil() throws -> Bool {
        guard try child().decodeNil() else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try next { try $0.bool() } }
    mutating func decode(_ type: String.Type) throws -> String { try next { try $0.string() } }
    mutating func decode(_ type: Double.Type) throws -> Double { try next { try $0.float(type) } }
    mutating func decode(_ type: Float.Type) throws -> Float { try next { try $0.float(type) } }
    mutating func decode(_ type: Int.Type) throws -> Int { try next { try $0.integer(type) } }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try next { try $0.integer(type) } }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try next { try $0.integer(type) } }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try next { try $0.integer(type) } }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try next { try $0.integer(type) } }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try next { try $0.integer(type) } }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try next { try $0.integer(type) } }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try next { try TreeDecoder.decode(type, $0) } }

    mutating func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type
    ) throws -> KeyedDecodingContainer<Inner> {
        try handOutNext().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try handOutNext().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try handOutNext() }
}
