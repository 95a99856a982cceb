// SessionNames.swift: the words of sessions: their names, who they stand for, and how long they last.
import LatchkeyOTP

/// Text of letters, digits and `_+=,.@-`, at STS.
public protocol SessionWord: ConstrainedText {}

extension SessionWord {
    /// The constraint's pattern, as AWS words it.
    public static var pattern: String { "[\\w+=,.@-]*" }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// The name of a role's session: 2 to 64 letters, digits or `_+=,.@-`.
public struct RoleSessionName: SessionWord {
    /// The member's name in messages.
    public static let member = "roleSessionName"
    /// The allowed lengths.
    public static let lengths = 2...64
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// The name of a federated user: 2 to 32 letters, digits or `_+=,.@-`.
public struct FederatedUserName: SessionWord {
    /// The member's name in messages.
    public static let member = "name"
    /// The allowed lengths.
    public static let lengths = 2...32
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// Who a session stands for, set once and kept along a chain: 2 to 64 letters, digits or `_+=,.@-`.
public struct SourceIdentity: SessionWord {
    /// The member's name in messages.
    public static let member = "sourceIdentity"
    /// The allowed lengths.
    public static let lengths = 2...64
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// What a third party was told to say, so that nobody else makes it take the role.
public struct ExternalID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "externalId"
    /// The allowed lengths.
    public static let lengths = 2...1_224
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@:\\/-]*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }
    }
}

/// How long a role's session lasts: 900 to 43,200 seconds.
public struct RoleDuration: ConstrainedNumber {
    /// The member's name in messages.
    public static let member = "durationSeconds"
    /// The allowed values.
    public static let values = 900...43_200
    /// The seconds.
    public let count: Int

    /// Takes a number that has been checked.
    public init(checked count: Int) { self.count = count }
}

/// How long a federated user's session lasts: 900 to 129,600 seconds.
public struct FederationDuration: ConstrainedNumber {
    /// The member's name in messages.
    public static let member = "durationSeconds"
    /// The allowed values.
    public static let values = 900...129_600
    /// The seconds.
    public let count: Int

    /// Takes a number that has been checked.
    public init(checked count: Int) { self.count = count }
}

/// What a context provider asserts.
public struct ContextAssertion: ConstrainedText {
    /// The member's name in messages.
    public static let member = "contextAssertion"
    /// The allowed lengths.
    public static let lengths = 4...2_048
    /// The constraint's pattern: AWS names none.
    public static let pattern = ".*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { true }
}
