// Channel.swift: a queue between Swift's tasks and the threads that may block on a database, and those threads.

import Glibc

/// A queue whose takers wait, each on its own thread; putting something in never waits.
///
/// `@unchecked Sendable`: everything mutable is behind `lock`, a pthread mutex because takers wait on a condition.
final class Channel<Element: Sendable>: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var elements: [Element] = []
    private var taken = 0
    private var waiting = 0
    private var isClosed = false

    init() {
        pthread_mutex_init(lock, nil)
        // Waiting for a length of time must not depend on what the wall clock is set to meanwhile.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(filled, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(filled)
        pthread_mutex_destroy(lock)
        filled.deallocate()
        lock.deallocate()
    }

    /// What became of an element that was put in.
    enum Reception {
        /// A taker was waiting for it.
        case awaited
        /// Nobody waits: it is taken when a taker comes back.
        case queued
        /// As many as there is room for wait; the element was not taken in.
        case full
        /// The channel is closed; the element was not taken in.
        case refused
    }

    /// Puts an element in, unless `room` of them wait.
    func put(_ element: Element, room: Int = .max) -> Reception {
        pthread_mutex_lock(lock)
        if isClosed {
            pthread_mutex_unlock(lock)
            return .refused
        }
        guard elements.count - taken < room else {
            pthread_mutex_unlock(lock)
            return .full
        }
        elements.append(element)
        let (isAwaited, wakes) = (elements.count - taken <= waiting, waiting > 0)
        pthread_mutex_unlock(lock)
        // Once the lock is free: whoever wakes up needs it.
        if wakes { pthread_cond_signal(filled) }
        return isAwaited ? .awaited : .queued
    }

    /// Waits for an element and takes it; `nil` when the channel is closed and empty.
    func take() -> Element? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return waitForElements() ? takeFirst() : nil
    }

    /// Takes an element if there is one.
    func takeIfAny() -> Element? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return elements.isEmpty ? nil : takeFirst()
    }

    /// Waits for an element and takes all that are there; `nil` when the channel is closed and empty.
    ///
    /// After `seconds`, if given, it returns an empty array instead of waiting on.
    func takeAll(waitingAtMost seconds: Int? = nil) -> [Element]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard waitForElements(atMost: seconds) else { return isClosed ? nil : [] }
        defer {
            elements = []
            taken = 0
        }
        return taken == 0 ? elements : Array(elements[taken...])
    }

    /// How many elements wait to be taken.
    var count: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return elements.count - taken
    }

    /// Lets nothing more in; what is in is still taken.
    func close() {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        isClosed = true
        pthread_cond_broadcast(filled)
    }

    private func takeFirst() -> Element {
        let element = elements[taken]
        taken += 1
        if taken == elements.count {
            elements.removeAll(keepingCapacity: true)
            taken = 0
        }
        return element
    }

    private func waitForElements(atMost seconds: Int? = nil) -> Bool {
        var deadline = timespec()
        if let seconds {
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            deadline.tv_sec += seconds
        }
        waiting += 1
        defer { waiting -= 1 }
        while elements.isEmpty && !isClosed {
            if seconds == nil {
                pthread_cond_wait(filled, lock)
            } else if pthread_cond_timedwait(filled, lock, &deadline) == ETIMEDOUT {
                break
            }
        }
        return !elements.isEmpty
    }
}

/// Threads of the store's own, so that a blocking call never holds one of the few that Swift's tasks share.
enum StoreThread {
    /// Starts `body` on a new thread, to which no signal is delivered.
    static func start(_ body: @escaping @Sendable () -> Void) throws(StoreError) {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let box = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let failure = pthread_create(&thread, nil, runStoreThread, box.toOpaque())
        guard failure == 0 else {
            box.release()
            throw .io("no thread could be started: \(String(cString: strerror(failure)))")
        }
        pthread_detach(thread)
    }

    /// Runs `body` on a thread of its own and returns what it returns, without holding the caller's thread.
    static func run<R: Sendable>(_ body: @escaping @Sendable () throws(StoreError) -> R) async throws(StoreError) -> R {
        let result: Result<R, StoreError> = await withCheckedContinuation { continuation in
            do throws(StoreError) {
                try start {
                    do throws(StoreError) { continuation.resume(returning: .success(try body())) } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    fileprivate final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// What `pthread_create` calls; a plain function, which no actor can claim.
private func runStoreThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<StoreThread.Body>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
