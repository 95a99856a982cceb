// FormDecoderTests.swift: forms to values: what is read, and what is refused.
import LatchkeyHTTP
import Testing

@testable import LatchkeyWire

/// Decodes the fields of a body as the server does.
private func decode<A: Decodable>(_ type: A.Type = A.self, _ body: String) throws -> A {
    try FormDecoder(Form(decoding: body.utf8), ignoring: ["Action", "Version"]).decode(type)
}

/// What is said of a body that is refused; nil if it is read.
private func refusal<A: Decodable>(_ type: A.Type, _ body: String) throws -> String? {
    do {
        _ = try decode(type, body)
        return nil
    } catch let refusal as FormDecoder.Refusal {
        return refusal.description
    }
}

@Suite("Forms to values")
struct FormDecoderTests {
    @Test("members, lists, maps and the protocol's own fields find their places")
    func reads() throws {
        let body =
            "Action=MakeUser&Version=2010-05-08&UserName=ann&Path=%2F&MaxItems=-7&IsOn=true&Tags.member.2.Value=y+z"
            + "&Tags.member.1.Key=a&Tags.member.1.Value=&Tags.member.2.Key=b&Blob=AAH%2F&Status=Inactive"
            + "&Counts.entry.1.key=Users&Counts.entry.1.value=3"
        let user = try decode(MakeUser.self, body)
        let wanted = MakeUser(
            userName: ShortName("ann"),
            path: "/",
            maxItems: -7,
            isOn: true,
            tags: [Tag(key: "a", value: ""), Tag(key: "b", value: "y z")],
            blob: Bytes([0, 1, 255]),
            status: .inactive,
            counts: ["Users": 3]
        )
        #expect(user == wanted)
        #expect(try decode(MakeUser.self, "UserName=ann&Tags=").tags == [])
        #expect(try decode(MakeUser.self, "UserName=ann&Counts=").counts == [:])
        #expect(try decode(MakeUser.self, "UserName=ann").tags == nil)
        #expect(try decode(Nothing.self, "Action=Nothing") == Nothing())
    }

    @Test("ten elements are in the order of their numbers, not of their texts")
    func order() throws {
        let body = (1...12).reversed().map { "PolicyInputList.member.\($0)=p\($0)" }.joined(separator: "&")
        #expect(try decode(SimulateCustomPolicy.self, body).policyInputList == (1...12).map { "p\($0)" })
    }

    @Test("the arn of a session policy has a small letter, every other a capital one")
    func smallName() throws {
        let body = "RoleArn=r&RoleSessionName=s&PolicyArns.member.1."
        #expect(try decode(AssumeRole.self, body + "arn=x").policyArns == [AssumeRole.Descriptor(arn: "x")])
        #expect(try refusal(AssumeRole.self, body + "Arn=x") != nil)
    }

    @Test("what a type throws of its own comes through untouched")
    func ownFault() throws {
        #expect(throws: OwnFault(word: "too long")) { try decode(MakeUser.self, "UserName=much-too-long") }
    }

    @Test(
        "true and false are read in any case, and nothing else",
        arguments: [
            ("true", true), ("false", false), ("True", true), ("FALSE", false), ("1", nil), ("yes", nil), ("", nil),
            ("true ", nil),
        ] as [(String, Bool?)]
    )
    func booleans(text: String, wanted: Bool?) throws {
        let user = try? FormDecoder(Form([.init("UserName", "a"), .init("IsOn", text)]), ignoring: [])
            .decode(MakeUser.self)
        #expect(user?.isOn == wanted)
    }

    @Test(
        "an integer is plain decimal and in range",
        arguments: ["", "1.0", "+1", "01", "-0", "0x10", "1e3", " 1", "1 ", "2147483648", "99999999999999999999", "١"]
    )
    func integers(text: String) throws {
        let fields = [Form.Field("RoleArn", "r"), .init("RoleSessionName", "s"), .init("DurationSeconds", text)]
        let error = #expect(throws: WireError.self) {
            try FormDecoder(Form(fields), ignoring: []).decode(AssumeRole.self)
        }
        #expect(error?.member == "durationSeconds")
        #expect(error?.reason == "Member must be an integer from -2147483648 to 2147483647")
    }

    @Test("refusals are worded as AWS words them")
    func words() throws {
        let start = "1 validation error detected: Value"
        let end = "failed to satisfy constraint: Member must"
        #expect(try refusal(MakeUser.self, "Path=x") == "\(start) null at 'userName' \(end) not be null")
        #expect(
            try refusal(MakeUser.self, "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.2.Key=k")
                == "\(start) null at 'tags.2.member.value' \(end) not be null"
        )
        #expect(
            try refusal(MakeUser.self, "UserName=a&Status=Off%E2%80%AE")
                == "\(start) 'Off\\u{202e}' at 'status' \(end) satisfy enum value set: [Active, Inactive]"
        )
        // A value that could be a seed is not repeated.
        let blob = try refusal(MakeUser.self, "UserName=a&Blob=SEED%21")
        #expect(blob?.hasPrefix("\(start) at 'blob' \(end) hold bytes: character 5 is not a Base64 digit") == true)
        #expect(blob?.contains("SEED") == false)
        enum Level: Int, Codable { case low = 1 }
        struct Lamp: Codable { var level: Level }
        #expect(try refusal(Lamp.self, "Level=2") == "\(start) at 'level' \(end) be one of the known words")
    }

    @Test(
        "a field that no member reads is refused by name",
        arguments: [
            ("UserName=a&Usernam=b", "Usernam"), ("UserName=a&userName=b", "userName"),
            ("UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.1.Color=red", "Tags.member.1.Color"),
            ("UserName=a&PolicyDocument=x", "PolicyDocument"), ("UserName=a&X-Amz-Date=x", "X-Amz-Date"),
            ("UserName=a&Path%E2%80%AE=x", "Path\\u{202e}"), ("UserName=a&action=x", "action"),
            ("UserName=a&.=x", "."), ("UserName=a&Path.=x", "Path."), ("UserName=a&Tags..Key=x", "Tags..Key"),
            ("UserName=a&%20Path=x", " Path"),
        ]
    )
    func unknown(body: String, name: String) throws {
        #expect(try refusal(MakeUser.self, body) == "the action has no parameter '\(name)'")
    }

    @Test("an action without members takes no field")
    func empty() throws {
        #expect(try refusal(Nothing.self, "UserName=a") == "the action has no parameter 'UserName'")
    }

    @Test(
        "a tree that is not one thing only is refused",
        arguments: [
            "Tags.member.0.Key=k&Tags.member.0.Value=v",
            "Tags.member.2.Key=k&Tags.member.2.Value=v",
            "Tags.member.01.Key=k&Tags.member.01.Value=v",
            "Tags.member.-1.Key=k",
            "Tags.member.%2B1.Key=k",
            "Tags.member.99999999999.Key=k",
            "Tags.member.99999999999999999999999999999999999999.Key=k",
            "Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.3.Key=k&Tags.member.3.Value=v",
            "Tags.member.x.Key=k",
            "Tags.member=x",
            "Tags.member.=x",
            "Tags.1.Key=k&Tags.1.Value=v",
            "Tags.Key=k",
            "Tags.member.1=x",
            "Tags.member.1=x&Tags.member.1.Key=k&Tags.member.1.Value=v",
            "Tags=&Tags.member.1.Key=k&Tags.member.1.Value=v",
            "Tags=x",
            "Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.Value=w",
            "Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.entry.1.key=w&Tags.entry.1.value=w",
            "Tags.member.1.Key.member.1=k&Tags.member.1.Value=v",
            "Tags.entry.1.key=Key&Tags.entry.1.value=x",
            "Path.member.1=x",
            "Path.Path=x",
            "Path=x&Path.Path=x",
            "Counts.Users=3",
            "Counts.member.1=3",
            "Counts.entry.1.key=a",
            "Counts.entry.1.value=1",
            "Counts.entry.1=1",
            "Counts.entry.1.key=a&Counts.entry.1.value=1&Counts.entry.1.more=1",
            "Counts.entry.1.key=a&Counts.entry.1.value=1&Counts.entry.2.key=a&Counts.entry.2.value=2",
            "Counts.entry.1.key=%C3%A9&Counts.entry.1.value=1&Counts.entry.2.key=e%CC%81&Counts.entry.2.value=2",
            "Counts.entry.1.key.x=a&Counts.entry.1.value=1",
            "Counts.entry.1.key=a&Counts.entry.1.value=1.5",
        ]
    )
    func hostile(fields: String) throws {
        #expect(try refusal(MakeUser.self, "UserName=a&" + fields) != nil)
    }

    @Test("a structure given as a map, or the other way round, is refused")
    func disguised() throws {
        #expect(try refusal(Page.self, "Users.member.1.entry.1.key=userName&Users.member.1.entry.1.value=a") != nil)
    }

    @Test("depth and number cost nothing but a refusal")
    func large() throws {
        let deep = "UserName=a&" + Array(repeating: "A", count: 1_000).joined(separator: ".") + "=x"
        #expect(try refusal(MakeUser.self, deep)?.utf8.count ?? 0 < 300)
        let lists = "UserName=a&Tags" + String(repeating: ".member.1", count: 1_000) + "=x"
        #expect(try refusal(MakeUser.self, lists) != nil)
        let many = (1...4_096).map { "PolicyInputList.member.\($0)=p" }.joined(separator: "&")
        #expect(try decode(SimulateCustomPolicy.self, many).policyInputList.count == 4_096)
        let map = (1...2_047).map { "Counts.entry.\($0).key=k\($0)&Counts.entry.\($0).value=1" }.joined(separator: "&")
        #expect(try decode(MakeUser.self, "UserName=a&" + map).counts?.count == 2_047)
        let unknown = "UserName=a&" + (1...4_095).map { "X\($0)=" }.joined(separator: "&")
        #expect(try refusal(MakeUser.self, unknown) == "the action has no parameter 'X1'")
    }

    @Test(
        "a character that XML cannot carry is refused wherever it stands",
        arguments: [0x0, 0x1, 0x8, 0xB, 0xC, 0xE, 0x1F, 0xFFFE, 0xFFFF] as [UInt32]
    )
    func illegalCharacters(value: UInt32) throws {
        let character = String(try #require(Unicode.Scalar(value)))
        let forms = [
            [Form.Field("UserName", "a"), Form.Field("Path", "a\(character)")],
            [Form.Field("UserName", "a"), Form.Field("Path\(character)", "a")],
            [Form.Field("UserName", "a"), Form.Field("Action", character)],
        ]
        for fields in forms {
            let error = #expect(throws: WireError.self) {
                try FormDecoder(Form(fields), ignoring: ["Action"]).decode(MakeUser.self)
            }
            #expect(error?.description.contains("XML") == true)
            #expect(error?.description.contains(character) == false)
        }
    }

    @Test(
        "tabs, line ends and the edges of what XML carries are taken",
        arguments: ["\t\r\n", "\u{20}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}"]
    )
    func legalCharacters(text: String) throws {
        let form = try Form([.init("UserName", "a"), .init("Path", text)])
        #expect(try FormDecoder(form, ignoring: []).decode(MakeUser.self).path == text)
    }
}
