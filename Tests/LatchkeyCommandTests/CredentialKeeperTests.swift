// CredentialKeeperTests.swift: when credentials are renewed, on a clock that the tests set.
import Foundation
import LatchkeyOTP
import Synchronization
import Testing

@testable import LatchkeyCommand

@Suite("Credentials that are kept fresh") struct CredentialKeeperTests {
    /// A server, a clock and what was said; the clock goes on by what is slept, and the task ends at a moment.
    private final class Scene: Sendable {
        struct State {
            var now: Int64 = 1_000_000
            var asked: [Int64] = []
            var events: [CredentialKeeper.Event] = []
            /// What programs of the host are given, at every waking.
            var given: [(at: Int64, id: String?)] = []
        }

        let state = Mutex(State())
        let lifetime: Int64
        let end: Int64
        /// The moments at which the server is away.
        let away: Range<Int64>
        let chance: @Sendable (Int64) -> Int64

        init(lifetime: Int64, end: Int64, away: Range<Int64> = 0..<0, chance: @escaping @Sendable (Int64) -> Int64) {
            self.lifetime = lifetime
            self.end = end
            self.away = away
            self.chance = chance
        }

        func fetch() throws -> LentCredentials {
            try state.withLock { state in
                state.asked.append(state.now - 1_000_000)
                if away.contains(state.now - 1_000_000) { throw LatchkeyCommand.Failure.unreachable("it is away") }
                return LentCredentials(
                    accessKeyID: "ASIA\(state.now - 1_000_000)",
                    secretAccessKey: "s",
                    sessionToken: "t",
                    expiration: UnixTime(state.now + lifetime)
                )
            }
        }

        /// Runs from the beginning to the end.
        func run() async throws -> State {
            let box = Mutex<CredentialKeeper?>(nil)
            let world = CredentialKeeper.World(
                now: { UnixTime(self.state.withLock { $0.now }) },
                sleep: { seconds in
                    // Second by second, so that a moment without credentials shows.
                    for _ in 0..<seconds {
                        self.state.withLock { $0.now += 1 }
                        let id = box.withLock { $0 }?.current?.accessKeyID
                        self.state.withLock { $0.given.append(($0.now - 1_000_000, id)) }
                    }
                    if self.state.withLock({ $0.now }) >= 1_000_000 + self.end { throw CancellationError() }
                },
                chance: chance
            )
            let keeper = CredentialKeeper(
                world: world,
                report: { event in self.state.withLock { $0.events.append(event) } },
                fetch: { try self.fetch() }
            )
            try keeper.hold(try fetch())
            box.withLock { $0 = keeper }
            await keeper.run(atOnce: false)
            box.withLock { $0 = nil }
            return state.withLock { $0 }
        }
    }

    @Test("are renewed when two fifths to a half of their time are over, and nobody sees a gap")
    func inTime() async throws {
        for share in [0, 0.5, 0.999] as [Double] {
            let scene = Scene(lifetime: 3_600, end: 20_000) { Int64(Double($0) * share) }
            let state = try await scene.run()
            #expect(state.asked.count > 9)
            for (earlier, later) in zip(state.asked, state.asked.dropFirst()) {
                #expect((1_440...1_800).contains(later - earlier))
            }
            #expect(state.given.allSatisfy { $0.id != nil })
            // More than the 15 minutes at which AWS's clients ask again.
            for given in state.given {
                let begun = try #require(given.id.flatMap { Int64($0.dropFirst(4)) })
                #expect(begun + 3_600 - given.at > 900)
            }
        }
    }

    @Test("are given to their last second while the server is away, with longer and longer pauses between tries")
    func away() async throws {
        let scene = Scene(lifetime: 900, end: 3_000, away: 1..<1_500) { $0 - 1 }
        let state = try await scene.run()
        let tries = state.asked.filter { (1..<1_500).contains($0) }
        let pauses = zip(tries, tries.dropFirst()).map { $1 - $0 }
        #expect(pauses.prefix(6) == [2, 4, 8, 16, 32, 60])
        #expect(pauses.allSatisfy { $0 <= 60 })
        for given in state.given where given.at < 1_500 {
            #expect((given.id == "ASIA0") == (given.at < 900))
        }
        // Back at once when the server is back, and said once that it was away.
        let first = try #require(state.asked.first { $0 >= 1_500 })
        #expect(first <= 1_560)
        #expect(state.given.allSatisfy { $0.at <= first || $0.id != nil })
        let failures = state.events.filter { if case .failed = $0 { true } else { false } }
        #expect(failures.count == 1)
    }

    @Test("do not have a host's tries come in step with another's")
    func jitter() async throws {
        let least = try await Scene(lifetime: 900, end: 1_000, away: 1..<2_000) { _ in 0 }.run()
        let pauses = zip(least.asked.dropFirst(), least.asked.dropFirst(2)).map { $1 - $0 }
        #expect(pauses.prefix(6) == [1, 2, 4, 8, 16, 30])
        // Credentials that are shorter than can be kept are no reason to ask without end.
        let short = try await Scene(lifetime: 1, end: 100) { _ in 0 }.run()
        #expect(short.asked == [0, 30, 60, 90])
        // By a clock that is far ahead they ended before they began: that is a failure like others.
        let ended = Scene(lifetime: -60, end: 1_000) { _ in 0 }
        await #expect(throws: LatchkeyCommand.Failure.self) { _ = try await ended.run() }
    }
}
