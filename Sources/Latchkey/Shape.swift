// Shape.swift: what an action takes and gives, member by member, found by asking its Codable conformance.
public import LatchkeyOTP

/// The form of a value on the wire.
///
/// It is read off the type itself, so that help, the OpenAPI document and the comparison with AWS's own model cannot differ from
/// what is decoded.
public indirect enum Shape: Sendable, Equatable {
    /// Text, with its lengths in Unicode scalars and its pattern where it has a constraint.
    case text(lengths: ClosedRange<Int>?, pattern: String?, isSecret: Bool)
    /// One of some words.
    case choice([String])
    /// A whole number.
    case integer
    /// A number with a fraction.
    case number
    /// True or false.
    case boolean
    /// A moment, as ISO 8601 text in UTC.
    case time
    /// Bytes, as Base64 text.
    case blob
    /// A list of one shape.
    case list(Shape)
    /// Named members.
    case structure([Member])
    /// Values of one shape under names that are data.
    case map(Shape)
    /// Any JSON value.
    case any

    /// One member.
    public struct Member: Sendable, Equatable {
        /// The name in lowerCamelCase.
        public let name: String
        /// Whether it may be missing.
        public let isOptional: Bool
        /// Its form.
        public let shape: Shape

        /// Describes a member.
        public init(name: String, isOptional: Bool, shape: Shape) {
            self.name = name
            self.isOptional = isOptional
            self.shape = shape
        }
    }

    /// The form of a type; a type that cannot be asked is `any`.
    public init(of type: any Decodable.Type) { self = Prober.shape(of: type) }

    /// The members of a structure, or none.
    public var members: [Member] {
        if case .structure(let members) = self { return members }
        return []
    }
}

extension Action {
    /// What the action takes.
    public static var inputShape: Shape { Shape(of: Self.self) }

    /// What the action gives.
    public static var outputShape: Shape { Shape(of: Output.self) }
}

/// A type that cannot be asked by decoding, and says its form itself.
public protocol ShapedByHand: Decodable {
    /// The form.
    static var shape: Shape { get }
    /// Any value, for the enclosing type's question to go on.
    static var sample: Self { get }
}

extension UnixTime: ShapedByHand {
    /// A moment.
    public static var shape: Shape { .time }
    /// The epoch.
    public static var sample: UnixTime { UnixTime(0) }
}

extension Blob: ShapedByHand {
    /// Bytes.
    public static var shape: Shape { .blob }
    /// No bytes.
    public static var sample: Blob { Blob([]) }
}

extension SecretText: ShapedByHand {
    /// Text that is never shown.
    public static var shape: Shape { .text(lengths: nil, pattern: nil, isSecret: true) }
    /// No text.
    public static var sample: SecretText { SecretText("") }
}

extension MaxItems: ShapedByHand {
    /// A whole number.
    public static var shape: Shape { .integer }
    /// The default.
    public static var sample: MaxItems { .standard }
}

extension Dictionary: ShapedByHand where Key == String, Value: Decodable {
    /// Values under names that are data.
    public static var shape: Shape { .map(Shape(of: Value.self)) }
    /// Nothing.
    public static var sample: [String: Value] { [:] }
}

extension Tag: ShapedByHand {
    /// A key of 1 to 128 characters and a value of up to 256.
    public static var shape: Shape {
        .structure([
            Shape.Member(
                name: "key",
                isOptional: false,
                shape: .text(lengths: 1...128, pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+", isSecret: false)
            ),
            Shape.Member(
                name: "value",
                isOptional: false,
                shape: .text(lengths: 0...256, pattern: "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", isSecret: false)
            ),
        ])
    }

    /// An empty tag.
    public static var sample: Tag { Tag(key: "", value: "") }
}

extension ConstrainedText {
    /// Text with its constraint.
    static var constrainedShape: Shape { .text(lengths: lengths, pattern: pattern, isSecret: !isShown) }
}

/// Asks types what they decode, and answers with samples so that they ask on.
private enum Prober {
    static func shape(of type: any Decodable.Type) -> Shape { (try? sample(type))?.shape ?? .any }

    /// A value of the type and its form.
    static func sample(_ type: any Decodable.Type) throws -> (value: any Decodable, shape: Shape) {
        if let type = type as? any ConstrainedText.Type { return (type.init(checked: ""), type.constrainedShape) }
        if let type = type as? any ShapedByHand.Type { return byHand(type) }
        if let type = type as? any (CaseIterable & Decodable & RawRepresentable<String>).Type {
            if let choice = choice(type) { return choice }
        }
        let note = Note()
        let value = try type.init(from: ProbeDecoder(note: note))
        return (value, note.shape ?? .structure([]))
    }

    private static func byHand<T: ShapedByHand>(_ type: T.Type) -> (value: any Decodable, shape: Shape) {
        (T.sample, T.shape)
    }

    private static func choice<T: CaseIterable & Decodable & RawRepresentable<String>>(
        _ type: T.Type
    ) -> (value: any Decodable, shape: Shape)? {
        guard let first = T.allCases.first else { return nil }
        return (first, .choice(T.allCases.map(\.rawValue)))
    }
}

/// What one level of a type was found to be.
private final class Note {
    var shape: Shape?
    var members: [Shape.Member] = []
}

private struct ProbeDecoder: Decoder {
    let note: Note
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        note.shape = .structure(note.members)
        return KeyedDecodingContainer(ProbeMembers<Key>(note: note))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { ProbeItems(note: note) }

    func singleValueContainer() -> any SingleValueDecodingContainer { ProbeValue(note: note) }
}

private struct ProbeMembers<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let note: Note
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { [] }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try ask(type, key, isOptional: false) }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        try ask(type, key, isOptional: true)
    }

    // The compiler's own conformances call these rather than the general one.

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try ask(type, key, isOptional: true) }

    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try ask(type, key, isOptional: true)
    }

    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try ask(type, key, isOptional: true) }

    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try ask(type, key, isOptional: true) }

    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try ask(type, key, isOptional: true)
    }

    private func ask<T: Decodable>(_ type: T.Type, _ key: Key, isOptional: Bool) throws -> T {
        let (value, shape) = try Prober.sample(type)
        note.members.append(Shape.Member(name: key.stringValue, isOptional: isOptional, shape: shape))
        note.shape = .structure(note.members)
        return try cast(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedDecodingContainer<Nested> { KeyedDecodingContainer(ProbeMembers<Nested>(note: Note())) }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { ProbeItems(note: Note()) }

    func superDecoder() -> any Decoder { ProbeDecoder(note: Note()) }

    func superDecoder(forKey key: Key) -> any Decoder { ProbeDecoder(note: Note()) }
}

/// One item, whatever the list is of.
private struct ProbeItems: UnkeyedDecodingContainer {
    let note: Note
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 1 }
    var currentIndex = 0
    var isAtEnd: Bool { currentIndex > 0 }

    init(note: Note) { self.note = note }

    mutating func decodeNil() -> Bool { false }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        currentIndex += 1
        let (value, shape) = try Prober.sample(type)
        note.shape = .list(shape)
        return try cast(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedDecodingContainer<Nested> {
        currentIndex += 1
        return KeyedDecodingContainer(ProbeMembers<Nested>(note: Note()))
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
        currentIndex += 1
        return ProbeItems(note: Note())
    }

    mutating func superDecoder() -> any Decoder { ProbeDecoder(note: Note()) }
}

private struct ProbeValue: SingleValueDecodingContainer {
    let note: Note
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode(_ type: Bool.Type) -> Bool { noting(.boolean, false) }

    func decode(_ type: String.Type) -> String { noting(.text(lengths: nil, pattern: nil, isSecret: false), "") }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        if let number = T.self as? any (FixedWidthInteger & Decodable).Type {
            note.shape = .integer
            return try cast(one(number))
        }
        if T.self == Double.self { return try cast(noting(.number, 1.0)) }
        let (value, shape) = try Prober.sample(type)
        note.shape = shape
        return try cast(value)
    }

    private func one<T: FixedWidthInteger & Decodable>(_ type: T.Type) -> any Decodable { T(1) }

    private func noting<T>(_ shape: Shape, _ value: T) -> T {
        note.shape = shape
        return value
    }
}

/// A sample was made for the very type that is asked for; anything else ends the question.
private func cast<T>(_ value: any Decodable) throws -> T {
    guard let value = value as? T else {
        throw DecodingError.valueNotFound(T.self, .init(codingPath: [], debugDescription: ""))
    }
    return value
}
