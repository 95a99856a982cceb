// FormEncoder.swift: an action to its form in AWS's Query protocol, as a client sends it.
public import LatchkeyHTTP

/// Writes the members of an action as fields of a form; what is nil is left out.
public struct FormEncoder: Sendable {
    /// Makes an encoder.
    public init() {}

    /// The fields of a value, without `Action` and `Version`.
    public func encode(_ value: some Encodable) throws(WireError) -> [Form.Field] {
        let (node, _) = try Writing().write(value)
        guard case .structure(let members) = node else {
            throw WireError("only a type with members can be a form")
        }
        var fields: [Form.Field] = []
        for member in members { Self.add(member.node, as: member.name, to: &fields) }
        return fields
    }

    private static func add(_ node: WireNode, as name: String, to fields: inout [Form.Field]) {
        switch node {
        case .scalar(let text): fields.append(Form.Field(name, text))
        case .structure([]), .list([]), .map([]): fields.append(Form.Field(name, ""))
        case .structure(let members):
            for member in members { add(member.node, as: "\(name).\(member.name)", to: &fields) }
        case .list(let elements):
            for (index, element) in elements.enumerated() {
                add(element, as: "\(name).member.\(index + 1)", to: &fields)
            }
        case .map(let entries):
            for (index, entry) in entries.enumerated() {
                fields.append(Form.Field("\(name).entry.\(index + 1).key", entry.name))
                add(entry.node, as: "\(name).entry.\(index + 1).value", to: &fields)
            }
        }
    }

    /// The body of a request: `application/x-www-form-urlencoded`, blanks as `+`.
    public static func body(of fields: [Form.Field]) -> [UInt8] {
        var body: [UInt8] = []
        for field in fields {
            if !body.isEmpty { body.append(UInt8(ascii: "&")) }
            escape(field.name, into: &body)
            body.append(UInt8(ascii: "="))
            escape(field.value, into: &body)
        }
        return body
    }

    private static func escape(_ text: String, into body: inout [UInt8]) {
        let digits: InlineArray<16, UInt8> = [
            0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
        ]
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                body.append(byte)
            case UInt8(ascii: " "): body.append(UInt8(ascii: "+"))
            default:
                body.append(UInt8(ascii: "%"))
                body.append(digits[Int(byte >> 4)])
                body.append(digits[Int(byte & 0xF)])
            }
        }
    }
}
