// JSON.swift: a JSON value (RFC 8259): what it may be, how to look inside it and how to write one in Swift.

/// A JSON value that keeps what text says: members in order, numbers digit by digit.
///
/// Two values are equal when their texts mean the same code points: text is compared byte by byte (never by canonical
/// equivalence), numbers by their spelling, objects by their members whatever the order.
public enum JSON: Sendable {
    /// The literal `null`.
    case null
    /// The literal `true` or `false`.
    case bool(Bool)
    /// A number, spelled as in its text: `10.50` stays `10.50`.
    ///
    /// Text that is not a number by RFC 8259 section 6 is written as a string, so that output is always JSON.
    case number(String)
    /// A string, without its escapes.
    case string(String)
    /// An array.
    case array([JSON])
    /// An object.
    case object(Object)
}

// MARK: - Making one

extension JSON {
    /// Makes the number that an integer spells.
    public static func number(_ value: some FixedWidthInteger) -> JSON { .number(value.description) }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes `null`.
    public init(nilLiteral: ()) { self = .null }

    /// Makes `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// Makes a whole number.
    public init(integerLiteral value: Int64) { self = .number(value) }

    /// Makes a string.
    public init(stringLiteral value: String) { self = .string(value) }

    /// Makes an array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// Makes an object; of two members with one name the later counts.
    public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(Object(elements)) }
}

// MARK: - Looking inside

extension JSON {
    /// Whether this is `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The truth value, if this is one.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The string, if this is one.
    public var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The whole number, if this is one (`1.0` and `1e3` are not) and fits.
    public var int: Int? { integer(Int.self) }

    /// The whole number as 64 bits with sign, if this is one and fits.
    public var int64: Int64? { integer(Int64.self) }

    /// The whole number as 64 bits without sign, if this is one and fits.
    public var uint64: UInt64? { integer(UInt64.self) }

    /// The number nearest to this one, if this is a number and not beyond every finite one.
    public var double: Double? {
        guard case .number(let text) = self, JSONNumber.isNumber(text), let value = Double(text), value.isFinite
        else { return nil }
        return value
    }

    /// The elements, if this is an array.
    public var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, if this is an object.
    public var object: Object? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The value of a member, if this is an object that has it.
    public subscript(name: String) -> JSON? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The element at a place, if this is an array that reaches so far.
    public subscript(index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    func integer<Integer: FixedWidthInteger>(_ type: Integer.Type) -> Integer? {
        guard case .number(let text) = self else { return nil }
        return JSONNumber.integer(text, as: type)
    }

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

// MARK: - Comparing

extension JSON: Equatable {
    /// Tells whether two values mean the same.
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): ExactText.same(left, right)
        case (.string(let left), .string(let right)): ExactText.same(left, right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

/// Text that is equal only to the same bytes: `String` holds two spellings of é for one.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool { same(left.text, right.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    static func same(_ left: String, _ right: String) -> Bool {
        // Equivalence first: it is a comparison of two words for short names, and mostly says no.
        left == right && left.utf8.elementsEqual(right.utf8)
    }
}
