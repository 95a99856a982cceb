// JSONDecodingTests.swift: values to types: every error with its path, unknown members refused where wanted.

import LatchkeyJSON
import Testing

private struct Device: Codable, Equatable {
    var name: String
    var digits: Int
    var period: UInt8?
    var tags: [String]?
}

private struct Owner: Codable, Equatable {
    var name: String
    var devices: [Device]
    var limits: [String: Int8]?
}

private func failure<T: Decodable>(_ text: String, _ type: T.Type, strict: Bool = false) throws -> String {
    let value = try JSON(parsing: text)
    do throws(JSONError) {
        let answer = try value.decode(type, refusingUnknown: strict)
        return "decoded: \(answer)"
    } catch {
        return error.description
    }
}

@Suite("JSON to types") struct JSONDecodingTests {
    @Test(
        "names the path of what is wrong",
        arguments: [
            (
                #"{"name":"a","devices":[{"name":"x","digits":6},{"name":"y","digits":"6"}]}"#,
                "devices[1].digits: expected an integer, not a string"
            ),
            (#"{"name":"a","devices":[{"name":"x"}]}"#, "devices[0].digits: this member is missing"),
            (#"{"name":"a","devices":[{"name":null,"digits":6}]}"#, "devices[0].name: expected a string, not null"),
            (
                #"{"name":"a","devices":[{"name":"x","digits":6.5}]}"#,
                "devices[0].digits: expected an integer from -9223372036854775808 to 9223372036854775807"
            ),
            (
                #"{"name":"a","devices":[{"name":"x","digits":6,"period":256}]}"#,
                "devices[0].period: expected an integer from 0 to 255"
            ),
            (
                #"{"name":"a","devices":[{"name":"x","digits":6,"period":-1}]}"#,
                "devices[0].period: expected an integer from 0 to 255"
            ),
            (
                #"{"name":"a","devices":[{"name":"x","digits":6,"tags":["t",1]}]}"#,
                "devices[0].tags[1]: expected a string, not a number"
            ),
            (#"{"name":"a","devices":{}}"#, "devices: expected an array, not an object"),
            (#"{"name":"a","devices":[[]]}"#, "devices[0]: expected an object, not an array"),
            (
                #"{"name":"a","devices":[],"limits":{"a.b\u001b":200}}"#,
                #"limits["a.b\u001b"]: expected an integer from -128 to 127"#
            ),
            ("[]", "expected an object, not an array"),
        ]
    )
    func paths(text: String, message: String) throws {
        #expect(try failure(text, Owner.self) == message)
    }

    @Test("refuses unknown members where wanted, at every depth") func unknown() throws {
        let text = #"{"name":"a","devices":[{"name":"x","digits":6},{"name":"y","digits":6,"colour":1}]}"#
        #expect(try JSON(parsing: text).decode(Owner.self).devices.count == 2)
        #expect(try failure(text, Owner.self, strict: true) == "devices[1].colour: this member is not known here")
        #expect(
            try failure(#"{"name":"a","devices":[],"x":1}"#, Owner.self, strict: true)
                == "x: this member is not known here"
        )
        let known = #"{"name":"a","devices":[],"limits":{"p":1,"q":2}}"#
        #expect(try JSON(parsing: known).decode(Owner.self, refusingUnknown: true).limits == ["p": 1, "q": 2])
    }

    @Test("refuses unknown members of containers that a type opens itself") func unknownNested() throws {
        struct Hand: Decodable {
            enum Key: String, CodingKey { case inner, list, up }
            enum Inner: String, CodingKey { case a }
            init(from decoder: any Decoder) throws {
                let outer = try decoder.container(keyedBy: Key.self)
                _ = try outer.nestedContainer(keyedBy: Inner.self, forKey: .inner).decode(Int.self, forKey: .a)
                var list = try outer.nestedUnkeyedContainer(forKey: .list)
                while !list.isAtEnd {
                    _ = try list.nestedContainer(keyedBy: Inner.self).decode(Int.self, forKey: .a)
                }
                _ = try Int(from: outer.superDecoder(forKey: .up))
            }
        }
        #expect(throws: Never.self) {
            try JSON(parsing: #"{"inner":{"a":1},"list":[{"a":1}],"up":3}"#).decode(Hand.self, refusingUnknown: true)
        }
        #expect(
            try failure(#"{"inner":{"a":1,"b":2},"list":[],"up":3}"#, Hand.self, strict: true)
                == "inner.b: this member is not known here"
        )
        #expect(
            try failure(#"{"inner":{"a":1},"list":[{"a":1},{"a":1,"c":1}],"up":3}"#, Hand.self, strict: true)
                == "list[1].c: this member is not known here"
        )
    }

    @Test("an empty type knows no members") func emptyType() throws {
        struct Nothing: Codable {}
        #expect(throws: Never.self) { try JSON.object([:]).decode(Nothing.self, refusingUnknown: true) }
        #expect(throws: JSONError.self) { try (["a": 1] as JSON).decode(Nothing.self, refusingUnknown: true) }
    }

    @Test("two types that share one object both count as asking") func shared() throws {
        struct Both: Decodable {
            let device: Device
            let extra: Int
            enum Key: String, CodingKey { case extra }
            init(from decoder: any Decoder) throws {
                device = try Device(from: decoder)
                extra = try decoder.container(keyedBy: Key.self).decode(Int.self, forKey: .extra)
            }
        }
        let both = try JSON(parsing: #"{"name":"x","digits":6,"extra":2}"#).decode(Both.self, refusingUnknown: true)
        #expect(both.device.name == "x" && both.extra == 2)
    }

    @Test("JSON inside a type is taken whole") func whole() throws {
        struct Loose: Codable, Equatable {
            var id: Int
            var rest: JSON
            var more: [String: JSON]?
        }
        let text = #"{"id":1,"rest":{"n":10.50,"l":[null]},"more":{"a":[1]}}"#
        let loose = try JSON.decode(Loose.self, from: Array(text.utf8), refusingUnknown: true)
        #expect(loose.rest.text == #"{"n":10.50,"l":[null]}"#)
        #expect(try JSON(encoding: loose).text == text)
    }

    @Test(
        "from text every error has its line and column",
        arguments: [
            ("{\"name\":\"a\",\n \"devices\":[\n  {\"name\":\"x\", \"digits\": true}\n ]}", 3, 26, "devices[0].digits"),
            (
                "{\"name\":\"a\",\n \"devices\":[{\"name\":\"x\",\"digits\":1},\n  {\"name\":\"x\"}\n ]}", 3, 3,
                "devices[1].digits"
            ),
            ("{\"name\":\"a\",\n \"devices\":[],\n \"zz\": 5}", 3, 8, "zz"), ("\n []", 2, 2, ""),
            ("{\"name\":\"a\",\n \"devices\":[1}", 2, 14, ""),
        ]
    )
    func located(text: String, line: Int, column: Int, path: String) {
        let error = #expect(throws: JSONError.self) {
            try JSON.decode(Owner.self, from: Array(text.utf8), refusingUnknown: true)
        }
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.path == path)
    }

    @Test("errors of a type's own making and of the standard library get the path too") func foreign() throws {
        struct Even: Decodable, CustomStringConvertible {
            struct Odd: Error, CustomStringConvertible { var description: String { "expected an even number" } }
            let value: Int
            var description: String { "\(value)" }
            init(from decoder: any Decoder) throws {
                value = try decoder.singleValueContainer().decode(Int.self)
                if !value.isMultiple(of: 2) { throw Odd() }
            }
        }
        enum Colour: String, Decodable { case red }
        #expect(try failure(#"{"a":[2,3]}"#, [String: [Even]].self) == "a[1]: expected an even number")
        #expect(try failure(#"{"a":["red","blue"]}"#, [String: [Colour]].self) == "a[1]: this word is not known here")
        #expect(try failure("[1]", [Colour].self) == "[0]: expected a string, not a number")
    }

    @Test("an unkeyed container ends where the array does, and null counts") func unkeyed() throws {
        struct Pair: Decodable {
            var first: Int?
            var second: Int
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                first = try list.decodeNil() ? nil : list.decode(Int.self)
                second = try list.decode(Int.self)
            }
        }
        #expect(try JSON(parsing: "[null,2]").decode(Pair.self).first == nil)
        #expect(try JSON(parsing: "[1,2]").decode(Pair.self).first == 1)
        #expect(try failure("[1]", Pair.self) == "[1]: this element is missing")
        #expect(try JSON(parsing: "[1,null]").decode([Int?].self) == [1, nil])
    }

    @Test("whole numbers fit their type or are refused", arguments: ["-129", "128", "1e1", "1.0", "\"1\"", "null"])
    func integers(text: String) throws {
        #expect(throws: JSONError.self) { try JSON(parsing: text).decode(Int8.self) }
    }

    @Test("every integer type reads its ends") func ends() throws {
        func both<I: FixedWidthInteger & Codable>(_ type: I.Type) throws {
            for end in [I.min, .max] {
                #expect(try JSON.number(end).decode(I.self) == end)
                #expect(try JSON(encoding: [end]) == [.number(end)])
            }
            #expect(throws: JSONError.self) { try JSON(parsing: "\(I.max)0").decode(I.self) }
        }
        try both(Int.self)
        try both(Int8.self)
        try both(Int16.self)
        try both(Int32.self)
        try both(Int64.self)
        try both(Int128.self)
        try both(UInt.self)
        try both(UInt8.self)
        try both(UInt16.self)
        try both(UInt32.self)
        try both(UInt64.self)
        try both(UInt128.self)
    }

    @Test("numbers too large for their type are refused") func floats() throws {
        #expect(try JSON(parsing: "[1.5,-0,1e3]").decode([Double].self) == [1.5, 0, 1000])
        #expect(throws: JSONError.self) { try JSON(parsing: "1e999").decode(Double.self) }
        #expect(throws: JSONError.self) { try JSON(parsing: "1e39").decode(Float.self) }
        #expect(throws: JSONError.self) { try JSON.number("nan").decode(Double.self) }
    }
}
