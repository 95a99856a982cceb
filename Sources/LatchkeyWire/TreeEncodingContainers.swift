// TreeEncodingContainers.swift: how an Encodable type writes the members of a structure or map and the elements of a list.

/// The members of a structure, or the values of a map.
struct MemberEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let slot: EncodingSlot

    init(_ slot: EncodingSlot) {
        self.slot = slot
        slot.becomeStructure()
    }

    var codingPath: [any CodingKey] { Place.keys(slot.place) }

    func encodeNil(forKey key: Key) throws { slot.wasOfferedMembers = true }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try TreeEncoder.encode(value, into: slot.member(key))
    }

    private func optional(_ value: (some Encodable)?, _ key: Key) throws {
        guard let value else { return try encodeNil(forKey: key) }
        try encode(value, forKey: key)
    }

    // The compiler's own conformances call these rather than the general one, whose default forgets that there was a member.

    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Inner> { KeyedEncodingContainer(MemberEncoding<Inner>(slot.member(key))) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        ElementEncoding(slot.member(key))
    }

    func superEncoder() -> any Encoder { TreeEncoder(slot: slot.member(WireKey(stringValue: "super"))) }

    func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(slot: slot.member(key)) }
}

/// The elements of a list.
struct ElementEncoding: UnkeyedEncodingContainer {
    private let slot: EncodingSlot

    init(_ slot: EncodingSlot) {
        self.slot = slot
        slot.becomeList()
    }

    var codingPath: [any CodingKey] { Place.keys(slot.place) }
    var count: Int { slot.count }

    func encodeNil() throws { slot.append().put(nil) }

    func encode<T: Encodable>(_ value: T) throws { try TreeEncoder.encode(value, into: slot.append()) }

    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        KeyedEncodingContainer(MemberEncoding<Inner>(slot.append()))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { ElementEncoding(slot.append()) }

    func superEncoder() -> any Encoder { TreeEncoder(slot: slot.append()) }
}
