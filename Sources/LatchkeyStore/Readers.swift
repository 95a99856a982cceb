// Readers.swift: the few connections that only read, each on its own thread, made when they are first needed.

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
final class Readers: Sendable {
    private struct Crew {
        var count = 0
        var isClosed = false
        var endings: [@Sendable () -> Void] = []
    }

    private final class Shared: Sendable {
        let channel = Channel<ReadJob>()
        let crew = Mutex(Crew())
    }

    private let driver: any Driver
    private let limit: Int
    private let shared = Shared()

    init(driver: any Driver, limit: Int) {
        self.driver = driver
        self.limit = limit
    }

    deinit { shared.channel.close() }

    /// Puts a job in.
    func submit(_ job: ReadJob) {
        switch shared.channel.put(job) {
        case .awaited: return
        case .refused: return job.refuse(.closed)
        case .queued: break
        }
        hire()
    }

    /// Adds a thread, if there may be one more.
    private func hire() {
        let verdict: Hiring = shared.crew.withLock { crew in
            guard !crew.isClosed else { return crew.count == 0 ? .nobody(.closed) : .enough }
            guard crew.count < limit else { return .enough }
            crew.count += 1
            return .wanted
        }
        switch verdict {
        case .enough: return
        case .nobody(let reason): refuseAll(reason)
        case .wanted:
            let (driver, shared) = (driver, shared)
            do throws(StoreError) {
                try StoreThread.start { Self.work(driver, shared) }
            } catch {
                let isAlone = shared.crew.withLock { crew in
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
        while let waiting = shared.channel.takeIfAny() { waiting.refuse(reason) }
    }

    /// Does what still waits and closes the connections; returns when that is done.
    func close() async {
        shared.channel.close()
        await withCheckedContinuation { continuation in
            let isIdle = shared.crew.withLock { crew in
                crew.isClosed = true
                if crew.count > 0 { crew.endings.append { continuation.resume() } }
                return crew.count == 0
            }
            if isIdle { continuation.resume() }
        }
    }

    /// A thread's work.
    private static func work(_ driver: any Driver, _ shared: Shared) {
        var kept: (any Connection)?
        while let job = shared.channel.take() {
            var patience = Patience(milliseconds: driver.patience)
            while !attempt(job, &patience, driver, &kept) {}
        }
        kept?.close()
        let endings = shared.crew.withLock { crew in
            crew.count -= 1
            return crew.count == 0 ? crew.endings : []
        }
        for done in endings { done() }
    }

    /// Runs and answers a job; false if it has to be run again, for a reading has no effect that could happen twice.
    private static func attempt(
        _ job: ReadJob,
        _ patience: inout Patience,
        _ driver: any Driver,
        _ kept: inout (any Connection)?
    ) -> Bool {
        func isToBeRepeated(_ error: StoreError) -> Bool {
            kept?.rollBack()
            kept?.close()
            kept = nil
            return error.mayPass && patience.waitForNextTry()
        }
        let answer: (StoreError?) -> Void
        do throws(StoreError) {
            let connection = try driver.connection(kept, .read)
            kept = connection
            try connection.begin(.read)
            answer = job.run(connection)
        } catch {
            if isToBeRepeated(error) { return false }
            job.refuse(error)
            return true
        }
        do throws(StoreError) { try kept?.requireTransaction() } catch {
            if isToBeRepeated(error) { return false }
            // Beyond a loss that may pass, the job's own result tells of it.
            answer(error.mayPass ? error : nil)
            return true
        }
        answer(nil)
        do throws(StoreError) { try kept?.commit() } catch {
            // The job was answered; only the connection is no longer worth keeping.
            kept?.rollBack()
            kept?.close()
            kept = nil
        }
        return true
    }
}
