// WaitedSignals.swift: signals that a serving command waits for.
internal import CLatchkeySystem
internal import Glibc

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
}
