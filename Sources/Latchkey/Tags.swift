// Tags.swift: the tags of whatever may have them: up to 50, keys unique without regard to case.
import LatchkeyStore

extension State {
    private static let mostTags = 50

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
    fileprivate func check() throws(Fault) {
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

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator:
            true
        default: "_.:/=+-@".unicodeScalars.contains(scalar)
        }
    }
}
