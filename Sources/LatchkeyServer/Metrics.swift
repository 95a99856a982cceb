// Metrics.swift: what Prometheus reads: requests, logins by outcome, codes refused by reason, latencies, the hashing queue.
import Glibc
import Latchkey
import Synchronization

/// How a sign-in ended, as far as metrics tell.
enum LoginOutcome: String, Sendable {
    case session, challenge, refused
}

/// Counters since the start; labels come from the catalog and from the authority's own words, never from a request.
final class Metrics: Sendable {
    private struct Counts: Sendable {
        var requests: [String: UInt64] = [:]
        var logins: [String: UInt64] = [:]
        var refusedCodes: [String: UInt64] = [:]
        var malformed: [Int: UInt64] = [:]
        var buckets = [UInt64](repeating: 0, count: Metrics.bounds.count + 1)
        var seconds = 0.0
    }

    static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
    /// Reasons with which the authority refuses a one-time code.
    private static let codeReasons: Set<String> = [
        "wrong_code", "replayed_code", "malformed_code", "throttled", "device_disabled", "no_device", "clock",
        "wrong_recovery_code",
    ]

    private let counts = Mutex(Counts())

    func count(_ outcome: Outcome, seconds: Double) {
        let action = outcome.action ?? "none"
        let labels = "action=\"\(action)\",code=\"\(outcome.fault?.code ?? "OK")\""
        counts.withLock { counts in
            counts.requests[labels, default: 0] += 1
            if let login = outcome.login { counts.logins[login.rawValue, default: 0] += 1 }
            if let reason = outcome.fault?.reason, Self.codeReasons.contains(reason) {
                counts.refusedCodes[reason, default: 0] += 1
            }
            counts.buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
            counts.seconds += seconds
        }
    }

    func countMalformed(status: Int) { counts.withLock { $0.malformed[status, default: 0] += 1 } }

    /// The text exposition format, version 0.0.4.
    func text(hashing: HashingThreads) -> String {
        let counts = counts.withLock { $0 }
        let load = hashing.load
        var text = ""
        func family(_ name: String, _ kind: String, _ help: String, _ samples: [(String, String)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
            for (labels, value) in samples { text += "\(labels) \(value)\n" }
        }
        func counters<Key: Comparable>(
            _ name: String,
            _ counts: [Key: UInt64],
            _ label: (Key) -> String
        ) -> [(
            String, String
        )] {
            counts.sorted { $0.key < $1.key }.map { ("\(name){\(label($0.key))}", "\($0.value)") }
        }
        family(
            "latchkey_requests_total",
            "counter",
            "Requests answered, by action and error code.",
            counters("latchkey_requests_total", counts.requests) { $0 }
        )
        family(
            "latchkey_logins_total",
            "counter",
            "Sign-ins by outcome.",
            counters("latchkey_logins_total", counts.logins) { "outcome=\"\($0)\"" }
        )
        family(
            "latchkey_codes_refused_total",
            "counter",
            "One-time codes refused, by reason.",
            counters("latchkey_codes_refused_total", counts.refusedCodes) { "reason=\"\($0)\"" }
        )
        family(
            "latchkey_malformed_requests_total",
            "counter",
            "Requests that the reader refused, by status.",
            counters("latchkey_malformed_requests_total", counts.malformed) { "status=\"\($0)\"" }
        )
        family("latchkey_request_seconds", "histogram", "How long requests took.", histogram(counts))
        family(
            "latchkey_hashing_running",
            "gauge",
            "Password hashes being computed.",
            [("latchkey_hashing_running", "\(load.running)")]
        )
        family(
            "latchkey_hashing_waiting",
            "gauge",
            "Password hashes waiting for a thread.",
            [("latchkey_hashing_waiting", "\(load.waiting)")]
        )
        return text
    }

    private func histogram(_ counts: Counts) -> [(String, String)] {
        var sum: UInt64 = 0
        var samples: [(String, String)] = []
        for (bound, count) in zip(Self.bounds, counts.buckets) {
            sum += count
            samples.append(("latchkey_request_seconds_bucket{le=\"\(bound)\"}", "\(sum)"))
        }
        sum += counts.buckets.last ?? 0
        samples.append(("latchkey_request_seconds_bucket{le=\"+Inf\"}", "\(sum)"))
        samples.append(("latchkey_request_seconds_sum", "\(counts.seconds)"))
        samples.append(("latchkey_request_seconds_count", "\(sum)"))
        return samples
    }
}

/// A moment of the monotonic clock, for durations only.
struct Moment {
    private let nanoseconds = Moment.read()

    /// Seconds since the moment.
    var seconds: Double { Double(Moment.read() &- nanoseconds) / 1e9 }

    private static func read() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
    }
}
