// XMLReader.swift: the XML documents of AWS's Query protocol, as a client reads them.

/// Reads answers and refusals.
///
/// Members that a type does not know are passed over, for a newer authority may say more.
public enum XMLReader {
    /// The output of an action in the document that answers it; throws `WireError`, or what the type itself throws.
    public static func decode<Output: Decodable>(
        _ type: Output.Type,
        from bytes: [UInt8],
        action: String,
        userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> Output {
        let root = try XMLParser.parse(bytes)
        guard root.name == "\(action)Response" else {
            throw WireError("the document is `\(root.name.shown(64))`, not an answer to \(action)")
        }
        // An action that answers nothing has no such element.
        let node = try root["\(action)Result"].map { element throws(WireError) in try WireNode(element) }
        let reading = Reading(isStrict: false, action: action, userInfo: userInfo)
        do {
            return try reading.read(type, from: node ?? .structure([]))
        } catch let error as WireError {
            throw WireError(
                "the answer to \(action) cannot be read: \(error.member): \(error.reason)",
                member: error.member
            )
        }
    }

    /// The identifier of the request that a document answers, be it an answer or a refusal.
    public static func requestID(in bytes: [UInt8]) throws(WireError) -> String? {
        let root = try XMLParser.parse(bytes)
        return (root["ResponseMetadata"] ?? root)["RequestId"]?.text
    }
}

extension FaultDocument {
    /// Reads a refusal back.
    public init(reading bytes: [UInt8], status: Int) throws(WireError) {
        let root = try XMLParser.parse(bytes)
        guard root.name == "ErrorResponse", let error = root["Error"], let code = error["Code"]?.text, !code.isEmpty
        else { throw WireError("the document is not a refusal of AWS's kind") }
        self.init(
            code: code,
            status: status,
            message: error["Message"]?.text ?? "",
            requestID: root["RequestId"]?.text ?? "",
            namespace: root.namespace ?? ""
        )
    }
}
