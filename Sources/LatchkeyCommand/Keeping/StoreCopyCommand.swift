// StoreCopyCommand.swift: `latchkey store copy`, which moves a store to another database.
internal import Latchkey
internal import LatchkeyJSON
internal import LatchkeyStore

let storeCopyCommand = Command(
    path: ["store", "copy"],
    group: .keeping,
    summary: "copies a store to a new place, SQLite or PostgreSQL",
    arguments: [
        Argument(name: "FROM", help: "the store that is there", secrecy: .address),
        Argument(name: "TO", help: "where there is none yet", secrecy: .address),
    ],
    options: [.json] + Option.keeping.filter { $0.name == Setting.masterKey.name },
    text: [
        "Every value is read back and compared, and the audit trail is followed, before the copy is there at all. It has the "
            + "same master key. Stop whatever uses the store first, and go on with one of the two only: a code that was "
            + "used in the one could be used again in the other.",
        "A place is `sqlite:PATH` or `postgres://USER@HOST/DATABASE`; the database must be there. Leave a password to "
            + "~/.pgpass or PGPASSWORD.",
    ],
    examples: [
        Command.Example(
            "latchkey store copy sqlite:/var/lib/latchkey/store.sqlite postgres://latchkey@db.example.com/latchkey"
        )
    ],
    exits: ExitCode.keeping,
    run: { call in
        let (from, to) = (call.words[0], call.words[1])
        let shown = try Setting.store.checkedAndShown(to)
        _ = try Setting.store.checkedAndShown(from)
        let (key, rules) = (try call.masterKeySource(), try call.rules())
        let report = try blocking {
            try await Authority.copy(from: from, to: to, masterKey: key, settings: rules)
        }
        if call.wantsJSON {
            call.console.print(try JSON(encoding: report))
            return .done
        }
        let rows = report.tables.reduce(0) { $0 + $1.rows }
        call.console.tick("\(rows) rows of \(report.tables.count) tables are in \(Shown.text(shown)), and compared")
        call.console.tick("\(report.auditEntries) audit entries are whole; the last link is \(report.auditHead)")
        return .done
    }
)

extension Setting {
    /// Refuses a value that cannot be this setting's; returns it as it may be shown.
    fileprivate func checkedAndShown(_ value: String) throws(Failure) -> String {
        try check(value)
        return shown(value)
    }
}
