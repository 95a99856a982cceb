// Tags.swift: the tags of whatever may have them: up to 50, keys unique without regard to case.
import LatchkeyStore

/// A tag's key, where it stands without a value.
public struct TagKey: ConstrainedText {
    /// The member's name in messages.
    public static let member = "tagKeys"
    /// The allowed lengths.
    public static let lengths = 1...128
    /// The constraint's pattern, as AWS words it.
    public static let pattern = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+"
    /// The text.
    public let text: String

    /// Takes text that has been checked.
    public init(checked text: String) { self.text = text }

    /// Whether the text fits the pattern.
    public static func admits(_ text: String.UTF8View) -> Bool {
        String(text).unicodeScalars.allSatisfy(Tag.isAllowed)
    }
}

/// One page of tags, by key without regard to case.
public struct TagPage: Codable, Sendable {
    /// The tags.
    public var tags: [Tag]
    /// Whether there is another page.
    public var isTruncated: Bool
    /// What to send for it.
    public var marker: Marker?
}

extension State {
    private static let mostTags = 50

    /// One page of the tags of a resource.
    borrowing func tagPage(
        of resource: String,
        after marker: Marker?,
        _ maxItems: MaxItems?
    ) throws(Fault) -> TagPage {
        let page = try Page(
            try tags(of: resource),
            after: marker,
            maxItems,
            vault,
            position: { $0.key.lowercased() }
        )
        return TagPage(tags: page.items, isTruncated: page.isTruncated, marker: page.marker)
    }

    /// Adds tags to a resource; a key that is there already, case apart, gets the new spelling and value.
    ///
    /// The resource must be known to exist: nothing else asks whether it does.
    borrowing func addTags(_ tags: [Tag], to resource: String) throws(Fault) {
        guard tags.count <= Self.mostTags else { throw .tooLong("tags", most: Self.mostTags) }
        let new = Set(tags.map { $0.key.lowercased() })
        let kept = try self.tags(of: resource).filter { !new.contains($0.key.lowercased()) }
        try setTags(kept + tags, of: resource)
    }

    /// Takes tags from a resource; a key that it does not have is no fault.
    borrowing func removeTags(_ keys: [TagKey], from resource: String) throws(Fault) {
        guard keys.count <= Self.mostTags else { throw .tooLong("tagKeys", most: Self.mostTags) }
        for key in keys {
            try run("DELETE FROM tags WHERE resource = $1 AND folded = $2", resource, key.text.lowercased())
        }
    }

    /// The tags of a resource, by key without regard to case.
    borrowing func tags(of resource: String) throws(Fault) -> [Tag] {
        let rows: [(String, String)] = try rows(
            "SELECT key, value FROM tags WHERE resource = $1 ORDER BY folded",
            resource
        )
        return rows.map { Tag(key: $0, value: $1) }
    }

    /// Replaces the tags of a resource.
    borrowing func setTags(_ tags: [Tag], of resource: String) throws(Fault) {
        guard tags.count <= Self.mostTags else {
            throw .limitExceeded("The number of tags has reached the maximum limit of \(Self.mostTags).")
        }
        try run("DELETE FROM tags WHERE resource = $1", resource)
        var seen: Set<[UInt8]> = []
        for tag in tags {
            try tag.check()
            let folded = tag.key.lowercased()
            guard seen.insert(Array(folded.utf8)).inserted else {
                throw .invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
            }
            try run(
                "INSERT INTO tags (resource, folded, key, value) VALUES ($1, $2, $3, $4)",
                resource,
                folded,
                tag.key,
                tag.value
            )
        }
    }
}

extension Tag {
    /// Fails with `ValidationError` unless key and value are of AWS's lengths and characters.
    func check() throws(Fault) {
        guard !key.lowercased().hasPrefix("aws:") else {
            throw .invalidInput("Tag keys that begin with aws: are reserved. Choose another key.")
        }
        try Self.check(key, 1...128, "key", "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+")
        try Self.check(value, 0...256, "value", "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*")
    }

    private static func check(
        _ text: String,
        _ lengths: ClosedRange<Int>,
        _ part: String,
        _ pattern: String
    ) throws(Fault) {
        guard lengths.contains(text.unicodeScalars.count), text.unicodeScalars.allSatisfy(isAllowed) else {
            throw .validation(
                """
                1 validation error detected: Value '\(text.prefix(80).escapedForDisplay)' at 'tags.member.\(part)' failed \
                to satisfy constraint: Member must have length from \(lengths.lowerBound) to \(lengths.upperBound) and \
                satisfy regular expression pattern: \(pattern)
                """
            )
        }
    }

    fileprivate static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator:
            true
        default: "_.:/=+-@".unicodeScalars.contains(scalar)
        }
    }
}

extension Fault {
    /// A list of a request has more items than AWS's model allows.
    static func tooLong(_ member: String, most: Int) -> Fault {
        .validation(
            "1 validation error detected: Value at '\(member)' failed to satisfy constraint: "
                + "Member must have length less than or equal to \(most)"
        )
    }
}
