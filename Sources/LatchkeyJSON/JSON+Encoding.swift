// JSON+Encoding.swift: a value of an Encodable type to a JSON value; members that are nil are left out.

extension JSON {
    /// Makes the JSON value that a type writes itself as.
    ///
    /// Optional members that are nil are left out, as the compiler's own conformances do. Infinities and NaN, which JSON
    /// cannot say, are refused.
    public init(encoding value: some Encodable) throws(JSONError) {
        let slot = EncodingSlot(at: nil)
        do {
            try value.encode(to: TreeEncoder(slot))
        } catch let error as JSONError {
            throw error
        } catch let EncodingError.invalidValue(_, context) {
            throw JSONError(at: context.codingPath.map(PathStep.init), reason: context.debugDescription)
        } catch {
            throw JSONError(reason: "\(error)")
        }
        self = try slot.json()
    }
}

extension JSON: Encodable {
    /// Gives the value as it stands; only this room's own encoder can take it.
    public func encode(to encoder: any Encoder) throws {
        guard let encoder = encoder as? TreeEncoder else {
            throw JSONError(at: encoder.codingPath.map(PathStep.init), reason: "JSON can be written as JSON only")
        }
        encoder.slot.put(self)
    }
}

/// The place where one value of the tree is being built.
final class EncodingSlot {
    private enum Content {
        case nothing
        case leaf(JSON)
        case elements([EncodingSlot])
        case members(JSON.Object, [Int: EncodingSlot])
        case conflict
    }

    let path: PathLink?
    private var content = Content.nothing

    init(at path: PathLink?) { self.path = path }

    /// What was built; of a type that wrote nothing, an object without members.
    func json() throws(JSONError) -> JSON {
        switch content {
        case .nothing: return .object(JSON.Object())
        case .leaf(let value): return value
        case .elements(let slots):
            var elements: [JSON] = []
            elements.reserveCapacity(slots.count)
            for slot in slots { elements.append(try slot.json()) }
            return .array(elements)
        case .members(var object, let slots):
            for (place, slot) in slots { object[object.members[place].name] = try slot.json() }
            return .object(object)
        case .conflict:
            throw JSONError(at: PathLink.steps(path), reason: "this type writes itself as two kinds of value at once")
        }
    }

    func put(_ value: JSON) {
        if case .nothing = content { content = .leaf(value) } else { content = .conflict }
    }

    // MARK: - Elements

    var count: Int {
        if case .elements(let slots) = content { slots.count } else { 0 }
    }

    func becomeArray() {
        switch content {
        case .nothing: content = .elements([])
        case .elements: break
        default: content = .conflict
        }
    }

    /// Adds an element, to be filled through the slot that is returned.
    func append() -> EncodingSlot {
        guard case .elements(var slots) = content else { return EncodingSlot(at: path) }
        let slot = EncodingSlot(at: PathLink(MemberKey(index: slots.count), under: path))
        content = .nothing  // one owner of the array at a time: it grows in place
        slots.append(slot)
        content = .elements(slots)
        return slot
    }

    // MARK: - Members

    func becomeObject() {
        switch content {
        case .nothing: content = .members(JSON.Object(), [:])
        case .members: break
        default: content = .conflict
        }
    }

    /// Sets a member to a value that is known at once.
    func set(_ key: some CodingKey, _ value: JSON) {
        guard case .members(var object, var slots) = content else { return }
        content = .nothing
        if let place = object.place(of: key.stringValue) { slots[place] = nil }
        object[key.stringValue] = value
        content = .members(object, slots)
    }

    /// Sets a member to a value that will be filled through the slot that is returned.
    func member(_ key: some CodingKey) -> EncodingSlot {
        let slot = EncodingSlot(at: PathLink(MemberKey(key), under: path))
        guard case .members(var object, var slots) = content else { return slot }
        // A second container for the same member goes on with the first one's.
        if let place = object.place(of: key.stringValue) {
            if let known = slots[place] { return known }
            slots[place] = slot
        } else {
            slots[object.members.count] = slot
        }
        content = .nothing
        object[key.stringValue] = .null
        content = .members(object, slots)
        return slot
    }
}

/// The encoder of one value, which is its own single value container.
struct TreeEncoder: Encoder {
    let slot: EncodingSlot

    init(_ slot: EncodingSlot) { self.slot = slot }

    var codingPath: [any CodingKey] { PathLink.keys(slot.path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(MemberEncoding<Key>(slot))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { ElementEncoding(slot) }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    /// Writes a value into a slot; what a type throws of its own gets the path of the value.
    static func encode(_ value: some Encodable, into slot: EncodingSlot) throws(JSONError) {
        do {
            try value.encode(to: TreeEncoder(slot))
        } catch let error as JSONError {
            throw error
        } catch let EncodingError.invalidValue(_, context) {
            throw JSONError(at: PathLink.steps(slot.path), reason: context.debugDescription)
        } catch {
            throw JSONError(at: PathLink.steps(slot.path), reason: "\(error)")
        }
    }

    static func number(
        _ value: some BinaryFloatingPoint & CustomStringConvertible,
        at path: PathLink?,
        _ key: (any CodingKey)? = nil
    ) throws(JSONError) -> JSON {
        guard value.isFinite else {
            throw JSONError(
                at: PathLink.steps(path) + (key.map { [PathStep($0)] } ?? []),
                reason: "JSON has no infinity and no NaN"
            )
        }
        return .number(value.description)
    }
}

extension TreeEncoder: SingleValueEncodingContainer {
    func encodeNil() throws { slot.put(.null) }
    func encode(_ value: Bool) throws { slot.put(.bool(value)) }
    func encode(_ value: String) throws { slot.put(.string(value)) }
    func encode(_ value: Double) throws { slot.put(try Self.number(value, at: slot.path)) }
    func encode(_ value: Float) throws { slot.put(try Self.number(value, at: slot.path)) }
    func encode(_ value: Int) throws { slot.put(.number(value)) }
    func encode(_ value: Int8) throws { slot.put(.number(value)) }
    func encode(_ value: Int16) throws { slot.put(.number(value)) }
    func encode(_ value: Int32) throws { slot.put(.number(value)) }
    func encode(_ value: Int64) throws { slot.put(.number(value)) }
    func encode(_ value: Int128) throws { slot.put(.number(value)) }
    func encode(_ value: UInt) throws { slot.put(.number(value)) }
    func encode(_ value: UInt8) throws { slot.put(.number(value)) }
    func encode(_ value: UInt16) throws { slot.put(.number(value)) }
    func encode(_ value: UInt32) throws { slot.put(.number(value)) }
    func encode(_ value: UInt64) throws { slot.put(.number(value)) }
    func encode(_ value: UInt128) throws { slot.put(.number(value)) }
    func encode<T: Encodable>(_ value: T) throws { try value.encode(to: self) }
}
