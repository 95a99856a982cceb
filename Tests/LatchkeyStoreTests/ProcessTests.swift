// ProcessTests.swift: several processes with one store, and one that is killed.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("Processes")
struct ProcessTests {
    /// Holds the store's write lock in another process until a line is written to it.
    private final class Holder {
        private let process: Process
        private let input = Pipe()

        init(_ path: String) throws {
            let program = """
                import sqlite3, sys
                c = sqlite3.connect(sys.argv[1], isolation_level=None)
                c.execute('BEGIN IMMEDIATE')
                c.execute("INSERT INTO users (name) VALUES ('theirs')")
                print('held', flush=True)
                sys.stdin.readline()
                c.execute('COMMIT')
                """
            let started = try startPython(program, [path], input: input)
            process = started.process
            _ = started.output.fileHandleForReading.availableData
        }

        func letGo() {
            input.fileHandleForWriting.write(Data("go\n".utf8))
            process.waitUntilExit()
        }
    }

    @Test("a store that another process holds is busy after the bounded wait, and readable")
    func busy() async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            let driver = try SQLiteDriver(location: "sqlite:" + path, create: true, patience: 300)
            let store = try await Database.open(driver, migrations: schema)
            let holder = try Holder(path)
            let start = ContinuousClock.now
            await #expect(throws: StoreError.busy) {
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ours')") }
            }
            let waited = ContinuousClock.now - start
            #expect(waited > .milliseconds(290) && waited < .seconds(60))
            try await store.expectNames([])
            holder.letGo()
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ours')") }
            try await store.expectNames(["ours", "theirs"])
            await store.close()
        }
    }

    @Test("a store that another process holds is waited for")
    func waitedFor() async throws {
        try await withFile { store, path in
            let holder = try Holder(path)
            async let ours = store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ours')") }
            try await Task.sleep(for: .milliseconds(200))
            holder.letGo()
            #expect(try await ours == 1)
            try await store.expectNames(["ours", "theirs"])
        }
    }

    @Test("two stores on one file count together, and neither starves", .everyDatabase)
    func together() async throws {
        try await withPlace { location, _ in
            let first = try await Database.open(location, migrations: schema, create: true)
            let second = try await Database.open(location, migrations: schema, create: false)
            try await first.write { tx in try tx.run("INSERT INTO users (name, age) VALUES ('counter', 0)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in [first, second] {
                    for _ in 0..<8 {
                        group.addTask {
                            for _ in 0..<50 {
                                try await store.write { tx in
                                    let age: Int? = try tx.row("SELECT age FROM users WHERE name = 'counter'")
                                    try tx.run("UPDATE users SET age = $1 WHERE name = 'counter'", (age ?? 0) + 1)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sum: Int? = try await second.read { tx in try tx.row("SELECT age FROM users") }
            #expect(sum == 800)
            await first.close()
            await second.close()
        }
    }

    @Test("a code offered through two stores at once is spent once", .everyDatabase)
    func race() async throws {
        try await withPlace { location, _ in
            let first = try await Database.open(location, migrations: schema, create: true)
            let second = try await Database.open(location, migrations: schema, create: false)
            try await first.write { tx in try tx.run("INSERT INTO users (name, age) VALUES ('step', 0)") }
            for step in 1...50 {
                let wins = try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<16 {
                        let store = number % 2 == 0 ? first : second
                        group.addTask {
                            try await store.write { tx in
                                try tx.run("UPDATE users SET age = $1 WHERE name = 'step' AND age < $1", step)
                            }
                        }
                    }
                    return try await group.reduce(0, +)
                }
                #expect(wins == 1)
            }
            await first.close()
            await second.close()
        }
    }

    @Test("SIGKILL in the middle of changes: what was answered is there, halves are not", .everyDatabase)
    func killed() async throws {
        try await withPlace { location, directory in
            for round in 0..<10 {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [location = location as String, directory = directory as String, round = round as Int] in
                    let answers = open(directory + "/answers", O_WRONLY | O_APPEND | O_CREAT, 0o600)
                    let store = try await Database.open(location, migrations: schema, create: true)
                    try StoreThread.start {
                        usleep(.random(in: 2_000...60_000))
                        kill(getpid(), SIGKILL)
                    }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for worker in 0..<16 {
                            group.addTask {
                                for number in 0... {
                                    let name = "\(round)-\(worker)-\(number)"
                                    try await store.write { tx in
                                        try tx.run("INSERT INTO users (name) VALUES ($1)", name)
                                        try tx.run("INSERT INTO keys (id, owner) VALUES ($1, $1)", name)
                                    }
                                    let line = [UInt8]((name + "\n").utf8)
                                    _ = write(answers, line, line.count)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            let store = try await Database.open(location, migrations: schema, create: false)
            let kept = Set(try await store.names())
            let answers = FileManager.default.contents(atPath: directory + "/answers") ?? Data()
            let answered = Set(String(decoding: answers, as: UTF8.self).split(separator: "\n").map(String.init))
            #expect(answered.isSubset(of: kept))
            #expect(!answered.isEmpty)
            let keys: [String] = try await store.read { tx in try tx.rows("SELECT owner FROM keys") }
            #expect(Set(keys) == kept)
            #expect(try await store.check() == [])
            await store.close()
        }
    }

    @Test("a disk that refuses is an error, loses nothing, and needs no new opening")
    func refusingDisk() async throws {
        try await withDirectory { directory in
            await #expect(processExitsWith: .success) { [directory = directory as String] in
                signal(SIGXFSZ, SIG_IGN)
                let store = try await Database.open("sqlite:\(directory)/s.db", migrations: schema, create: true)
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('first')") }
                var limit = rlimit(rlim_cur: 150_000, rlim_max: rlim_t.max)
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                let big = [UInt8](repeating: 1, count: 1_000_000)
                var refused = 0
                for number in 0..<5 {
                    do {
                        try await store.write { tx in
                            try tx.run("INSERT INTO users (name, key) VALUES ($1, $2)", "lost-\(number)", big)
                        }
                    } catch StoreError.io {
                        refused += 1
                    }
                }
                try #require(refused == 5)
                try #require(try await store.names() == ["first"])
                limit.rlim_cur = rlim_t.max
                setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
                try await store.write { tx in
                    try tx.run("INSERT INTO users (name, key) VALUES ('second', $1)", big)
                }
                try #require(try await store.names() == ["first", "second"])
                try #require(try await store.check() == [])
                await store.close()
            }
        }
    }
}
