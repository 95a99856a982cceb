// VectorCase.swift: one case of a vector file: what goes in, what must come out, and the layer that must refuse it.

public import LatchkeyJSON

/// The layer that refuses something.
public enum VectorLayer: String, Codable, CaseIterable, Sendable {
    /// The text or value is malformed and never becomes a word of ours.
    case parse
    /// A proof does not fit what it proves.
    case signature
    /// The time for it is over.
    case expired
    /// It was right and has been used.
    case replayed
    /// It is well formed and not right.
    case denied
}

/// A case that is ready to be run.
public struct VectorCase: Sendable {
    /// The case's name, unique in its file.
    public let id: String

    /// What the case is there for, where its name does not say it.
    public let comment: String?

    /// Whether the case takes seconds and is left out unless asked for.
    public let isSlow: Bool

    /// What must come out: an object of members, or one of the member `refusal`.
    public let expected: JSON

    private let answer: @Sendable () -> JSON

    init<Kind: VectorKind>(_ typed: TypedCase<Kind>) throws(JSONError) {
        id = typed.id
        comment = typed.comment
        isSlow = typed.slow ?? false
        expected = try JSON(encoding: typed.expect)
        answer = { Expectation<Kind.Answer>.of(typed.question) }
    }

    /// Puts the case to this build.
    public func run() -> VectorResult {
        let got = answer()
        return VectorResult(id: id, outcome: Self.fits(got, expected) ? .passed : .failed(expected: expected, got: got))
    }

    /// Tells whether an answer has every member that is expected; it may have more, as a file may leave out columns.
    static func fits(_ got: JSON, _ expected: JSON) -> Bool {
        guard let expected = expected.object, let got = got.object else { return false }
        // A refusal is all or nothing: its layer and its reason.
        return !expected.members.isEmpty && expected.members.allSatisfy { got[$0.name] == $0.value }
    }
}

/// A kind of question that this build can be asked.
protocol VectorKind: Decodable, Sendable {
    /// What comes out when nothing is refused; members that a file may leave out are optional here.
    associatedtype Answer: Codable & Sendable

    /// The kind's name in a file.
    static var name: String { get }

    /// Asks this build.
    func answer() throws(VectorRefusal) -> Answer
}

/// A refusal: who refused, and in short why.
struct VectorRefusal: Error, Codable, Equatable, Sendable {
    let layer: VectorLayer
    let error: String
}

/// What must come out of a case, or what came out.
enum Expectation<Answer: Codable & Sendable>: Codable, Sendable {
    case answer(Answer)
    case refusal(VectorRefusal)

    private enum Key: String, CodingKey { case refusal }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if container.contains(.refusal) {
            self = .refusal(try container.decode(VectorRefusal.self, forKey: .refusal))
        } else {
            self = .answer(try Answer(from: decoder))
        }
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .answer(let answer): try answer.encode(to: encoder)
        case .refusal(let refusal):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(refusal, forKey: .refusal)
        }
    }

    /// What this build answers, as JSON.
    static func of<Kind: VectorKind>(_ question: Kind) -> JSON where Kind.Answer == Answer {
        do {
            let got: Self
            do throws(VectorRefusal) {
                got = .answer(try question.answer())
            } catch {
                got = .refusal(error)
            }
            return try JSON(encoding: got)
        } catch {
            return ["failure": .string("\(error)")]
        }
    }
}

/// A case as it stands in a file of a kind.
struct TypedCase<Kind: VectorKind>: Decodable {
    let id: String
    let comment: String?
    let slow: Bool?
    let question: Kind
    let expect: Expectation<Kind.Answer>

    private enum Key: String, CodingKey { case id, comment, slow, expect }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decode(String.self, forKey: .id)
        comment = try container.decodeIfPresent(String.self, forKey: .comment)
        slow = try container.decodeIfPresent(Bool.self, forKey: .slow)
        // The question's members stand beside these, in the same object.
        question = try Kind(from: decoder)
        expect = try container.decode(Expectation<Kind.Answer>.self, forKey: .expect)
    }
}
