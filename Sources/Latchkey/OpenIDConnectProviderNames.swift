// OpenIDConnectProviderNames.swift: the words of OpenID Connect providers: URLs, client identifiers, thumbprints, tokens.

/// The URL of an OpenID Connect provider: `https://`, a host's name, and perhaps a path.
public struct OpenIDConnectProviderURL: ConstrainedText {
    /// The member's name in messages.
    public static let member = "url"
    /// The allowed lengths.
    public static let lengths = 1...255
    /// The constraint's pattern: what else a URL must be is said where a provider is made.
    public static let pattern = "[\\u0021-\\u007E]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy { $0 > 0x20 && $0 < 0x7F } }
}

/// The name under which a provider knows a client, which is what its tokens are made for: 1 to 255 printable characters.
public struct ClientID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "clientID"
    /// The allowed lengths.
    public static let lengths = 1...255
    /// The constraint's pattern: AWS names none.
    public static let pattern = "[^\\p{Cc}]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        String(text).unicodeScalars.allSatisfy { !$0.movesCursorOrHides }
    }
}

/// The SHA-1 of a certificate of a provider's: 40 hexadecimal digits.
public struct Thumbprint: ConstrainedText {
    /// The member's name in messages.
    public static let member = "thumbprintList"
    /// The allowed lengths.
    public static let lengths = 40...40
    /// The constraint's pattern: AWS names none.
    public static let pattern = "[0-9a-fA-F]{40}"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isASCIIDigit || (0x61...0x66).contains($0 | 0x20) }
    }
}

/// A token of a provider's: 4 to 20,000 characters.
public struct WebIdentityToken: ConstrainedText {
    /// The member's name in messages.
    public static let member = "webIdentityToken"
    /// The allowed lengths.
    public static let lengths = 4...20_000
    /// The constraint's pattern: AWS names none.
    public static let pattern = ".*"
    /// It is a secret.
    public static let isShown = false
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { true }
}

/// The name of an OAuth 2.0 provider: 4 to 2,048 characters.
public struct OAuthProviderID: ConstrainedText {
    /// The member's name in messages.
    public static let member = "providerId"
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
