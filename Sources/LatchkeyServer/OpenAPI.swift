// OpenAPI.swift: the JSON API described as an OpenAPI 3.1 document, written from what the actions themselves say.
import Latchkey
import LatchkeyJSON

/// The description of the JSON API.
enum OpenAPI {
    /// The document's bytes; made once.
    static let document: [UInt8] = describe().bytes(pretty: true)

    private static func describe() -> JSON {
        let paths = Catalog.actions.sorted { $0.name < $1.name }
            .map { action in
                ("/v1/\(action.name == "GetSession" ? "Session" : action.name)", path(action))
            }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Latchkey",
                "version": "1",
                "description": """
                Every action of the authority. Members are those of the AWS APIs with a small first letter. An action that is \
                not open needs a session's token as bearer, or an AWS Signature Version 4; one that asks for a certificate is signed \
                by its key, as in IAM Roles Anywhere.
                """,
            ],
            "paths": .object(JSON.Object(paths)),
            "components": [
                "schemas": ["Error": errorSchema],
                "securitySchemes": [
                    "session": ["type": "http", "scheme": "bearer"],
                    "signature": ["type": "apiKey", "in": "header", "name": "Authorization"],
                    "certificate": ["type": "apiKey", "in": "header", "name": "Authorization"],
                ],
            ],
        ]
    }

    private static let errorSchema: JSON = [
        "type": "object",
        "required": ["error"],
        "properties": [
            "error": [
                "type": "object",
                "required": ["code", "message", "requestId"],
                "properties": [
                    "code": ["type": "string"], "message": ["type": "string"], "requestId": ["type": "string"],
                ],
            ]
        ],
    ]

    private static func path(_ action: any Action.Type) -> JSON {
        let isOpen = action.access == .open
        var members = action.inputShape.members
        if isOpen && !members.contains(where: { $0.name == "account" }) {
            let text = Shape.text(lengths: nil, pattern: nil, isSecret: false)
            members.append(Shape.Member(name: "account", isOptional: true, shape: text))
        }
        return [
            "post": [
                "operationId": .string(action.name),
                "tags": [.string(action.service.rawValue)],
                "description": .string("Permission: \(action.permission). Access: \(action.access.rawValue)."),
                "security": security(action),
                "requestBody": [
                    "required": true,
                    "content": ["application/json": ["schema": schema(.structure(members), isClosed: true)]],
                ],
                "responses": [
                    "200": [
                        "description": "Done.",
                        "content": ["application/json": ["schema": schema(action.outputShape)]],
                    ],
                    "default": [
                        "description": "Refused: the code says why.",
                        "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
                    ],
                ],
            ]
        ]
    }

    private static func security(_ action: any Action.Type) -> JSON {
        if action is AssumeRoleWithCertificate.Type { return [["certificate": []]] }
        return action.access == .open ? [[:]] : [["session": []], ["signature": []]]
    }

    private static func schema(_ shape: Shape, isClosed: Bool = false) -> JSON {
        switch shape {
        case .text(let lengths, let pattern, let isSecret): text(lengths, pattern, isSecret)
        case .choice(let words): ["type": "string", "enum": .array(words.map { .string($0) })]
        case .integer: ["type": "integer"]
        case .number: ["type": "number"]
        case .boolean: ["type": "boolean"]
        case .time: ["type": "string", "format": "date-time"]
        case .blob: ["type": "string", "contentEncoding": "base64"]
        case .list(let item): ["type": "array", "items": schema(item, isClosed: isClosed)]
        case .map(let value): ["type": "object", "additionalProperties": schema(value)]
        case .any: [:]
        case .structure(let members): structure(members, isClosed)
        }
    }

    private static func text(_ lengths: ClosedRange<Int>?, _ pattern: String?, _ isSecret: Bool) -> JSON {
        var schema: [(String, JSON)] = [("type", "string")]
        if let lengths {
            schema.append(("minLength", .number(lengths.lowerBound)))
            schema.append(("maxLength", .number(lengths.upperBound)))
        }
        if let pattern { schema.append(("pattern", .string("^\(pattern)$"))) }
        if isSecret { schema.append(("format", "password")) }
        return .object(JSON.Object(schema))
    }

    private static func structure(_ members: [Shape.Member], _ isClosed: Bool) -> JSON {
        var schema: [(String, JSON)] = [
            ("type", "object"),
            (
                "properties",
                .object(JSON.Object(members.map { ($0.name, Self.schema($0.shape, isClosed: isClosed)) }))
            ),
        ]
        let required = members.filter { !$0.isOptional }
        if !required.isEmpty { schema.append(("required", .array(required.map { .string($0.name) }))) }
        if isClosed { schema.append(("additionalProperties", false)) }
        return .object(JSON.Object(schema))
    }
}
