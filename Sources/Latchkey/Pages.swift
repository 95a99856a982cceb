// Pages.swift: how long lists are handed out: so many items a page, and a marker for the next one.
import LatchkeyCrypto

/// At most so many items in a page: 1 to 1,000, 100 unless given.
public struct MaxItems: Codable, Sendable, Equatable {
    /// The number.
    public let count: Int

    static let standard = MaxItems(checked: 100)

    private init(checked count: Int) { self.count = count }

    /// Checks the number; fails with `ValidationError`.
    public init(_ count: Int) throws(Fault) {
        guard count >= 1 else { throw Self.invalid(count, "greater than or equal to 1") }
        guard count <= 1_000 else { throw Self.invalid(count, "less than or equal to 1000") }
        self.init(checked: count)
    }

    private static func invalid(_ count: Int, _ constraint: String) -> Fault {
        .validation(
            "1 validation error detected: Value '\(count)' at 'maxItems' failed to satisfy constraint: "
                + "Member must have value \(constraint)"
        )
    }

    /// Reads the number from a single value.
    public init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(Int.self))
    }

    /// Writes the number as a single value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(count)
    }
}

/// Where a page ended; opaque to the caller, who sends it back unchanged.
public struct Marker: ConstrainedText {
    /// The member's name in messages.
    public static let member = "marker"
    /// The allowed lengths.
    public static let lengths = 1...1_024
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\u0020-\\u00FF]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool { text.allSatisfy { $0 >= 0x20 && $0 < 0x7F } }

    /// The marker for what comes after `position`; a short keyed digest tells it from an invented one.
    init(after position: String, _ vault: Vault) throws(Fault) {
        let bytes = Array(position.utf8)
        self.init(checked: Base64URL.encode(try Self.digest(bytes, vault) + bytes))
    }

    /// The position that the marker stands for; fails with `ValidationError` for a marker that was never given out.
    func position(_ vault: Vault) throws(Fault) -> String {
        guard let bytes = try? Base64URL.decode(text, .strict), bytes.count > 8,
            constantTimeEqual(Array(bytes[..<8]), try Self.digest(Array(bytes[8...]), vault)),
            let position = String(validating: bytes[8...], as: UTF8.self)
        else { throw .validation("Invalid Marker.") }
        return position
    }

    private static func digest(_ bytes: [UInt8], _ vault: Vault) throws(Fault) -> [UInt8] {
        Array(try vault.tokenDigest(bytes, purpose: "marker")[..<8])
    }
}

/// One page of a list that is at hand as a whole.
struct Page<Item> {
    let items: [Item]
    let isTruncated: Bool
    let marker: Marker?

    /// Takes what comes after the marker from a list that is sorted by `position`.
    init(
        _ all: [Item],
        after marker: Marker?,
        _ maxItems: MaxItems?,
        _ vault: Vault,
        position: (Item) -> String
    ) throws(Fault) {
        let after = Array((try marker?.position(vault) ?? "").utf8)
        let rest = all.filter { after.isEmpty || after.lexicographicallyPrecedes(position($0).utf8) }
        items = Array(rest.prefix((maxItems ?? .standard).count))
        isTruncated = rest.count > items.count
        self.marker =
            if isTruncated, let last = items.last { try Marker(after: position(last), vault) } else { nil }
    }
}
