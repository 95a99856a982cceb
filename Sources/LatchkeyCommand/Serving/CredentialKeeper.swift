// CredentialKeeper.swift: temporary credentials that are renewed before they end, and lent on while the server is away.
internal import LatchkeyOTP
internal import Synchronization

/// Holds the newest credentials and sees to it that there are newer ones in time.
final class CredentialKeeper: Sendable {
    /// Time and chance, which a test makes up.
    struct World: Sendable {
        var now: @Sendable () -> UnixTime
        /// Throws when the task is cancelled.
        var sleep: @Sendable (_ seconds: Int64) async throws -> Void
        /// A number from 0 up to but not including the bound.
        var chance: @Sendable (_ bound: Int64) -> Int64
    }

    /// What became of a try.
    enum Event: Sendable {
        case renewed(until: UnixTime)
        /// Said once for each reason; the old credentials are lent on until they end, if there are any.
        case failed(Failure, old: UnixTime?)
    }

    private let world: World
    private let fetch: @Sendable () async throws -> LentCredentials
    private let report: @Sendable (Event) -> Void
    private let held = Mutex<LentCredentials?>(nil)

    init(
        world: World,
        report: @escaping @Sendable (Event) -> Void,
        fetch: @escaping @Sendable () async throws -> LentCredentials
    ) {
        self.world = world
        self.report = report
        self.fetch = fetch
    }

    /// The newest credentials; nil when there are none that still work.
    var current: LentCredentials? {
        let now = world.now()
        return held.withLock { held in held.flatMap { $0.expiration > now ? $0 : nil } }
    }

    /// Takes credentials in the place of older ones.
    ///
    /// By a clock that is too far ahead they have ended before they began: asking for others at once would not help.
    func hold(_ fresh: LentCredentials) throws(Failure) {
        guard fresh.expiration > world.now() else {
            throw .unusable("new credentials ended at \(fresh.expiration) by this host's clock: set the clock")
        }
        held.withLock { $0 = fresh }
        report(.renewed(until: fresh.expiration))
    }

    /// Renews until the task is cancelled: at once, or when those that are held are due.
    func run(atOnce: Bool) async {
        var failures = 0
        var said: Failure?
        var due = world.now()
        if !atOnce, let current { due = renewal(of: current) }
        while await wait(until: due) {
            do {
                let fresh = try await fetch()
                // Whoever cancelled has begun anew, and may hold newer ones by now.
                if Task.isCancelled { return }
                try hold(fresh)
                (failures, said) = (0, nil)
                due = renewal(of: fresh)
            } catch {
                if Task.isCancelled { return }
                let failure = Failure(error)
                if failure != said { report(.failed(failure, old: current?.expiration)) }
                said = failure
                due = world.now().adding(seconds: pause(after: failures))
                failures += 1
            }
        }
    }

    /// Half-way to their end, or up to a tenth of their time earlier, so that many hosts do not ask at one moment.
    ///
    /// AWS's clients call for new ones when less than 15 minutes are left: of an hour's, more are left then.
    private func renewal(of credentials: LentCredentials) -> UnixTime {
        let now = world.now()
        let left = max(0, credentials.expiration.seconds(since: now))
        return now.adding(seconds: max(Self.shortestPause, left / 2 - world.chance(left / 10 + 1)))
    }

    /// A second or two, twice as long after every failure, to a minute; never exactly, so that hosts do not come in step.
    private func pause(after failures: Int) -> Int64 {
        let longest = min(Self.longestPause, Int64(2) << min(failures, 16))
        return longest / 2 + world.chance(longest / 2 + 1)
    }

    /// Waits by the clock on the wall, which may be set and which goes on while the host sleeps; false when cancelled.
    private func wait(until due: UnixTime) async -> Bool {
        while !Task.isCancelled {
            let left = due.seconds(since: world.now())
            if left <= 0 { return true }
            do { try await world.sleep(min(left, Self.longestSleep)) } catch { return false }
        }
        return false
    }

    private static let shortestPause: Int64 = 30
    private static let longestPause: Int64 = 60
    private static let longestSleep: Int64 = 30
}
