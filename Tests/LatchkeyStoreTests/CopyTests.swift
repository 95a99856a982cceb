// CopyTests.swift: backups made under load, and stores put back from them.

import Foundation
import Testing

@testable import LatchkeyStore

@Suite("Copies")
struct CopyTests {
    private func add(_ name: String, to store: Database) async throws {
        try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", name) }
    }

    private func open(_ path: String) async throws -> Database {
        try await Database.open("sqlite:" + path, migrations: schema, create: false)
    }

    @Test("a backup is one whole file of mode 0600 that opens as a store")
    func backup() async throws {
        try await withDirectory { directory in
            let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
            try await add("ann", to: store)
            try await store.backup(to: directory + "/copy.db")
            try await add("bob", to: store)
            await store.close()
            #expect(files(in: directory) == ["copy.db", "store.db"])
            #expect(mode(directory + "/copy.db") == 0o600)
            #expect(
                try python(
                    """
                    import sqlite3; c = sqlite3.connect('file:\(directory)/copy.db?immutable=1', uri=True)
                    print(c.execute('PRAGMA integrity_check').fetchone()[0], c.execute('SELECT name FROM users').fetchall())
                    """
                ) == "ok [('ann',)]\n"
            )
            let copy = try await open(directory + "/copy.db")
            try await copy.expectNames(["ann"])
            await copy.close()
        }
    }

    @Test("a backup under load is the store as it was at one moment")
    func underLoad() async throws {
        try await withDirectory { directory in
            let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
            try await store.write { tx in
                let filler = [UInt8](repeating: 7, count: 4_000)
                for number in 0..<500 {
                    try tx.run("INSERT INTO users (name, age, key) VALUES ($1, 10, $2)", "user-\(number)", filler)
                }
            }
            let writing = Task {
                var rounds = 0
                while !Task.isCancelled {
                    let (from, to) = (rounds % 500, (rounds * 7 + 1) % 500)
                    try await store.write { tx in
                        try tx.run("UPDATE users SET age = age - 1 WHERE name = $1", "user-\(from)")
                        try tx.run("UPDATE users SET age = age + 1 WHERE name = $1", "user-\(to)")
                    }
                    rounds += 1
                }
                return rounds
            }
            for number in 0..<8 {
                try await store.backup(to: "\(directory)/copy-\(number).db")
                let copy = try await open("\(directory)/copy-\(number).db")
                let sum: Int? = try await copy.read { tx in try tx.row("SELECT sum(age) FROM users") }
                #expect(sum == 5_000)
                #expect(try await copy.check() == [])
                await copy.close()
            }
            writing.cancel()
            #expect(try await writing.value > 0)
            await store.close()
        }
    }

    @Test("a backup overwrites nothing and leaves nothing when it fails")
    func backupRefusals() async throws {
        try await withFile { store, path in
            let directory = path.replacing("/store.db", with: "")
            let there = directory + "/there.db"
            _ = FileManager.default.createFile(atPath: there, contents: Data("mine".utf8))
            symlink(there, directory + "/link.db")
            symlink(directory + "/nowhere", directory + "/dangling.db")
            _ = FileManager.default.createFile(atPath: directory + "/stale.db-wal", contents: Data("old".utf8))
            let before = files(in: directory)
            for name in ["there.db", "link.db", "dangling.db", "stale.db", "store.db", "no/such/dir/x.db"] {
                await #expect(throws: StoreError.self) { try await store.backup(to: "\(directory)/\(name)") }
            }
            await #expect(throws: StoreError.self) { try await store.backup(to: "") }
            #expect(files(in: directory) == before)
            #expect(FileManager.default.contents(atPath: there) == Data("mine".utf8))
        }
    }

    @Test("a restore puts the backup in the store's place, brought up to date and changed as asked")
    func restore() async throws {
        try await withDirectory { directory in
            let location = "sqlite:\(directory)/store.db"
            var store = try await Database.open(location, migrations: schema, create: true)
            try await add("before", to: store)
            try await store.backup(to: directory + "/copy.db")
            try await add("after", to: store)
            await store.close()
            let newer = schema + [Migration(number: 2, sql: "CREATE TABLE floors (step BIGINT)")]
            try await Database.restore(from: directory + "/copy.db", to: location, migrations: newer) { tx in
                try tx.run("INSERT INTO floors (step) VALUES (7)")
            }
            #expect(files(in: directory) == ["copy.db", "store.db"])
            #expect(mode(directory + "/store.db") == 0o600)
            store = try await Database.open(location, migrations: newer, create: false)
            try await store.expectNames(["before"])
            let floor: Int? = try await store.read { tx in try tx.row("SELECT step FROM floors") }
            #expect(floor == 7)
            try await add("later", to: store)
            #expect(try await store.check() == [])
            await store.close()
            // The backup is as it was.
            let copy = try await open(directory + "/copy.db")
            try await copy.expectNames(["before"])
            await copy.close()
        }
    }

    @Test("a restore makes a store that is gone, and its directory")
    func restoreNew() async throws {
        try await withDirectory { directory in
            let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
            try await add("ann", to: store)
            try await store.backup(to: directory + "/odd name?#%.db")
            await store.close()
            let path = directory + "/new/place/store.db"
            try await Database.restore(from: directory + "/odd name?#%.db", to: "sqlite:" + path, migrations: schema)
            #expect(mode(path) == 0o600)
            #expect(mode(directory + "/new/place") == 0o700)
            #expect(files(in: directory + "/new/place") == ["store.db"])
            let restored = try await open(path)
            try await restored.expectNames(["ann"])
            await restored.close()
        }
    }

    @Test("a plain copy of a closed store restores too, and one with its log")
    func restorePlainCopy() async throws {
        try await withDirectory { directory in
            let location = "sqlite:\(directory)/store.db"
            await #expect(processExitsWith: .signal(SIGKILL)) { [location = location as String] in
                let store = try await Database.open(location, migrations: schema, create: true)
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
                kill(getpid(), SIGKILL)
            }
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(
                    atPath: directory + "/store.db" + suffix,
                    toPath: directory + "/killed.db" + suffix
                )
            }
            let store = try await open(directory + "/store.db")
            await store.close()
            try FileManager.default.copyItem(atPath: directory + "/store.db", toPath: directory + "/closed.db")
            for copy in ["killed.db", "closed.db"] {
                let path = "\(directory)/from-\(copy)"
                try await Database.restore(from: "\(directory)/\(copy)", to: "sqlite:" + path, migrations: schema)
                let restored = try await open(path)
                try await restored.expectNames(["ann"])
                await restored.close()
            }
        }
    }

    @Test("a restore that is refused leaves the store as it was")
    func restoreRefusals() async throws {
        try await withDirectory { directory in
            let location = "sqlite:\(directory)/store.db"
            let store = try await Database.open(location, migrations: schema, create: true)
            try await add("ann", to: store)
            try await store.backup(to: directory + "/copy.db")
            // While anybody has it open:
            await #expect(throws: StoreError.busy) {
                try await Database.restore(from: directory + "/copy.db", to: location, migrations: schema)
            }
            await store.close()
            let before = FileManager.default.contents(atPath: directory + "/store.db")
            func refused(_ backup: String, _ migrations: [Migration] = schema) async {
                await #expect(throws: StoreError.self) {
                    try await Database.restore(from: directory + "/" + backup, to: location, migrations: migrations)
                }
                #expect(FileManager.default.contents(atPath: directory + "/store.db") == before)
            }
            await refused("none.db")
            await refused("")
            await refused("copy.db", [])
            _ = FileManager.default.createFile(atPath: directory + "/text", contents: Data("hello, world".utf8))
            await refused("text")
            _ = FileManager.default.createFile(atPath: directory + "/empty", contents: Data())
            await refused("empty")
            try python("import sqlite3; sqlite3.connect('\(directory)/theirs').execute('CREATE TABLE theirs (x)')")
            await refused("theirs")
            if var bytes = FileManager.default.contents(atPath: directory + "/copy.db") {
                bytes.replaceSubrange(8_192..<8_300, with: [UInt8](repeating: 0xFF, count: 108))
                _ = FileManager.default.createFile(atPath: directory + "/damaged", contents: bytes)
            }
            await refused("damaged")
            await #expect(throws: Planned.self) {
                try await Database.restore(from: directory + "/copy.db", to: location, migrations: schema) { tx in
                    try tx.run("DELETE FROM users")
                    throw Planned()
                }
            }
            #expect(FileManager.default.contents(atPath: directory + "/store.db") == before)
            #expect(files(in: directory) == ["copy.db", "damaged", "empty", "store.db", "text", "theirs"])
            // Nor over a file that is not a store, or where a lost store's log lies.
            await #expect(throws: StoreError.self) {
                try await Database.restore(
                    from: directory + "/copy.db",
                    to: "sqlite:\(directory)/theirs",
                    migrations: schema
                )
            }
            _ = FileManager.default.createFile(atPath: directory + "/lost.db-wal", contents: Data("old".utf8))
            await #expect(throws: StoreError.self) {
                try await Database.restore(
                    from: directory + "/copy.db",
                    to: "sqlite:\(directory)/lost.db",
                    migrations: schema
                )
            }
        }
    }

    @Test("a restore cut short leaves the old store or the new one", arguments: 0..<6)
    func restoreKilled(round: Int) async throws {
        try await withDirectory { directory in
            let location = "sqlite:\(directory)/store.db"
            let store = try await Database.open(location, migrations: schema, create: true)
            let filler = [UInt8](repeating: 7, count: 100_000)
            try await store.write { tx in
                for number in 0..<40 {
                    try tx.run("INSERT INTO users (name, key) VALUES ($1, $2)", "old-\(number)", filler)
                }
            }
            try await store.backup(to: directory + "/copy.db")
            try await store.write { tx in
                try tx.run("DELETE FROM users WHERE name > 'old-2'")
                try tx.run("INSERT INTO users (name) VALUES ('newest')")
            }
            let newest = try await store.names()
            await store.close()
            // Longer with every round: somewhere in the copying, the changing, the writing over.
            let delay = UInt32(round * round) * 1_500 + 500
            _ = await #expect(processExitsWith: .failure) {
                [directory = directory as String, location = location as String, delay = delay as UInt32] in
                try StoreThread.start {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                try await Database.restore(from: directory + "/copy.db", to: location, migrations: schema) { tx in
                    try tx.run("INSERT INTO users (name) VALUES ('floor')")
                }
                usleep(delay + 1_000)
            }
            let after = try await Database.open(location, migrations: schema, create: false)
            let names = try await after.names()
            #expect(names == newest || (names.count == 41 && names.first == "floor"))
            #expect(try await after.check() == [])
            await after.close()
        }
    }
}
