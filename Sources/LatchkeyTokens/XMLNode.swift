// XMLNode.swift: XML into a tree, by expat; a document type, and with it every entity of its own, is refused.
internal import CLatchkeyExpat

/// Why a text is not XML that is read here.
struct XMLFault: Error, Equatable {
    let line: Int
    let reason: String
}

/// An element: its name without prefix, its attributes, its elements and its text.
final class XMLNode {
    let name: String
    let line: Int
    let attributes: [String: String]
    fileprivate(set) var children: [XMLNode] = []
    fileprivate(set) var text = ""

    fileprivate init(name: String, line: Int, attributes: [String: String]) {
        self.name = name
        self.line = line
        self.attributes = attributes
    }

    /// The first element of that name.
    func child(_ name: String) -> XMLNode? { children.first { $0.name == name } }

    func children(_ name: String) -> [XMLNode] { children.filter { $0.name == name } }

    /// The element at the end of a way of names.
    func at(_ path: String...) -> XMLNode? { path.reduce(Optional(self)) { $0?.child($1) } }

    /// The text without blanks around it; nil if there is none.
    var content: String? {
        let trimmed = PlainText.trimmed(text)
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Reads a document.
    static func parse(_ bytes: [UInt8]) throws(XMLFault) -> XMLNode {
        // Names come as namespace, mark, name; files use odd namespaces, so that only the name counts.
        guard let parser = XML_ParserCreateNS(nil, 0x0A) else { throw XMLFault(line: 1, reason: "no memory") }
        defer { XML_ParserFree(parser) }
        let builder = XMLBuilder(parser)
        return try withExtendedLifetime(builder) { () throws(XMLFault) -> XMLNode in
            XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
            XML_SetElementHandler(parser, begin, end)
            XML_SetCharacterDataHandler(parser, characters)
            XML_SetStartDoctypeDeclHandler(parser, doctype)
            let status = bytes.withUnsafeBytes { raw in
                XML_Parse(parser, raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: raw.count), 1)
            }
            let line = Int(clamping: XML_GetCurrentLineNumber(parser))
            if let reason = builder.refusal { throw XMLFault(line: line, reason: reason) }
            guard status == XML_STATUS_OK, let root = builder.root else {
                let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "it is not XML"
                throw XMLFault(line: line, reason: reason)
            }
            return root
        }
    }
}

/// What expat's calls build.
private final class XMLBuilder {
    static let deepest = 64
    static let mostElements = 500_000

    let parser: XML_Parser
    var root: XMLNode?
    var open: [XMLNode] = []
    var count = 0
    var refusal: String?

    init(_ parser: XML_Parser) { self.parser = parser }

    func stop(_ reason: String) {
        refusal = reason
        XML_StopParser(parser, 0)
    }

    static func of(_ data: UnsafeMutableRawPointer?) -> XMLBuilder? {
        data.map { Unmanaged<XMLBuilder>.fromOpaque($0).takeUnretainedValue() }
    }
}

private func local(_ name: UnsafePointer<XML_Char>) -> String {
    let whole = String(cString: name)
    guard let mark = whole.utf8.lastIndex(of: 0x0A) else { return whole }
    return String(whole[whole.utf8.index(after: mark)...])
}

private func begin(
    _ data: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<XML_Char>?,
    _ list: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?
) {
    guard let builder = XMLBuilder.of(data), let name, builder.refusal == nil else { return }
    builder.count += 1
    guard builder.open.count < XMLBuilder.deepest, builder.count <= XMLBuilder.mostElements else {
        return builder.stop("its elements are too many or too deep")
    }
    var attributes: [String: String] = [:]
    if var entry = list {
        while let key = entry[0], let value = entry[1] {
            attributes[local(key)] = String(cString: value)
            entry += 2
        }
    }
    let line = Int(clamping: XML_GetCurrentLineNumber(builder.parser))
    let node = XMLNode(name: local(name), line: line, attributes: attributes)
    builder.open.last?.children.append(node)
    if builder.root == nil { builder.root = node }
    builder.open.append(node)
}

private func end(_ data: UnsafeMutableRawPointer?, _ name: UnsafePointer<XML_Char>?) {
    _ = XMLBuilder.of(data)?.open.popLast()
}

private func characters(_ data: UnsafeMutableRawPointer?, _ text: UnsafePointer<XML_Char>?, _ count: Int32) {
    guard let text, count > 0, let node = XMLBuilder.of(data)?.open.last else { return }
    let bytes = UnsafeRawBufferPointer(start: text, count: Int(count))
    node.text += String(decoding: bytes, as: UTF8.self)
}

private func doctype(
    _ data: UnsafeMutableRawPointer?,
    _ name: UnsafePointer<XML_Char>?,
    _ system: UnsafePointer<XML_Char>?,
    _ identifier: UnsafePointer<XML_Char>?,
    _ hasSubset: Int32
) {
    XMLBuilder.of(data)?.stop("it has a document type, which no file of tokens needs and attackers use; remove it")
}
