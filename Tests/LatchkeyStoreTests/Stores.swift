// Stores.swift: stores for the tests, each in a directory of its own that is gone afterwards.

import Foundation
import Testing

@testable import LatchkeyStore

/// A failure that a test asked for.
struct Planned: Error {}

/// The schema of the tests.
let schema: [Migration] = [
    Migration(
        number: 1,
        sql: """
            CREATE TABLE users (name TEXT PRIMARY KEY, age BIGINT, key BYTEA);
            CREATE TABLE keys (id TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES users (name), CHECK (id <> ''));
            """
    )
]

/// Runs `body` with a new directory's path and removes the directory.
func withDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let path = NSTemporaryDirectory() + "latchkey-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Runs `body` with a new store and removes it.
func withStore<R>(_ body: (Database) async throws -> R) async throws -> R {
    try await withDirectory { directory in
        let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
        let result = try await body(store)
        await store.close()
        return result
    }
}

extension Database {
    /// Every user's name, in order.
    func names() async throws -> [String] {
        try await read { tx in try tx.rows("SELECT name FROM users ORDER BY name") }
    }
}
