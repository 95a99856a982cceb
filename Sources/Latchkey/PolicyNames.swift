// PolicyNames.swift: the words that managed policies are named and described by: paths, versions, descriptions, ARNs.

/// A policy's path: `/`, or `/` … `/` of letters, digits and `.,+@=_-`, up to 512 characters.
public struct PolicyPath: ConstrainedText {
    /// The member's name in messages.
    public static let member = "path"
    /// The allowed lengths.
    public static let lengths = 1...512
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "((/[A-Za-z0-9\\.,\\+@=_-]+)*)/"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        guard text.first == UInt8(ascii: "/"), text.last == UInt8(ascii: "/") else { return false }
        var last: UInt8?
        for byte in text {
            let isSlash = byte == UInt8(ascii: "/")
            guard byte.isNameByte || (isSlash && last != byte) else { return false }
            last = byte
        }
        return true
    }

    /// The path `/`.
    public static let root = PolicyPath(checked: "/")
}

/// A version of a managed policy: `v1`, `v2` and so on.
public struct PolicyVersionID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "versionId"
    /// The allowed lengths.
    public static let lengths = 2...64
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let head = parts.first, head.first == UInt8(ascii: "v") else { return false }
        let number = head.dropFirst()
        guard let first = number.first, first != UInt8(ascii: "0"), number.allSatisfy(\.isASCIIDigit) else {
            return false
        }
        let tail = parts.dropFirst().first
        return tail?.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: "-") } ?? true
    }

    init(_ number: Int64) { self.init(checked: "v\(number)") }

    /// The number, if the text is no more than that.
    var number: Int64? { Int64(text.dropFirst()) }
}

/// What a policy is for, in up to 1,000 characters.
public struct PolicyDescription: ConstrainedText {
    /// The member's name in messages.
    public static let member = "description"
    /// The allowed lengths.
    public static let lengths = 0...1_000
    /// The constraint's pattern, as AWS words it.
    public static let pattern = ".*"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { true }
}

extension ARN {
    /// Whether the ARN has the form of a policy's: `arn:aws:iam::ACCOUNT:policy/…`, or `aws` for the account.
    var isOfPolicy: Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[..<4].elementsEqual(["arn", "aws", "iam", ""]),
            parts[4] == "aws" || (parts[4].utf8.count == 12 && parts[4].utf8.allSatisfy(\.isASCIIDigit))
        else { return false }
        return parts[5].hasPrefix("policy/") && parts[5].utf8.last != UInt8(ascii: "/")
    }

    /// The name of a policy: what follows the last `/`.
    var policyName: PolicyName { PolicyName(checked: String(text[lastSlash...].dropFirst())) }

    /// The path of a policy: from the first `/` to the last.
    var policyPath: PolicyPath {
        PolicyPath(checked: String(text[(text.firstIndex(of: "/") ?? lastSlash)...lastSlash]))
    }

    /// Where a policy stands in a list: by name without regard to case, the account's own before a predefined namesake.
    var policyPosition: String {
        let account = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).dropFirst(4).first
        return "\(policyName.folded) \(account ?? "")"
    }

    private var lastSlash: String.Index { text.lastIndex(of: "/") ?? text.startIndex }
}
