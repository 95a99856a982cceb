// Writer.swift: the one connection that changes the store, and how jobs that wait together share a commit.

import Glibc
import Synchronization

/// One change that waits for its turn.
struct WriteJob: Sendable {
    /// Does the work on the connection, inside a savepoint, and returns what it came to.
    let run: @Sendable (any Connection) -> Attempt
    /// Tells whoever waits that the job never ran.
    let refuse: @Sendable (StoreError) -> Void

    /// What a job came to.
    struct Attempt {
        /// Whether its changes are to be kept.
        let succeeded: Bool
        /// Answers whoever waits: with the job's own result, or with the error that undid the whole batch.
        let answer: (StoreError?) -> Void
    }
}

/// Runs the changes of one process, one after the other, on a thread of its own.
///
/// All jobs that wait when the writer comes back are run in one transaction, each in a savepoint: one that fails is
/// undone alone. Every job is answered after the commit is durable, never before. If the commit fails, or the database
/// gives the transaction up, every job of the batch gets that error and nothing of the batch happened.
final class Writer: Sendable {
    /// What the writer has done so far.
    struct Statistics: Sendable {
        var jobs = 0
        var commits = 0
    }

    private enum Message: Sendable {
        case open(@Sendable (any Connection) throws -> Void, @Sendable ((any Error)?) -> Void)
        case job(WriteJob)
        case finish(@Sendable () -> Void)
    }

    private let channel = Channel<Message>()
    private let counts = Counts()

    private final class Counts: Sendable {
        let statistics = Mutex(Statistics())
    }

    /// Starts the thread and opens the store on it.
    init(
        driver: any Driver,
        schema: Schema,
        examine: @escaping @Sendable (any Connection) throws -> Void
    ) async throws {
        // The thread holds what it needs and not the writer: a store let go of without `close` ends its thread.
        let loop = Loop(driver: driver, schema: schema, channel: channel, counts: counts)
        try StoreThread.start { loop.run() }
        let failure: (any Error)? = await withCheckedContinuation { continuation in
            _ = channel.put(.open(examine) { continuation.resume(returning: $0) })
        }
        if let failure {
            channel.close()
            throw failure
        }
    }

    deinit { channel.close() }

    /// How many jobs may wait, at most: some seconds' work.
    ///
    /// Without an end to it the jobs of a flood, or before a disk that is too slow, would take all memory.
    static let room = 4_096

    /// How many jobs wait for their turn.
    var waiting: Int { channel.count }

    var statistics: Statistics { counts.statistics.withLock { $0 } }

    /// Puts a job in, or refuses it when too many wait.
    func submit(_ job: WriteJob) {
        switch channel.put(.job(job), room: Self.room) {
        case .awaited, .queued: break
        case .full: job.refuse(.overloaded)
        case .refused: job.refuse(.closed)
        }
    }

    /// Does what still waits, tidies up, closes the connection; returns when that is done.
    func close() async {
        await withCheckedContinuation { continuation in
            if case .refused = channel.put(.finish { continuation.resume() }) { return continuation.resume() }
            channel.close()
        }
    }

    /// The thread's work.
    private struct Loop: Sendable {
        let driver: any Driver
        let schema: Schema
        let channel: Channel<Message>
        let counts: Counts

        func run() {
            var connection: (any Connection)?
            var endings: [@Sendable () -> Void] = []
            var isUntidy = false
            while let messages = channel.takeAll(waitingAtMost: isUntidy ? driver.idleSeconds : nil) {
                var jobs: [WriteJob] = []
                for message in messages {
                    switch message {
                    case .open(let examine, let answer):
                        do {
                            connection = try driver.open(schema, examine: examine)
                            answer(nil)
                        } catch {
                            answer(error)
                        }
                    case .job(let job): jobs.append(job)
                    case .finish(let done): endings.append(done)
                    }
                }
                if !jobs.isEmpty { runBatch(jobs, on: &connection) }
                isUntidy = connection.map { driver.tidy($0, messages.isEmpty ? .idle : .betweenBatches) } ?? false
            }
            connection?.close()
            for done in endings { done() }
        }

        /// Runs and answers the jobs; runs them again while an error may pass by which nothing happened.
        private func runBatch(_ jobs: [WriteJob], on kept: inout (any Connection)?) {
            var patience = Patience(milliseconds: driver.patience)
            while true {
                var answers: [(StoreError?) -> Void] = []
                let loss = run(jobs, on: &kept, &answers)
                if let loss, loss.spoilsConnection {
                    kept?.close()
                    kept = nil
                }
                if let loss, loss.mayPass, patience.waitForNextTry() { continue }
                for answer in answers { answer(loss) }
                if let loss { for job in jobs[answers.count...] { job.refuse(loss) } }
                return
            }
        }

        /// Runs the jobs in one transaction; returns why it was lost, if it was.
        private func run(
            _ jobs: [WriteJob],
            on kept: inout (any Connection)?,
            _ answers: inout [(StoreError?) -> Void]
        ) -> StoreError? {
            let connection: any Connection
            do throws(StoreError) {
                connection = try driver.connection(kept, .write)
                kept = connection
                try connection.begin(.write)
            } catch {
                return error
            }
            do throws(StoreError) {
                for job in jobs {
                    try connection.setSavepoint()
                    let attempt = job.run(connection)
                    answers.append(attempt.answer)
                    try connection.requireTransaction()
                    if attempt.succeeded { try connection.releaseSavepoint() } else { connection.undoSavepoint() }
                    try connection.requireTransaction()
                }
                try connection.commit()
                counts.statistics.withLock {
                    $0.jobs += jobs.count
                    $0.commits += 1
                }
                return nil
            } catch {
                connection.rollBack()
                return error
            }
        }
    }
}

/// How long work is begun anew.
struct Patience {
    private let milliseconds: Int
    private let start = Moment.now
    private var tries = 0

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    /// Waits a moment, longer each time; false if that has been done long enough.
    mutating func waitForNextTry() -> Bool {
        guard Moment.now.milliseconds(since: start) < milliseconds else { return false }
        tries += 1
        // At once the first time: a connection may have been lost long ago, to a server that is well.
        if tries > 1 { usleep(.random(in: 1_000...2_000) << UInt32(min(tries, 6))) }
        return true
    }
}

extension StoreError {
    /// Whether nothing happened and another try may go better.
    var mayPass: Bool {
        switch self {
        case .unreachable, .conflict: true
        default: false
        }
    }

    /// Whether a connection that met this error had better be made anew.
    var spoilsConnection: Bool {
        switch self {
        case .unreachable, .uncertain, .io, .corrupt, .cannotOpen, .notAStore, .readOnly, .missing: true
        default: false
        }
    }
}
