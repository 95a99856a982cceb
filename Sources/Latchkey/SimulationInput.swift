// SimulationInput.swift: what a question to the policies is made of: actions, resources, and context keys with their types.
import LatchkeyPolicy

/// An action that is asked about, `service:Name`: 3 to 128 characters.
public struct AskedAction: ConstrainedText {
    /// The member's name in messages.
    public static let member = "actionName"
    /// The allowed lengths.
    public static let lengths = 3...128
    /// The constraint's pattern.
    public static let pattern = "[\\u0021-\\u007E]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

/// A resource that is asked about, an ARN or `*`, or whoever owns one: 1 to 2,048 characters.
public struct AskedResource: ConstrainedText {
    /// The member's name in messages.
    public static let member = "resourceArn"
    /// The allowed lengths.
    public static let lengths = 1...2_048
    /// The constraint's pattern.
    public static let pattern = "[\\u0020-\\u00FF]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern; in UTF-8 the bytes up to 0xC3 are those of U+0000 to U+00FF.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy { $0 >= 0x20 && $0 < 0xC4 } }
}

/// How resources are handled that an EC2 simulation needs: 1 to 64 characters.
public struct ResourceHandlingOption: ConstrainedText {
    /// The member's name in messages.
    public static let member = "resourceHandlingOption"
    /// The allowed lengths.
    public static let lengths = 1...64
    /// The constraint's pattern.
    public static let pattern = "[\\w-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }
}

/// A condition key's name: 5 to 256 characters.
public struct ContextKeyName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "contextKeyName"
    /// The allowed lengths.
    public static let lengths = 5...256
    /// The constraint's pattern.
    public static let pattern = "[\\u0020-\\u00FF]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { AskedResource.admits(text) }
}

/// The type of a condition key; a list makes the key multi-valued.
public enum ContextKeyType: String, Codable, CaseIterable, Sendable {
    case string, stringList, numeric, numericList, boolean, booleanList, ip, ipList, binary, binaryList, date, dateList

    /// Whether the key may have any number of values.
    var isList: Bool { rawValue.hasSuffix("List") }
}

/// A condition key and its values.
public struct ContextEntry: Codable, Sendable, Equatable {
    /// The name.
    public var contextKeyName: ContextKeyName?
    /// The values; exactly one unless the type is a list.
    public var contextKeyValues: [String]?
    /// The type; one value of text unless given.
    public var contextKeyType: ContextKeyType?

    /// Makes an entry.
    public init(_ name: ContextKeyName, _ values: [String], _ type: ContextKeyType = .string) {
        contextKeyName = name
        contextKeyValues = values
        contextKeyType = type
    }
}

extension RequestKeys {
    /// Bytes of values in one question: each may cost a step for each character of each pattern that it is held against.
    private static let mostAsked = 16_384

    /// Adds the entries; fails with `InvalidInput` for one without a name, and for several values of a key that has one.
    mutating func add(_ entries: [ContextEntry]?) throws(Fault) {
        let size = (entries ?? []).reduce(0) { $0 + ($1.contextKeyValues ?? []).reduce(0) { $0 + $1.utf8.count } }
        guard size <= Self.mostAsked else {
            throw .invalidInput("The values of ContextEntries have \(size) bytes: at most \(Self.mostAsked) are held.")
        }
        for entry in entries ?? [] {
            guard let name = entry.contextKeyName?.text else {
                throw .invalidInput("A context entry has no ContextKeyName.")
            }
            let values = entry.contextKeyValues ?? []
            if entry.contextKeyType?.isList ?? false {
                set(name, many: values)
            } else {
                guard values.count == 1, let value = values.first else {
                    throw .invalidInput(
                        "The context key \(name) has \(values.count) values: one is needed, or a type that is a list."
                    )
                }
                set(name, value)
            }
        }
    }
}
