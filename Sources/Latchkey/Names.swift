// Names.swift: the words that travel inside the authority: account, user, path, device and alias names.

/// An account's number: 12 digits.
public struct AccountID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "accountId"
    /// The allowed lengths.
    public static let lengths = 12...12
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "\\d{12}"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isASCIIDigit) }
}

/// An account's alias: 3 to 63 lower-case letters, digits and single hyphens inside.
public struct AccountAlias: ConstrainedText {
    /// The member's name in messages.
    public static let member = "accountAlias"
    /// The allowed lengths.
    public static let lengths = 3...63
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        var last = UInt8(ascii: "-")
        for byte in text {
            let isHyphen = byte == UInt8(ascii: "-")
            guard byte.isASCIIDigit || (byte.isASCIILetter && byte & 0x20 != 0) || isHyphen else { return false }
            if isHyphen && last == byte { return false }
            last = byte
        }
        return last != UInt8(ascii: "-") && !text.allSatisfy(\.isASCIIDigit)
    }
}

/// A user's name: 1 to 64 letters, digits or `_+=,.@-`; equal without regard to case.
public struct UserName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "userName"
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

    /// The name that stands for the root user at the door; no IAM user can take it.
    public static let root = UserName(checked: "root")

    /// Whether this is root's name, case apart.
    public var isRoot: Bool { folded == "root" }
}

/// A path: `/`, or `/` … `/` of printable ASCII, up to 512 characters.
public struct Path: ConstrainedText {
    /// The member's name in messages.
    public static let member = "path"
    /// The allowed lengths.
    public static let lengths = 1...512
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.first == UInt8(ascii: "/") && text.last == UInt8(ascii: "/") && text.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// The path `/`.
    public static let root = Path(checked: "/")
}

/// A prefix of paths, for listings: like a path, but need not end in `/`.
public struct PathPrefix: ConstrainedText {
    /// The member's name in messages.
    public static let member = "pathPrefix"
    /// The allowed lengths.
    public static let lengths = 1...512
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "\\u002F[\\u0021-\\u007F]*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.first == UInt8(ascii: "/") && text.allSatisfy { $0 > 0x20 && $0 <= 0x7F }
    }
}

/// A virtual device's name: 1 to 226 letters, digits or `_+=,.@-`.
public struct VirtualMFADeviceName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "virtualMFADeviceName"
    /// The allowed lengths.
    public static let lengths = 1...226
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isNameByte) }
}

/// A device's serial number: for a virtual device its ARN.
public struct SerialNumber: ConstrainedText {
    /// The member's name in messages.
    public static let member = "serialNumber"
    /// The allowed lengths.
    public static let lengths = 9...256
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w+=/:,.@-]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") }
    }

    /// The serial of a virtual device: `arn:aws:iam::ACCOUNT:mfa/PATH/NAME`.
    init(account: AccountID, path: Path, name: VirtualMFADeviceName) throws(Fault) {
        try self.init("arn:aws:iam::\(account):mfa\(path)\(name)")
    }
}

/// The Amazon Resource Name of something that the authority keeps.
public struct ARN: ConstrainedText {
    /// The member's name in messages.
    public static let member = "arn"
    /// The allowed lengths.
    public static let lengths = 20...2_048
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "arn:.*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.starts(with: "arn:".utf8) && text.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}

/// A code as it arrives: exactly six digits, as AWS has it.
public struct AuthenticationCode: ConstrainedText {
    /// The member's name in messages.
    public static let member = "authenticationCode"
    /// The allowed lengths.
    public static let lengths = 6...6
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\d]+"
    /// It is a secret.
    public static let isShown = false
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy(\.isASCIIDigit) }
}

/// An access key's identifier.
public struct AccessKeyID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "accessKeyId"
    /// The allowed lengths.
    public static let lengths = 16...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\w]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: "_") }
    }
}

/// A tag: a key that is unique without regard to case, and a value.
public struct Tag: Codable, Hashable, Sendable {
    /// 1 to 128 characters.
    public var key: String
    /// Up to 256 characters.
    public var value: String

    /// Makes a tag; it is checked where it is used.
    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
