// FaultDocument.swift: a refusal as the XML document of AWS's Query protocol.
public import LatchkeyHTTP

/// A refusal on the wire.
public struct FaultDocument: Sendable, Equatable {
    /// The error's code, such as `NoSuchEntity`; SDKs choose their exception by it.
    public let code: String
    /// The HTTP status.
    public let status: Int
    /// One sentence for the caller.
    public let message: String
    /// The request's identifier.
    public let requestID: String
    /// The XML namespace of the service.
    public let namespace: String

    /// Describes a refusal.
    public init(code: String, status: Int, message: String, requestID: String, namespace: String) {
        self.code = code
        self.status = status
        self.message = message
        self.requestID = requestID
        self.namespace = namespace
    }

    /// The document's bytes.
    public var bytes: [UInt8] {
        var document: [UInt8] = []
        document.append(contentsOf: "<ErrorResponse xmlns=\"".utf8)
        document.append(xmlText: namespace)
        document.append(contentsOf: "\"><Error>".utf8)
        document.append(xmlElement: "Type", status >= 500 ? "Receiver" : "Sender")
        document.append(xmlElement: "Code", code)
        document.append(xmlElement: "Message", message)
        document.append(contentsOf: "</Error>".utf8)
        document.append(xmlElement: "RequestId", requestID)
        document.append(contentsOf: "</ErrorResponse>".utf8)
        return document
    }

    /// The answer that carries the document.
    public var response: HTTPResponse { HTTPResponse(status: status, type: "text/xml", body: bytes) }
}
