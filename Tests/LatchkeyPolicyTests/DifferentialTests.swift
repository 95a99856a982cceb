// DifferentialTests.swift: the engine against the judge, over random policies and questions.
import Glibc
import LatchkeyJSON
import LatchkeyPolicy
import Testing

@Suite("The engine and the judge")
struct DifferentialTests {
    /// What `LATCHKEY_TEST_SEED` says, or a new one.
    static let seed =
        getenv("LATCHKEY_TEST_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0...UInt64.max)
    /// How many policy sets each part makes; `LATCHKEY_TEST_WORLDS` makes it more.
    private static let worlds = getenv("LATCHKEY_TEST_WORLDS").flatMap { Int(String(cString: $0)) } ?? 630
    /// How many questions each set is asked: 8 parts ask more than 200,000.
    private static let questions = 40

    @Test("decide alike", arguments: 0..<8 as Range<UInt64>)
    func decideAlike(part: UInt64) throws {
        var outcomes: [Decision.Outcome: Int] = [:]
        for number in 0..<Self.worlds {
            // Each set has a seed of its own, so that what one needs does not move the others.
            let seed = Self.seed &+ part &* 1_000_003 &+ UInt64(number) &* 8_191
            var roll = PolicyDice(dice: Dice(seed: seed))
            let world = try RandomWorld(&roll, isTrust: roll.dice.chance(15))
            var context = roll.context()
            for asked in 0..<Self.questions {
                if asked % 4 == 0 { context = roll.context() }
                let question = roll.question(isTrust: world.compiled.trust != nil, context)
                if let disagreement = try world.disagreement(question) {
                    try report(disagreement.wanted, world, question)
                    return
                }
                guard asked == 0 else { continue }
                // The same as a case of `latchkey policy decide`.
                let text = world.text(question)
                let said = try PolicyCase(text.utf8.span).explain().decision
                #expect(said == world.compiled.decide(try AccessRequest(question)), "\(text)")
                outcomes[said.outcome, default: 0] += 1
            }
        }
        // A generator whose questions all end alike would test nothing.
        for outcome in [Decision.Outcome.allowed, .explicitDeny, .implicitDeny] {
            #expect(outcomes[outcome, default: 0] > Self.worlds / 50, "\(outcomes)")
        }
    }

    private func report(_ wanted: Verdict, _ world: RandomWorld, _ question: JudgeQuestion) throws {
        let (world, question) = try world.smallest(question)
        let said = try world.disagreement(question)
        Issue.record(
            """
            seed \(Self.seed), the judge says \(said?.wanted ?? wanted)
            the engine says \(said.map { "\($0.found)" } ?? ""), without explanation \(said.map { "\($0.decision)" } ?? "")
            \(world.text(question))
            """
        )
    }
}
