// WireNode.swift: the tree between Swift's types and AWS's two texts: the form that comes in and the XML that goes out.

/// One value of a request or an answer.
///
/// Forms and XML cannot tell an empty list, map or structure from an empty text: all of them are an empty scalar when read.
enum WireNode: Equatable {
    /// A text, a number, a truth value, a moment, or nothing at all.
    case scalar(String)
    /// Named members, in order; no name comes twice.
    case structure([Member])
    /// Values in order.
    case list([WireNode])
    /// Values under names that are data, in order; no name comes twice.
    case map([Member])

    struct Member: Equatable {
        let name: String
        let node: WireNode
    }

    /// How deep a tree may be; AWS's deepest has seven levels.
    static let mostLevels = 32

    var isEmptyScalar: Bool { self == .scalar("") }
}

/// A dictionary's values are a map on the wire, and not a structure's members.
protocol WireMap {}

extension Dictionary: WireMap where Key == String {}

/// The way from a tree's root to a value in it.
final class Place {
    enum Step {
        /// A structure's member: its coding key and its name on the wire.
        case member(key: String, wire: String)
        /// A list's element, from 0.
        case element(Int)
        /// A map's value, from 0, and its name.
        case entry(Int, key: String)
    }

    let step: Step
    let parent: Place?

    init(_ step: Step, in parent: Place?) {
        self.step = step
        self.parent = parent
    }

    private static func steps(_ place: Place?) -> [Step] {
        var steps: [Step] = []
        var next = place
        while let here = next {
            steps.append(here.step)
            next = here.parent
        }
        return steps.reversed()
    }

    /// The member's name as AWS's messages have it, such as `tags.1.member.key`.
    static func display(_ place: Place?) -> String {
        steps(place)
            .map { step in
                switch step {
                case .member(let key, _): key
                case .element(let index): "\(index + 1).member"
                case .entry(let index, _): "\(index + 1).value"
                }
            }
            .joined(separator: ".")
    }

    /// The field's name in a form, such as `Tags.member.1.Key`.
    static func field(_ place: Place?) -> String {
        steps(place)
            .map { step in
                switch step {
                case .member(_, let wire): wire
                case .element(let index): "member.\(index + 1)"
                case .entry(let index, _): "entry.\(index + 1).value"
                }
            }
            .joined(separator: ".")
    }

    static func keys(_ place: Place?) -> [any CodingKey] {
        steps(place)
            .map { step in
                switch step {
                case .member(let key, _): WireKey(stringValue: key)
                case .element(let index): WireKey(index: index)
                case .entry(_, let key): WireKey(stringValue: key)
                }
            }
    }

    /// The nearest member's name on the wire: a list's for its elements; nil at the root.
    static func enclosing(_ place: Place?) -> String? {
        var next = place
        while let here = next {
            if case .member(_, let wire) = here.step { return wire }
            next = here.parent
        }
        return nil
    }
}

/// A member's name or an element's place, as Codable wants it.
struct WireKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(stringValue: String) {
        self.stringValue = stringValue
        intValue = nil
    }

    init(index: Int) {
        stringValue = "\(index)"
        intValue = index
    }

    init?(intValue: Int) { self.init(index: intValue) }
}
