// ServerBenchmark.swift: the release binary under load: rates, latencies, its processor's time, beside the limits of each.

internal import Glibc

/// What one load did at one number of connections.
struct Measurement {
    let result: LaneResult
    /// The server's processor time for one request, in seconds.
    let serverTime: Double
    /// This process's own for one request, in seconds: both share the machine.
    let clientTime: Double
    let residentBytes: Int

    /// Drives one lane, and holds every answer to be a success.
    init(_ server: ServerProcess, _ load: LoadGenerator, _ lane: Lane, seconds: Double) throws {
        let (server0, own0) = (server.processorTime, ServerProcess.ownProcessorTime)
        result = try load.run([lane], seconds: seconds)[0]
        let count = Double(max(1, result.nanoseconds.count))
        serverTime = (server.processorTime - server0) / count
        clientTime = (ServerProcess.ownProcessorTime - own0) / count
        residentBytes = server.holding.residentBytes
        guard result.statuses == [200: result.nanoseconds.count] else {
            throw BenchmarkFailure("not every answer is 200: \(result.statuses)")
        }
    }
}

/// The server's benchmark.
enum ServerBenchmark {
    private static let connections = [1, 8, 64]
    private static let sessions = 600
    private static let heading =
        pad("two cores with the load itself", 34, true)
        + "   conns       req/s     p50     p99   CPU/req  load's    RSS"

    /// Measures all and prints it; whether every target is met.
    static func run() throws -> Bool {
        let server = try ServerProcess()
        var meets = true
        do {
            meets = try measure(server)
        } catch {
            _ = server.end()
            throw error
        }
        let status = server.end()
        if status != 0 { print("the server ended with \(status)") }
        return meets && status == 0
    }

    private static func measure(_ server: ServerProcess) throws -> Bool {
        var population = try Population(port: server.port, users: 64 + sessions * connections.count, people: 32)
        let load = population.load
        print(heading)
        var verdicts: [Verdict] = []
        // In turns, so that a busy machine disturbs both alike.
        let (health, identity) = (population.healthRequests(), try population.identityRequests())
        for count in connections {
            var (bare, signed): ([Measurement], [Measurement]) = ([], [])
            for _ in 0..<3 {
                bare.append(try Measurement(server, load, Lane(connections: count, requests: health), seconds: 0.7))
                signed.append(try Measurement(server, load, Lane(connections: count, requests: identity), seconds: 0.7))
            }
            let (bareMiddle, signedMiddle) = (bare.middle, signed.middle)
            show("GET /healthz, the bare rate", count, bareMiddle)
            show("GetCallerIdentity, signed", count, signedMiddle)
            let ratios = zip(signed, bare).map { $0.result.rate / $1.result.rate }.sorted()
            verdicts.append(Verdict("GetCallerIdentity over bare, \(count) conns", ratios[1], atLeast: 1.0 / 3))
        }
        let own = try population.userRequests()
        for count in connections {
            show(
                "GetUser, by a policy",
                count,
                try Measurement(server, load, Lane(connections: count, requests: own), seconds: 0.7)
            )
        }
        for count in connections {
            let requests = try population.sessionRequests(sessions)
            let lane = Lane(connections: count, requests: requests, count: requests.count)
            show("GetSessionToken, code", count, try Measurement(server, load, lane, seconds: 60))
        }
        verdicts += try roles(server, population)
        verdicts += try signIns(server, population)
        verdicts.append(try flood(server, population))
        print()
        for verdict in verdicts { print(verdict) }
        return verdicts.allSatisfy(\.isMet)
    }

    /// What roles cost: calls with lent credentials beside calls with the long-term key, and lending itself, with all that
    /// `AssumeRole` decides, beside the plain lending of one's own rights.
    private static func roles(_ server: ServerProcess, _ population: Population) throws -> [Verdict] {
        try population.makeRole()
        let (taking, lending) = (try population.roleRequests(), try population.ownSessionRequests())
        let calls = [
            ("GetCallerIdentity, long-term key", try population.identityRequests()),
            ("GetCallerIdentity, own session", try population.identityRequests(lentBy: lending)),
            ("GetCallerIdentity, role session", try population.identityRequests(lentBy: taking)),
            ("GetSessionToken, no code", lending),
            ("AssumeRole", taking),
        ]
        var verdicts: [Verdict] = []
        for count in connections {
            var measured = calls.map { _ in [Measurement]() }
            // In turns, so that a busy machine disturbs all alike.
            for _ in 0..<3 {
                for (place, call) in calls.enumerated() {
                    let lane = Lane(connections: count, requests: call.1)
                    measured[place].append(try Measurement(server, population.load, lane, seconds: 0.7))
                }
            }
            for (call, all) in zip(calls, measured) { show(call.0, count, all.middle) }
            func ratio(_ one: Int, _ other: Int) -> Double {
                zip(measured[one], measured[other]).map { $0.result.rate / $1.result.rate }.sorted()[1]
            }
            verdicts += [
                Verdict("own session over long-term key, \(count) conns", ratio(1, 0), atLeast: 0.5),
                Verdict("role session over long-term key, \(count) conns", ratio(2, 0), atLeast: 0.5),
                Verdict("AssumeRole over GetSessionToken, \(count) conns", ratio(4, 3), atLeast: 0.4),
            ]
        }
        return verdicts
    }

    /// Logins beside what Argon2id alone allows the machine.
    private static func signIns(_ server: ServerProcess, _ population: Population) throws -> [Verdict] {
        let requests = population.signInRequests()
        var verdicts: [Verdict] = []
        for count in connections {
            var (logins, limits): ([Measurement], [HashingLimit]) = ([], [])
            for _ in 0..<3 {
                limits.append(try HashingLimit(threads: min(count, processors), seconds: 1))
                let lane = Lane(connections: count, requests: requests)
                logins.append(try Measurement(server, population.load, lane, seconds: 1.5))
            }
            show("SignIn, Argon2id", count, logins.middle)
            let limit = limits.sorted { $0.rate < $1.rate }[1]
            print(
                pad("  Argon2id alone, \(limit.threads) threads", 34, true) + pad("", 8) + pad(rate(limit.rate), 12)
                    + pad("", 16) + pad(duration(limit.time), 10)
            )
            let ratios = zip(logins, limits).map { $0.result.rate / $1.rate }.sorted()
            verdicts.append(Verdict("SignIn over Argon2id alone, \(count) conns", ratios[1], atLeast: 0.9))
            let times = zip(logins, limits).map { $1.time / $0.serverTime }.sorted()
            verdicts.append(Verdict("  the same in processor time", times[1], atLeast: 0.9))
        }
        return verdicts
    }

    /// A signed call while sixty-four clients log in as fast as they are let.
    private static func flood(_ server: ServerProcess, _ population: Population) throws -> Verdict {
        let lanes = [
            Lane(connections: 64, requests: population.signInRequests()),
            Lane(connections: 4, requests: try population.identityRequests()),
        ]
        let results = try population.load.run(lanes, seconds: 4)
        print(
            pad("GetCallerIdentity in a login flood", 34, true) + pad("64+4", 8) + pad(rate(results[1].rate), 12)
                + pad(duration(results[1].percentile(0.5)), 8) + pad(duration(results[1].percentile(0.99)), 8)
                + "   (\(rate(results[0].rate)) logins/s, statuses \(results[0].statuses))"
        )
        guard results[1].statuses.keys.allSatisfy({ $0 == 200 }) else {
            throw BenchmarkFailure("signed calls in a login flood were answered \(results[1].statuses)")
        }
        return Verdict("p99 of a signed call in a login flood, ms", results[1].percentile(0.99) * 1e3, below: 50)
    }

    private static func show(_ name: String, _ connections: Int, _ measured: Measurement) {
        print(
            pad(name, 34, true) + pad("\(connections)", 8) + pad(rate(measured.result.rate), 12)
                + pad(duration(measured.result.percentile(0.5)), 8) + pad(duration(measured.result.percentile(0.99)), 8)
                + pad(duration(measured.serverTime), 10) + pad(duration(measured.clientTime), 8)
                + pad("\(measured.residentBytes >> 20) MiB", 8)
        )
    }
}

extension [Measurement] {
    /// The one of the middle rate.
    fileprivate var middle: Measurement { sorted { $0.result.rate < $1.result.rate }[count / 2] }
}

/// A figure held against its target.
struct Verdict: CustomStringConvertible {
    let name: String
    let value: Double
    let target: Double
    let isMet: Bool

    init(_ name: String, _ value: Double, atLeast target: Double) {
        (self.name, self.value, self.target, isMet) = (name, value, target, value >= target)
    }

    init(_ name: String, _ value: Double, below target: Double) {
        (self.name, self.value, self.target, isMet) = (name, value, target, value < target)
    }

    var description: String {
        pad(name, 46, true) + pad(decimals(value), 9) + "   target " + pad(decimals(target), 7)
            + (isMet ? "" : "  target missed")
    }
}
