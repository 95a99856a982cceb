// DialectTests.swift: what the one SQL dialect promises, on every database.

import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("Dialect", .everyDatabase)
struct DialectTests {
    private let migrations = [
        Migration(
            number: 1,
            sql: """
                CREATE TABLE nodes (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES nodes (id), name TEXT NOT NULL,
                    bytes BYTEA, gone BIGINT);
                CREATE UNIQUE INDEX nodes_by_name ON nodes (lower(name)) WHERE gone IS NULL;
                """,
            "CREATE TABLE steps (device TEXT PRIMARY KEY, last_step BIGINT NOT NULL)"
        )
    ]

    private func withNodes(_ body: (Database) async throws -> Void) async throws {
        try await withStore(migrations) { store in
            try await store.write { tx in
                try tx.run("INSERT INTO nodes (id, parent, name) VALUES (1, NULL, 'root'), (2, 1, 'a'), (3, 2, 'b')")
            }
            try await body(store)
        }
    }

    @Test("compare-and-set: a step is spent once")
    func compareAndSet() async throws {
        try await withNodes { store in
            try await store.write { tx in
                try tx.run("INSERT INTO steps (device, last_step) VALUES ($1, $2)", "d", 10)
                let sql: StaticString = "UPDATE steps SET last_step = $1 WHERE device = $2 AND last_step < $1"
                #expect(try tx.run(sql, 11, "d") == 1)
                #expect(try tx.run(sql, 11, "d") == 0)
                #expect(try tx.run(sql, 9, "d") == 0)
            }
        }
    }

    @Test("ON CONFLICT … DO UPDATE … RETURNING")
    func upsert() async throws {
        try await withNodes { store in
            try await store.write { tx in
                for expected in [1, 2, 3] {
                    let count: Int? = try tx.row(
                        """
                        INSERT INTO steps (device, last_step) VALUES ($1, 1)
                        ON CONFLICT (device) DO UPDATE SET last_step = steps.last_step + 1
                        RETURNING last_step
                        """,
                        "d"
                    )
                    #expect(count == expected)
                }
            }
        }
    }

    @Test("recursive queries")
    func recursion() async throws {
        try await withNodes { store in
            let names: [String] = try await store.read { tx in
                try tx.rows(
                    """
                    WITH RECURSIVE up (id, parent, name) AS (
                        SELECT id, parent, name FROM nodes WHERE id = $1
                        UNION ALL SELECT n.id, n.parent, n.name FROM nodes n JOIN up ON n.id = up.parent
                    ) SELECT name FROM up
                    """,
                    3
                )
            }
            #expect(names == ["b", "a", "root"])
        }
    }

    @Test("a partial index on an expression keeps the living apart, and lets the dead be")
    func partialIndex() async throws {
        try await withNodes { store in
            try await store.write { tx in
                #expect(throws: StoreError.self) {
                    try tx.savepoint { try tx.run("INSERT INTO nodes (id, name) VALUES (9, 'ROOT')") }
                }
                try tx.run("INSERT INTO nodes (id, name, gone) VALUES (9, 'ROOT', 1)")
            }
        }
    }

    @Test("LIKE tells cases apart")
    func like() async throws {
        try await withNodes { store in
            for access in ["read", "write"] {
                let body: @Sendable (consuming Transaction) throws -> [String] = { tx in
                    try tx.rows("SELECT name FROM nodes WHERE name LIKE $1", "R%")
                }
                let names = try await access == "read" ? store.read(body) : store.write(body)
                #expect(names == [])
            }
        }
    }

    @Test("bytes stay bytes, numbers numbers and text text, whatever they look like")
    func affinities() async throws {
        try await withNodes { store in
            try await store.write { tx in
                try tx.run("UPDATE nodes SET bytes = $1, name = $2 WHERE id = 1", [UInt8]("12".utf8), "0012")
                let row: ([UInt8], String)? = try tx.row("SELECT bytes, name FROM nodes WHERE id = 1")
                #expect(row?.0 == [UInt8]("12".utf8))
                #expect(row?.1 == "0012")
            }
        }
    }

    @Test("text is in the order of its bytes, and only ASCII has two cases")
    func order() async throws {
        try await withNodes { store in
            let names = ["B", "C", "Z", "a", "b", "c", "root", "É", "é"]
            try await store.write { tx in
                for (number, name) in names.enumerated() {
                    try tx.run("INSERT INTO nodes (id, name, gone) VALUES ($1, $2, 1)", 10 + number, name)
                }
            }
            let found: [String] = try await store.read { tx in
                try tx.rows("SELECT name FROM nodes WHERE gone = 1 ORDER BY name")
            }
            #expect(found == names)
            let later: [String] = try await store.read { tx in
                try tx.rows("SELECT name FROM nodes WHERE gone = 1 AND name > $1 ORDER BY name", "b")
            }
            #expect(later == ["c", "root", "É", "é"])
            let small: [String] = try await store.read { tx in
                try tx.rows("SELECT lower(name) FROM nodes WHERE name IN ('B', 'É') AND gone = 1 ORDER BY name")
            }
            #expect(small == ["b", "É"])
        }
    }

    @Test("the largest and smallest numbers, long and empty values come back as they were")
    func extremes() async throws {
        try await withNodes { store in
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let text = String(repeating: "ü\u{1F511}'\\", count: 20_000)
            try await store.write { tx in
                try tx.run("INSERT INTO nodes (id, name, bytes) VALUES ($1, $2, $3)", Int64.min, text, bytes)
                try tx.run("INSERT INTO nodes (id, name, bytes) VALUES ($1, $2, $3)", Int64.max, "", [UInt8]())
            }
            let rows: [(Int64, String, [UInt8])] = try await store.read { tx in
                try tx.rows("SELECT id, name, bytes FROM nodes WHERE bytes IS NOT NULL ORDER BY id")
            }
            #expect(rows.map(\.0) == [.min, .max])
            #expect(rows.map(\.1) == [text, ""])
            #expect(rows.map(\.2) == [bytes, []])
            let sum: Int64? = try await store.read { tx in try tx.row("SELECT sum(id) FROM nodes WHERE id <> 1") }
            #expect(sum == 4)
            let least: Int64? = try await store.read { tx in try tx.row("SELECT sum(id) FROM nodes WHERE id < 0") }
            #expect(least == .min)
        }
    }
}
