// TransactionTests.swift: reading and changing rows, savepoints, and what a transaction refuses.

import Testing

@testable import LatchkeyStore

@Suite("Transaction")
struct TransactionTests {
    @Test("rows come back as the types asked for, one column or several")
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
                let age: Int64? = try tx.row("SELECT age FROM users WHERE name = $1", "ann")
                #expect(age == 41)
                let none: String? = try tx.row("SELECT name FROM users WHERE name = $1", "zoe")
                #expect(none == nil)
                if let (name, age): (String, Int) = try tx.row("SELECT name, age FROM users WHERE name = 'ann'") {
                    #expect(name == "ann" && age == 41)
                }
            }
        }
    }

    @Test("a savepoint that fails is undone alone, also inside another")
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
            #expect(try await store.names() == ["kept", "outer"])
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

extension TransactionTests {
    @Test("a transaction can be owned by a value of the caller's")
    func owned() async throws {
        try await withStore { store in
            let changed = try await store.write { tx in
                let state = State(tx: tx, now: 7)
                return try state.tx.savepoint { try perform(state) }
            }
            #expect(changed == 1)
        }
    }
}
