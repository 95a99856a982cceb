// VectorCase.swift: one case of a vector file: a question for this build, and what must come out.

public import LatchkeyJSON

/// A case that is ready to be run.
public struct VectorCase: Sendable {
    /// The case's name, unique in its file.
    public let id: String

    /// What the case is there for, where its name does not say it.
    public let comment: String?

    /// Whether the case takes seconds or much memory and is left out unless asked for.
    public let isSlow: Bool

    /// What must come out: the members of an answer, or `refusal`.
    public let expected: JSON

    /// The question, where only an authority can be asked: a `SessionVector` or a `ClaimKeysVector`.
    public let hosted: (any Sendable)?

    private let ask: @Sendable () -> (got: JSON, isRight: Bool)
    private let fits: @Sendable (JSON) -> Bool

    init<Kind: VectorKind>(_ typed: TypedCase<Kind>) throws(JSONError) {
        let expected = try JSON(encoding: typed.expect)
        id = typed.id
        comment = typed.comment
        isSlow = typed.slow ?? false
        self.expected = expected
        hosted = typed.question is any HostedKind ? typed.question : nil
        ask = { typed.answer(expected) }
        fits = { typed.fits($0, expected) }
    }

    /// Puts the case to this build; one that only an authority can be asked is left to who has one.
    public func run() -> VectorResult {
        guard hosted == nil else { return VectorResult(id: id, outcome: .left) }
        let (got, isRight) = ask()
        return VectorResult(id: id, outcome: isRight ? .passed : .failed(expected: expected, got: got))
    }

    /// Holds an answer that an authority gave against what must come out.
    public func judge(_ got: JSON) -> VectorResult {
        VectorResult(id: id, outcome: fits(got) ? .passed : .failed(expected: expected, got: got))
    }
}

/// A kind of question that this build can be asked.
protocol VectorKind: Decodable, Sendable {
    /// What comes out when nothing is refused.
    associatedtype Answer: Codable & Sendable

    /// The kind's name in a file.
    static var name: String { get }

    /// The members of an answer that a file may leave out, such as intermediate columns; any other must be there.
    static var columns: Set<String> { get }

    /// Asks this build; what it throws is its refusal.
    func answer() throws -> Answer
}

extension VectorKind {
    static var columns: Set<String> { [] }
}

/// What must come out of a case.
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
}

/// A case as it stands in a file of a kind.
struct TypedCase<Kind: VectorKind>: Decodable, Sendable {
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

    /// Asks this build, and tells whether it answered as `expected`, which is `expect` as JSON.
    func answer(_ expected: JSON) -> (got: JSON, isRight: Bool) {
        do {
            let got = try JSON(encoding: try question.answer())
            guard case .answer = expect else { return (got, false) }
            return (got, Self.fits(got, expected))
        } catch {
            guard let refusal = VectorRefusal(error), let got = try? JSON(encoding: ["refusal": refusal])
            else { return (["failure": .string("\(error)")], false) }
            guard case .refusal(let expected) = expect else { return (got, false) }
            return (got, refusal.fits(expected))
        }
    }

    /// Tells whether an answer is the one that is expected.
    func fits(_ got: JSON, _ expected: JSON) -> Bool {
        guard case .answer = expect else { return false }
        return Self.fits(got, expected)
    }

    /// Tells whether an answer has the members that are expected and no others, columns apart.
    private static func fits(_ got: JSON, _ expected: JSON) -> Bool {
        guard let got = got.object, let expected = expected.object, !expected.members.isEmpty else { return false }
        return expected.members.allSatisfy { got[$0.name] == $0.value }
            && got.members.allSatisfy { expected[$0.name] != nil || Kind.columns.contains($0.name) }
    }
}
