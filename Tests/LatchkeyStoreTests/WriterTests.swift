// WriterTests.swift: changes that share a commit, fail alone, or fail together.

import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyStore

@Suite("Writer")
struct WriterTests {
    @Test("64 changes that wait together share few commits", .everyDatabase)
    func groupCommit() async throws {
        try await withStore { store in
            let before = store.statistics
            let gate = Gate()
            // The first holds the thread until all the others wait.
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        _ = try await store.write { tx in
                            try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)")
                        }
                    }
                }
                while store.waitingChanges < 64 { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            try await first
            #expect(store.statistics.jobs - before.jobs == 65)
            #expect(store.statistics.commits - before.commits == 2)
            #expect(try await store.names().count == 64)
        }
    }

    @Test("a queue that is full refuses what comes, keeps what waits, and takes more when there is room again")
    func fullQueue() async throws {
        try await withStore { store in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<(Writer.room + 50) {
                    group.addTask {
                        do {
                            _ = try await store.write { tx in
                                try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)")
                            }
                            return true
                        } catch StoreError.overloaded {
                            return false
                        }
                    }
                }
                // Who is refused is told at once, while the others still wait.
                for _ in 0..<50 { #expect(try await group.next() == false) }
                #expect(store.waitingChanges == Writer.room)
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await first
            #expect(answers == [Bool](repeating: true, count: Writer.room))
            #expect(try await store.names().count == Writer.room)
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('later')") }
        }
    }

    @Test("a job that fails is undone alone, its neighbours are kept", .everyDatabase)
    func failsAlone() async throws {
        try await withStore { store in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        do {
                            try await store.write { tx in
                                try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)")
                                if number % 3 == 0 { throw Planned() }
                                if number % 3 == 1 { try tx.run("INSERT INTO keys (id, owner) VALUES ('', 'x')") }
                            }
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                while store.waitingChanges < 30 { await Task.yield() }
                gate.open()
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            try await first
            #expect(failures == 20)
            let expected = (0..<30).filter { $0 % 3 == 2 }.map { "user-\($0)" }.sorted()
            try await store.expectNames(expected)
        }
    }

    @Test("a job whose statement the database does not know fails alone too", .everyDatabase)
    func unknownStatement() async throws {
        try await withStore { store in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            async let before = store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('before')") }
            while store.waitingChanges < 1 { await Task.yield() }
            let bad = Task { try await store.write { tx in try tx.run("DELETE FROM nowhere") } }
            while store.waitingChanges < 2 { await Task.yield() }
            async let after = store.write { tx in
                _ = try? tx.savepoint { try tx.run("UPDATE nowhere SET x = 1") }
                return try tx.run("INSERT INTO users (name) VALUES ('after')")
            }
            while store.waitingChanges < 3 { await Task.yield() }
            gate.open()
            try await first
            #expect(try await [before, after] == [1, 1])
            await #expect(throws: StoreError.refused(missingTable)) { _ = try await bad.value }
            try await store.expectNames(["after", "before"])
            let name: String? = try await store.read { tx in
                _ = try? tx.savepoint { () throws -> Int? in try tx.row("SELECT x FROM nowhere") }
                return try tx.row("SELECT name FROM users WHERE name = 'after'")
            }
            #expect(name == "after")
        }
    }

    @Test("a reference that is still open at a job's end fails that job, not the commit of all", .everyDatabase)
    func deferredReference() async throws {
        let schema = [
            Migration(
                number: 1,
                sql: """
                    CREATE TABLE users (name TEXT PRIMARY KEY);
                    CREATE TABLE keys (owner TEXT REFERENCES users (name) DEFERRABLE INITIALLY DEFERRED)
                    """
            )
        ]
        try await withStore(schema) { store in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            async let bad: Int = store.write { tx in try tx.run("INSERT INTO keys (owner) VALUES ('nobody')") }
            async let good: Int = store.write { tx in
                try tx.run("INSERT INTO keys (owner) VALUES ('ann')")
                return try tx.run("INSERT INTO users (name) VALUES ('ann')")
            }
            while store.waitingChanges < 2 { await Task.yield() }
            gate.open()
            try await first
            #expect(try await good == 1)
            do {
                _ = try await bad
                Issue.record("an open reference was committed")
            } catch StoreError.constraint(let constraint) {
                #expect(constraint.kind == .foreignKey)
            }
            try await store.expectNames(["ann"])
        }
    }

    @Test("if the commit fails, every job of the batch is told and nothing happened", .everyDatabase)
    func commitFails() async throws {
        try await withFaultyStore { store, faults in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            let errors = await withTaskGroup(of: StoreError?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        do {
                            try await store.write { tx in
                                try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)")
                                if number == 3 { throw Planned() }
                            }
                            return nil
                        } catch {
                            return error as? StoreError
                        }
                    }
                }
                while store.waitingChanges < 10 { await Task.yield() }
                faults.fail(.commit, after: 1, with: .io("planned"))
                gate.open()
                return await group.reduce(into: []) { $0.append($1) }
            }
            try await first
            #expect(errors == [StoreError?](repeating: .io("planned"), count: 10))
            try await store.expectNames([])
            // The store goes on without being opened again.
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('later')") }
            try await store.expectNames(["later"])
        }
    }

    @Test(
        "if a transaction cannot begin, every job is told",
        arguments: [StoreError.busy, .io("planned"), .corrupt("")]
    )
    func beginFails(error: StoreError) async throws {
        try await withFaultyStore { store, faults in
            faults.fail(.begin, after: 0, with: error)
            await #expect(throws: error) { try await store.write { tx in try tx.run("DELETE FROM users") } }
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('later')") }
            try await store.expectNames(["later"])
        }
    }

    @Test("a full store refuses, keeps what it has and goes on when there is room")
    func full() async throws {
        try await withFaultyStore { store, faults in
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('first')") }
            faults.runBeforeNext("PRAGMA max_page_count = 20")
            let big = [UInt8](repeating: 1, count: 1_000_000)
            await #expect(throws: StoreError.full) {
                try await store.write { tx in
                    try tx.run("INSERT INTO users (name) VALUES ('lost')")
                    try tx.run("INSERT INTO users (name, key) VALUES ('big', $1)", big)
                }
            }
            try await store.expectNames(["first"])
            faults.runBeforeNext("PRAGMA max_page_count = 100000")
            try await store.write { tx in try tx.run("INSERT INTO users (name, key) VALUES ('big', $1)", big) }
            try await store.expectNames(["big", "first"])
        }
    }

    @Test("a job that hides that the database gave up the transaction takes nobody's word for it", .everyDatabase)
    func hiddenLoss() async throws {
        try await withFaultyStore { store, faults in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            let neighbour = Task {
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('neighbour')") }
            }
            let hider = Task {
                try await store.write { tx in
                    try tx.run("INSERT INTO users (name) VALUES ('before')")
                    faults.giveUpTransaction(.full)
                    // Would be a transaction of its own, were it let through.
                    _ = try? tx.run("INSERT INTO users (name) VALUES ('after')")
                }
            }
            while store.waitingChanges < 2 { await Task.yield() }
            gate.open()
            try await first
            await #expect(throws: StoreError.full) { try await neighbour.value }
            await #expect(throws: StoreError.full) { try await hider.value }
            try await store.expectNames([])
        }
    }

    @Test("a change that was asked for is carried out although its task is cancelled", .everyDatabase)
    func cancellation() async throws {
        try await withStore { store in
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            let waiting = Task {
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('counted')") }
            }
            while store.waitingChanges < 1 { await Task.yield() }
            waiting.cancel()
            gate.open()
            #expect(try await waiting.value == 1)
            try await first
            try await store.expectNames(["counted"])
        }
    }

    @Test("Swift's own threads stay free while the store's wait", .everyDatabase)
    func poolStaysFree() async throws {
        try await withStore { store in
            let gate = Gate()
            // More readers than Swift has threads, all held.
            async let writing: Void = store.write { _ in gate.wait() }
            async let reading: [Void] = withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 { group.addTask { try await store.read { _ in gate.wait() } } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // This could not run if they were held.
            await withTaskGroup(of: Void.self) { group in for _ in 0..<100 { group.addTask { await Task.yield() } } }
            gate.open()
            try await writing
            #expect(try await reading.count == 16)
        }
    }

    @Test("what was asked for before the end is done, what comes later is refused")
    func closing() async throws {
        try await withDirectory { directory in
            let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
            let gate = Gate()
            async let first: Void = store.write { _ in gate.wait() }
            await gate.reached()
            async let last: Int = store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('last')") }
            while store.waitingChanges < 1 { await Task.yield() }
            async let closed: Void = store.close()
            gate.open()
            try await first
            #expect(try await last == 1)
            await closed
            await #expect(throws: StoreError.closed) { try await store.write { tx in try tx.run("DELETE FROM users") } }
            await #expect(throws: StoreError.closed) { try await store.names() }
            await store.close()
            #expect(files(in: directory) == ["store.db"])
        }
    }

    @Test("a store that is let go of without being closed ends its threads and connections")
    func lettingGo() async throws {
        try await withDirectory { directory in
            do {
                let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
                _ = try await store.names()
            }
            for _ in 0..<500 where files(in: directory) != ["store.db"] { try await Task.sleep(for: .milliseconds(10)) }
            #expect(files(in: directory) == ["store.db"])
        }
    }

    @Test("what was deleted leaves file and log when the store has been idle")
    func deletedIsGone() async throws {
        try await withDirectory { directory in
            let driver = try SQLiteDriver(location: "sqlite:\(directory)/store.db", create: true, idleSeconds: 1)
            let store = try await Database.open(driver, migrations: schema)
            let secret = "deleted-things-must-not-linger"
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", secret) }
            #expect(contains(secret, in: directory))
            try await store.write { tx in try tx.run("DELETE FROM users") }
            for _ in 0..<1_000 where contains(secret, in: directory) { try await Task.sleep(for: .milliseconds(10)) }
            #expect(!contains(secret, in: directory))
            await store.close()
        }
    }
}
