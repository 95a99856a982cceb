// HashingLimit.swift: how many passwords a second Argon2id alone lets this machine check.

internal import Glibc
internal import LatchkeyCrypto
internal import Synchronization

/// Argon2id at the standard cost on some threads and nothing beside it.
struct HashingLimit {
    let threads: Int
    /// Hashes a second, on all threads together.
    let rate: Double
    /// The processor's time of one hash, in seconds.
    let time: Double

    private final class Work: Sendable {
        let end: UInt64
        let count = Mutex(0)
        let left: Mutex<Int>

        init(end: UInt64, threads: Int) {
            self.end = end
            left = Mutex(threads)
        }
    }

    init(threads: Int, seconds: Double) throws {
        self.threads = threads
        let start = now()
        let before = ServerProcess.ownProcessorTime
        let work = Work(end: start + UInt64(seconds * 1e9), threads: threads)
        for _ in 0..<threads {
            var thread = pthread_t()
            let passed = Unmanaged.passRetained(work).toOpaque()
            guard pthread_create(&thread, nil, hashUntilEnd, passed) == 0 else { throw BenchmarkFailure("no thread") }
            pthread_detach(thread)
        }
        while work.left.withLock({ $0 > 0 }) { usleep(2_000) }
        let count = Double(work.count.withLock { $0 })
        rate = count / (Double(now() - start) / 1e9)
        time = (ServerProcess.ownProcessorTime - before) / max(1, count)
    }

    /// Checks passwords until it is time, at the priority at which the server does.
    fileprivate static func check(_ passed: UnsafeMutableRawPointer) {
        let work = Unmanaged<Work>.fromOpaque(passed).takeRetainedValue()
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        let password = Secret(utf8: Population.password)
        if let hash = try? PasswordHash.hash(password, cost: .standard) {
            while now() < work.end, hash.matches(password) { work.count.withLock { $0 += 1 } }
        }
        work.left.withLock { $0 -= 1 }
    }
}

/// What `pthread_create` calls; a plain function, which no actor can claim.
private func hashUntilEnd(_ passed: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let passed { HashingLimit.check(passed) }
    return nil
}
