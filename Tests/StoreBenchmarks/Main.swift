// Main.swift: the benchmark of durable changes: ours on each database beside the bare commits of a tool of that database.
//
// `make bench` runs it, on a disk and not in memory. It prints a line for each number of clients that wait together:
//
//     ours        durable changes a second, each in a transaction of its own as its client sees it
//     commits     how many of the tool's bare commits a second: Python's sqlite3 alone, pgbench with as many clients
//     x bare      the first over the second
//     x alone     ours over ours with one client: what sharing a commit is worth
//
// Ours and the tool take turns, and a ratio is the median of the ratios of single turns.

internal import Glibc
import LatchkeyStore
import LatchkeyTestSupport

@main
struct Main {
    static let turns = 5
    static let seconds = 1.0
    static let schema = [
        Migration(number: 1, sql: "CREATE TABLE steps (device TEXT PRIMARY KEY, step BIGINT NOT NULL)")
    ]

    static func main() async throws {
        let folder = "/var/tmp/latchkey-bench-\(getpid())"
        mkdir(folder, 0o700)
        defer { _ = try? Subprocess.run("rm", ["-rf", folder]) }
        print("database    clients      ours   commits   x bare  x alone")
        try await contest("SQLite", "sqlite:\(folder)/store.db") { _ in try sqliteCommits(in: folder) }
        let cluster = try PostgreSQLCluster(in: "/var/tmp")
        defer { cluster.end() }
        let location = try cluster.makeDatabase()
        try await contest("PostgreSQL", location) { clients in
            try cluster.commitsPerSecond(at: location, clients: clients, in: folder, seconds: seconds)
        }
    }

    /// Measures one database with 1, 8 and 64 clients.
    private static func contest(
        _ name: String,
        _ location: String,
        _ bare: @Sendable (Int) throws -> Double
    ) async throws {
        let store = try await Database.open(location, migrations: schema, create: true)
        try await store.write { tx in
            for client in 0..<64 { try tx.run("INSERT INTO steps (device, step) VALUES ($1, 0)", "device-\(client)") }
        }
        var alone = 0.0
        for clients in [1, 8, 64] {
            var (ours, theirs, ratios): ([Double], [Double], [Double]) = ([], [], [])
            for _ in 0..<turns {
                let mine = try await changesPerSecond(store, clients)
                let other = try bare(clients)
                ours.append(mine)
                theirs.append(other)
                ratios.append(mine / other)
            }
            let rate = median(ours)
            if clients == 1 { alone = rate }
            print(
                pad(name, 12, left: true) + pad("\(clients)", 7) + pad("\(Int(rate))", 10)
                    + pad("\(Int(median(theirs)))", 10) + pad(hundredths(median(ratios)), 9)
                    + pad(hundredths(rate / alone), 9)
            )
        }
        await store.close()
    }

    /// Compare-and-set after compare-and-set by so many clients, each waiting for its own answer.
    private static func changesPerSecond(_ store: Database, _ clients: Int) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(seconds)
        let changes = try await withThrowingTaskGroup(of: Int.self) { group in
            for client in 0..<clients {
                group.addTask {
                    var count = 0
                    while clock.now < end {
                        let changed = try await store.write { tx in
                            try tx.run(
                                "UPDATE steps SET step = step + 1 WHERE device = $1 AND step < $2",
                                "device-\(client)",
                                Int64.max
                            )
                        }
                        count += changed
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(changes) / ((clock.now - start) / .seconds(1))
    }

    /// One connection, one row, one commit, as Python's sqlite3 does it.
    private static func sqliteCommits(in folder: String) throws -> Double {
        let program = """
            import sqlite3, sys, time
            c = sqlite3.connect(sys.argv[1], isolation_level=None)
            c.execute('PRAGMA journal_mode = WAL'); c.execute('PRAGMA synchronous = FULL')
            c.execute('CREATE TABLE IF NOT EXISTS steps (device TEXT PRIMARY KEY, step BIGINT NOT NULL)')
            c.execute("INSERT OR IGNORE INTO steps VALUES ('d', 0)")
            count, start = 0, time.monotonic()
            while time.monotonic() - start < float(sys.argv[2]):
                c.execute("UPDATE steps SET step = step + 1 WHERE device = 'd'"); count += 1
            print(count / (time.monotonic() - start))
            """
        let output = try Subprocess.run("python3", ["-c", program, folder + "/bare.db", "\(seconds)"])
        return Double(output.lines.first ?? "") ?? .nan
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private static func hundredths(_ value: Double) -> String {
        guard value.isFinite else { return "-" }
        let scaled = Int((value * 100).rounded())
        return "\(scaled / 100).\(scaled % 100 < 10 ? "0" : "")\(scaled % 100)"
    }

    private static func pad(_ text: String, _ width: Int, left: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, width - text.utf8.count))
        return left ? text + blanks : blanks + text
    }
}
