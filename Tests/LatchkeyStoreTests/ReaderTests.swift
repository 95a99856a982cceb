// ReaderTests.swift: readings see one state of the store, beside a writer that goes on.

import Glibc
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("Readers", .everyDatabase)
struct ReaderTests {
    @Test("a reading sees one state, whatever is committed meanwhile")
    func snapshot() async throws {
        try await withStore { store in
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('first')") }
            let gate = Gate()
            async let reading: [Int] = store.read { tx in
                let before: Int? = try tx.row("SELECT count(*) FROM users")
                gate.wait()
                let after: Int? = try tx.row("SELECT count(*) FROM users")
                return [before ?? -1, after ?? -1]
            }
            await gate.reached()
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('second')") }
            // A reading that begins now sees what was answered.
            try await store.expectNames(["first", "second"])
            gate.open()
            #expect(try await reading == [1, 1])
        }
    }

    @Test("a reading does not wait for a change under way and does not see it")
    func besideWriter() async throws {
        try await withStore { store in
            let gate = Gate()
            async let writing: Void = store.write { tx in
                try tx.run("INSERT INTO users (name) VALUES ('coming')")
                gate.wait()
            }
            await gate.reached()
            try await store.expectNames([])
            gate.open()
            try await writing
            try await store.expectNames(["coming"])
        }
    }

    @Test("a reading changes nothing")
    func readOnly() async throws {
        try await withStore { store in
            await #expect(throws: StoreError.misuse("a change inside a reading")) {
                _ = try await store.read { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
            }
            await #expect(throws: StoreError.misuse("a change inside a reading")) {
                _ = try await store.read { tx -> String? in
                    try tx.row("INSERT INTO users (name) VALUES ('ann') RETURNING name")
                }
            }
            try await store.expectNames([])
        }
    }

    @Test("a reading that throws leaves its connection fit for the next")
    func throwing() async throws {
        try await withStore { store in
            for _ in 0..<20 {
                await #expect(throws: Planned.self) {
                    try await store.read { tx in
                        let _: Int? = try tx.row("SELECT 1")
                        throw Planned()
                    }
                }
            }
            try await store.expectNames([])
        }
    }

    @Test("sums stay whole under many readers and writers")
    func transfers() async throws {
        try await withStore { store in
            try await store.write { tx in
                for number in 0..<8 { try tx.run("INSERT INTO users (name, age) VALUES ($1, 100)", "user-\(number)") }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for round in 0..<40 {
                            let (from, to) = ("user-\(worker)", "user-\((worker + round) % 8)")
                            try await store.write { tx in
                                try tx.run("UPDATE users SET age = age - 1 WHERE name = $1", from)
                                try tx.run("UPDATE users SET age = age + 1 WHERE name = $1", to)
                            }
                            let sum: Int? = try await store.read { tx in try tx.row("SELECT sum(age) FROM users") }
                            #expect(sum == 800)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("a reading sees what was answered just before, every time")
    func readYourWrites() async throws {
        try await withStore { store in
            for number in 0..<300 {
                try await store.write { tx in
                    try tx.run(
                        """
                        INSERT INTO users (name, age) VALUES ('counter', $1)
                        ON CONFLICT (name) DO UPDATE SET age = $1
                        """,
                        number
                    )
                }
                let seen: Int? = try await store.read { tx in try tx.row("SELECT age FROM users") }
                #expect(seen == number)
            }
        }
    }
    @Test("a task on the store's own threads reads in place, sees what it wrote, and meets the errors of any reading")
    func inPlace() async throws {
        try await withStore { store in
            @Sendable func thread() -> UInt { UInt(pthread_self()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask(executorPreference: store.executor) {
                        let here = thread()
                        #expect(try await store.read { _ in thread() } == here)
                        try await store.write { tx in
                            try tx.run("INSERT INTO users (name) VALUES ($1)", "user\(number)")
                        }
                        let seen: Int? = try await store.read { tx in
                            try tx.row("SELECT count(*) FROM users WHERE name = $1", "user\(number)")
                        }
                        #expect(seen == 1)
                        await #expect(throws: StoreError.misuse("a change inside a reading")) {
                            _ = try await store.read { tx in try tx.run("DELETE FROM users") }
                        }
                        #expect(try await store.read { _ in thread() } != 0)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.read { tx in try tx.row("SELECT count(*) FROM users") as Int? } == 64)
        }
    }

    @Test("a task that runs when the store is closed ends its reading; a later one runs and is told that it is closed")
    func afterClose() async throws {
        try await withStore { store in
            let gate = Gate()
            let task = Task(executorPreference: store.executor) {
                gate.wait()
                return try await store.read { tx in try tx.row("SELECT count(*) FROM users") as Int? }
            }
            await gate.reached()
            async let closing: Void = store.close()
            while true {
                // Nothing is taken in from here on.
                do { try await store.read { _ in } } catch StoreError.closed { break }
            }
            gate.open()
            await closing
            #expect(try await task.value == 0)
            let late = Task(executorPreference: store.executor) { try await store.read { _ in } }
            await #expect(throws: StoreError.closed) { try await late.value }
        }
    }
}
