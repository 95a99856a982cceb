// LostConnectionTests.swift: a PostgreSQL server that goes away: nothing is told wrongly, nothing is done twice.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("A lost connection", .serialized)
struct LostConnectionTests {
    private func address(_ location: String, through proxy: CuttingProxy) -> String {
        let name = PostgreSQLCluster.name(in: location)
        return "postgresql://authority@/\(name)?host=\(proxy.folder)"
    }

    @Test("at any message of a change, in either direction, neither loses nor doubles it")
    func everyStage() async throws {
        let cluster = try PostgreSQLCluster.shared()
        let location = try cluster.makeDatabase()
        defer { cluster.drop(location) }
        let proxy = try CuttingProxy(to: cluster.folder)
        defer { proxy.end() }
        let store = try await Database.open(address(location, through: proxy), migrations: schema, create: true)
        let witness = try await Database.open(location, migrations: schema, create: false)
        try await store.write { tx in try tx.run("INSERT INTO users (name, age) VALUES ('counter', 0)") }
        var expected = 0
        var cuts = 0
        for direction in CuttingProxy.Direction.allCases {
            for passesLast in [false, true] {
                var stage = 0
                while true {
                    proxy.plan(CuttingProxy.Cut(direction, after: stage, passesLast: passesLast))
                    let number = expected + 1
                    try await store.write { tx in
                        let age: Int? = try tx.row("SELECT age FROM users WHERE name = 'counter'")
                        try tx.run("UPDATE users SET age = $1 WHERE name = 'counter'", (age ?? 0) + 1)
                        try tx.run("INSERT INTO users (name) VALUES ($1)", "user-\(number)")
                    }
                    expected += 1
                    let found: (Int, Int)? = try await witness.read { tx in
                        try tx.row(
                            "SELECT (SELECT age FROM users WHERE name = 'counter'), (SELECT count(*) - 1 FROM users)"
                        )
                    }
                    #expect(found?.0 == expected, "\(direction) \(stage) \(passesLast)")
                    #expect(found?.1 == expected, "\(direction) \(stage) \(passesLast)")
                    guard proxy.wasCut else { break }
                    cuts += 1
                    stage += 1
                }
                proxy.forget()
            }
        }
        // Begin, statements and commit are messages of their own.
        #expect(cuts >= 12)
        await store.close()
        await witness.close()
    }

    @Test("that ends one of sixteen changes in a shared commit ends none of them twice")
    func sharedCommit() async throws {
        let cluster = try PostgreSQLCluster.shared()
        let location = try cluster.makeDatabase()
        defer { cluster.drop(location) }
        let proxy = try CuttingProxy(to: cluster.folder)
        defer { proxy.end() }
        let store = try await Database.open(address(location, through: proxy), migrations: schema, create: true)
        try await store.write { tx in try tx.run("INSERT INTO users (name, age) VALUES ('counter', 0)") }
        for round in 0..<20 {
            proxy.plan(
                CuttingProxy.Cut(.allCases.randomElement() ?? .toClient, after: round, passesLast: round % 2 == 0)
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        _ = try await store.write { tx in
                            try tx.run("UPDATE users SET age = age + 1 WHERE name = 'counter'")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let age: Int? = try await store.read { tx in try tx.row("SELECT age FROM users WHERE name = 'counter'") }
            #expect(age == 16 * (round + 1))
        }
        await store.close()
    }

    @Test("during a reading is made good by reading again")
    func reading() async throws {
        let cluster = try PostgreSQLCluster.shared()
        let location = try cluster.makeDatabase()
        defer { cluster.drop(location) }
        let proxy = try CuttingProxy(to: cluster.folder)
        defer { proxy.end() }
        let store = try await Database.open(address(location, through: proxy), migrations: schema, create: true)
        try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
        for stage in 0..<8 {
            for direction in CuttingProxy.Direction.allCases {
                proxy.plan(CuttingProxy.Cut(direction, after: stage, passesLast: stage % 2 == 0))
                try await store.expectNames(["ann"])
            }
        }
        proxy.forget()
        await store.close()
    }

    @Test("to a backend that was terminated costs nothing; what SQL of others did meanwhile is seen")
    func terminated() async throws {
        let cluster = try PostgreSQLCluster.shared()
        let location = try cluster.makeDatabase()
        defer { cluster.drop(location) }
        let store = try await Database.open(location, migrations: schema, create: true)
        for number in 0..<10 {
            try cluster.sql(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid();
                INSERT INTO latchkey.users (name) VALUES ('theirs-\(number)')
                """,
                at: location
            )
            try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ($1)", "ours-\(number)") }
            #expect(try await store.names().count == 2 * (number + 1))
        }
        await store.close()
    }

    @Test("to a server that stops in the middle of work: what was answered is there, once, and work goes on by itself")
    func restarts() async throws {
        let cluster = try PostgreSQLCluster()
        defer { cluster.end() }
        let location = try cluster.makeDatabase()
        let store = try await Database.open(location, migrations: schema, create: true)
        let answered = Answered()
        let workers = Task {
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for number in 0... {
                            if Task.isCancelled { return }
                            let name = "\(worker)-\(number)"
                            do {
                                _ = try await store.write { tx in
                                    try tx.run("INSERT INTO users (name, age) VALUES ($1, 1)", name)
                                }
                                await answered.add(name)
                            } catch StoreError.uncertain {
                                // Said so: it may be there or not.
                            } catch StoreError.unreachable {
                                await answered.addRefused(name)
                            } catch {
                                Issue.record(error)
                                return
                            }
                        }
                    }
                }
            }
        }
        for _ in 0..<6 {
            try await Task.sleep(for: .milliseconds(300))
            cluster.stopAtOnce()
            try cluster.start()
            let before = await answered.names.count
            let start = ContinuousClock.now
            while await answered.names.count == before, ContinuousClock.now - start < .seconds(20) {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        workers.cancel()
        await workers.value
        let kept = Set(try await store.names())
        let (names, refused) = await (answered.names, answered.refused)
        #expect(names.count > 50)
        #expect(names.isSubset(of: kept))
        #expect(refused.isDisjoint(with: kept))
        #expect(try await store.check() == [])
        await store.close()
    }

    @Test("to a server that is not there is an error in words without the password, and nothing hangs")
    func nobodyThere() async throws {
        await #expect {
            _ = try await Database.open(
                "postgres://ann:hush-hush@127.0.0.1:1/none?sslmode=disable",
                migrations: schema,
                create: true
            )
        } throws: { error in
            guard case .unreachable = error as? StoreError else { return false }
            return !"\(error)".contains("hush") && "\(error)".contains("postgres://ann@127.0.0.1:1/none")
        }
    }
}

/// What was answered, and what was refused, in the course of a test.
private actor Answered {
    var names: Set<String> = []
    var refused: Set<String> = []
    func add(_ name: String) { names.insert(name) }
    func addRefused(_ name: String) { refused.insert(name) }
}
