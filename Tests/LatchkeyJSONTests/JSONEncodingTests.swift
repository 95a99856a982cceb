// JSONEncodingTests.swift: types to values and back again, compared with Foundation where both can do it.

import Foundation
import LatchkeyJSON
import Testing

private enum Shape: Codable, Equatable {
    case point
    case circle(radius: Int)
    case line(Int, Int)
}

private enum Level: String, Codable, CodingKeyRepresentable {
    case low
    case high
}

private struct Everything: Codable, Equatable {
    var text = "a\u{0}\u{1F600}\u{202E}\""
    var yes = true
    var number = -42
    var small: Int8 = -128
    var large: UInt64 = .max
    var missing: Int?
    var present: String? = "here"
    var list = [1, 2, 3]
    var holes: [Int?] = [1, nil, 3]
    var nested = [[["x"]], [], [["y"], []]]
    var byName = ["a": 1, "b": 2]
    var byNumber = [1: "one", 20: "twenty"]
    var byLevel = [Level.low: 1, .high: 2]
    var shapes = [Shape.point, .circle(radius: 3), .line(1, 2)]
    var range = 3..<7
    var set: Set<Int> = [5]
    var empty: [String: [Int]] = [:]
}

private class Base: Codable {
    var base: Int
    init(base: Int) { self.base = base }
}

private final class Derived: Base {
    var own: String

    init(base: Int, own: String) {
        self.own = own
        super.init(base: base)
    }

    private enum Key: String, CodingKey { case own }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        own = try container.decode(String.self, forKey: .own)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(own, forKey: .own)
        try super.encode(to: container.superEncoder())
    }
}

@Suite("Types to JSON") struct JSONEncodingTests {
    @Test("comes back as it was, and as Foundation writes it") func roundTrip() throws {
        let value = Everything()
        let tree = try JSON(encoding: value)
        #expect(try tree.decode(Everything.self, refusingUnknown: true) == value)
        #expect(try JSON(parsing: tree.text).decode(Everything.self) == value)
        #expect(tree == (try JSON(parsing: Array(JSONEncoder().encode(value)))))
        #expect(try JSONDecoder().decode(Everything.self, from: Data(tree.bytes())) == value)
    }

    @Test("members that are nil are left out, order is kept") func optional() throws {
        struct Card: Codable {
            var b = 1
            var none: Int?
            var a: [Int]? = []
        }
        #expect(try JSON(encoding: Card()).text == #"{"b":1,"a":[]}"#)
    }

    @Test("single values, at the top and wrapped") func singles() throws {
        struct Name: Codable, Equatable {
            var text: String
            init(_ text: String) { self.text = text }
            init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(text)
            }
        }
        #expect(try JSON(encoding: Name("x")) == "x")
        #expect(try JSON(encoding: ["k": Name("x")]) == ["k": "x"])
        #expect(try JSON(encoding: Int?.none) == .null)
        #expect(try JSON(encoding: 1.5) == .number("1.5"))
        #expect(try JSON(encoding: true) == true)
        #expect(try JSON("y").decode(Name.self) == Name("y"))
        #expect(try JSON.null.decode(Int?.self) == nil)
    }

    @Test("a class and the class above it") func inheritance() throws {
        let tree = try JSON(encoding: Derived(base: 7, own: "o"))
        #expect(tree == ["own": "o", "super": ["base": 7]])
        let back = try tree.decode(Derived.self, refusingUnknown: true)
        #expect(back.base == 7 && back.own == "o")
    }

    @Test("containers opened by hand") func byHand() throws {
        struct Hand: Encodable {
            enum Key: String, CodingKey { case a, list, twice }
            func encode(to encoder: any Encoder) throws {
                var outer = encoder.container(keyedBy: Key.self)
                try outer.encode(1, forKey: .twice)
                var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
                try inner.encodeNil(forKey: .a)
                var list = outer.nestedUnkeyedContainer(forKey: .list)
                try list.encodeNil()
                try list.encode("s")
                var deeper = list.nestedContainer(keyedBy: Key.self)
                try deeper.encode([true], forKey: .list)
                var numbers = list.nestedUnkeyedContainer()
                try numbers.encode(2.5)
                try numbers.encode(contentsOf: [1, 2] as [UInt16])
                try 9.encode(to: list.superEncoder())
                // A second container for one member goes on with the first.
                var again = encoder.container(keyedBy: Key.self)
                try again.encode([2], forKey: .twice)
                var innerAgain = again.nestedContainer(keyedBy: Key.self, forKey: .a)
                try innerAgain.encode(3, forKey: .list)
            }
        }
        let expected: JSON = [
            "twice": [2], "a": ["a": nil, "list": 3],
            "list": [nil, "s", ["list": [true]], [.number("2.5"), 1, 2], 9],
        ]
        #expect(try JSON(encoding: Hand()) == expected)
    }

    @Test("what JSON cannot say is refused with its path") func refused() throws {
        for value in [Double.nan, .infinity, -.infinity] {
            let error = #expect(throws: JSONError.self) { try JSON(encoding: ["a": [1, value]]) }
            #expect(error?.path == "a[1]")
        }
        let member = #expect(throws: JSONError.self) {
            struct Box: Encodable { var part: Float }
            return try JSON(encoding: [Box(part: .nan)])
        }
        #expect(member?.path == "[0].part")
        struct Torn: Encodable {
            enum Key: CodingKey { case a }
            func encode(to encoder: any Encoder) throws {
                var keyed = encoder.container(keyedBy: Key.self)
                try keyed.encode(1, forKey: .a)
                var list = encoder.unkeyedContainer()
                try list.encode(2)
            }
        }
        let torn = #expect(throws: JSONError.self) { try JSON(encoding: ["x": Torn()]) }
        #expect(torn?.path == "x")
    }

    @Test("long lists take time in proportion") func long() throws {
        let numbers = Array(0..<100_000)
        #expect(try JSON(encoding: numbers).decode([Int].self) == numbers)
    }
}
