// PostgreSQLTests.swift: what is peculiar to a store in PostgreSQL: addresses, strangers' schemas, conflicts, copies.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("PostgreSQL")
struct PostgreSQLTests {
    private func withDatabase(_ body: (String, PostgreSQLCluster) async throws -> Void) async throws {
        let cluster = try PostgreSQLCluster.shared()
        let location = try cluster.makeDatabase()
        defer { cluster.drop(location) }
        try await body(location, cluster)
    }

    @Test(
        "an address is shown without its password and options",
        arguments: [
            ("postgres://db/latchkey", "postgres://db/latchkey", false),
            ("postgres://ann@db:5433/latchkey", "postgres://ann@db:5433/latchkey", false),
            ("postgresql://ann:hush@db/latchkey?sslmode=disable", "postgresql://ann@db/latchkey", true),
            ("postgres:///latchkey?host=/run&password=hush", "postgres:///latchkey", true),
            ("sqlite:/a:b@c?password=x", "sqlite:/a:b@c?password=x", false),
        ]
    )
    func addresses(_ address: (text: String, name: String, holdsPassword: Bool)) throws {
        let location = try StoreLocation(address.text)
        #expect(location.name == address.name)
        #expect(location.holdsPassword == address.holdsPassword)
    }

    @Test(
        "an address whose password is not escaped is refused without repeating it",
        arguments: [
            "postgres://ann:hu@sh@db/l", "postgres://ann:hu/sh@db/l", "postgres://ann:hu?sh@db/l", "mysql://h/d",
        ]
    )
    func unescaped(_ address: String) {
        #expect {
            _ = try StoreLocation(address)
        } throws: { error in
            if case .cannotOpen(let words) = error as? StoreError {
                !words.contains("sh@") && !words.contains("hu")
            } else {
                false
            }
        }
    }

    @Test("a pooler that lends a connection to several is named as what is wrong")
    func pooledTransactions() async throws {
        try await withDatabase { location, _ in
            let store = try await Database.open(location, migrations: schema, create: true)
            await store.close()
            let connection = try PostgreSQLConnection(PostgreSQLLocation(StoreLocation(location)), .write)
            defer { connection.close() }
            try connection.begin(.write)
            _ = try connection.statement("SELECT name FROM users")
            // What such a pooler's other clients may have done.
            try connection.run(text: "DEALLOCATE ALL")
            let statement = try connection.statement("SELECT name FROM users")
            #expect {
                try statement.start([])
                _ = try statement.next()
            } throws: { error in
                if case .cannotOpen(let words) = error as? StoreError { words.contains("pool sessions") } else { false }
            }
        }
    }

    @Test("everything is in a schema of its own, beside whatever else is in the database")
    func ownSchema() async throws {
        try await withDatabase { location, cluster in
            try cluster.sql("CREATE TABLE public.users (other BIGINT)", at: location)
            let store = try await Database.open(location, migrations: schema, create: true)
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
            #expect(try cluster.sql("SELECT count(*) FROM public.users", at: location) == "0")
            #expect(try cluster.sql("SELECT name FROM latchkey.users", at: location) == "ann")
            await store.close()
            #expect(try cluster.sql("SELECT count(*) FROM latchkey.commits", at: location) == "0")
        }
    }

    @Test("a missing store, a stranger's schema and a database without UTF-8 are refused and stay as they are")
    func refused() async throws {
        try await withDatabase { location, cluster in
            await #expect(throws: StoreError.missing(try StoreLocation(location).name)) {
                _ = try await Database.open(location, migrations: schema, create: false)
            }
            try cluster.sql(
                "CREATE SCHEMA latchkey AUTHORIZATION authority; CREATE TABLE latchkey.mine (x BIGINT)",
                at: location
            )
            let before = try cluster.dump(location)
            await #expect(throws: StoreError.notAStore(try StoreLocation(location).name)) {
                _ = try await Database.open(location, migrations: schema, create: true)
            }
            #expect(try cluster.dump(location) == before)
            try cluster.sql("DROP TABLE latchkey.mine", at: location)
            // An empty schema may have been made by somebody with more rights.
            try await Database.open(location, migrations: schema, create: true).close()
        }
        let cluster = try PostgreSQLCluster.shared()
        let name = "latin_\(UInt32.random(in: .min ... .max))"
        try cluster.sql(
            "CREATE DATABASE \(name) OWNER authority TEMPLATE template0 ENCODING latin1 LOCALE_PROVIDER libc LOCALE 'C'",
            on: "postgres"
        )
        defer { cluster.drop(cluster.address(of: name)) }
        await #expect {
            _ = try await Database.open(cluster.address(of: name), migrations: schema, create: true)
        } throws: { "\($0)".contains("is not in UTF-8") }
    }

    @Test("rows that others hold or change by SQL of their own are waited for or met again, and no sum is lost")
    func conflicts() async throws {
        try await withDatabase { location, cluster in
            let store = try await Database.open(location, migrations: schema, create: true)
            try await store.write { tx in try tx.run("INSERT INTO users (name, age) VALUES ('counter', 0)") }
            async let others: Void = {
                for _ in 0..<30 {
                    try cluster.sql("UPDATE latchkey.users SET age = age + 1 WHERE name = 'counter'", at: location)
                }
            }()
            for _ in 0..<300 {
                try await store.write { tx in
                    let age: Int? = try tx.row("SELECT age FROM users WHERE name = 'counter'")
                    try tx.run("UPDATE users SET age = $1 WHERE name = 'counter'", (age ?? 0) + 1)
                }
            }
            try await others
            let age: Int? = try await store.read { tx in try tx.row("SELECT age FROM users WHERE name = 'counter'") }
            #expect(age == 330)
            await store.close()
        }
    }

    @Test("a server that does not keep what it acknowledges, and an index that is not valid, are findings")
    func findings() async throws {
        try await withDatabase { location, cluster in
            let store = try await Database.open(location, migrations: schema, create: true)
            #expect(try await store.check() == [])
            try cluster.sql(
                """
                SET session_replication_role = replica; INSERT INTO latchkey.keys (id, owner) VALUES ('k', 'nobody');
                CREATE INDEX spare ON latchkey.users (age);
                UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'latchkey.spare'::regclass
                """,
                at: location
            )
            let findings = try await store.check()
            #expect(findings.count == 2)
            #expect(findings.contains("a row of `keys` refers to a row of `users` that is not there"))
            #expect(findings.contains { $0.contains("REINDEX INDEX latchkey.spare") })
            await store.close()
        }
    }
}
