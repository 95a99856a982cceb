// RoleNames.swift: the words of roles and their sessions: descriptions, names of profiles and sessions, and durations.
import LatchkeyOTP

/// What a role is for, in up to 1,000 characters.
public struct RoleDescription: ConstrainedText {
    /// The member's name in messages.
    public static let member = "description"
    /// The allowed lengths.
    public static let lengths = 0...1_000
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        String(text).unicodeScalars
            .allSatisfy {
                switch $0.value {
                case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0xA1...0xFF: true
                default: false
                }
            }
    }
}

/// An instance profile's name: 1 to 128 letters, digits or `_+=,.@-`; equal without regard to case.
public struct InstanceProfileName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "instanceProfileName"
    /// The allowed lengths.
    public static let lengths = 1...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// The name of a service that roles are made for, such as `autoscaling.amazonaws.com`.
public struct AWSServiceName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "aWSServiceName"
    /// The allowed lengths.
    public static let lengths = 1...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// What tells two roles of one service apart: it ends the role's name.
public struct CustomSuffix: ConstrainedText {
    /// The member's name in messages.
    public static let member = "customSuffix"
    /// The allowed lengths.
    public static let lengths = 1...64
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// The identifier of the deletion of a service-linked role.
public struct DeletionTaskID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "deletionTaskId"
    /// The allowed lengths.
    public static let lengths = 1...1_000
    /// The constraint's pattern: AWS names none.
    public static let pattern = ".*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { true }
}

/// A whole number between two bounds; it cannot be made any other way.
public protocol ConstrainedNumber: ShapedByHand, Codable, Equatable, Sendable {
    /// The member's name in messages, in lowerCamelCase as AWS writes it.
    static var member: String { get }
    /// The allowed values.
    static var values: ClosedRange<Int> { get }
    /// The number.
    var count: Int { get }
    /// Takes a number that has been checked.
    init(checked count: Int)
}

extension ConstrainedNumber {
    /// Checks the number; fails with AWS's `ValidationError`, which names the member and the constraint.
    public init(_ count: Int) throws(Fault) {
        guard count >= Self.values.lowerBound else {
            throw Self.invalid(count, "greater than or equal to \(Self.values.lowerBound)")
        }
        guard count <= Self.values.upperBound else {
            throw Self.invalid(count, "less than or equal to \(Self.values.upperBound)")
        }
        self.init(checked: count)
    }

    private static func invalid(_ count: Int, _ constraint: String) -> Fault {
        .validation(
            "1 validation error detected: Value '\(count)' at '\(member)' failed to satisfy constraint: "
                + "Member must have value \(constraint)"
        )
    }

    /// Reads the number from a single value, checked.
    public init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(Int.self))
    }

    /// Writes the number as a single value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }

    /// A whole number.
    public static var shape: Shape { .integer }

    /// The least.
    public static var sample: Self { Self(checked: values.lowerBound) }
}

/// How long a role's sessions may last: 3,600 to 43,200 seconds.
public struct MaxSessionDuration: ConstrainedNumber {
    /// The member's name in messages.
    public static let member = "maxSessionDuration"
    /// The allowed values.
    public static let values = 3_600...43_200
    /// The seconds.
    public let count: Int

    /// Takes a number that has been checked.
    public init(checked count: Int) { self.count = count }

    /// An hour, unless given.
    static let standard = MaxSessionDuration(checked: 3_600)
}
