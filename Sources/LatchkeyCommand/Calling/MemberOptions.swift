// MemberOptions.swift: the members of an action as options of the command line, and their values as JSON.
internal import Latchkey
internal import LatchkeyJSON

/// One member of an action, as `latchkey call` takes it.
struct MemberOption: Sendable {
    let member: Shape.Member

    /// The members of an action.
    static func all(of action: any Action.Type) -> [MemberOption] {
        action.inputShape.members.map { MemberOption(member: $0) }
    }

    /// The option: `userName` is `--user-name`.
    var option: Option {
        var option = Option.text(Self.kebab(member.name), Self.placeholder(member.shape), "")
        switch member.shape {
        case .text(_, _, isSecret: true): option = .secret(option.name, option.value, "")
        case .list: option = option.repeating
        case .choice(let words): option = .choice(option.name, words, "")
        case .boolean: option = .choice(option.name, ["true", "false"], "")
        default: break
        }
        return option
    }

    /// How a list of actions shows the member: in brackets where it may be missing.
    var spelling: String { member.isOptional ? "[\(option.spelling)]" : option.spelling }

    /// The value that the words of the option stand for.
    func value(_ texts: [String]) throws(Failure) -> JSON {
        guard case .list(let item) = member.shape else { return try value(texts.last ?? "", member.shape) }
        // One word may be the whole list as JSON.
        if texts.count == 1, let text = texts.first, text.utf8.first == UInt8(ascii: "[") { return try json(text) }
        var items: [JSON] = []
        for text in texts { items.append(try value(text, item)) }
        return .array(items)
    }

    private func value(_ text: String, _ shape: Shape) throws(Failure) -> JSON {
        switch shape {
        case .boolean: return .bool(text == "true")
        case .integer:
            guard let number = Int64(text) else {
                throw .misused("`--\(option.name)` is a whole number, not `\(text)`")
            }
            return .number(number)
        case .number, .any: return try json(text)
        case .structure(let members):
            if text.utf8.first == UInt8(ascii: "{") { return try json(text) }
            return try shorthand(text, members)
        case .list, .map: return try json(text)
        case .text, .choice, .time, .blob: return .string(text)
        }
    }

    /// `Key=team,Value=blue`, as AWS's command line writes structures.
    private func shorthand(_ text: String, _ members: [Shape.Member]) throws(Failure) -> JSON {
        var found: [(String, JSON)] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, let name = sides.first, let rest = sides.last,
                let known = members.first(where: { $0.name.lowercased() == name.lowercased() })
            else {
                let names = members.map { "\($0.name)=…" }.joined(separator: ",")
                throw .misused("`--\(option.name)` is written `\(names)`, or as JSON")
            }
            found.append((known.name, try value(String(rest), known.shape)))
        }
        return .object(JSON.Object(found))
    }

    private func json(_ text: String) throws(Failure) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: Array(text.utf8).span)
        } catch {
            throw .misused("`--\(option.name)` is no JSON: \(error)")
        }
    }

    private static func placeholder(_ shape: Shape) -> String {
        switch shape {
        case .text: "TEXT"
        case .choice(let words): words.joined(separator: "|")
        case .integer, .number: "N"
        case .boolean: "true|false"
        case .time: "TIME"
        case .blob: "BASE64"
        case .list(let item): placeholder(item)
        case .structure(let members): members.map { "\($0.name)=\(placeholder($0.shape))" }.joined(separator: ",")
        case .map, .any: "JSON"
        }
    }

    /// `virtualMFADeviceName` as `virtual-mfa-device-name`.
    static func kebab(_ name: String) -> String {
        let letters = Array(name.utf8)
        var kebab: [UInt8] = []
        for (place, letter) in letters.enumerated() {
            let isCapital = (0x41...0x5A).contains(letter)
            let followsSmall = place > 0 && !(0x41...0x5A).contains(letters[place - 1])
            let precedesSmall = place + 1 < letters.count && (0x61...0x7A).contains(letters[place + 1])
            if isCapital, place > 0, followsSmall || precedesSmall { kebab.append(UInt8(ascii: "-")) }
            kebab.append(isCapital ? letter | 0x20 : letter)
        }
        return String(decoding: kebab, as: UTF8.self)
    }
}
