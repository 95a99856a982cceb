// Samples.swift: types like those of the actions, for the tests of the AWS dialect.
import LatchkeyCrypto

/// A refusal of a type's own.
struct OwnFault: Error, Equatable {
    let word: String
}

/// A text that refuses values by itself.
struct ShortName: Codable, Equatable {
    let text: String

    init(_ text: String) { self.text = text }

    init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard text.utf8.count <= 8 else { throw OwnFault(word: "too long") }
        self.text = text
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

/// Bytes as Base64 text.
struct Bytes: Codable, Equatable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    init(from decoder: any Decoder) throws {
        bytes = try Base64.decode(try decoder.singleValueContainer().decode(String.self), .strict)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Base64.encode(bytes))
    }
}

struct Tag: Codable, Equatable {
    var key: String
    var value: String
}

struct MakeUser: Codable, Equatable {
    var userName: ShortName
    var path: String?
    var maxItems: Int?
    var isOn: Bool?
    var tags: [Tag]?
    var blob: Bytes?
    var status: Status?
    var counts: [String: Int]?

    enum Status: String, Codable, CaseIterable { case active = "Active", inactive = "Inactive" }
}

struct AssumeRole: Codable, Equatable {
    struct Descriptor: Codable, Equatable {
        var arn: String
    }

    var roleArn: String
    var roleSessionName: String
    var policyArns: [Descriptor]?
    var durationSeconds: Int32?
    var transitiveTagKeys: [String]?
    var tags: [Tag]?
}

struct SimulateCustomPolicy: Codable, Equatable {
    struct Entry: Codable, Equatable {
        var contextKeyName: String
        var contextKeyValues: [String]?
    }

    var policyInputList: [String]
    var contextEntries: [Entry]?
}

struct Nothing: Codable, Equatable {}

struct Page: Codable, Equatable {
    var users: [MakeUser]
    var isTruncated: Bool
    var marker: String?
    var ratio: Double?
    var summaryMap: [String: Int]
    var arn: String?
}

struct AllOptional: Codable, Equatable {
    var one: String?
    var two: Int16?
    var three: [Tag]?
}
