// JSONTests.swift: values themselves: literals, look-ups, equality and objects.

import LatchkeyJSON
import Testing

@Suite("JSON values") struct JSONTests {
    @Test("literals make values") func literals() throws {
        let value: JSON = ["a": 1, "b": [true, nil, "x"], "c": ["d": -7]]
        #expect(value.text == #"{"a":1,"b":[true,null,"x"],"c":{"d":-7}}"#)
        #expect(try JSON(parsing: value.text) == value)
    }

    @Test("a look-up answers only for what is there") func lookUps() throws {
        let value = try JSON(
            parsing: #"{"s":"t","n":12,"f":1.5,"a":[1,2],"z":null,"b":false,"big":18446744073709551615}"#
        )
        #expect(value["s"]?.string == "t")
        #expect(value["n"]?.int == 12)
        #expect(value["f"]?.int == nil)
        #expect(value["f"]?.double == 1.5)
        #expect(value["a"]?[1]?.int == 2)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value["z"]?.isNull == true)
        #expect(value["b"]?.bool == false)
        #expect(value["big"]?.int == nil)
        #expect(value["big"]?.uint64 == .max)
        #expect(value["none"] == nil)
        #expect(value[0] == nil)
        #expect(JSON.number("9e999").double == nil)
        #expect(JSON.number("nan").double == nil)
    }

    @Test(
        "whole numbers are read to the very ends of a type and no further",
        arguments: [
            ("-9223372036854775808", Int64.min), ("9223372036854775807", .max), ("-0", 0), ("0", 0),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e3", nil), ("", nil),
            ("-", nil),
            ("--1", nil), ("+1", nil), ("1-", nil), ("١", nil), ("99999999999999999999999999999999", nil),
        ]
    )
    func wholeNumbers(text: String, value: Int64?) {
        #expect(JSON.number(text).int64 == value)
    }

    @Test("equality is by code points and spelling, not by order of members") func equality() {
        #expect(JSON.string("\u{E9}") != JSON.string("e\u{301}"))
        #expect(JSON.number("1.0") != JSON.number("1"))
        #expect(["a": 1, "b": 2] as JSON == ["b": 2, "a": 1])
        #expect(["a": 1] as JSON != ["a": 1, "b": 2])
        #expect([1, 2] as JSON != [2, 1])
        #expect(JSON.null != JSON.bool(false))
    }

    @Test("an object keeps order, replaces in place and removes") func objects() {
        var object: JSON.Object = ["one": 1, "two": 2, "three": 3]
        object["two"] = "second"
        object["four"] = 4
        object["one"] = nil
        object["none"] = nil
        #expect(JSON.object(object).text == #"{"two":"second","three":3,"four":4}"#)
        #expect(JSON.object(JSON.Object([("a", 1), ("b", 2), ("a", 3)])).text == #"{"a":3,"b":2}"#)
    }

    @Test("two spellings of one letter are two names") func spellings() throws {
        let value = try JSON(parsing: "{\"\u{E9}\":1,\"e\u{301}\":2}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
    }

    @Test("a large object is looked up as a small one is") func largeObjects() throws {
        var object = JSON.Object((0..<50_000).map { ("name\($0)", JSON.number($0)) })
        #expect(object["name49999"] == 49_999)
        object["name3"] = nil
        #expect(object["name3"] == nil)
        #expect(object["name4"] == 4)
        object["name4"] = "x"
        #expect(object["name4"] == "x")
        let text = JSON.object(object).text
        #expect(try JSON(parsing: text).object == object)
        #expect(throws: JSONError.self) { try JSON(parsing: text.dropLast() + #","name9":1}"#) }
    }
}
