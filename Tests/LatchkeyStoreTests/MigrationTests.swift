// MigrationTests.swift: schemas that grow, are refused, or are cut short.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

/// Forty steps, each slow enough to be cut short.
private let longHistory: [Migration] = (1...40)
    .map { number in
        Migration(
            number: number * 10,
            sql: "CREATE TABLE IF NOT EXISTS numbers (step BIGINT, n BIGINT)",
            """
            WITH RECURSIVE step (n) AS (SELECT count(*) FROM migrations), below (n) AS (
                SELECT 1 UNION ALL SELECT n + 1 FROM below WHERE n < 500
            ) INSERT INTO numbers (step, n) SELECT step.n, below.n FROM step, below
            """
        )
    }

@Suite("Migration", .everyDatabase)
struct MigrationTests {
    @Test("steps are done once, in order, and added later")
    func steps() async throws {
        try await withPlace { location, directory in
            for count in [1, 1, 3, 3, 40] {
                let store = try await Database.open(
                    location,
                    migrations: Array(longHistory.prefix(count)),
                    create: true
                )
                let done: [Int] = try await store.read { tx in
                    try tx.rows("SELECT number FROM migrations ORDER BY number")
                }
                #expect(done == (1...count).map { $0 * 10 })
                let rows: Int? = try await store.read { tx in try tx.row("SELECT count(*) FROM numbers") }
                #expect(rows == count * 500)
                await store.close()
            }
        }
    }

    @Test("numbers that do not go upwards are refused", arguments: [[0], [-1], [1, 1], [2, 1], [1, 3, 2]])
    func order(numbers: [Int]) async throws {
        try await withPlace { location, directory in
            let migrations = numbers.map { Migration(number: $0, sql: "SELECT 1") }
            await #expect(throws: StoreError.misuse("migrations are not numbered upwards")) {
                try await Database.open(location, migrations: migrations, create: true)
            }
            #expect(files(in: directory).isEmpty)
        }
    }

    @Test("a step that fails leaves the steps before it, and nothing of itself")
    func failing() async throws {
        try await withPlace { location, directory in
            let bad =
                schema + [Migration(number: 2, sql: "CREATE TABLE half (x BIGINT); INSERT INTO nowhere VALUES (1)")]
            await #expect(throws: StoreError.refused(missingTable)) {
                try await Database.open(location, migrations: bad, create: true)
            }
            let orphan = Migration(number: 2, sql: "INSERT INTO keys (id, owner) VALUES ('k', 'nobody')")
            await #expect(throws: StoreError.self) {
                try await Database.open(location, migrations: schema + [orphan], create: true)
            }
            let good = schema + [Migration(number: 2, sql: "CREATE TABLE half (x BIGINT)")]
            let store = try await Database.open(location, migrations: good, create: false)
            try await store.expectNames([])
            await store.close()
        }
    }

    @Test("SIGKILL at any point leaves a step done or not done, and the next opening goes on")
    func killed() async throws {
        try await withPlace { location, directory in
            for _ in 0..<12 {
                _ = await #expect(processExitsWith: .failure) { [location = location as String] in
                    try StoreThread.start {
                        usleep(.random(in: 0...8_000))
                        kill(getpid(), SIGKILL)
                    }
                    let store = try await Database.open(location, migrations: longHistory, create: true)
                    await store.close()
                    usleep(10_000)
                }
                do {
                    let (steps, rows) = try await Database.peek(at: location) { tx -> (Int, Int) in
                        let steps: Int? = try tx.row("SELECT count(*) FROM migrations")
                        guard let steps, steps > 0 else { return (0, 0) }
                        let rows: Int? = try tx.row("SELECT count(*) FROM numbers")
                        return (steps, rows ?? -1)
                    }
                    #expect(rows == steps * 500)
                } catch StoreError.missing {
                    // Killed before the first step: an empty file is no store yet.
                }
            }
            let store = try await Database.open(location, migrations: longHistory, create: true)
            let rows: Int? = try await store.read { tx in try tx.row("SELECT count(*) FROM numbers") }
            #expect(rows == 20_000)
            #expect(try await store.check() == [])
            await store.close()
            #expect(files(in: directory).filter { $0.hasPrefix("store.db-") }.isEmpty)
        }
    }

    @Test("two processes that bring a store up to date at once take turns")
    func atOnce() async throws {
        try await withPlace { location, directory in
            async let child: Void = {
                await #expect(processExitsWith: .success) { [location = location as String] in
                    let store = try await Database.open(location, migrations: longHistory, create: true)
                    let rows: Int? = try await store.read { tx in try tx.row("SELECT count(*) FROM numbers") }
                    try #require(rows == 20_000)
                    await store.close()
                }
            }()
            for _ in 0..<6 {
                let store = try await Database.open(location, migrations: longHistory, create: true)
                let rows: Int? = try await store.read { tx in try tx.row("SELECT count(*) FROM numbers") }
                #expect(rows == 20_000)
                await store.close()
            }
            await child
        }
    }
}
