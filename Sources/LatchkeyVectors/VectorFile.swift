// VectorFile.swift: the one loader of vector files: a path to cases that are ready to run, or a strict refusal.

internal import LatchkeyJSON

/// A vector file: where its cases come from, what kind they are of, and the cases.
public struct VectorFile: Sendable {
    /// The path it was loaded from.
    public let path: String

    /// Where the cases come from, in short: `RFC 6238 B`.
    public let source: String

    /// The name of the kind of its cases.
    public let kind: String

    /// What a reader of the file should know.
    public let comment: String?

    /// The cases; never empty, their ids distinct.
    public let cases: [VectorCase]

    /// The names of all kinds that this build can run.
    public static var kinds: [String] { vectorKinds.map { $0.name } }

    /// Loads one vector file.
    ///
    /// Refuses an unknown kind, unknown members, no cases, and two cases of one id; a refusal names the line.
    public static func load(_ path: String) throws(VectorError) -> VectorFile {
        try VectorFile(path, bytes: FileReader.bytes(of: path))
    }

    /// Lists the vector files under a directory, in the order of their paths; `schema.json` is none.
    public static func directory(_ path: String) throws(VectorError) -> [String] {
        let names = try FileReader.names(under: path, suffix: ".json")
            .filter { name in
                name.utf8.split(separator: UInt8(ascii: "/")).last.map { !$0.elementsEqual("schema.json".utf8) } ?? true
            }
        if names.isEmpty { throw .noFiles(path: path) }
        return names
    }

    /// Reads a vector file's bytes as strictly as `load`; `path` is for its errors.
    public init(_ path: String, bytes: [UInt8]) throws(VectorError) {
        do throws(JSONError) {
            let name = try JSON.decode(KindName.self, from: bytes).kind
            self = try Self.read(name.type, path, bytes)
        } catch {
            throw .invalid(path: path, error: error)
        }
    }

    private static func read<Kind: VectorKind>(
        _ type: Kind.Type,
        _ path: String,
        _ bytes: [UInt8]
    ) throws(JSONError) -> VectorFile {
        let envelope = try JSON.decode(Envelope<Kind>.self, from: bytes, refusingUnknown: true)
        var cases: [VectorCase] = []
        for typed in envelope.cases { cases.append(try VectorCase(typed)) }
        return VectorFile(
            path: path,
            source: envelope.source,
            kind: envelope.kind,
            comment: envelope.comment,
            cases: cases
        )
    }

    private init(path: String, source: String, kind: String, comment: String?, cases: [VectorCase]) {
        self.path = path
        self.source = source
        self.kind = kind
        self.comment = comment
        self.cases = cases
    }
}

/// The kind of a file, read before the rest can be.
private struct KindName: Decodable {
    let kind: Name

    struct Name: Decodable {
        let type: any VectorKind.Type

        init(from decoder: any Decoder) throws {
            let name = try decoder.singleValueContainer().decode(String.self)
            guard let type = vectorKinds.first(where: { $0.name == name }) else {
                throw Refused(reason: "this kind is unknown; known are \(VectorFile.kinds.joined(separator: ", "))")
            }
            self.type = type
        }
    }
}

/// The whole of a file.
private struct Envelope<Kind: VectorKind>: Decodable {
    let source: String
    let kind: String
    let comment: String?
    let cases: [TypedCase<Kind>]

    private enum Key: String, CodingKey { case source, kind, comment, cases }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        source = try container.decode(String.self, forKey: .source)
        kind = try container.decode(String.self, forKey: .kind)
        comment = try container.decodeIfPresent(String.self, forKey: .comment)
        cases = try container.decode(Cases.self, forKey: .cases).typed
    }

    private struct Cases: Decodable {
        var typed: [TypedCase<Kind>] = []

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            var ids: Set<String> = []
            while !container.isAtEnd {
                let place = Place(intValue: container.currentIndex)
                let next = try container.decode(TypedCase<Kind>.self)
                guard !next.id.isEmpty, ids.insert(next.id).inserted else {
                    throw DecodingError.dataCorrupted(
                        DecodingError.Context(
                            codingPath: container.codingPath + [place],
                            debugDescription: next.id.isEmpty
                                ? "a case needs an id" : "another case has the id \(JSON.string(next.id))"
                        )
                    )
                }
                typed.append(next)
            }
            if typed.isEmpty { throw Refused(reason: "a vector file without cases proves nothing") }
        }
    }
}

/// The place of a case among the cases.
private struct Place: CodingKey {
    let intValue: Int?

    var stringValue: String { intValue?.description ?? "" }

    init(intValue: Int) { self.intValue = intValue }

    init?(stringValue: String) { nil }
}
