// TransactionTests.swift: reading and changing rows, savepoints, and what a transaction refuses.

import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("Transaction")
struct TransactionTests {
    @Test("rows come back as the types asked for, one column or several", .everyDatabase)
    func rows() async throws {
        try await withStore { store in
            try await store.write { tx in
                try tx.run("INSERT INTO users (name, age, key) VALUES ($1, $2, $3)", "ann", 41, [1, 2] as [UInt8])
                try tx.run("INSERT INTO users (name, age, key) VALUES ($1, $2, $3)", "bob", Int?.none, [UInt8]())
            }
            let names: [String] = try await store.read { tx in try tx.rows("SELECT name FROM users ORDER BY name") }
            #expect(names == ["ann", "bob"])
            try await store.read { tx in
                let all: [(String, Int64?, [UInt8])] = try tx.rows("SELECT name, age, key FROM users ORDER BY name")
                #expect(all.map(\.0) == ["ann", "bob"])
                #expect(all.map(\.1) == [41, nil])
                #expect(all.map(\.2) == [[1, 2], []])
                let one: (String, Bool)? = try tx.row("SELECT name, 1 FROM users WHERE name = $1", "ann")
                #expect(one?.0 == "ann")
                #expect(one?.1 == true)
                let none: String? = try tx.row("SELECT name FROM users WHERE name = $1", "zoe")
                #expect(none == nil)
                let absent: Int?? = try tx.row("SELECT age FROM users WHERE name = $1", "bob")
                #expect(absent == .some(nil))
                let listed: [String] = try tx.rows("SELECT name FROM users WHERE name = $1", binding: ["bob"])
                #expect(listed == ["bob"])
            }
        }
    }

    @Test("values of every kind survive, to the ends of their ranges")
    func values() async throws {
        let values: [SQLValue] = [
            nil, 0, -1, .integer(.min), .integer(.max), "", "é e\u{301} 🔑 ' \" ; --", .bytes([]), .bytes([0, 255, 0]),
            .text(String(repeating: "x", count: 100_000)), .bytes([UInt8](repeating: 7, count: 1_000_000)),
        ]
        try await withStore { store in
            for value in values {
                let returned = try await store.write { tx -> SQLValue? in
                    try tx.row("WITH given (v) AS (SELECT $1) SELECT v FROM given", value)
                }
                #expect(returned == value)
            }
            let truths: [(Bool, Bool, Int)] = try await store.read { tx in
                try tx.rows("SELECT $1, $2, $3", true, false, Int.max)
            }
            #expect(truths.first.map { $0 == (true, false, .max) } == true)
        }
    }

    @Test("two spellings of one letter stay two texts")
    func bytewise() async throws {
        try await withStore { store in
            try await store.write { tx in
                try tx.run("INSERT INTO users (name) VALUES ($1), ($2)", "\u{E9}", "e\u{301}")
            }
            let lengths: [Int] = try await store.names().map(\.utf8.count)
            #expect(lengths == [3, 2])
        }
    }

    @Test("parameters are bound by number, not by their order in the text")
    func parameterOrder() async throws {
        try await withStore { store in
            let row: (String, String, String)? = try await store.read { tx in
                try tx.row("SELECT $2, $1, $2", "one", "two")
            }
            #expect(row.map { $0 == ("two", "one", "two") } == true)
        }
    }

    @Test("a column of another kind is an error that names the column")
    func otherKinds() async throws {
        try await withStore { store in
            func read<T: SQLReadable & Sendable>(_ type: T.Type, _ value: SQLValue) async throws {
                _ = try await store.read { tx -> T? in try tx.row("SELECT $1 AS it", value) }
            }
            await #expect(throws: unexpected("an integer, found nothing")) { try await read(Int64.self, nil) }
            await #expect(throws: unexpected("an integer, found text")) { try await read(Int64.self, "1") }
            await #expect(throws: unexpected("an integer, found bytes")) { try await read(Int.self, .bytes([])) }
            await #expect(throws: unexpected("text, found an integer")) { try await read(String.self, 1) }
            await #expect(throws: unexpected("text, found bytes")) { try await read(String.self, .bytes([65])) }
            await #expect(throws: unexpected("bytes, found text")) { try await read([UInt8].self, "A") }
            await #expect(throws: unexpected("0 or 1, found another integer")) { try await read(Bool.self, 2) }
            await #expect(throws: unexpected("0 or 1, found nothing")) { try await read(Bool.self, nil) }
            await #expect(throws: StoreError.unexpectedValue("column `it`: a fractional number")) {
                _ = try await store.read { tx -> Int64? in try tx.row("SELECT 0.5 AS it") }
            }
            await #expect(throws: StoreError.unexpectedValue("column `it`: text that is not UTF-8")) {
                _ = try await store.read { tx -> String? in try tx.row("SELECT CAST(x'41FF' AS TEXT) AS it") }
            }
            let cut: String? = try await store.read { tx in try tx.row("SELECT CAST(x'410042' AS TEXT)") }
            #expect(cut == "A\0B", "text is read whole, not to its first NUL")
        }
    }

    private func unexpected(_ what: String) -> StoreError { .unexpectedValue("column `it`: expected \(what)") }

    @Test("text with a NUL is not stored", .everyDatabase)
    func nul() async throws {
        try await withStore { store in
            await #expect(throws: StoreError.unexpectedValue("text with a NUL cannot be stored")) {
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", "an\0n") }
            }
            try await store.expectNames([])
        }
    }

    @Test("a program's mistakes are errors, not traps", .everyDatabase)
    func misuse() async throws {
        try await withStore { store in
            func refused(_ body: @escaping @Sendable (borrowing Transaction) throws -> Void) async {
                await #expect {
                    try await store.write { tx in try body(tx) }
                } throws: { error in
                    if case .misuse = error as? StoreError { true } else { false }
                }
            }
            await refused { tx in try tx.run("DELETE FROM users WHERE name = $1") }
            await refused { tx in try tx.run("DELETE FROM users WHERE name = $1", "a", "b") }
            await refused { tx in try tx.run("DELETE FROM users WHERE name = $2", "a", "b") }
            await refused { tx in try tx.run("DELETE FROM users WHERE name = ?", "a") }
            await refused { tx in try tx.run("DELETE FROM users WHERE name = :name", "a") }
            await refused { tx in try tx.run("DELETE FROM users; DELETE FROM keys") }
            await refused { tx in try tx.run("") }
            await refused { tx in try tx.run("X") }
            await refused { tx in try tx.run("COMMIT TRANSACTION") }
            await refused { tx in try tx.run("ROLLBACK TRANSACTION") }
            await refused { tx in try tx.run("SAVEPOINT mine") }
            await refused { tx in try tx.run("PRAGMA synchronous = OFF") }
            await refused { tx in try tx.run("ATTACH DATABASE 'x' AS y") }
            await refused { tx in let _: [(String, Int)] = try tx.rows("SELECT 'one column'") }
            await refused { tx in let _: [String] = try tx.rows("SELECT 'two', 'columns'") }
            await refused { tx in let _: Int? = try tx.row("SELECT 1 UNION ALL SELECT 2") }
            try await store.expectNames([])
        }
    }

    @Test("what the database refuses is told without a value", .everyDatabase)
    func refusals() async throws {
        try await withStore { store in
            await #expect {
                try await store.write { tx in try tx.run("INSERT INTO nowhere (name) VALUES ($1)", "hush") }
            } throws: { error in
                guard case .refused(let reason) = error as? StoreError else { return false }
                return reason == missingTable
            }
            await #expect(throws: StoreError.self, "double quotes are names, as in SQL") {
                _ = try await store.read { tx -> String? in try tx.row("SELECT \"text\"") }
            }
        }
    }

    @Test("broken rules of the schema are told by kind", .everyDatabase)
    func constraints() async throws {
        try await withStore { store in
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
            func broken(
                _ body: @escaping @Sendable (borrowing Transaction) throws -> Void
            ) async
                -> StoreError.Constraint?
            {
                do {
                    try await store.write { tx in try body(tx) }
                } catch StoreError.constraint(let constraint) {
                    #expect(!constraint.description.contains("secret"))
                    return constraint
                } catch {}
                return nil
            }
            let unique = await broken { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", "ann") }
            #expect(unique?.kind == .unique)
            switch DatabaseKind.current {
            case .sqlite: #expect(unique?.description == "UNIQUE constraint failed: users.name")
            case .postgreSQL:
                #expect(
                    unique?.description == "duplicate key value violates unique constraint \"users_pkey\""
                )
            }
            let missing = await broken { tx in try tx.run("INSERT INTO keys (id, owner) VALUES ('k', NULL)") }
            #expect(missing?.kind == .notNull)
            let check = await broken { tx in try tx.run("INSERT INTO keys (id, owner) VALUES ('', 'ann')") }
            #expect(check?.kind == .check)
            let foreign = await broken { tx in try tx.run("INSERT INTO keys (id, owner) VALUES ($1, 'secret')", "k") }
            #expect(foreign?.kind == .foreignKey)
        }
    }

    @Test("run says how many rows it changed", .everyDatabase)
    func changedRows() async throws {
        try await withStore { store in
            let counts = try await store.write { tx in
                [
                    try tx.run("INSERT INTO users (name, age) VALUES ('a', 1), ('b', 1), ('c', 2)"),
                    try tx.run("UPDATE users SET age = age + 1 WHERE age < $1", 2),
                    try tx.run("UPDATE users SET age = age + 1 WHERE age > 5"),
                    try tx.run("SELECT name FROM users"),
                    try tx.run("INSERT INTO users (name) VALUES ('a') ON CONFLICT DO NOTHING"),
                    try tx.run("INSERT INTO keys (id, owner) VALUES ('k', 'a')"),
                    try tx.run("DELETE FROM users WHERE name <> 'a'"),
                ]
            }
            #expect(counts == [3, 2, 0, 0, 0, 1, 2])
        }
    }

    @Test("a savepoint that fails is undone alone, also inside another", .everyDatabase)
    func savepoints() async throws {
        try await withStore { store in
            try await store.write { tx in
                try tx.run("INSERT INTO users (name) VALUES ($1)", "outer")
                try tx.savepoint {
                    try tx.run("INSERT INTO users (name) VALUES ($1)", "kept")
                    #expect(throws: Planned.self) {
                        try tx.savepoint {
                            try tx.run("INSERT INTO users (name) VALUES ($1)", "undone")
                            throw Planned()
                        }
                    }
                }
            }
            try await store.expectNames(["kept", "outer"])
        }
    }

    @Test("a savepoint inside a reading works too", .everyDatabase)
    func savepointInReading() async throws {
        try await withStore { store in
            let one: Int? = try await store.read { tx in
                try tx.savepoint { () throws -> Int? in try tx.row("SELECT 1") }
            }
            #expect(one == 1)
        }
    }

    @Test("a transaction cannot be used after its end")
    func afterwards() async throws {
        try await withFile { _, path in
            let connection = try SQLiteDriver(location: "sqlite:\(path)", create: false).connect(.read)
            defer { connection.close() }
            let lease = Lease(connection)
            let transaction = Transaction(lease)
            try connection.begin(.read)
            let one: Int? = try transaction.row("SELECT 1")
            #expect(one == 1)
            lease.revoke()
            #expect(throws: StoreError.misuse("a transaction was used after its end")) {
                try transaction.run("SELECT 1")
            }
            #expect(throws: StoreError.misuse("a transaction was used after its end")) {
                try transaction.savepoint {}
            }
        }
    }

    @Test("a transaction can be owned by a value of the caller's", .everyDatabase)
    func owned() async throws {
        try await withStore { store in
            let changed = try await store.write { tx in
                let state = State(tx: tx, now: 7)
                return try state.tx.savepoint { try perform(state) }
            }
            #expect(changed == 1)
        }
    }

    @Test("a statement is prepared once for all its uses")
    func statementCache() async throws {
        try await withFile { _, path in
            let connection = try SQLiteConnection(SQLiteFile(relative: path), .write, waiting: 0)
            defer { connection.close() }
            try connection.begin(.write)
            let transaction = Transaction(Lease(connection))
            let before = connection.cachedStatements
            for age in 0..<50 {
                try transaction.run("INSERT INTO users (name, age) VALUES ($1, $2)", "user-\(age)", age)
                let found: Int? = try transaction.row("SELECT age FROM users WHERE name = $1", "user-\(age)")
                #expect(found == age)
            }
            #expect(connection.cachedStatements == before + 2)
            connection.rollBack()
        }
    }
}

/// What an authority keeps for the length of one call, with the transaction inside.
private struct State: ~Copyable {
    let tx: Transaction
    let now: Int64
}

private func perform(_ state: borrowing State) throws -> Int {
    try state.tx.run("INSERT INTO users (name, age) VALUES ($1, $2)", "ann", state.now)
}
