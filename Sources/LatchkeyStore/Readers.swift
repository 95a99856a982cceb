// Readers.swift: the few threads that only read, each with a connection of its own, made when they are first needed.

import Glibc
import Synchronization

/// One reading that waits for its turn.
struct ReadJob: Sendable {
    /// Does the work inside a transaction that sees one state of the store, and returns what answers whoever waits:
    /// with the job's own result, or with the error that kept it from having one.
    let run: @Sendable (any Connection) -> (StoreError?) -> Void
    /// Tells whoever waits that the job never ran.
    let refuse: @Sendable (StoreError) -> Void
}

/// Runs the readings of one process, several at once, beside the writer and without waiting for it.
///
/// Swift's tasks may run on the same threads: what such a task reads it reads in place, where else it would be handed to
/// one of these threads and back.
final class Readers: TaskExecutor {
    private enum Job: Sendable {
        case reading(ReadJob)
        case task(UnownedJob)
    }

    private struct Crew {
        var count = 0
        var isClosed = false
        var endings: [@Sendable () -> Void] = []
    }

    private let driver: any Driver
    private let limit: Int
    private let channel = Channel<Job>()
    private let crew = Mutex(Crew())

    init(driver: any Driver, limit: Int) {
        self.driver = driver
        self.limit = limit
    }

    /// Puts a job in.
    func submit(_ job: ReadJob) { submit(.reading(job)) }

    func enqueue(_ job: consuming ExecutorJob) { submit(.task(UnownedJob(job))) }

    private func submit(_ job: Job) {
        switch channel.put(job) {
        case .awaited: return
        case .refused, .full: return refuse(job, .closed)
        case .queued: break
        }
        hire()
    }

    /// The seat of the thread that this runs on, if it is one of these.
    var seat: Seat? {
        guard let seat = Seat.current, seat.owner == ObjectIdentifier(self) else { return nil }
        return seat
    }

    /// Adds a thread, if there may be one more.
    private func hire() {
        let verdict: Hiring = crew.withLock { crew in
            guard !crew.isClosed else { return crew.count == 0 ? .nobody(.closed) : .enough }
            guard crew.count < limit else { return .enough }
            crew.count += 1
            return .wanted
        }
        switch verdict {
        case .enough: return
        case .nobody(let reason): refuseAll(reason)
        case .wanted:
            do throws(StoreError) {
                try StoreThread.start { self.work() }
            } catch {
                let isAlone = crew.withLock { crew in
                    crew.count -= 1
                    return crew.count == 0
                }
                // Another thread would take the job in time; without one nobody would.
                if isAlone { refuseAll(error) }
            }
        }
    }

    private enum Hiring { case enough, wanted, nobody(StoreError) }

    private func refuseAll(_ reason: StoreError) {
        while let waiting = channel.takeIfAny() { refuse(waiting, reason) }
    }

    private func refuse(_ job: Job, _ reason: StoreError) {
        switch job {
        case .reading(let job): job.refuse(reason)
        // A task is never given up: it runs here, and what it asks of the store is refused.
        case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Does what still waits and closes the connections; returns when that is done.
    func close() async {
        channel.close()
        await withCheckedContinuation { continuation in
            let isIdle = crew.withLock { crew in
                crew.isClosed = true
                if crew.count > 0 { crew.endings.append { continuation.resume() } }
                return crew.count == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    /// A thread's work; the thread keeps this object until it is closed.
    private func work() {
        let seat = Seat(driver, owner: ObjectIdentifier(self))
        seat.take()
        while let job = channel.take() {
            switch job {
            case .reading(let job):
                var answer: ((StoreError?) -> Void)?
                do throws(StoreError) {
                    let loss = try seat.read { answer = job.run($0) }
                    answer?(loss)
                } catch {
                    job.refuse(error)
                }
                seat.finish()
            case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
            }
        }
        seat.leave()
        let endings = crew.withLock { crew in
            crew.count -= 1
            return crew.count == 0 ? crew.endings : []
        }
        for done in endings { done() }
    }
}

/// A reading thread's own connection.
final class Seat {
    private let driver: any Driver
    private var kept: (any Connection)?
    /// Whose thread it is.
    let owner: ObjectIdentifier

    init(_ driver: any Driver, owner: ObjectIdentifier) {
        self.driver = driver
        self.owner = owner
    }

    /// Runs `body` in a transaction that sees one state of the store; if this throws it did not run.
    ///
    /// It runs again when what was lost may pass, for a reading has no effect that could happen twice. `finish` must follow.
    ///
    /// - Returns: The loss that stands in the place of the body's own result, if there was one.
    func read(_ body: (any Connection) -> Void) throws(StoreError) -> StoreError? {
        var patience = Patience(milliseconds: driver.patience)
        while true {
            do throws(StoreError) {
                let connection = try driver.connection(kept, .read)
                kept = connection
                try connection.begin(.read)
                body(connection)
            } catch {
                drop()
                if error.mayPass && patience.waitForNextTry() { continue }
                throw error
            }
            do throws(StoreError) {
                try kept?.requireTransaction()
                return nil
            } catch {
                drop()
                if error.mayPass && patience.waitForNextTry() { continue }
                // Beyond a loss that may pass, the body's own result tells of it.
                return error.mayPass ? error : nil
            }
        }
    }

    /// Ends the transaction, after the answer: whatever comes of it, only the connection is no longer worth keeping.
    func finish() {
        do throws(StoreError) { try kept?.commit() } catch { drop() }
    }

    private func drop() {
        kept?.rollBack()
        kept?.close()
        kept = nil
    }

    // MARK: The thread

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key, nil)
        return key
    }()

    /// The seat of this thread; it has none unless it is one that reads.
    static var current: Seat? {
        pthread_getspecific(key).map { Unmanaged<Seat>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Makes this the seat of this thread, until it leaves.
    fileprivate func take() { pthread_setspecific(Self.key, Unmanaged.passUnretained(self).toOpaque()) }

    fileprivate func leave() {
        pthread_setspecific(Self.key, nil)
        kept?.close()
        kept = nil
    }
}
