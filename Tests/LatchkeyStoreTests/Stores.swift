// Stores.swift: stores for the tests, each in a directory of its own that is gone afterwards.

import Foundation
import LatchkeyTestSupport
import Synchronization
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

/// Runs `body` with a new directory's path and removes the directory; in memory if speed matters more than a disk.
@discardableResult
func withDirectory<R>(inMemory: Bool = false, _ body: (String) async throws -> R) async throws -> R {
    let parent =
        inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm")
        ? "/dev/shm" : FileManager.default.temporaryDirectory.path
    let path = parent + "/latchkey-store-" + UUID().uuidString
    try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
    )
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

/// Runs `body` with the place of a store of the present kind, where nothing is yet, and a directory.
@discardableResult
func withPlace<R>(_ body: (_ location: String, _ directory: String) async throws -> R) async throws -> R {
    try await withDirectory { directory in
        switch DatabaseKind.current {
        case .sqlite: return try await body("sqlite:\(directory)/store.db", directory)
        case .postgreSQL:
            let cluster = try PostgreSQLCluster.shared()
            let location = try cluster.makeDatabase()
            defer { cluster.drop(location) }
            return try await body(location, directory)
        }
    }
}

/// Runs `body` with a new store of the present kind and removes it.
@discardableResult
func withStore<R>(
    _ migrations: [Migration] = schema,
    _ body: (Database) async throws -> R
) async throws -> R {
    try await withPlace { location, _ in
        let store = try await Database.open(location, migrations: migrations, create: true)
        let result: R
        do {
            result = try await body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        return result
    }
}

/// Runs `body` with a new store in a file and the file's path and removes it.
@discardableResult
func withFile<R>(_ body: (Database, String) async throws -> R) async throws -> R {
    try await withDirectory { directory in
        let store = try await Database.open("sqlite:\(directory)/store.db", migrations: schema, create: true)
        let result: R
        do {
            result = try await body(store, directory + "/store.db")
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        return result
    }
}

/// The names of a directory's files.
func files(in directory: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
}

/// Whether any file of a directory holds a text.
func contains(_ text: String, in directory: String) -> Bool {
    files(in: directory)
        .contains { name in
            FileManager.default.contents(atPath: directory + "/" + name)?.range(of: Data(text.utf8)) != nil
        }
}

/// The permissions of a file.
func mode(_ path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.posixPermissions] as? Int) ?? -1
}

/// Holds threads until it is opened.
final class Gate: Sendable {
    private let isOpen = Mutex(false)
    private let isReached = Mutex(false)

    func wait() {
        isReached.withLock { $0 = true }
        while !isOpen.withLock(\.self) { usleep(500) }
    }

    func reached() async { while !isReached.withLock(\.self) { await Task.yield() } }

    func open() { isOpen.withLock { $0 = true } }
}

extension Database {
    /// Every user's name, in order.
    func names() async throws -> [String] {
        try await read { tx in try tx.rows("SELECT name FROM users ORDER BY name") }
    }

    /// Expects the users to be these, in order.
    func expectNames(_ expected: [String], _ place: SourceLocation = #_sourceLocation) async throws {
        let found = try await names()
        #expect(found == expected, sourceLocation: place)
    }
}

/// Runs a Python program to its end.
@discardableResult
func python(_ program: String, _ arguments: String...) throws -> String {
    let process = try startPython(program, arguments, input: FileHandle.nullDevice)
    let output = process.output.fileHandleForReading.readDataToEndOfFile()
    process.process.waitUntilExit()
    #expect(process.process.terminationStatus == 0)
    return String(decoding: output, as: UTF8.self)
}

/// Starts a Python program.
func startPython(
    _ program: String,
    _ arguments: [String],
    input: Any?
) throws -> (process: Process, output: Pipe) {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program] + arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    return (process, output)
}

/// What the database says of a table `nowhere`.
var missingTable: String {
    switch DatabaseKind.current {
    case .sqlite: "no such table: nowhere"
    case .postgreSQL: "relation \"nowhere\" does not exist"
    }
}
