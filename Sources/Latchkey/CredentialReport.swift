// CredentialReport.swift: the credential report: one line for each user on what can be proved with, and how old it is.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// The actions on the credential report.
let credentialReportActions: [any Action.Type] = [GenerateCredentialReport.self, GetCredentialReport.self]

/// Makes the account's credential report anew, unless there is one of less than four hours.
///
/// Asked again once it is there, it answers `COMPLETE`.
public struct GenerateCredentialReport: IAMAction {
    /// What the action does to the account: it writes nothing that anyone could have set.
    public static let access = Access.read

    /// How far a report is.
    public enum ReportState: String, Codable, CaseIterable, Sendable {
        /// It was begun by this call.
        case started = "STARTED"
        /// Another call is at it.
        case inProgress = "INPROGRESS"
        /// It can be read.
        case complete = "COMPLETE"
    }

    /// Makes the action.
    public init() {}

    /// How far the report is.
    public struct Output: Codable, Sendable, Equatable {
        /// How far it is.
        public var state: ReportState?
        /// What was done.
        public var description: String?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the slow part, outside any transaction of the call.
    public func gather(_ call: Call, _ authority: Authority) async throws(Fault) -> ReportState {
        let found = try await authority.write { state throws(Fault) in
            try state.beginCredentialReport(of: call.account, at: call.now)
        }
        guard found == .started else { return found }
        let content = try await authority.read { state throws(Fault) in
            try state.makeCredentialReport(of: call.account)
        }
        try await authority.write { state throws(Fault) in
            try state.keepCredentialReport(content, of: call.account, at: call.now)
        }
        return .started
    }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _ found: ReportState) throws(Fault) -> Output {
        let isNew = found == .started
        return Output(
            state: found,
            description: isNew ? "No report exists. Starting a new report generation task" : nil
        )
    }
}

/// Hands out the account's credential report.
///
/// Fails with `ReportNotPresent`, `ReportInProgress`, or `ReportExpired` after four hours.
public struct GetCredentialReport: IAMAction {
    /// What the action does to the account.
    public static let access = Access.read

    /// What the report is written in.
    public enum ReportFormat: String, Codable, CaseIterable, Sendable {
        /// RFC 4180.
        case csv = "text/csv"
    }

    /// Makes the action.
    public init() {}

    /// The report.
    public struct Output: Codable, Sendable {
        /// The text.
        public var content: Blob?
        /// What it is written in.
        public var reportFormat: ReportFormat?
        /// When it was made.
        public var generatedTime: UnixTime?
    }

    /// What the permission is about.
    public func resource(_ call: Call) -> Resource { .all }

    /// Does the work, inside a transaction.
    public func perform(_ call: Call, _ state: borrowing State, _: Void) throws(Fault) -> Output {
        guard let report = try state.credentialReport(of: call.account) else { throw .reportNotPresent }
        guard let (generated, content) = report.made else {
            throw report.isAbandoned(at: call.now) ? .reportNotPresent : .reportInProgress
        }
        guard !report.isExpired(at: call.now) else { throw .reportExpired }
        return Output(content: Blob(content), reportFormat: .csv, generatedTime: generated)
    }
}

/// A credential report as it is kept.
struct StoredCredentialReport {
    let started: UnixTime
    let made: (generated: UnixTime, content: [UInt8])?

    private static let life: Int64 = 4 * 3_600
    /// After so many seconds whoever was at it has died.
    private static let patience: Int64 = 300

    func isExpired(at now: UnixTime) -> Bool {
        made.map { now.seconds(since: $0.generated) >= Self.life } ?? false
    }

    func isAbandoned(at now: UnixTime) -> Bool {
        made == nil && now.seconds(since: started) >= Self.patience
    }
}

extension State {
    /// The account's report, if one was begun; fails with `StoreDamaged` when it does not fit its seal.
    borrowing func credentialReport(of account: AccountID) throws(Fault) -> StoredCredentialReport? {
        let found: (Int64, Int64?, [UInt8]?, [UInt8]?)? = try row(
            "SELECT started, generated, content, seal FROM credential_reports WHERE account = $1",
            account.text
        )
        guard let (started, generated, content, seal) = found else { return nil }
        guard let generated, let content else {
            return StoredCredentialReport(started: UnixTime(started), made: nil)
        }
        let made = (generated: UnixTime(generated), content: content)
        guard let seal, constantTimeEqual(seal, try reportSeal(content, of: account, at: made.generated)) else {
            throw .damaged("the credential report")
        }
        return StoredCredentialReport(started: UnixTime(started), made: made)
    }

    private borrowing func reportSeal(
        _ content: [UInt8],
        of account: AccountID,
        at now: UnixTime
    ) throws(Fault) -> [UInt8] {
        try vault.rowSeal(
            Message().adding("credential_report").adding(account.text).adding(now.seconds).adding(content)
        )
    }

    /// Says how far the account's report is, and notes that it is begun if it has to be.
    fileprivate borrowing func beginCredentialReport(
        of account: AccountID,
        at now: UnixTime
    ) throws(Fault) -> GenerateCredentialReport.ReportState {
        if let report = try credentialReport(of: account) {
            if report.made == nil && !report.isAbandoned(at: now) { return .inProgress }
            if report.made != nil && !report.isExpired(at: now) { return .complete }
        }
        try run(
            """
            INSERT INTO credential_reports (account, started) VALUES ($1, $2)
            ON CONFLICT (account) DO UPDATE SET started = $2, generated = NULL, content = NULL, seal = NULL
            """,
            account.text,
            now.seconds
        )
        return .started
    }

    fileprivate borrowing func keepCredentialReport(
        _ content: [UInt8],
        of account: AccountID,
        at now: UnixTime
    ) throws(Fault) {
        try run(
            "UPDATE credential_reports SET generated = $1, content = $2, seal = $3 WHERE account = $4",
            now.seconds,
            content,
            try reportSeal(content, of: account, at: now),
            account.text
        )
    }
}

extension Fault {
    /// No report was made yet.
    static let reportNotPresent = Fault(
        code: "ReportNotPresent",
        status: 410,
        message: "No report exists. Call GenerateCredentialReport first.",
        reason: "not_found"
    )

    /// The report is being made.
    static let reportInProgress = Fault(
        code: "ReportInProgress",
        status: 404,
        message: "The report is still being generated. Try again in a moment.",
        reason: "in_progress"
    )

    /// The report is older than four hours.
    static let reportExpired = Fault(
        code: "ReportExpired",
        status: 410,
        message: "The most recent report has expired. Call GenerateCredentialReport for a new one.",
        reason: "expired"
    )
}
