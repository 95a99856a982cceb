// Audit.swift: the audit trail: one row an attempt or change, each linked to the one before it by a keyed digest.
import LatchkeyCrypto
public import LatchkeyOTP
import LatchkeyStore

/// One entry of the audit trail.
public struct AuditEvent: Codable, Sendable, Equatable {
    /// Whether what was tried was done.
    public enum Outcome: String, Codable, CaseIterable, Sendable {
        /// It was done.
        case succeeded
        /// It was refused, or it failed.
        case refused
    }

    /// The entry's place in the trail, from 1 without gaps.
    public let number: Int64
    /// When.
    public let time: UnixTime
    /// The account.
    public let account: String
    /// What was tried: an action's name.
    public let event: String
    /// Who tried: an ARN, `local:NAME` or `anonymous`.
    public let caller: String
    /// Whom or what it was about, if that is known.
    ///
    /// A name that nobody has is never kept: it may be a password.
    public let subject: String?
    /// Where it came from.
    public let peer: String
    /// How it ended.
    public let outcome: Outcome
    /// Why it was refused, in one word.
    public let reason: String?
    /// What was proved: `password`, `totp`, `hotp`, `recovery`.
    public let factors: [String]
    /// The request's identifier.
    public let request: String
    /// Further facts as `name=value`.
    public let detail: [String]

    /// The digest's input: every field, so that none can change unseen.
    fileprivate func message(after previous: [UInt8]) -> Message {
        Message(previous).adding(number).adding(time.seconds).adding(account).adding(event).adding(caller)
            .adding(subject)
            .adding(peer).adding(outcome.rawValue).adding(reason).adding(Self.join(factors)).adding(request)
            .adding(Self.join(detail))
    }

    /// Lists are kept as lines; no entry contains one, for `Notes` come from the authority's own words and names.
    fileprivate static func join(_ entries: [String]) -> String { entries.joined(separator: "\n") }

    fileprivate static func split(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n")).map { String($0) ?? "" }
    }
}

/// What a check of the whole trail found.
public struct AuditVerdict: Codable, Sendable, Equatable {
    /// How many entries are whole, from the first on.
    public let entries: Int64
    /// What is wrong with the next one; `nil` when the trail is whole.
    public let damage: String?
    /// The last link in hexadecimal: kept elsewhere, it shows later that nothing before it was taken away.
    public let head: String
}

extension State {
    /// Appends the entry of this call; it is written in the same transaction as what it tells of.
    borrowing func record(_ event: String, _ call: Call, _ fault: Fault?) throws(Fault) {
        let head: (Int64, [UInt8])? = try row("SELECT number, link FROM audit_head WHERE name = 'head'")
        if head == nil { try requireNoTrail(event, call, fault) }
        let (last, link) = try openHead(head)
        let (number, overflow) = last.addingReportingOverflow(1)
        if overflow { throw .damaged("the audit trail") }
        let entry = AuditEvent(
            number: number,
            time: call.now,
            account: call.account.text,
            event: event,
            caller: call.caller.auditName,
            subject: notes.subject,
            peer: call.peer,
            outcome: fault == nil ? .succeeded : .refused,
            reason: fault.map { $0.reason ?? $0.code },
            factors: notes.factors,
            request: call.id,
            detail: notes.details.map { "\($0.name)=\($0.value)" }
        )
        let next = try vault.auditLink(entry.message(after: link))
        try run(
            """
            INSERT INTO audit
                (number, time, account, event, caller, subject, peer, outcome, reason, factors, request, detail, link)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            entry.number,
            entry.time.seconds,
            entry.account,
            entry.event,
            entry.caller,
            entry.subject,
            entry.peer,
            entry.outcome.rawValue,
            entry.reason,
            AuditEvent.join(entry.factors),
            entry.request,
            AuditEvent.join(entry.detail),
            next
        )
        try run(
            """
            INSERT INTO audit_head (name, number, link) VALUES ('head', $1, $2)
            ON CONFLICT (name) DO UPDATE SET number = $1, link = $2
            """,
            number,
            next + (try headSeal(number, next))
        )
    }

    /// Only a store's first account begins a trail; anywhere else a missing head was taken away.
    private borrowing func requireNoTrail(_ event: String, _ call: Call, _ fault: Fault?) throws(Fault) {
        let accounts: (Int64)? = try row("SELECT count(*) FROM accounts")
        let made: Int64 = event == CreateAccount.name && fault == nil ? 1 : 0
        guard accounts == made else { throw .damaged("the audit trail's head") }
    }

    /// The head's number and link.
    ///
    /// Its own seal keeps a shortened trail from being given a head that fits.
    borrowing func openHead(_ head: (Int64, [UInt8])?) throws(Fault) -> (number: Int64, link: [UInt8]) {
        guard let (number, bytes) = head else { return (0, []) }
        guard bytes.count == 64 else { throw .damaged("the audit trail's head") }
        let link = Array(bytes[..<32])
        guard constantTimeEqual(try headSeal(number, link), Array(bytes[32...])) else {
            throw .damaged("the audit trail's head")
        }
        return (number, link)
    }

    private borrowing func headSeal(_ number: Int64, _ link: [UInt8]) throws(Fault) -> [UInt8] {
        try vault.auditLink(Message().adding("head").adding(number).adding(link))
    }

    /// The entries after `number`, oldest first, at most `limit`.
    borrowing func events(after number: Int64, limit: Int) throws(Fault) -> [(event: AuditEvent, link: [UInt8])] {
        typealias Row = (
            Int64, Int64, String, String, String, String?, String, String, String?, String, String, String, [UInt8]
        )
        let rows: [Row] = try rows(
            """
            SELECT number, time, account, event, caller, subject, peer, outcome, reason, factors, request, detail, link
            FROM audit WHERE number > $1 ORDER BY number LIMIT $2
            """,
            number,
            limit
        )
        return rows.map { row in
            let event = AuditEvent(
                number: row.0,
                time: UnixTime(row.1),
                account: row.2,
                event: row.3,
                caller: row.4,
                subject: row.5,
                peer: row.6,
                outcome: AuditEvent.Outcome(rawValue: row.7) ?? .refused,
                reason: row.8,
                factors: AuditEvent.split(row.9),
                request: row.10,
                detail: AuditEvent.split(row.11)
            )
            return (event, row.12)
        }
    }
}

extension Authority {
    /// The entries after `number`, oldest first, at most `limit`.
    public func auditEvents(after number: Int64 = 0, limit: Int = 1_000) async throws(Fault) -> [AuditEvent] {
        try await read { state throws(Fault) in try state.events(after: number, limit: limit).map(\.event) }
    }

    /// The number of the last entry before `time`: where a listing since then begins.
    public func auditPosition(at time: UnixTime) async throws(Fault) -> Int64 {
        try await read { state throws(Fault) in
            let last: (Int64?)? = try state.row("SELECT max(number) FROM audit WHERE time < $1", time.seconds)
            return (last ?? nil) ?? 0
        }
    }

    /// Follows the chain from the first entry to the head: a deleted, changed, reordered or cut entry is found.
    public func verifyAudit() async throws(Fault) -> AuditVerdict {
        try await read { state throws(Fault) in try state.auditVerdict() }
    }
}

extension State {
    /// Follows the chain from the first entry to the head.
    borrowing func auditVerdict() throws(Fault) -> AuditVerdict {
        var last: Int64 = 0
        var link: [UInt8] = []
        func verdict(_ damage: String?) -> AuditVerdict {
            AuditVerdict(entries: last, damage: damage, head: Hex.encode(link))
        }
        while true {
            let page: [(event: AuditEvent, link: [UInt8])]
            do throws(Fault) {
                page = try events(after: last, limit: 1_000)
            } catch  where error.isDamage {
                return verdict("an entry after \(last) holds what no entry holds")
            }
            for (event, stored) in page {
                guard event.number == last + 1 else { return verdict("entry \(last + 1) is missing") }
                let expected = try vault.auditLink(event.message(after: link))
                guard constantTimeEqual(expected, stored) else {
                    return verdict("entry \(event.number) was changed, or one before it was taken away")
                }
                last = event.number
                link = stored
            }
            if page.isEmpty { break }
        }
        let accounts: (Int64)? = try row("SELECT count(*) FROM accounts")
        let opened: (number: Int64, link: [UInt8])
        do throws(Fault) {
            let head: (Int64, [UInt8])? = try row("SELECT number, link FROM audit_head WHERE name = 'head'")
            if head == nil && accounts != 0 { return verdict("the trail's head was taken away") }
            opened = try openHead(head)
        } catch  where error.isDamage {
            return verdict("the trail's head was changed")
        }
        guard opened.number == last, opened.link == link else {
            return verdict("the trail's end was cut off after entry \(last)")
        }
        return verdict(nil)
    }
}
