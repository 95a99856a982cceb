// DatabaseKind.swift: one suite for every kind of database: its tests run on each, one after the other.
// The benchmarks use this target too, and link Swift's library statically, where there is no Testing.
#if canImport(Testing)
import Synchronization
public import Testing

/// A kind of database that a store can be in.
public enum DatabaseKind: String, Sendable, CaseIterable {
    /// One file.
    case sqlite
    /// A database on a server.
    case postgreSQL

    /// The kind on which the present test runs.
    @TaskLocal public static var current = DatabaseKind.sqlite
}

/// Runs each test on every kind of database.
public struct EveryDatabase: SuiteTrait, TestTrait, TestScoping {
    /// Whether the tests inside a suite are meant, and not the suite itself.
    public var isRecursive: Bool { true }

    /// Runs one test on each kind of database.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        for kind in DatabaseKind.allCases {
            await Turnstile.enter(kind)
            defer { Turnstile.leave(kind) }
            await DatabaseKind.$current.withValue(kind) {
                do { try await function() } catch {
                    Issue.record(error, "on \(kind.rawValue)")
                }
            }
        }
    }
}

extension Trait where Self == EveryDatabase {
    /// Runs each test on every kind of database.
    public static var everyDatabase: Self { EveryDatabase() }
}

/// Lets so many tests at a server that its connections are enough for them.
private enum Turnstile {
    private struct State {
        var free = 12
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private static let state = Mutex(State())

    static func enter(_ kind: DatabaseKind) async {
        guard kind == .postgreSQL else { return }
        await withCheckedContinuation { continuation in
            let mayEnter = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if mayEnter { continuation.resume() }
        }
    }

    static func leave(_ kind: DatabaseKind) {
        guard kind == .postgreSQL else { return }
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
#endif
