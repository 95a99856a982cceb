// ConstrainedText.swift: text that is right by construction: names, paths, identifiers, each with its AWS constraint.

/// Text that meets a constraint of the API; it cannot be made any other way.
public protocol ConstrainedText: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The member's name in messages, in lowerCamelCase as AWS writes it.
    static var member: String { get }
    /// The allowed lengths, in Unicode scalars.
    static var lengths: ClosedRange<Int> { get }
    /// The constraint's pattern, as AWS words it.
    static var pattern: String { get }
    /// Whether the text, of a right length, fits the pattern.
    static func admits(_ text: String.UTF8View) -> Bool
    /// Whether a message may repeat the value; false for what could be a secret.
    static var isShown: Bool { get }
    /// The text.
    var text: String { get }
    /// Takes text that has been checked.
    init(checked text: String)
}

extension ConstrainedText {
    /// Values are repeated unless the type says otherwise.
    public static var isShown: Bool { true }

    /// Checks the text; fails with AWS's `ValidationError`, which names the member and the constraint.
    public init(_ text: String) throws(Fault) {
        let length = text.unicodeScalars.count
        var broken: String?
        if length > Self.lengths.upperBound {
            broken = "Member must have length less than or equal to \(Self.lengths.upperBound)"
        } else if length < Self.lengths.lowerBound {
            broken = "Member must have length greater than or equal to \(Self.lengths.lowerBound)"
        } else if !Self.admits(text.utf8) {
            broken = "Member must satisfy regular expression pattern: \(Self.pattern)"
        }
        if let broken {
            let value = Self.isShown ? "Value '\(text.prefix(80).escapedForDisplay)'" : "Value"
            throw .validation(
                "1 validation error detected: \(value) at '\(Self.member)' failed to satisfy constraint: \(broken)"
            )
        }
        self.init(checked: text)
    }

    /// The text.
    public var description: String { text }

    /// Reads the text from a single value, checked.
    public init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text as a single value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// The text with ASCII letters in lower case: what uniqueness and lookup go by.
    public var folded: String { text.asciiLowercased }

    /// Whether the texts are the same bytes.
    public static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    /// Hashes the text's bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    var isASCIILetter: Bool {
        (self | 0x20) >= UInt8(ascii: "a") && (self | 0x20) <= UInt8(ascii: "z")
    }

    /// A byte of `[\w+=,.@-]`, the characters of AWS's names.
    var isNameByte: Bool {
        if isASCIIDigit || isASCIILetter { return true }
        switch self {
        case UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "."),
            UInt8(ascii: "@"), UInt8(ascii: "-"):
            return true
        default: return false
        }
    }
}

extension String {
    var asciiLowercased: String {
        String(decoding: utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension StringProtocol {
    /// The text with everything that could move a cursor or hide a character written as `\u{…}`.
    public var escapedForDisplay: String {
        var shown = ""
        for scalar in unicodeScalars {
            if scalar.movesCursorOrHides {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}

extension Unicode.Scalar {
    /// A control, format, separator or unassigned scalar: what a terminal might obey instead of show.
    var movesCursorOrHides: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: true
        default: false
        }
    }
}
