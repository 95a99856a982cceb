// HashingThreads.swift: the threads that hash passwords, so that neither Swift's pool nor an event loop ever does.
import Glibc
import Synchronization

/// A bounded pool of threads for work that burns a processor: Argon2id at the cost that was chosen.
///
/// At most `threads` hashes run and at most `waiting` more wait; beyond that a caller is told to come back, so that a flood of
/// logins cannot take memory above `threads` times the cost of one hash.
public final class HashingThreads: Sendable {
    private struct Work {
        var queue: [@Sendable () -> Void] = []
        var running = 0
    }

    private let threads: Int
    private let waiting: Int
    private let work = Mutex(Work())

    /// Makes a pool of `threads` (the number of processors unless given) with room for `waiting` more jobs.
    ///
    /// Threads are started when there is work and end when there is none.
    public init(threads: Int? = nil, waiting: Int = 64) {
        let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        self.threads = max(1, threads ?? processors)
        self.waiting = max(0, waiting)
    }

    /// How many hashes run, and how many more wait, at this moment.
    public var load: (running: Int, waiting: Int) { work.withLock { ($0.running, $0.queue.count) } }

    /// Runs the job on one of the threads; fails with `Fault.busy` when too many wait already.
    func run<Answer: Sendable>(_ job: @escaping @Sendable () -> Result<Answer, Fault>) async throws(Fault) -> Answer {
        let result: Result<Answer, Fault> = await withCheckedContinuation { continuation in
            if !enqueue({ continuation.resume(returning: job()) }) { continuation.resume(returning: .failure(.busy)) }
        }
        return try result.get()
    }

    /// Queues the job, and starts a thread for it unless all are running; false when the queue is full.
    private func enqueue(_ job: @escaping @Sendable () -> Void) -> Bool {
        let startsThread: Bool? = work.withLock { work in
            if work.running < threads {
                work.queue.append(job)
                work.running += 1
                return true
            }
            guard work.queue.count < waiting else { return nil }
            work.queue.append(job)
            return false
        }
        guard let startsThread else { return false }
        if startsThread { startThread() }
        return true
    }

    /// Starts a thread that takes jobs until there are none; a machine out of threads does the work on this one.
    private func startThread() {
        let passed = Unmanaged.passRetained(self)
        var thread = pthread_t()
        if pthread_create(&thread, nil, hashingThread, passed.toOpaque()) == 0 {
            pthread_detach(thread)
        } else {
            passed.release()
            takeJobs()
        }
    }

    fileprivate func takeJobs() {
        while let job = nextJob() { job() }
    }

    private func nextJob() -> (@Sendable () -> Void)? {
        work.withLock { work in
            if work.queue.isEmpty {
                work.running -= 1
                return nil
            }
            return work.queue.removeFirst()
        }
    }
}

/// A hashing thread's life.
///
/// It yields to the threads that answer short requests: nice 10 on Linux is a thread's own.
private func hashingThread(_ passed: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let passed else { return nil }
    _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
    Unmanaged<HashingThreads>.fromOpaque(passed).takeRetainedValue().takeJobs()
    return nil
}
