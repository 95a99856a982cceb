// FormRoundTripTests.swift: values to forms and back, and random bytes that must not be more than refused.
import LatchkeyHTTP
import Testing

@testable import LatchkeyWire

@Suite("Values to forms and back")
struct FormRoundTripTests {
    @Test("what is written is what AWS's clients send")
    func written() throws {
        let role = AssumeRole(
            roleArn: "arn:aws:iam::1:role/r",
            roleSessionName: "a b+é~*",
            policyArns: [AssumeRole.Descriptor(arn: "x")],
            durationSeconds: 900,
            transitiveTagKeys: [],
            tags: [Tag(key: "k", value: "&=")]
        )
        let wanted =
            "RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=a+b%2B%C3%A9~%2A&PolicyArns.member.1.arn=x"
            + "&DurationSeconds=900&TransitiveTagKeys=&Tags.member.1.Key=k&Tags.member.1.Value=%26%3D"
        #expect(String(decoding: FormEncoder.body(of: try FormEncoder().encode(role)), as: UTF8.self) == wanted)
        #expect(try FormEncoder().encode(Nothing()) == [])
        #expect(throws: WireError.self) { try FormEncoder().encode([1]) }
        #expect(throws: WireError.self) { try FormEncoder().encode(["a": [nil, 1]]) }
    }

    @Test("random values come back from forms and from documents as they were")
    func random() throws {
        var dice = Dice()
        let seed = dice.seed
        for _ in 0..<300 {
            let user = Self.user(&dice)
            let body = FormEncoder.body(of: try FormEncoder().encode(user))
            let read = try FormDecoder(Form(decoding: body), ignoring: []).decode(MakeUser.self)
            #expect(read == user, "seed \(seed)")
            let page = Page(
                users: (0..<Int.random(in: 0...3, using: &dice)).map { _ in Self.user(&dice) },
                isTruncated: Bool.random(using: &dice),
                marker: dice.pick([nil, Self.text(&dice)]),
                ratio: dice.pick([nil, Double.random(in: -1e9...1e9, using: &dice)]),
                summaryMap: [Self.text(&dice): Int.random(in: .min ... .max, using: &dice)]
            )
            let document = try XMLWriter.document(page, action: "A", namespace: "n", requestID: "r")
            #expect(try XMLReader.decode(Page.self, from: document, action: "A") == page, "seed \(seed)")
        }
    }

    @Test("random forms are read or refused with a plain sentence")
    func randomForms() throws {
        var dice = Dice()
        let seed = dice.seed
        let parts = [
            "UserName", "Tags", "member", "entry", "key", "value", "Key", "Value", "1", "2", "0", "-1", "Counts", "",
            "9223372036854775808", "Path", "é", "IsOn", "MaxItems", "Blob", "Status",
        ]
        let values = ["", "a", "true", "1", "-9223372036854775809", "AAAA", "Active", "\u{0}", "\u{FFFF}", "😀"]
        var read = 0
        for _ in 0..<5_000 {
            var fields = dice.pick([[], [Form.Field("UserName", "a")]])
            for _ in 0..<Int.random(in: 0...6, using: &dice) {
                let name = (0...Int.random(in: 0...4, using: &dice)).map { _ in dice.pick(parts) }
                    .joined(separator: ".")
                fields.append(Form.Field(name, dice.pick(values)))
            }
            guard let form = try? Form(fields) else { continue }
            do {
                _ = try FormDecoder(form, ignoring: []).decode(MakeUser.self)
                read += 1
            } catch is OwnFault {
            } catch let error as WireError {
                #expect(
                    error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0 != "\u{FFFF}" },
                    "seed \(seed)"
                )
            }
        }
        #expect(read > 0)
    }

    @Test("documents with bytes changed at random are read or refused")
    func randomDocuments() throws {
        var dice = Dice()
        let page = Page(users: [Self.user(&dice)], isTruncated: true, summaryMap: ["a": 1])
        let document = try XMLWriter.document(page, action: "A", namespace: "n", requestID: "r")
        for _ in 0..<3_000 {
            var bytes = document
            for _ in 0..<Int.random(in: 1...4, using: &dice) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &dice)
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
                case 1: bytes.insert(dice.pick(Array("<>&;/\"'#x! ]-".utf8)), at: place)
                case 2: bytes.remove(at: place)
                default: bytes.removeLast(min(place, bytes.count - 1))
                }
            }
            do {
                _ = try XMLReader.decode(Page.self, from: bytes, action: "A")
            } catch is WireError {
            } catch is OwnFault {
            }
            _ = try? FaultDocument(reading: bytes, status: 400)
        }
    }

    private static func text(_ dice: inout Dice) -> String {
        let letters = Array("abcXYZ 09<>&\"'\r\n\t%+=.-_;é€😀\u{FFFD}".unicodeScalars)
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...9, using: &dice) { text.append(dice.pick(letters)) }
        return String(text)
    }

    private static func user(_ dice: inout Dice) -> MakeUser {
        MakeUser(
            userName: ShortName(String(text(&dice).prefix(2))),
            path: dice.pick([nil, text(&dice)]),
            maxItems: dice.pick([nil, .min, .max, 0]),
            isOn: dice.pick([nil, true, false]),
            tags: dice.pick([nil, [], [Tag(key: text(&dice), value: text(&dice)), Tag(key: "", value: "")]]),
            blob: dice.pick([nil, Bytes([]), Bytes([0, 255, 62])]),
            status: dice.pick([nil, .active]),
            counts: dice.pick([nil, [:], [text(&dice): 1]])
        )
    }
}
