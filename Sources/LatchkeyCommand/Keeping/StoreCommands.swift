// StoreCommands.swift: `latchkey store`: health, copies and key rotation.
internal import Latchkey
internal import LatchkeyJSON

extension Option {
    fileprivate static let prepare = Option.flag(
        "prepare",
        "only puts the next master key into the key file, for copying it to other machines"
    )
}

/// The noun `store`.
let storeCommands = [
    storeCheckCommand, storeBackupCommand, storeRestoreCommand, storeCopyCommand, storeRotateCommand,
]

private let storeCheckCommand = Command(
    path: ["store", "check"],
    group: .keeping,
    summary: "looks for damage in store, secrets and audit trail",
    options: [.json] + Option.keeping,
    examples: [Command.Example("latchkey store check", "the store is whole")],
    exits: ExitCode.keeping,
    run: { call in
        let authority = try call.openAuthority()
        defer { try? blocking { await authority.close() } }
        let findings = try blocking { try await authority.check() }
        if call.wantsJSON {
            call.console.print(["findings": .array(findings.map { .string($0) })])
        } else {
            for finding in findings { call.console.complain(.refused(finding)) }
            if findings.isEmpty { call.console.tick("the store is whole") }
        }
        return findings.isEmpty ? .done : .refused
    }
)

private let storeBackupCommand = Command(
    path: ["store", "backup"],
    group: .keeping,
    summary: "writes a copy of the store to a new file",
    arguments: [Argument(name: "FILE", help: "the new file", kind: .file)],
    options: [.json] + Option.keeping,
    text: [
        "The copy is one SQLite file, whatever database the store is in. It is as useless without the master key as the store is: keep both, "
            + "and keep them apart."
    ],
    examples: [Command.Example("latchkey store backup monday.sqlite")],
    exits: ExitCode.keeping,
    run: { call in
        let authority = try call.openAuthority()
        defer { try? blocking { await authority.close() } }
        let path = call.words[0]
        try blocking { try await authority.backup(to: path) }
        if call.wantsJSON {
            call.console.print(["backup": .string(path)])
        } else {
            call.console.tick("the copy is \(Shown.text(path))")
        }
        return .done
    }
)

private let storeRestoreCommand = Command(
    path: ["store", "restore"],
    group: .keeping,
    summary: "puts a backup in the store's place",
    arguments: [Argument(name: "FILE", help: "the backup", kind: .file)],
    options: [.json] + Option.keeping,
    text: [
        "Codes that were used since stay dead. Nobody may have the store open. Time-based devices go on with their next codes. Counter-based devices are disabled and "
            + "recovery codes are void, for the backup cannot tell which were used since: their users are named."
    ],
    examples: [Command.Example("latchkey store restore monday.sqlite")],
    exits: ExitCode.keeping,
    run: { call in
        let location = try call.settings.text(.store)
        let (key, rules, path) = (try call.masterKeySource(), try call.rules(), call.words[0])
        let report = try blocking {
            try await Authority.restore(
                from: path,
                to: location,
                masterKey: key,
                world: .system(),
                settings: rules
            )
        }
        if call.wantsJSON {
            try call.print(report)
            return .done
        }
        call.console.tick("the backup is in place; \(report.devices) devices go on with their next codes")
        for user in report.disabled { call.console.warn("\(user) must enrol the counter-based device anew") }
        for user in report.withoutRecoveryCodes { call.console.warn("\(user) needs new recovery codes") }
        return .done
    }
)

private let storeRotateCommand = Command(
    path: ["store", "rotate-key"],
    group: .keeping,
    summary: "makes a new master key and seals everything anew",
    options: [.prepare, .json] + Option.keeping,
    text: [
        "The store may be in use meanwhile. Ends with nothing left under the old key. If it is cut short, call it again: it goes on where it was.",
        "Where several machines have the store, prepare first, copy the key file to each of them, rotate, and copy it once more.",
    ],
    examples: [Command.Example("latchkey store rotate-key")],
    exits: ExitCode.keeping,
    run: { call in
        let authority = try call.openAuthority()
        defer { try? blocking { await authority.close() } }
        let source = try call.masterKeySource()
        if call.has(.prepare) {
            try blocking { try await authority.prepareRotation(source) }
            if call.wantsJSON {
                call.console.print(["prepared": .bool(true)])
            } else {
                call.console.tick("the next master key is in the file beside the present one; nothing is under it yet")
            }
            return .done
        }
        let report = try blocking { try await authority.rotateKeys(source) }
        if call.wantsJSON {
            try call.print(report)
        } else {
            call.console.tick(
                "\(report.resealed) secrets are sealed anew; copy the new master key to where you keep it"
            )
        }
        return .done
    }
)
