// TreeDecoder.swift: a tree to a Decodable type, with the member's name in every error.
import LatchkeyCrypto

/// What all decoders of one tree share.
final class Reading {
    /// The action that the whole tree is the answer of, where it is one.
    let action: String?
    let userInfo: [CodingUserInfoKey: Any]
    private let isStrict: Bool
    private var uses: [MemberUse] = []

    init(isStrict: Bool, action: String? = nil, userInfo: [CodingUserInfoKey: any Sendable] = [:]) {
        self.isStrict = isStrict
        self.action = action
        self.userInfo = userInfo
    }

    /// Reads a whole tree; where it is strict, every member must have been asked for.
    func read<T: Decodable>(_ type: T.Type, from node: WireNode) throws -> T {
        let value = try TreeDecoder.decode(type, TreeDecoder(node, at: nil, self))
        for use in uses { try use.check() }
        return value
    }

    fileprivate func use(of node: WireNode, at place: Place?) -> MemberUse? {
        guard isStrict, case .structure(let members) = node else { return nil }
        let use = MemberUse(members, at: place)
        uses.append(use)
        return use
    }
}

/// Which members of a structure a type has asked for.
final class MemberUse {
    private let members: [WireNode.Member]
    private let place: Place?
    private var isUsed: [Bool]

    init(_ members: [WireNode.Member], at place: Place?) {
        self.members = members
        self.place = place
        isUsed = Array(repeating: false, count: members.count)
    }

    func use(_ index: Int) { isUsed[index] = true }

    func check() throws(WireError) {
        guard let unknown = isUsed.firstIndex(of: false) else { return }
        let name = members[unknown].name
        let field = Place.field(Place(.member(key: name, wire: name), in: place))
        throw WireError("the action has no parameter '\(field.shown(128))'", member: field)
    }
}

/// The decoder of one value of a tree, which is its own single value container.
struct TreeDecoder: Decoder {
    let node: WireNode
    let place: Place?
    let reading: Reading
    let use: MemberUse?
    /// Whether names are data to the type that reads itself.
    private(set) var readsMap = false

    init(_ node: WireNode, at place: Place?, _ reading: Reading) {
        self.node = node
        self.place = place
        self.reading = reading
        use = reading.use(of: node, at: place)
    }

    var codingPath: [any CodingKey] { Place.keys(place) }
    var userInfo: [CodingUserInfoKey: Any] { reading.userInfo }

    /// Lets a type read itself; what it throws of its own goes through as it is.
    static func decode<T: Decodable>(_ type: T.Type, _ decoder: TreeDecoder) throws -> T {
        var decoder = decoder
        decoder.readsMap = type is any WireMap.Type
        do {
            return try T(from: decoder)
        } catch let error as DecodingError {
            throw decoder.error(error, type)
        } catch let error as TextEncodingError {
            throw decoder.breaks("Member must hold bytes: \(error)")
        }
    }

    /// Puts an error of the standard library, or of a type that speaks through it, into our words.
    private func error(_ error: DecodingError, _ type: any Decodable.Type) -> WireError {
        if case .scalar(let text) = node, let words = type as? any (CaseIterable & RawRepresentable<String>).Type {
            let all = Self.words(words).joined(separator: ", ")
            return WireError(at: place, value: text, breaks: "Member must satisfy enum value set: [\(all)]")
        }
        switch error {
        case .keyNotFound(let key, _):
            let wire = WireName.of(key.stringValue, in: Place.enclosing(place))
            return .missing(Place(.member(key: key.stringValue, wire: wire), in: place))
        case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
            // What the standard library says of an enumeration names its Swift type and repeats the value.
            let isOfEnumeration = context.debugDescription.utf8.starts(with: "Cannot initialize ".utf8)
            return breaks(isOfEnumeration ? "Member must be one of the known words" : context.debugDescription)
        @unknown default:
            return breaks("Member cannot be read")
        }
    }

    private static func words<T: CaseIterable & RawRepresentable<String>>(_ type: T.Type) -> [String] {
        T.allCases.map(\.rawValue)
    }

    func breaks(_ constraint: String) -> WireError { WireError(at: place, breaks: constraint) }

    // MARK: - Containers

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        switch node {
        case .structure(let members) where !readsMap: KeyedDecodingContainer(MemberDecoding<Key>(self, members))
        case .map(let members) where readsMap: KeyedDecodingContainer(MemberDecoding<Key>(self, members))
        case .scalar(""): KeyedDecodingContainer(MemberDecoding<Key>(self, []))
        default: throw breaks(readsMap ? "Member must be a map" : "Member must be a structure")
        }
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        switch node {
        case .list(let elements): ElementDecoding(self, elements)
        case .scalar(""): ElementDecoding(self, [])
        default: throw breaks("Member must be a list")
        }
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

extension TreeDecoder: SingleValueDecodingContainer {
    private func text(_ kind: String) throws(WireError) -> String {
        guard case .scalar(let text) = node else { throw breaks("Member must be \(kind)") }
        return text
    }

    func decodeNil() -> Bool { false }

    func decode(_ type: String.Type) throws -> String { try text("a text") }

    func decode(_ type: Bool.Type) throws -> Bool {
        let text = try text("true or false")
        // Some write their language's own word: Python's begins with a capital letter.
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default: throw WireError(at: place, value: text, breaks: "Member must be true or false")
        }
    }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value: Any? =
            switch type {
            case let type as any FixedWidthInteger.Type: try integer(type)
            case let type as any (BinaryFloatingPoint & LosslessStringConvertible).Type: try number(type)
            // The same decoder goes on: what the inner type asks for counts as asked for by the outer.
            default: try Self.decode(type, self)
            }
        guard let value = value as? T else { throw breaks("Member cannot be read") }
        return value
    }

    /// Digits as a number has them and nothing else: no plus sign, no zeros in front.
    private func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) throws(WireError) -> Integer {
        let text = try text("an integer")
        guard let integer = Integer(text), String(integer) == text else {
            throw WireError(
                at: place,
                value: text,
                breaks: "Member must be an integer from \(Integer.min) to \(Integer.max)"
            )
        }
        return integer
    }

    private func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Number.Type
    ) throws(WireError) -> Number {
        let text = try text("a number")
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Number(text), number.isFinite
        else { throw WireError(at: place, value: text, breaks: "Member must be a number") }
        return number
    }
}
