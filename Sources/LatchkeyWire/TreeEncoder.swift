// TreeEncoder.swift: a value of an Encodable type to a tree; members that are nil are left out.

/// What all encoders of one tree share.
final class Writing {
    /// The action that the whole tree is the answer of, where it is one.
    let action: String?
    let userInfo: [CodingUserInfoKey: Any]

    init(action: String? = nil, userInfo: [CodingUserInfoKey: any Sendable] = [:]) {
        self.action = action
        self.userInfo = userInfo
    }

    /// Writes a whole tree; also says whether the type has members at all, be they nil.
    func write(_ value: some Encodable) throws(WireError) -> (node: WireNode, hasMembers: Bool) {
        let slot = EncodingSlot(at: nil, self)
        try TreeEncoder.encode(value, into: slot)
        guard let node = try slot.node() else { throw WireError("nil is no answer") }
        return (node, slot.wasOfferedMembers)
    }
}

/// The place where one value of the tree is being built.
final class EncodingSlot {
    private enum Content {
        case nothing
        case null
        case scalar(String)
        case elements([EncodingSlot])
        case members([(name: String, slot: EncodingSlot)])
        case conflict
    }

    let place: Place?
    let writing: Writing
    /// Whether the members' names are data.
    var isMap = false
    /// Whether any member was given, be it nil.
    var wasOfferedMembers = false
    private var content = Content.nothing

    init(at place: Place?, _ writing: Writing) {
        self.place = place
        self.writing = writing
    }

    /// What was built; nil for nil, and of a type that wrote nothing a structure without members.
    func node() throws(WireError) -> WireNode? {
        switch content {
        case .nothing: return isMap ? .map([]) : .structure([])
        case .null: return nil
        case .scalar(let text): return .scalar(text)
        case .elements(let slots):
            var elements: [WireNode] = []
            elements.reserveCapacity(slots.count)
            for slot in slots {
                guard let element = try slot.node() else {
                    throw WireError(at: slot.place, breaks: "Member must not be null")
                }
                elements.append(element)
            }
            return .list(elements)
        case .members(let slots):
            var members: [WireNode.Member] = []
            members.reserveCapacity(slots.count)
            for (name, slot) in slots {
                guard let node = try slot.node() else { continue }
                members.append(WireNode.Member(name: name, node: node))
            }
            return isMap ? .map(members) : .structure(members)
        case .conflict: throw WireError(at: place, breaks: "Member must be one kind of value")
        }
    }

    func put(_ text: String?) {
        guard case .nothing = content else {
            content = .conflict
            return
        }
        content = text.map(Content.scalar) ?? .null
    }

    var count: Int {
        if case .elements(let slots) = content { slots.count } else { 0 }
    }

    func becomeList() {
        switch content {
        case .nothing: content = .elements([])
        case .elements: break
        default: content = .conflict
        }
    }

    func becomeStructure() {
        switch content {
        case .nothing: content = .members([])
        case .members: break
        default: content = .conflict
        }
    }

    /// Adds an element, to be filled through the slot that is returned.
    func append() -> EncodingSlot {
        let slot = EncodingSlot(at: Place(.element(count), in: place), writing)
        guard case .elements(var slots) = content else { return slot }
        content = .nothing  // one owner of the array at a time: it grows in place
        slots.append(slot)
        content = .elements(slots)
        return slot
    }

    /// The slot of a member; the second container for the same member goes on with the first one's.
    func member(_ key: some CodingKey) -> EncodingSlot {
        wasOfferedMembers = true
        let enclosing = Place.enclosing(place) ?? writing.action
        let name = isMap ? key.stringValue : WireName.of(key.stringValue, in: enclosing)
        guard case .members(var slots) = content else { return EncodingSlot(at: place, writing) }
        // A dictionary gives every name once.
        if !isMap, let known = slots.first(where: { $0.name == name }) { return known.slot }
        let step: Place.Step =
            isMap ? .entry(slots.count, key: name) : .member(key: key.stringValue, wire: name)
        let slot = EncodingSlot(at: Place(step, in: place), writing)
        content = .nothing
        slots.append((name, slot))
        content = .members(slots)
        return slot
    }
}

/// The encoder of one value, which is its own single value container.
struct TreeEncoder: Encoder {
    let slot: EncodingSlot

    var codingPath: [any CodingKey] { Place.keys(slot.place) }
    var userInfo: [CodingUserInfoKey: Any] { slot.writing.userInfo }

    /// Writes a value into a slot; what a type throws of its own is put into our words, without the value.
    static func encode(_ value: some Encodable, into slot: EncodingSlot) throws(WireError) {
        if value is any WireMap { slot.isMap = true }
        do {
            try value.encode(to: TreeEncoder(slot: slot))
        } catch let error as WireError {
            throw error
        } catch {
            throw WireError(at: slot.place, breaks: "Member cannot be written")
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(MemberEncoding<Key>(slot))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { ElementEncoding(slot) }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
}

extension TreeEncoder: SingleValueEncodingContainer {
    func encodeNil() throws { slot.put(nil) }
    func encode(_ value: String) throws { slot.put(value) }
    func encode(_ value: Bool) throws { slot.put(value ? "true" : "false") }

    func encode<T: Encodable>(_ value: T) throws {
        switch value {
        case let value as any FixedWidthInteger: slot.put(String(value))
        case let value as Double: try put(value)
        case let value as Float: try put(value)
        default: try Self.encode(value, into: slot)
        }
    }

    private func put(_ value: some BinaryFloatingPoint & CustomStringConvertible) throws(WireError) {
        guard value.isFinite else { throw WireError(at: slot.place, breaks: "Member must be finite") }
        slot.put(value.description)
    }
}
