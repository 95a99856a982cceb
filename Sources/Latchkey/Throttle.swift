// Throttle.swift: the growing delay after failures, counted in rows so that every server and every restart agrees.
import LatchkeyOTP
import LatchkeyStore

/// Whose failures are counted together.
enum ThrottleSubject {
    /// The password of one principal.
    case password(Principal)
    /// Names that nobody has share a few rows: they cannot succeed, and must neither cost space nor answer faster.
    case unknown(UserName)

    var text: String {
        switch self {
        case .password(let principal): return "password:\(principal.id)"
        case .unknown(let name):
            let bucket = name.folded.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 } % 256
            return "unknown:\(bucket)"
        }
    }
}

extension Settings {
    /// How long to wait after so many consecutive failures: nothing for the first few, then one second, doubling to the cap.
    func delay(after failures: Int64) -> Int64 {
        let counted = failures - Int64(freeFailures)
        guard counted > 0 else { return 0 }
        return counted > 30 ? longestDelay : min(longestDelay, 1 << (counted - 1))
    }
}

extension State {
    /// Whether attempts of this subject wait at present; they are then refused unheard and not counted, so that an attacker
    /// cannot prolong the wait.
    borrowing func isThrottled(_ subject: ThrottleSubject, at now: UnixTime) throws(Fault) -> Bool {
        let retryAt: (Int64)? = try row("SELECT retry_at FROM throttles WHERE subject = $1", subject.text)
        return isWaiting(until: UnixTime(retryAt ?? 0), at: now)
    }

    /// Whether `now` lies before `retryAt`, but not by more than any delay can be: a clock that was set back must not lock
    /// anybody out for longer than the longest delay.
    borrowing func isWaiting(until retryAt: UnixTime, at now: UnixTime) -> Bool {
        let left = retryAt.seconds(since: now)
        return left > 0 && left <= settings.longestDelay
    }

    /// Counts one failure and sets the time before which nothing is heard.
    borrowing func countFailure(_ subject: ThrottleSubject, at now: UnixTime) throws(Fault) {
        let counted: (Int64)? = try row(
            """
            INSERT INTO throttles (subject, failures, retry_at) VALUES ($1, 1, 0)
            ON CONFLICT (subject) DO UPDATE SET failures = throttles.failures + 1
            RETURNING failures
            """,
            subject.text
        )
        try run(
            "UPDATE throttles SET retry_at = $2 WHERE subject = $1",
            subject.text,
            now.adding(seconds: settings.delay(after: counted ?? 1)).seconds
        )
    }

    /// Forgets the subject's failures.
    borrowing func resetThrottle(_ subject: ThrottleSubject) throws(Fault) {
        try run("DELETE FROM throttles WHERE subject = $1", subject.text)
    }
}
