// JSON+Decoding.swift: a value to a Decodable type, with the path in every error and, where wanted, no unknown members.

extension JSON {
    /// Makes a value of a type from this one.
    ///
    /// With `refusingUnknown` a member that the type does not ask for is an error.
    public func decode<T: Decodable>(
        _ type: T.Type = T.self,
        refusingUnknown: Bool = false
    ) throws(JSONError) -> T {
        try TreeDecoder.decode(type, TreeDecoder(self, at: nil, under: nil, strict: refusingUnknown))
    }

    /// Reads a whole JSON text and makes a value of a type from it; every error names its line and column.
    public static func decode<T: Decodable>(
        _ type: T.Type = T.self,
        from bytes: [UInt8],
        refusingUnknown: Bool = false
    ) throws(JSONError) -> T {
        let tree = try JSON(parsing: bytes.span)
        do throws(JSONError) {
            return try tree.decode(type, refusingUnknown: refusingUnknown)
        } catch {
            throw error.located(in: bytes.span)
        }
    }
}

extension JSON: Decodable {
    /// Takes the value as it stands; only this room's own decoder can give it.
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? TreeDecoder else {
            throw JSONError(at: decoder.codingPath.map(PathStep.init), reason: "only JSON can be read as JSON")
        }
        decoder.members?.useAll()
        self = decoder.value
    }
}

/// The way back to the root, shared by all values under it.
final class PathLink {
    let key: MemberKey
    let parent: PathLink?

    init(_ key: MemberKey, under parent: PathLink?) {
        self.key = key
        self.parent = parent
    }

    static func keys(_ last: PathLink?) -> [any CodingKey] {
        var keys: [any CodingKey] = []
        var link = last
        while let here = link {
            keys.append(here.key)
            link = here.parent
        }
        return keys.reversed()
    }

    static func steps(_ last: PathLink?) -> [PathStep] {
        var steps: [PathStep] = []
        var link = last
        while let here = link {
            steps.append(here.key.step)
            link = here.parent
        }
        return steps.reversed()
    }
}

/// A member's name or an element's place.
struct MemberKey: CodingKey {
    let step: PathStep

    /// Never a number for a member: a name of digits is still a name.
    var intValue: Int? {
        if case .element(let index) = step { index } else { nil }
    }

    var stringValue: String {
        switch step {
        case .member(let name): name
        case .element(let index): "\(index)"
        }
    }

    init(_ key: some CodingKey) { step = .member(key.stringValue) }

    init(index: Int) { step = .element(index) }

    init(stringValue: String) { step = .member(stringValue) }

    init?(intValue: Int) { self.init(index: intValue) }
}

/// Which members of a value a type has asked for, kept only where unknown ones are refused.
final class UsedMembers {
    private var used: [Bool]
    private var handedOut: [TreeDecoder] = []

    init(_ value: JSON) { used = Array(repeating: false, count: value.object?.members.count ?? 0) }

    func use(_ place: Int) { used[place] = true }

    func useAll() { for place in used.indices { used[place] = true } }

    /// Remembers a decoder that was given away, whose members must be looked at in the end.
    func handOut(_ decoder: TreeDecoder) { handedOut.append(decoder) }

    func check(_ decoder: TreeDecoder) throws(JSONError) {
        if case .object(let object) = decoder.value, let unknown = used.firstIndex(of: false) {
            let step = PathStep.member(object.members[unknown].name)
            throw JSONError(at: PathLink.steps(decoder.path) + [step], reason: "this member is not known here")
        }
        for decoder in handedOut { try decoder.members?.check(decoder) }
    }
}

/// The decoder of one value of a tree, which is its own single value container.
struct TreeDecoder: Decoder {
    let value: JSON
    private let parent: PathLink?
    private let key: MemberKey?
    let strict: Bool
    let members: UsedMembers?

    /// The way to this value; made when asked for, because most values never are.
    var path: PathLink? { key.map { PathLink($0, under: parent) } ?? parent }

    var codingPath: [any CodingKey] { PathLink.keys(path) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ value: JSON, at key: MemberKey?, under parent: PathLink?, strict: Bool) {
        self.value = value
        self.key = key
        self.parent = parent
        self.strict = strict
        switch value {
        case .object, .array: members = strict ? UsedMembers(value) : nil
        default: members = nil
        }
    }

    /// Lets a type read itself from a decoder, then looks for members that it left.
    static func decode<T: Decodable>(_ type: T.Type, _ decoder: TreeDecoder) throws(JSONError) -> T {
        do {
            let value = try T(from: decoder)
            try decoder.members?.check(decoder)
            return value
        } catch let error as JSONError {
            throw error
        } catch let error as DecodingError {
            throw JSONError(error, at: decoder.path)
        } catch {
            throw decoder.error("\(error)")
        }
    }

    func error(_ reason: String) -> JSONError { JSONError(at: PathLink.steps(path), reason: reason) }

    func expected(_ wanted: String) -> JSONError { error("expected \(wanted), not \(value.kind)") }

    // MARK: - Values

    func bool() throws(JSONError) -> Bool {
        guard case .bool(let bool) = value else { throw expected("a truth value") }
        return bool
    }

    func string() throws(JSONError) -> String {
        guard case .string(let string) = value else { throw expected("a string") }
        return string
    }

    func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(JSONError) -> Integer {
        if let integer = value.integer(type) { return integer }
        guard case .number = value else { throw expected("an integer") }
        throw error("expected an integer from \(Integer.min) to \(Integer.max)")
    }

    func float<Float: BinaryFloatingPoint & LosslessStringConvertible>(_ type: Float.Type) throws(JSONError) -> Float {
        guard case .number(let text) = value else { throw expected("a number") }
        guard JSONNumber.isNumber(text), let float = Float(text), float.isFinite
        else { throw error("this number is too large") }
        return float
    }

    // MARK: - Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = value else { throw expected("an object") }
        return KeyedDecodingContainer(MemberDecoding<Key>(self, object))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = value else { throw expected("an array") }
        return ElementDecoding(self, elements)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension TreeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try bool() }
    func decode(_ type: String.Type) throws -> String { try string() }
    func decode(_ type: Double.Type) throws -> Double { try float(type) }
    func decode(_ type: Float.Type) throws -> Float { try float(type) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }
    // The same decoder goes on: what the inner type asks for counts as asked for by the outer.
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}

extension JSONError {
    /// Puts a decoding error of the standard library, or of a type's own making, into our words.
    init(_ error: DecodingError, at path: PathLink?) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(at: (context.codingPath + [key]).map(PathStep.init), reason: "this member is missing")
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            let steps = context.codingPath.isEmpty ? PathLink.steps(path) : context.codingPath.map(PathStep.init)
            // What the standard library says of an enumeration names its Swift type and repeats the value.
            let isOfEnumeration = context.debugDescription.utf8.starts(with: "Cannot initialize ".utf8)
            self.init(at: steps, reason: isOfEnumeration ? "this word is not known here" : context.debugDescription)
        @unknown default:
            self.init(at: PathLink.steps(path), reason: "this value cannot be read")
        }
    }
}
