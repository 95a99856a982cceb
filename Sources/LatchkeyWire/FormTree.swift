// FormTree.swift: the fields of a form to a tree: `Tags.member.1.Key` is the key of the first tag.
import LatchkeyHTTP

/// What stands under one name of a form, before it is known to be a value, a structure, a list or a map.
private final class Branch {
    var value: String?
    var names: [String] = []
    var children: [String: Branch] = [:]

    func child(_ name: String) -> Branch {
        if let child = children[name] { return child }
        let child = Branch()
        names.append(name)
        children[name] = child
        return child
    }
}

extension WireNode {
    /// Builds the tree of a form's fields, those that `ignored` names left out.
    ///
    /// A tree is one thing only: indices run from 1 without gaps, and nothing is a value and a structure at once.
    init(_ form: Form, ignoring ignored: Set<String>) throws(WireError) {
        let root = Branch()
        for field in form.fields {
            if let illegal = field.name.firstIllegalInXML ?? field.value.firstIllegalInXML {
                let name = field.name.shown(128)
                throw WireError(
                    "the parameter '\(name)' holds U+\(String(illegal.value, radix: 16, uppercase: true)), "
                        + "which XML cannot carry",
                    member: name
                )
            }
            if ignored.contains(field.name) { continue }
            try root.leaf(named: field.name).value = field.value
        }
        self = .structure(try root.members([]))
    }
}

extension Branch {
    /// The branch that a field's value belongs to.
    func leaf(named name: String) throws(WireError) -> Branch {
        var branch = self
        var levels = 0
        for part in name.split(separator: ".", omittingEmptySubsequences: false) {
            levels += 1
            guard levels <= WireNode.mostLevels, !part.isEmpty, part.utf8.allSatisfy(Self.isNameByte) else {
                throw WireError("the action has no parameter '\(name.shown(128))'", member: name.shown(128))
            }
            branch = branch.child(String(part))
        }
        return branch
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// The members of a structure.
    func members(_ path: [String]) throws(WireError) -> [WireNode.Member] {
        var members: [WireNode.Member] = []
        members.reserveCapacity(names.count)
        for name in names {
            guard let child = children[name] else { continue }
            members.append(WireNode.Member(name: name, node: try child.node(path + [name])))
        }
        return members
    }

    private func node(_ path: [String]) throws(WireError) -> WireNode {
        if let value {
            guard names.isEmpty else { throw Self.refusal(path, "is a value and a structure at once") }
            return .scalar(value)
        }
        // No member of AWS's has one of these two names.
        for word in ["member", "entry"] {
            guard let items = children[word] else { continue }
            guard names.count == 1, items.value == nil else {
                throw Self.refusal(path, "is a list and something else at once")
            }
            let elements = try items.elements(path + [word])
            return word == "member" ? .list(elements) : .map(try Self.entries(elements, path))
        }
        return .structure(try members(path))
    }

    /// The elements under indices, which run from 1 without gaps; nothing is reserved for an index that is only claimed.
    private func elements(_ path: [String]) throws(WireError) -> [WireNode] {
        var elements: [WireNode] = []
        elements.reserveCapacity(names.count)
        for index in 1...max(names.count, 1) {
            guard let child = children["\(index)"] else {
                throw Self.refusal(path, "has indices that do not run from 1 without gaps")
            }
            elements.append(try child.node(path + ["\(index)"]))
        }
        return elements
    }

    /// The entries of a map: a name and a value each, no name twice.
    private static func entries(_ elements: [WireNode], _ path: [String]) throws(WireError) -> [WireNode.Member] {
        var entries: [WireNode.Member] = []
        // Two names that Swift calls equal would be one in a dictionary.
        var seen: Set<String> = []
        for element in elements {
            guard case .structure(let pair) = element, pair.count == 2,
                let key = pair.first(where: { $0.name == "key" }), case .scalar(let name) = key.node,
                let value = pair.first(where: { $0.name == "value" })
            else { throw refusal(path, "is a map whose entries are not one key and one value each") }
            guard seen.insert(name).inserted else {
                throw refusal(path, "is a map with a key that comes twice")
            }
            entries.append(WireNode.Member(name: name, node: value.node))
        }
        return entries
    }

    private static func refusal(_ path: [String], _ reason: String) -> WireError {
        let name = path.joined(separator: ".").shown(128)
        return WireError("the parameter '\(name)' \(reason)", member: name)
    }
}
