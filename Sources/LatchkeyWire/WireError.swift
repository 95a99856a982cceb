// WireError.swift: why a request or an answer cannot be read or written.

/// Says which member is wrong and why, in AWS's words where AWS has some.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The member, such as `tags.1.member.key`; empty for an error of the whole text.
    public let member: String
    /// What is wrong, without any value.
    public let reason: String
    /// One sentence, as a `ValidationError` has it.
    public let description: String

    /// An error of the text itself, or of a field that no type ever saw.
    init(_ reason: String, member: String = "") {
        self.member = member
        self.reason = reason
        description = reason
    }

    /// A member that breaks a constraint, with the value where it may be shown.
    init(at place: Place?, value: String? = nil, breaks constraint: String) {
        let value = value.map { "Value '\($0.shown(80))'" } ?? "Value"
        self.init(at: place, said: value, constraint)
    }

    /// A member that is not there.
    static func missing(_ place: Place?) -> WireError {
        WireError(at: place, said: "Value null", "Member must not be null")
    }

    private init(at place: Place?, said value: String, _ constraint: String) {
        member = Place.display(place)
        reason = constraint
        description =
            "1 validation error detected: \(value) at '\(member)' failed to satisfy constraint: \(constraint)"
    }
}

extension StringProtocol {
    /// The first characters, with all that could move a cursor or hide written as `\u{…}`.
    func shown(_ most: Int) -> String {
        var shown = ""
        for scalar in unicodeScalars.prefix(most) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
