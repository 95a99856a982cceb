// OpeningTests.swift: what may be opened as a store, what may not, and with which permissions it comes into being.

import Foundation
import Testing

@testable import LatchkeyStore

@Suite("Opening")
struct OpeningTests {
    private func open(_ path: String, create: Bool = false) async throws -> Database {
        try await Database.open("sqlite:" + path, migrations: schema, create: create)
    }

    /// Expects an opening to be refused with a reason that holds `words`, and the file to stay as it is.
    private func expectRefusal(
        _ path: String,
        create: Bool = true,
        saying words: String,
        _ place: SourceLocation = #_sourceLocation
    ) async {
        let before = FileManager.default.contents(atPath: path)
        await #expect(sourceLocation: place) {
            try await open(path, create: create).close()
        } throws: { error in
            guard let error = error as? StoreError else { return false }
            return error.description.contains(words)
        }
        #expect(FileManager.default.contents(atPath: path) == before, sourceLocation: place)
    }

    @Test("a store that is not there is missing, unless it is to be made")
    func missing() async throws {
        try await withDirectory { directory in
            let path = directory + "/a/b/store.db"
            await expectRefusal(
                path,
                create: false,
                saying: "there is no store at `\(path)`: make one with `latchkey init`"
            )
            #expect(files(in: directory).isEmpty)
            try await open(path, create: true).close()
            #expect(mode(directory + "/a") == 0o700)
            #expect(mode(directory + "/a/b") == 0o700)
            try await open(path).close()
            #expect(files(in: directory + "/a/b") == ["store.db"])
        }
    }

    @Test("file, log and backup are for the owner alone, whatever the umask", arguments: [0, 0o027, 0o777] as [mode_t])
    func umasks(mask: mode_t) async throws {
        try await withDirectory { directory in
            // The umask belongs to the whole process: a child has its own.
            await #expect(processExitsWith: .success) { [directory = directory as String, mask = mask as mode_t] in
                umask(mask)
                let store = try await Database.open(
                    "sqlite:\(directory)/new/store.db",
                    migrations: schema,
                    create: true
                )
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
                _ = try await store.names()
                try await store.backup(to: directory + "/backup.db")
                for name in ["new/store.db", "new/store.db-wal", "new/store.db-shm", "backup.db"] {
                    try #require(mode("\(directory)/\(name)") == 0o600, "\(name)")
                }
                try #require(mode(directory + "/new") == 0o700)
                await store.close()
            }
        }
    }

    @Test("a place that is no file is refused")
    func noFile() async throws {
        try await withDirectory { directory in
            await expectRefusal(directory, saying: "is a directory")
            await expectRefusal(directory + "/", saying: "does not name a file")
            await expectRefusal("", saying: "does not name a file")
            await expectRefusal(directory + "/store\0.db", saying: "does not name a file")
            mkfifo(directory + "/pipe", 0o600)
            #expect(mode(directory + "/pipe") == 0o600)
            await #expect(throws: StoreError.self) { try await open(directory + "/pipe") }
            await #expect(throws: StoreError.self) { try await open("/dev/null") }
            await #expect(throws: StoreError.self) { try await open("/dev/null/store.db", create: true) }
            for location in ["", "store.db", "sqlite", "postgres://host/db", "SQLITE:x"] {
                await #expect(throws: StoreError.self) {
                    try await Database.open(location, migrations: schema, create: true)
                }
            }
        }
    }

    @Test("a symbolic link in the file's place is refused, links in its directory are not")
    func links() async throws {
        try await withDirectory { directory in
            try await open(directory + "/real/store.db", create: true).close()
            symlink(directory + "/real/store.db", directory + "/link.db")
            symlink(directory + "/real", directory + "/linked")
            symlink(directory + "/nowhere", directory + "/dangling.db")
            await expectRefusal(directory + "/link.db", saying: "is a symbolic link")
            await expectRefusal(directory + "/dangling.db", saying: "is a symbolic link")
            #expect(!FileManager.default.fileExists(atPath: directory + "/nowhere"))
            try await open(directory + "/linked/store.db").close()
        }
    }

    @Test("a file that others may read is refused", arguments: [0o644, 0o640, 0o602, 0o660])
    func othersMayRead(permissions: Int) async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            try await open(path, create: true).close()
            chmod(path, mode_t(permissions))
            await expectRefusal(
                path,
                saying: "others than its owner may read or write `\(path)`: run `chmod 600` on it"
            )
            chmod(path, 0o600)
            try await open(path).close()
        }
    }

    @Test("what stands in the log's place must be as safe as the file", arguments: ["-wal", "-shm", "-journal"])
    func companions(suffix: String) async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            try await open(path, create: true).close()
            symlink("/dev/null", path + suffix)
            await expectRefusal(path, saying: "is a symbolic link")
            unlink(path + suffix)
            _ = FileManager.default.createFile(
                atPath: path + suffix,
                contents: nil,
                attributes: [.posixPermissions: 0o666]
            )
            chmod(path + suffix, 0o666)
            await expectRefusal(path, saying: "others than its owner")
        }
    }

    @Test("a directory where everybody may exchange files is refused")
    func openDirectory() async throws {
        try await withDirectory { directory in
            try await open(directory + "/store.db", create: true).close()
            chmod(directory, 0o777)
            await expectRefusal(directory + "/store.db", saying: "everybody may exchange files")
            chmod(directory, 0o1777)
            try await open(directory + "/store.db").close()
        }
    }

    @Test("a stranger's file is refused and stays as it is")
    func strangers() async throws {
        try await withDirectory { directory in
            let path = directory + "/file"
            for content in ["x", "hello\n", String(repeating: "not a database ", count: 1_000)] {
                _ = FileManager.default.createFile(
                    atPath: path,
                    contents: Data(content.utf8),
                    attributes: [.posixPermissions: 0o600]
                )
                await expectRefusal(path, saying: "is not a store")
            }
            unlink(path)
            try python("import sqlite3; c = sqlite3.connect('\(path)'); c.execute('CREATE TABLE theirs (x)')")
            chmod(path, 0o600)
            await expectRefusal(path, saying: "is not a store")
            await expectRefusal(path, create: false, saying: "is not a store")
            // Nor one that another program marked as its own.
            unlink(path)
            try python("import sqlite3; c = sqlite3.connect('\(path)'); c.execute('PRAGMA application_id = 7')")
            chmod(path, 0o600)
            await expectRefusal(path, saying: "is not a store")
        }
    }

    @Test("an empty file is a store whose making was cut short")
    func emptyFile() async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            await expectRefusal(path, create: false, saying: "there is no store")
            let store = try await open(path, create: true)
            try await store.expectNames([])
            await store.close()
        }
    }

    @Test("a store made by a newer latchkey is refused and stays as it is")
    func newer() async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            let location = "sqlite:" + path
            let newer = schema + [Migration(number: 2, sql: "CREATE TABLE more (x BIGINT)")]
            try await Database.open(location, migrations: newer, create: true).close()
            await expectRefusal(path, saying: "made by a newer latchkey: upgrade this one")
            try await Database.open(location, migrations: newer, create: false).close()
            let other = [Migration(number: 3, sql: "SELECT 1")]
            await #expect(throws: StoreError.self) {
                try await Database.open(location, migrations: other, create: false)
            }
        }
    }

    @Test("a store is examined before anything is written")
    func examined() async throws {
        try await withDirectory { directory in
            let path = directory + "/store.db"
            let location = "sqlite:" + path
            let newer = schema + [Migration(number: 2, sql: "CREATE TABLE more (x BIGINT)")]
            let (made, nothing) = try await Database.open(location, migrations: schema, create: true) { _ in
                Issue.record("examined a store that was only being made")
            }
            #expect(nothing == nil)
            try await made.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
            await made.close()
            let before = FileManager.default.contents(atPath: path)
            await #expect(throws: Planned.self) {
                _ = try await Database.open(location, migrations: newer, create: true) { tx in
                    let name: String? = try tx.row("SELECT name FROM users")
                    #expect(name == "ann")
                    throw Planned()
                }
            }
            await #expect(throws: StoreError.misuse("a change inside a reading")) {
                _ = try await Database.open(location, migrations: newer, create: true) { tx in
                    try tx.run("DELETE FROM users")
                }
            }
            #expect(FileManager.default.contents(atPath: path) == before)
            let seen = try await Database.peek(at: location) { tx -> String? in try tx.row("SELECT name FROM users") }
            #expect(seen == "ann")
            #expect(FileManager.default.contents(atPath: path) == before)
            let (store, name) = try await Database.open(location, migrations: newer, create: false) { tx in
                let name: String? = try tx.row("SELECT name FROM users")
                return name ?? ""
            }
            #expect(name == "ann")
            await store.close()
            await #expect(throws: StoreError.missing(directory + "/other.db")) {
                _ = try await Database.peek(at: "sqlite:\(directory)/other.db") { _ in }
            }
        }
    }

    @Test("looking at a store that was killed leaves file and log as they are")
    func lookAtKilled() async throws {
        try await withDirectory { directory in
            let location = "sqlite:\(directory)/store.db"
            await #expect(processExitsWith: .signal(SIGKILL)) { [location = location as String] in
                let store = try await Database.open(location, migrations: schema, create: true)
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
                kill(getpid(), SIGKILL)
            }
            let contents = { ["", "-wal"].map { FileManager.default.contents(atPath: directory + "/store.db" + $0) } }
            let before = contents()
            #expect(before[1]?.isEmpty == false)
            await #expect(throws: Planned.self) {
                _ = try await Database.open(location, migrations: schema, create: false) { _ in throw Planned() }
            }
            let name = try await Database.peek(at: location) { tx -> String? in try tx.row("SELECT name FROM users") }
            #expect(name == "ann")
            #expect(contents() == before)
        }
    }

    @Test("many may open, and make, a store at once")
    func atOnce() async throws {
        try await withDirectory { directory in
            let stores = try await withThrowingTaskGroup(of: Database.self) { group in
                for _ in 0..<12 { group.addTask { try await open(directory + "/store.db", create: true) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for (number, store) in stores.enumerated() {
                try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)") }
            }
            let count = try await stores[0].names().count
            #expect(count == 12)
            for store in stores { await store.close() }
            #expect(files(in: directory) == ["store.db"])
        }
    }

    @Test("a relative path counts from where the process was when it opened the store")
    func relative() async throws {
        try await withDirectory { directory in
            await #expect(processExitsWith: .success) { [directory = directory as String] in
                chdir(directory)
                let store = try await Database.open("sqlite:store.db", migrations: schema, create: true)
                chdir("/")
                try await store.expectNames([])
                await store.close()
                try #require(files(in: directory) == ["store.db"])
            }
        }
    }

    @Test("every error is a sentence in lower case that does not end")
    func descriptions() {
        let errors: [StoreError] = [
            .missing("p"), .cannotOpen("reason"), .notAStore("p"), .newerSchema, .busy, .full, .readOnly, .io("r"),
            .corrupt("r"), .constraint(.init(kind: .unique, description: "d")), .unexpectedValue("r"), .refused("r"),
            .misuse("r"), .closed,
        ]
        for error in errors {
            let text = error.description
            #expect(text.first?.isUppercase == false && text.last != "." && !text.contains("\n"))
        }
    }
}
