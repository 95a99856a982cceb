// SecretText.swift: a password, a code or a token as it travels: text that is never shown.

/// Text that must not be seen: a password, a code or a token in a call or an answer.
public struct SecretText: Codable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The text itself.
    ///
    /// Whoever reads it answers for it.
    public let text: String

    /// Takes a text.
    public init(_ text: String) { self.text = text }

    /// Reads the text from a single value.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text as a single value: it goes to whom it is for.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Not the text.
    public var description: String { "(not shown)" }

    /// Nothing to look into.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
