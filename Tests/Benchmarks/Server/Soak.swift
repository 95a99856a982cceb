// Soak.swift: a million requests, after which the server must hold no more than after the first hundred thousand.

internal import Glibc

/// The long run: `LatchkeyBenchmarks soak`.
enum Soak {
    private static let (warm, total, piece) = (100_000, 1_000_000, 50_000)

    /// Runs and prints what the server holds meanwhile; whether every target is met.
    static func run() throws -> Bool {
        let server = try ServerProcess()
        defer { _ = server.end() }
        let population = try Population(port: server.port, users: 64, people: 8)
        var (answered, first, last) = (0, ServerProcess.Holding(), ServerProcess.Holding())
        print(pad("requests", 10) + pad("req/s", 10) + pad("RSS KiB", 12) + pad("files", 8) + pad("threads", 9))
        while answered < total {
            // Signed anew, for a signature lives fifteen minutes.
            let signed = try population.identityRequests() + population.userRequests()
            let lanes = [
                Lane(connections: 24, requests: signed, count: piece * 4 / 5),
                Lane(connections: 8, requests: population.healthRequests(), count: piece / 5 - 40),
                Lane(connections: 2, requests: population.signInRequests(), count: 40),
            ]
            let results = try population.load.run(lanes)
            guard results.allSatisfy({ $0.statuses.keys.allSatisfy { $0 == 200 } }) else {
                throw BenchmarkFailure("not every answer is 200: \(results.map(\.statuses))")
            }
            answered += piece
            server.emptyLog()
            // Hashing threads end when there is nothing to hash.
            usleep(100_000)
            last = server.holding
            if answered <= warm { first = last }
            print(
                pad("\(answered)", 10) + pad(rate(Double(piece) / results[0].seconds), 10)
                    + pad("\(last.residentBytes >> 10)", 12) + pad("\(last.descriptors)", 8) + pad("\(last.threads)", 9)
            )
        }
        let verdicts = [
            Verdict(
                "growth after \(warm), MiB",
                Double(max(0, last.residentBytes - first.residentBytes)) / 1_048_576,
                below: 5
            ),
            Verdict("descriptors more", Double(max(0, last.descriptors - first.descriptors)), below: 1),
            Verdict("threads more", Double(max(0, last.threads - first.threads)), below: 1),
        ]
        for verdict in verdicts { print(verdict) }
        return verdicts.allSatisfy(\.isMet)
    }
}
