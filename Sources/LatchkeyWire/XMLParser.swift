// XMLParser.swift: a strict parser of the small part of XML that AWS's answers are written in.

/// An element: its name, what it says of its namespace, and its children or its text.
struct XMLElement {
    let name: String
    let namespace: String?
    var children: [XMLElement] = []
    var text = ""

    subscript(name: String) -> XMLElement? { children.first { $0.name == name } }
}

/// Reads one document: elements, text, the five entities and numeric references; nothing that fetches or expands.
///
/// Document types, comments, CDATA, processing instructions, prefixes and all attributes but `xmlns` are refused: answers have
/// none, and every one of them has let one parser see what another did not.
struct XMLParser {
    /// The longest document, in bytes.
    static let mostBytes = 64 << 20
    /// The deepest element.
    static let mostLevels = 64

    private let bytes: [UInt8]
    private var at = 0

    /// Parses a whole document.
    static func parse(_ bytes: [UInt8]) throws(WireError) -> XMLElement {
        guard bytes.count <= mostBytes else { throw WireError("the answer is longer than \(mostBytes) bytes") }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw WireError("the answer is not UTF-8") }
        var parser = XMLParser(bytes: bytes)
        try parser.skipDeclaration()
        parser.skipWhitespace()
        let root = try parser.element(level: 1)
        parser.skipWhitespace()
        guard parser.at == bytes.count else { throw parser.refusal("something follows the document") }
        return root
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func refusal(_ reason: String) -> WireError {
        WireError("the answer is not the XML of an AWS answer: \(reason) (byte \(at + 1))")
    }

    // MARK: - Bytes

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func sees(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - at >= count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[at..<at + count]) }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard sees(text) else { return false }
        at += text.utf8CodeUnitCount
        return true
    }

    private mutating func expect(_ text: StaticString) throws(WireError) {
        guard take(text) else { throw refusal("`\(text)` is missing") }
    }

    private mutating func skipWhitespace() { while let byte = next, Self.isWhitespace(byte) { at += 1 } }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    // MARK: - Grammar

    /// Skips `<?xml version="1.0" encoding="UTF-8"?>`, in either kind of quotes.
    private mutating func skipDeclaration() throws(WireError) {
        guard take("<?xml") else { return }
        let start = at
        while let byte = next, byte != UInt8(ascii: "?") { at += 1 }
        let said = String(decoding: bytes[start..<at], as: UTF8.self).filter { $0 != " " }
            .map { $0 == "'" ? "\"" : String($0) }.joined().lowercased()
        try expect("?>")
        let known = [#"version="1.0""#, #"version="1.0"encoding="utf-8""#]
        guard known.contains(said) else { throw refusal("the declaration is not that of XML 1.0 in UTF-8") }
    }

    private mutating func name() throws(WireError) -> String {
        let start = at
        while let byte = next {
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            guard isLetter || (isDigit && at > start) else { break }
            at += 1
        }
        guard at > start else { throw refusal("a name is missing") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func element(level: Int) throws(WireError) -> XMLElement {
        guard level <= Self.mostLevels else { throw refusal("elements are nested too deeply") }
        try expect("<")
        let name = try name()
        var element = XMLElement(name: name, namespace: try namespace())
        skipWhitespace()
        if take("/>") { return element }
        try expect(">")
        var text: [UInt8] = []
        while !sees("</") {
            if sees("<") {
                element.children.append(try self.element(level: level + 1))
            } else {
                try character(into: &text)
            }
        }
        try expect("</")
        guard try self.name() == name else { throw refusal("`\(name)` is not closed") }
        skipWhitespace()
        try expect(">")
        if element.children.isEmpty {
            element.text = String(decoding: text, as: UTF8.self)
        } else if !text.allSatisfy(Self.isWhitespace) {
            throw refusal("`\(name)` has text beside elements")
        }
        return element
    }

    /// The one attribute that an answer may have.
    private mutating func namespace() throws(WireError) -> String? {
        guard let byte = next, Self.isWhitespace(byte) else { return nil }
        skipWhitespace()
        if sees(">") || sees("/>") { return nil }
        guard try name() == "xmlns" else { throw refusal("an attribute is not `xmlns`") }
        skipWhitespace()
        try expect("=")
        skipWhitespace()
        let quote: StaticString = sees("'") ? "'" : "\""
        try expect(quote)
        var text: [UInt8] = []
        while !sees(quote) {
            guard !sees("<") else { throw refusal("an attribute holds `<`") }
            try character(into: &text)
        }
        try expect(quote)
        return String(decoding: text, as: UTF8.self)
    }

    /// One character, or a reference to one; line ends become one line feed.
    private mutating func character(into text: inout [UInt8]) throws(WireError) {
        guard let byte = next else { throw refusal("the document ends too early") }
        switch byte {
        case UInt8(ascii: "&"):
            text.append(contentsOf: UTF8.encode(try reference()) ?? UTF8.encodedReplacementCharacter)
        case UInt8(ascii: "\r"):
            at += 1
            if next != UInt8(ascii: "\n") { text.append(UInt8(ascii: "\n")) }
        case UInt8(ascii: "]") where sees("]]>"): throw refusal("`]]>` stands in a text")
        case 0..<0x20 where !Self.isWhitespace(byte): throw refusal("a control character stands in a text")
        case 0xEF where sees("\u{FFFE}") || sees("\u{FFFF}"): throw refusal("a character that XML does not allow")
        default:
            text.append(byte)
            at += 1
        }
    }

    private mutating func reference() throws(WireError) -> Unicode.Scalar {
        try expect("&")
        if take("lt;") { return "<" }
        if take("gt;") { return ">" }
        if take("amp;") { return "&" }
        if take("quot;") { return "\"" }
        if take("apos;") { return "'" }
        try expect("#")
        let radix: UInt32 = take("x") ? 16 : 10
        var value: UInt32 = 0
        var digits = 0
        while let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }), digit < radix {
            // Seven digits reach beyond the last character and cannot overflow.
            digits += 1
            guard digits <= 7 else { break }
            value = value * radix + UInt32(digit)
            at += 1
        }
        guard digits > 0, take(";"), let scalar = Unicode.Scalar(value), scalar.isLegalInXML else {
            throw refusal("a reference is to no character that XML allows")
        }
        return scalar
    }
}

extension WireNode {
    /// Makes a tree of an element's content.
    init(_ element: XMLElement) throws(WireError) {
        guard let first = element.children.first else {
            self = .scalar(element.text)
            return
        }
        var names: Set<String> = []
        switch first.name {
        case "member" where element.children.allSatisfy({ $0.name == "member" }):
            self = .list(try element.children.map { child throws(WireError) in try WireNode(child) })
        case "entry" where element.children.allSatisfy({ $0.name == "entry" }):
            self = .map(
                try element.children.map { entry throws(WireError) in
                    guard entry.children.count == 2, let key = entry["key"], key.children.isEmpty,
                        let value = entry["value"], names.insert(key.text).inserted
                    else { throw WireError("`\(element.name)` in the answer is not a map") }
                    return Member(name: key.text, node: try WireNode(value))
                }
            )
        default:
            self = .structure(
                try element.children.map { child throws(WireError) in
                    guard names.insert(child.name).inserted else {
                        throw WireError("`\(child.name)` comes twice in `\(element.name)` of the answer")
                    }
                    return Member(name: child.name, node: try WireNode(child))
                }
            )
        }
    }
}
