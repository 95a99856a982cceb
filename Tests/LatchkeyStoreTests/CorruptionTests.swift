// CorruptionTests.swift: damaged files give errors, never traps.

import Foundation
import Testing

@testable import LatchkeyStore

@Suite("Corruption")
struct CorruptionTests {
    /// A store of some pages, without and with a log.
    private func sample(_ directory: String) async throws -> (file: [UInt8], log: [UInt8]) {
        let location = "sqlite:\(directory)/sample.db"
        await #expect(processExitsWith: .signal(SIGKILL)) { [location = location as String] in
            let store = try await Database.open(location, migrations: schema, create: true)
            for batch in 0..<4 {
                try await store.write { tx in
                    for number in 0..<60 {
                        let name = "user-\(batch)-\(number)"
                        let key = [UInt8](repeating: UInt8(number), count: number * 20)
                        try tx.run("INSERT INTO users (name, age, key) VALUES ($1, $2, $3)", name, number, key)
                        try tx.run("INSERT INTO keys (id, owner) VALUES ($1, $2)", "key-\(name)", name)
                    }
                }
            }
            kill(getpid(), SIGKILL)
        }
        let log = [UInt8](FileManager.default.contents(atPath: directory + "/sample.db-wal") ?? Data())
        let store = try await Database.open(location, migrations: schema, create: false)
        await store.close()
        return ([UInt8](FileManager.default.contents(atPath: directory + "/sample.db") ?? Data()), log)
    }

    /// Uses a store in every way; any error of the store's is right, a trap is not.
    ///
    /// Returns what was found.
    private func exercise(_ path: String) async -> [StoreError] {
        var found: [StoreError] = []
        func attempt(_ body: () async throws -> Void) async {
            do { try await body() } catch let error as StoreError { found.append(error) } catch {
                Issue.record("an error that is not the store's: \(error)")
            }
        }
        await attempt {
            let store = try await Database.open("sqlite:" + path, migrations: schema, create: true)
            await attempt { _ = try await store.names() }
            await attempt {
                _ = try await store.read { tx -> Int in
                    let rows: [(String, Int, [UInt8])] = try tx.rows("SELECT name, age, key FROM users ORDER BY age")
                    let owners: [String] = try tx.rows("SELECT owner FROM keys WHERE id > $1", "key-user-2")
                    return rows.count + owners.count
                }
            }
            await attempt {
                try await store.write { tx in
                    try tx.run("UPDATE users SET age = age + 1 WHERE name < $1", "user-1")
                    try tx.run("INSERT INTO users (name) VALUES ('new') ON CONFLICT DO NOTHING")
                    try tx.run("DELETE FROM keys WHERE owner > $1", "user-3")
                }
            }
            await attempt { if let finding = try await store.check().first { throw StoreError.corrupt(finding) } }
            await attempt { try await store.backup(to: path + ".copy") }
            await store.close()
        }
        return found
    }

    private func write(_ bytes: [UInt8], _ path: String) {
        _ = FileManager.default.createFile(
            atPath: path,
            contents: Data(bytes),
            attributes: [.posixPermissions: 0o600]
        )
    }

    @Test("300 damaged files")
    func file() async throws {
        try await withDirectory(inMemory: true) { directory in
            let (whole, _) = try await sample(directory)
            #expect(whole.count > 20 * 4_096)
            var random = SeededGenerator(seed: 300)
            var noticed = 0
            for round in 0..<300 {
                var bytes = whole
                // Heads of pages matter most: a third of the damage goes there.
                let start =
                    round % 3 == 0
                    ? Int.random(in: 0..<whole.count / 4_096, using: &random) * 4_096
                        + Int.random(in: 0..<24, using: &random)
                    : Int.random(in: 0..<whole.count, using: &random)
                for offset in 0..<(round % 5 == 0 ? 64 : 1) where start + offset < bytes.count {
                    bytes[start + offset] = .random(in: 0...255, using: &random)
                }
                if round % 20 == 7 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
                let path = "\(directory)/damaged-\(round).db"
                write(bytes, path)
                let found = await exercise(path)
                if !found.isEmpty { noticed += 1 }
                for error in found {
                    #expect(!error.description.unicodeScalars.contains { $0.value < 32 || $0.value == 127 })
                    if case .busy = error { Issue.record("damage taken for another process") }
                }
            }
            #expect(noticed > 50)
        }
    }

    @Test("every byte of the file's head")
    func head() async throws {
        try await withDirectory(inMemory: true) { directory in
            let (whole, _) = try await sample(directory)
            for position in 0..<108 {
                var bytes = whole
                bytes[position] = ~bytes[position]
                let path = "\(directory)/damaged-\(position).db"
                write(bytes, path)
                _ = await exercise(path)
            }
        }
    }

    @Test("100 damaged logs: what was whole is kept, the rest is as if it had not been")
    func log() async throws {
        try await withDirectory(inMemory: true) { directory in
            let (whole, log) = try await sample(directory)
            #expect(log.count > 10 * 4_096)
            var random = SeededGenerator(seed: 100)
            for round in 0..<100 {
                var bytes = log
                for _ in 0..<(round % 3 + 1) {
                    bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                }
                if round % 4 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
                let path = "\(directory)/damaged-\(round).db"
                write(whole, path)
                write(bytes, path + "-wal")
                _ = await exercise(path)
            }
        }
    }

    @Test("damage is named and told from soundness")
    func named() async throws {
        try await withDirectory(inMemory: true) { directory in
            let (whole, _) = try await sample(directory)
            let path = directory + "/damaged.db"
            var bytes = whole
            // The last page holds rows or an index.
            bytes.replaceSubrange(
                (bytes.count - 4_096)..<(bytes.count - 4_000),
                with: [UInt8](repeating: 0xEE, count: 96)
            )
            write(bytes, path)
            let found = await exercise(path)
            #expect(found.contains { if case .corrupt = $0 { true } else { false } })
            try python(
                """
                import sqlite3; c = sqlite3.connect('\(directory)/sample.db')
                c.execute("INSERT INTO keys (id, owner) VALUES ('orphan', 'nobody')"); c.commit()
                """
            )
            let store = try await Database.open("sqlite:\(directory)/sample.db", migrations: schema, create: false)
            #expect(try await store.check() == ["a row of `keys` refers to a row of `users` that is not there"])
            await store.close()
        }
    }
}

/// Numbers that are the same in every run.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    // SplitMix64, from its published definition.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
