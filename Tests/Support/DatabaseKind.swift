// DatabaseKind.swift: one suite for every kind of database: its tests run on each, one after the other.
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
