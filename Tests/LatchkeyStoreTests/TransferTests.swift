// TransferTests.swift: stores copied from one kind of database to another, backed up and put back.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("Transfer")
struct TransferTests {
    /// Runs `body` with two places, the first of the kind of `from`.
    private func withPlaces(
        _ from: DatabaseKind,
        _ to: DatabaseKind,
        _ body: (String, String, String) async throws -> Void
    ) async throws {
        try await DatabaseKind.$current.withValue(from) {
            try await withPlace { origin, directory in
                try await DatabaseKind.$current.withValue(to) {
                    try await withPlace { destination, _ in try await body(origin, destination, directory) }
                }
            }
        }
    }

    private func fill(_ location: String, rows: Int = 1_234) async throws {
        let store = try await Database.open(location, migrations: schema, create: true)
        try await store.write { tx in
            for number in 0..<rows {
                let name = "user-\(number)-é\u{301}'\"\\"
                try tx.run(
                    "INSERT INTO users (name, age, key) VALUES ($1, $2, $3)",
                    name,
                    number % 7 == 0 ? nil : Int64(number) &* 1_234_567_890_123,
                    number % 5 == 0 ? nil : [UInt8](repeating: UInt8(number % 256), count: number % 40)
                )
                try tx.run("INSERT INTO keys (id, owner) VALUES ($1, $2)", "key-\(number)", name)
            }
        }
        await store.close()
    }

    private func content(_ location: String) async throws -> [String] {
        let store = try await Database.open(location, migrations: schema, create: false)
        let rows: [(String, Int64?, [UInt8]?, String)] = try await store.read { tx in
            try tx.rows("SELECT name, age, key, id FROM users JOIN keys ON owner = name ORDER BY id")
        }
        await store.close()
        return rows.map { "\($0)" }
    }

    @Test("moves every value between any two kinds", arguments: DatabaseKind.allCases, DatabaseKind.allCases)
    func copy(_ from: DatabaseKind, _ to: DatabaseKind) async throws {
        try await withPlaces(from, to) { origin, destination, _ in
            try await fill(origin)
            let copied = try await Database.copy(from: origin, to: destination, migrations: schema) { tx in
                let count: Int? = try tx.row("SELECT count(*) FROM users")
                #expect(count == 1_234)
            }
            #expect(copied == [CopiedTable(name: "users", rows: 1_234), CopiedTable(name: "keys", rows: 1_234)])
            #expect(try await content(destination) == content(origin))
        }
    }

    @Test("refuses a place that is not empty, and leaves nothing behind when it is refused", .everyDatabase)
    func refusals() async throws {
        try await withPlaces(.sqlite, DatabaseKind.current) { origin, destination, _ in
            try await fill(origin, rows: 3)
            await #expect(throws: Planned.self) {
                _ = try await Database.copy(from: origin, to: destination, migrations: schema) { _ in throw Planned() }
            }
            let store = try await Database.open(destination, migrations: schema, create: false)
            try await store.expectNames([])
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('there')") }
            await store.close()
            await #expect {
                _ = try await Database.copy(from: origin, to: destination, migrations: schema) { _ in }
            } throws: { "\($0)".contains("holds a store already") }
            await #expect {
                _ = try await Database.copy(from: "sqlite:/nowhere/at/all", to: destination, migrations: schema) { _ in
                }
            } throws: { $0 as? StoreError == .missing("/nowhere/at/all") }
        }
    }

    @Test(
        "a backup is a file that opens, made beside work that goes on; put back, it is the store again",
        .everyDatabase
    )
    func backup() async throws {
        try await withPlace { location, directory in
            try await fill(location, rows: 700)
            let before = try await content(location)
            let store = try await Database.open(location, migrations: schema, create: false)
            let work = Task {
                var number = 0
                while !Task.isCancelled {
                    number += 1
                    let name = "late-\(number)"
                    try await store.write { tx in
                        try tx.run("INSERT INTO users (name) VALUES ($1)", name)
                        try tx.run("INSERT INTO keys (id, owner) VALUES ($1, $1)", name)
                    }
                }
            }
            try await store.backup(to: directory + "/backup.sqlite")
            work.cancel()
            try await work.value
            #expect(mode(directory + "/backup.sqlite") == 0o600)
            let whole: [Int] = try await Database.peek(at: "sqlite:\(directory)/backup.sqlite") { tx in
                try tx.rows("SELECT count(*) FROM users UNION ALL SELECT count(*) FROM keys")
            }
            #expect(whole[0] == whole[1])
            #expect(whole[0] >= 700)
            await #expect(throws: StoreError.busy) {
                try await Database.restore(
                    from: directory + "/backup.sqlite",
                    to: location,
                    migrations: schema
                )
            }
            await store.close()
            try await Database.restore(from: directory + "/backup.sqlite", to: location, migrations: schema) { tx in
                try tx.run("DELETE FROM keys WHERE id LIKE 'late-%'")
                try tx.run("DELETE FROM users WHERE name LIKE 'late-%'")
            }
            #expect(try await content(location) == before)
            // What the body refuses is not put back.
            await #expect(throws: Planned.self) {
                try await Database.restore(from: directory + "/backup.sqlite", to: location, migrations: schema) { tx in
                    try tx.run("DELETE FROM keys")
                    throw Planned()
                }
            }
            #expect(try await content(location) == before)
        }
    }

    @Test("a value that came out otherwise is found before the copy is there")
    func difference() throws {
        #expect(SQLValue.text("\u{E9}") == .text("e\u{301}"))
        #expect(!SQLValue.text("\u{E9}").isIdentical(to: .text("e\u{301}")))
        #expect(SQLValue.bytes([1]).isIdentical(to: .bytes([1])))
        #expect(!SQLValue.bytes([]).isIdentical(to: .null))
    }

    @Test("the tables of a schema are known from its steps, in their order")
    func tables() throws {
        let steps = [
            Migration(number: 1, sql: "CREATE TABLE a (x BIGINT); CREATE TABLE IF NOT EXISTS b (x BIGINT)"),
            Migration(number: 2, sql: "DROP TABLE a; CREATE TABLE c (x BIGINT)", "DROP TABLE IF EXISTS z"),
        ]
        #expect(try Schema(steps).tables == ["b", "c"])
    }
}
