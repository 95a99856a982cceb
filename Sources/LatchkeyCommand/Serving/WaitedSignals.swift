// WaitedSignals.swift: signals that a serving command waits for.
internal import CLatchkeySystem
internal import Glibc
internal import Synchronization

/// Signals that one thread waits for and no thread is interrupted by.
struct WaitedSignals {
    private var set = sigset_t()

    /// Blocks the signals; to be made before any thread, for all threads inherit it.
    init(_ signals: [Int32]) {
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// The next signal.
    func wait() -> Int32 {
        var set = set
        var signal: Int32 = 0
        while sigwait(&set, &signal) != 0 {}
        return signal
    }

    /// What tells the waiting thread that a body is done; to be among the signals where `result` is called.
    static let done = SIGUSR1

    /// What an asynchronous body comes to; nil if one of the `ends` arrives first: the body is left to itself then.
    ///
    /// Other signals that arrive meanwhile are dropped.
    func result<T: Sendable>(
        of body: @escaping @Sendable () async throws -> T,
        unless ends: Set<Int32>
    ) throws -> T? {
        let answer = Mutex<Result<T, any Error>?>(nil)
        Task {
            let result: Result<T, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            answer.withLock { $0 = result }
            kill(getpid(), Self.done)
        }
        while true {
            let signal = wait()
            if ends.contains(signal) { return nil }
            if let result = answer.withLock({ $0 }) { return try result.get() }
        }
    }
}
