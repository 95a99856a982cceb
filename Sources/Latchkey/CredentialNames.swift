// CredentialNames.swift: the words of keys and certificates: their identifiers, names and PEM texts, with AWS's constraints.

/// An identifier of letters, digits and `_`.
public protocol WordText: ConstrainedText {}

extension WordText {
    /// The constraint's pattern, as AWS words it.
    public static var pattern: String { "[\\w]+" }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        text.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == UInt8(ascii: "_") }
    }
}

/// The text of a key or certificate, line breaks included.
public protocol MaterialText: ConstrainedText {}

extension MaterialText {
    /// The constraint's pattern, as AWS words it.
    public static var pattern: String { "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+" }

    /// A message that repeats half a certificate helps nobody.
    public static var isShown: Bool { false }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        String(text).unicodeScalars
            .allSatisfy {
                switch $0.value {
                case 0x09, 0x0A, 0x0D, 0x20...0xFF: true
                default: false
                }
            }
    }
}

/// An SSH public key's identifier: `APKA` and 16 characters.
public struct SSHPublicKeyID: WordText {
    /// The member's name in messages.
    public static let member = "sSHPublicKeyId"
    /// The allowed lengths.
    public static let lengths = 20...128
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// An SSH public key as text.
public struct SSHPublicKeyBody: MaterialText {
    /// The member's name in messages.
    public static let member = "sSHPublicKeyBody"
    /// The allowed lengths.
    public static let lengths = 1...16_384
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// A signing certificate's identifier: 32 characters.
public struct CertificateID: WordText {
    /// The member's name in messages.
    public static let member = "certificateId"
    /// The allowed lengths.
    public static let lengths = 24...128
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// A certificate as PEM text.
public struct CertificateBody: MaterialText {
    /// The member's name in messages.
    public static let member = "certificateBody"
    /// The allowed lengths.
    public static let lengths = 1...16_384
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// The certificates that stand between a certificate and its root, as PEM text.
public struct CertificateChain: MaterialText {
    /// The member's name in messages.
    public static let member = "certificateChain"
    /// The allowed lengths.
    public static let lengths = 1...2_097_152
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}

/// A private key as PEM text; never shown.
public struct PrivateKeyBody: MaterialText, CustomReflectable {
    /// The member's name in messages.
    public static let member = "privateKey"
    /// The allowed lengths.
    public static let lengths = 1...16_384
    /// The text.
    ///
    /// Whoever reads it answers for it.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Not the text.
    public var description: String { "(not shown)" }

    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A server certificate's name: 1 to 128 letters, digits or `_+=,.@-`; equal without regard to case.
public struct ServerCertificateName: ConstrainedText {
    /// The member's name in messages.
    public static let member = "serverCertificateName"
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

/// A service-specific credential's identifier: `ACCA` and 17 characters.
public struct ServiceSpecificCredentialID: WordText {
    /// The member's name in messages.
    public static let member = "serviceSpecificCredentialId"
    /// The allowed lengths.
    public static let lengths = 20...128
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }
}
