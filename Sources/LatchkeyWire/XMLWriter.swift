// XMLWriter.swift: an action's answer as the XML document of AWS's Query protocol.

/// Writes answers.
public enum XMLWriter {
    /// The actions of AWS whose answer has nothing in it and yet has a place: clients look for it.
    private static let emptyResults: Set<String> = ["UpdateRole"]

    /// The document that answers an action.
    ///
    /// A type without members, such as that of an action which answers nothing, has no `Result` element; one whose members
    /// are all nil has an empty one, for clients look for it.
    public static func document(
        _ output: some Encodable,
        action: String,
        namespace: String,
        requestID: String,
        userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws(WireError) -> [UInt8] {
        let (node, hasMembers) = try Writing(action: action, userInfo: userInfo).write(output)
        guard case .structure = node else { throw WireError("only a type with members can be an answer") }
        var document: [UInt8] = []
        document.append(contentsOf: "<\(action)Response xmlns=\"".utf8)
        document.append(xmlText: namespace)
        document.append(contentsOf: "\">".utf8)
        if hasMembers || emptyResults.contains(action) { document.append(node, named: "\(action)Result") }
        document.append(contentsOf: "<ResponseMetadata>".utf8)
        document.append(xmlElement: "RequestId", requestID)
        document.append(contentsOf: "</ResponseMetadata></\(action)Response>".utf8)
        return document
    }
}

extension [UInt8] {
    /// Appends an element; one without anything in it is an empty tag, as AWS has empty lists.
    fileprivate mutating func append(_ node: WireNode, named name: String) {
        switch node {
        case .scalar(""), .structure([]), .list([]), .map([]):
            append(contentsOf: "<\(name)/>".utf8)
            return
        default: break
        }
        append(contentsOf: "<\(name)>".utf8)
        switch node {
        case .scalar(let text): append(xmlText: text)
        case .structure(let members): for member in members { append(member.node, named: member.name) }
        case .list(let elements): for element in elements { append(element, named: "member") }
        case .map(let entries):
            for entry in entries {
                append(contentsOf: "<entry>".utf8)
                append(.scalar(entry.name), named: "key")
                append(entry.node, named: "value")
                append(contentsOf: "</entry>".utf8)
            }
        }
        append(contentsOf: "</\(name)>".utf8)
    }
}
