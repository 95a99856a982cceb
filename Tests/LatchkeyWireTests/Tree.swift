// Tree.swift: a value of any form, made at run time, for every shape of AWS's service models.
import Glibc
import LatchkeyJSON

@testable import LatchkeyWire

/// Any value that an action may take or give.
enum Tree: Encodable {
    case text(String)
    case flag(Bool)
    case integer(Int64)
    case list([Tree])
    case structure([(key: String, wire: String, value: Tree?)])
    case map([String: Tree])

    /// Reads a tree as the Python side writes it: one member, whose name says the kind.
    init?(_ json: JSON?) {
        guard let kind = json?.object?.members.first else { return nil }
        let items = kind.value.array ?? []
        switch kind.name {
        case "text":
            guard let text = kind.value.string else { return nil }
            self = .text(text)
        case "flag":
            guard let flag = kind.value.bool else { return nil }
            self = .flag(flag)
        case "integer":
            guard case .number(let digits) = kind.value, let integer = Int64(digits) else { return nil }
            self = .integer(integer)
        case "list": self = .list(items.compactMap { Tree($0) })
        case "structure":
            self = .structure(
                items.compactMap { item in
                    guard let parts = item.array, parts.count == 3, let key = parts[0].string,
                        let wire = parts[1].string
                    else { return nil }
                    return (key, wire, Tree(parts[2]))
                }
            )
        case "map":
            var map: [String: Tree] = [:]
            for item in items {
                guard let parts = item.array, parts.count == 2, let key = parts[0].string else { return nil }
                map[key] = Tree(parts[1])
            }
            self = .map(map)
        default: return nil
        }
    }

    func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        switch self {
        case .text(let text): try single.encode(text)
        case .flag(let flag): try single.encode(flag)
        case .integer(let integer): try single.encode(integer)
        case .list(let items): try single.encode(items)
        case .map(let map): try single.encode(map)
        case .structure(let members):
            var container = encoder.container(keyedBy: WireKey.self)
            for member in members {
                try container.encodeIfPresent(member.value, forKey: WireKey(stringValue: member.key))
            }
        }
    }

    /// The tree that a form or a document of this value should be read as, by AWS's own names.
    var node: WireNode {
        switch self {
        case .text(let text): .scalar(text)
        case .flag(let flag): .scalar(flag ? "true" : "false")
        case .integer(let integer): .scalar("\(integer)")
        case .list(let items): items.isEmpty ? .scalar("") : .list(items.map(\.node))
        case .structure(let members):
            .structure(
                members.compactMap { member in member.value.map { WireNode.Member(name: member.wire, node: $0.node) } }
            )
        case .map(let map):
            map.isEmpty ? .scalar("") : .map(map.map { WireNode.Member(name: $0.key, node: $0.value.node) })
        }
    }
}

/// Numbers that follow from a seed (SplitMix64); set `LATCHKEY_TEST_SEED` to repeat a run that failed.
struct Dice: RandomNumberGenerator {
    /// What the numbers follow from, to be named in a failure.
    let seed: UInt64
    private var state: UInt64

    init() {
        seed = getenv("LATCHKEY_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0...UInt64.max)
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &self)] }
}
