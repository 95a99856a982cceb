// AuditCommand.swift: `latchkey audit`: what was tried and what came of it, and whether the trail is whole.
internal import Glibc
internal import Latchkey
internal import LatchkeyJSON
internal import LatchkeyOTP

extension Option {
    fileprivate static let since = Option.moment("since", "only entries from this time on")
    fileprivate static let user = Option.text("user", "NAME", "only entries by or about this user")
    fileprivate static let follow = Option.flag("follow", "waits for further entries until it is interrupted")
    fileprivate static let verify = Option.flag("verify", "checks that no entry was changed, moved or taken away")
}

let auditCommand = Command(
    path: ["audit"],
    group: .keeping,
    summary: "prints the audit trail, or checks it",
    options: [.since, .user, .follow, .verify, .json] + Option.keeping,
    text: [
        "One line an entry: when, what, outcome, who, about whom, from where. With --json one JSON object a line. --verify "
            + "follows the chain of keyed digests from the first entry to the last and prints the last link: noted elsewhere, it "
            + "proves later that nothing before it was taken away."
    ],
    examples: [Command.Example("latchkey audit --user ann --since 2026-11-23T00:00:00Z")],
    exits: ExitCode.keeping,
    run: { call in
        try call.exclude(.verify, .follow)
        return try call.withStore { store in
            if call.has(.verify) { return try verify(call, store) }
            return try list(call, store)
        }
    }
)

private func verify(_ call: Invocation, _ store: OpenStore) throws -> ExitCode {
    let verdict = try blocking { try await store.authority.verifyAudit() }
    if call.wantsJSON {
        try call.print(verdict)
    } else if let damage = verdict.damage {
        throw Failure.refused("the audit trail is damaged: \(damage)")
    } else {
        call.console.tick("\(verdict.entries) entries are whole; the last link is \(verdict.head)")
    }
    return verdict.damage == nil ? .done : .refused
}

private func list(_ call: Invocation, _ store: OpenStore) throws -> ExitCode {
    let since = try call.text(.since).map { text throws(Failure) in try moment(text) }
    let user = try call.text(.user).map { text throws(Fault) in try UserName(text) }
    var last: Int64 = 0
    if let since { last = try blocking { try await store.authority.auditPosition(at: since) } }
    while !call.console.isClosed {
        let start = last
        let page = try blocking { try await store.authority.auditEvents(after: start) }
        for event in page {
            last = event.number
            guard event.account == store.account.id.text, event.concerns(user), since.map({ event.time >= $0 }) ?? true
            else { continue }
            if call.wantsJSON {
                call.console.print(Shown.json(try JSON(encoding: event).text))
            } else {
                call.console.print(Shown.text(event.line))
            }
        }
        if !page.isEmpty { continue }
        guard call.has(.follow) else { break }
        call.console.flush()
        usleep(500_000)
    }
    return .done
}

private func moment(_ text: String) throws(Failure) -> UnixTime {
    if let seconds = Check.integer(text) { return UnixTime(seconds) }
    do throws(OTPError) { return try UnixTime(iso8601: text) } catch {
        throw .misused("`--since` is seconds since 1970 or a time such as 2026-11-23T20:46:42Z")
    }
}

extension AuditEvent {
    fileprivate func concerns(_ user: UserName?) -> Bool {
        guard let user else { return true }
        let arn = user.isRoot ? "arn:aws:iam::\(account):root" : nil
        let names = [caller, subject ?? ""] + detail
        return names.contains { name in
            if let arn { return name == arn }
            let folded = name.lowercased()
            return folded.utf8.elementsEqual("user=\(user.folded)".utf8)
                || (folded.contains(":user/") && folded.hasSuffix("/\(user.folded)"))
                || folded.contains(":mfa/\(user.folded)/")
        }
    }

    fileprivate var line: String {
        var words = ["\(time)", event, outcome.rawValue]
        if let reason { words.append("(\(reason))") }
        words.append("by \(caller)")
        if let subject { words.append("on \(subject)") }
        words.append("from \(peer)")
        if !factors.isEmpty { words.append("with \(factors.joined(separator: "+"))") }
        words += detail
        return words.joined(separator: " ")
    }
}
