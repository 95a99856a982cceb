// JSON+EncodingContainers.swift: how an Encodable type writes the members of an object and the elements of an array.

/// The members of an object.
struct MemberEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
    private let slot: EncodingSlot

    init(_ slot: EncodingSlot) {
        self.slot = slot
        slot.becomeObject()
    }

    var codingPath: [any CodingKey] { PathLink.keys(slot.path) }

    func encodeNil(forKey key: Key) throws { slot.set(key, .null) }
    func encode(_ value: Bool, forKey key: Key) throws { slot.set(key, .bool(value)) }
    func encode(_ value: String, forKey key: Key) throws { slot.set(key, .string(value)) }
    func encode(_ value: Int, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: Int8, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: Int16, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: Int32, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: Int64, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: Int128, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt8, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt16, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt32, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt64, forKey key: Key) throws { slot.set(key, .number(value)) }
    func encode(_ value: UInt128, forKey key: Key) throws { slot.set(key, .number(value)) }

    func encode(_ value: Double, forKey key: Key) throws {
        slot.set(key, try TreeEncoder.number(value, at: slot.path, key))
    }

    func encode(_ value: Float, forKey key: Key) throws {
        slot.set(key, try TreeEncoder.number(value, at: slot.path, key))
    }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        // Whatever stood under this name goes: the later value counts.
        slot.set(key, .null)
        try TreeEncoder.encode(value, into: slot.member(key))
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Inner> {
        KeyedEncodingContainer(MemberEncoding<Inner>(slot.member(key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        ElementEncoding(slot.member(key))
    }

    func superEncoder() -> any Encoder { TreeEncoder(slot.member(MemberKey(stringValue: "super"))) }

    func superEncoder(forKey key: Key) -> any Encoder { TreeEncoder(slot.member(key)) }
}

/// The elements of an array.
struct ElementEncoding: UnkeyedEncodingContainer {
    private let slot: EncodingSlot

    init(_ slot: EncodingSlot) {
        self.slot = slot
        slot.becomeArray()
    }

    var codingPath: [any CodingKey] { PathLink.keys(slot.path) }
    var count: Int { slot.count }

    func encodeNil() throws { slot.append().put(.null) }
    func encode(_ value: Bool) throws { slot.append().put(.bool(value)) }
    func encode(_ value: String) throws { slot.append().put(.string(value)) }
    func encode(_ value: Int) throws { slot.append().put(.number(value)) }
    func encode(_ value: Int8) throws { slot.append().put(.number(value)) }
    func encode(_ value: Int16) throws { slot.append().put(.number(value)) }
    func encode(_ value: Int32) throws { slot.append().put(.number(value)) }
    func encode(_ value: Int64) throws { slot.append().put(.number(value)) }
    func encode(_ value: Int128) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt8) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt16) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt32) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt64) throws { slot.append().put(.number(value)) }
    func encode(_ value: UInt128) throws { slot.append().put(.number(value)) }

    func encode(_ value: Double) throws {
        let element = slot.append()
        element.put(try TreeEncoder.number(value, at: element.path))
    }

    func encode(_ value: Float) throws {
        let element = slot.append()
        element.put(try TreeEncoder.number(value, at: element.path))
    }

    func encode<T: Encodable>(_ value: T) throws { try TreeEncoder.encode(value, into: slot.append()) }

    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        KeyedEncodingContainer(MemberEncoding<Inner>(slot.append()))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { ElementEncoding(slot.append()) }

    func superEncoder() -> any Encoder { TreeEncoder(slot.append()) }
}
