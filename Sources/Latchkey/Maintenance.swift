// Maintenance.swift: the store's health and its copies: check, backup, and a restore that brings no used code back to life.
import LatchkeyOTP
import LatchkeyStore

/// What a restore did, and what has to be done by people now.
public struct RestoreReport: Codable, Sendable, Equatable {
    /// Time-based devices, which go on after the codes of this moment.
    public var devices: Int
    /// Users whose button-driven devices were disabled: nobody knows how far they had counted.
    ///
    /// They are to be enrolled anew.
    public var disabled: [String]
    /// Users whose recovery codes are void: nobody knows which of them were used.
    ///
    /// They are to be renewed.
    public var withoutRecoveryCodes: [String]
}

extension Authority {
    /// Looks for damage: in the database, in every sealed secret, in the seals over credentials and in the audit trail.
    ///
    /// - Returns: One sentence for each finding; none when the store is whole.
    public func check() async throws(Fault) -> [String] {
        var findings: [String]
        do throws(StoreError) { findings = try await database.check() } catch { throw Fault(error) }
        findings += try await read { state throws(Fault) in
            var found: [String] = []
            for (account, name) in try state.allNames() {
                do throws(Fault) {
                    guard let principal = try state.findPrincipal(name, in: account) else { continue }
                    for device in try state.credentials(of: principal).devices { _ = try state.seed(of: device) }
                    try state.checkUploads(of: principal)
                    for key in try state.accessKeys(of: principal) {
                        _ = try state.open(key.sealedSecret, column: StoredAccessKey.column, row: key.id.text)
                    }
                } catch {
                    found.append(error.message)
                }
            }
            return found + (try state.permissionDamage())
        }
        if let damage = try await verifyAudit().damage { findings.append("the audit trail: \(damage)") }
        return findings
    }

    /// Writes a copy of the store as it is at one moment to a new file of mode 0600, while work goes on.
    public func backup(to path: String) async throws(Fault) {
        do throws(StoreError) { try await database.backup(to: path) } catch { throw Fault(error) }
    }

    /// Puts a backup in the store's place.
    ///
    /// What was used after the backup was made must stay dead, although the backup does not know of it: time-based devices go
    /// on behind every code that can have been accepted by now, button-driven ones are disabled, recovery codes are void, and
    /// no session or half-done sign-in survives.
    public static func restore(
        from path: String,
        to location: String,
        masterKey: MasterKeySource,
        world: World,
        settings: Settings
    ) async throws(Fault) -> RestoreReport {
        let call = (now: world.now(), id: world.requestID())
        do {
            // Filled by the one body that runs, on the store's thread, before `restore` returns.
            let box = ReportBox()
            try await Database.restore(from: path, to: location, migrations: migrations) { transaction in
                let vault = try Vault.open(transaction, source: masterKey)
                let state = State(transaction, vault: vault, settings: settings, compiled: CompiledPolicies())
                box.report = try state.forgetWhatMayBeUsed(at: call.now)
                for account in try state.accountIDs() {
                    let caller = Caller.local("restore", account: account)
                    let call = Call(caller: caller, account: account, id: call.id, now: call.now, peer: "local")
                    try state.record("RestoreStore", call, nil)
                }
            }
            return box.report
        } catch {
            throw Fault(any: error)
        }
    }

    private final class ReportBox: @unchecked Sendable {
        // Written and read one after the other, never at once: the store's thread has answered before it is read.
        var report = RestoreReport(devices: 0, disabled: [], withoutRecoveryCodes: [])
    }
}

extension State {
    fileprivate borrowing func accountIDs() throws(Fault) -> [AccountID] {
        let ids: [(String)] = try rows("SELECT id FROM accounts ORDER BY id")
        return ids.map { AccountID(checked: $0) }
    }

    /// Every root user and every user.
    borrowing func allPrincipals() throws(Fault) -> [Principal] {
        var all: [Principal] = []
        for (account, name) in try allNames() {
            if let principal = try findPrincipal(name, in: account) { all.append(principal) }
        }
        return all
    }

    /// The names by which they are found, whatever else stands in their rows.
    borrowing func allNames() throws(Fault) -> [(AccountID, UserName)] {
        var all: [(AccountID, UserName)] = []
        for account in try accountIDs() {
            all.append((account, .root))
            let names: [(String)] = try rows(
                "SELECT folded FROM users WHERE account = $1 ORDER BY folded",
                account.text
            )
            all += names.map { (account, UserName(checked: $0)) }
        }
        return all
    }

    /// Raises every floor as high as it can have been since the backup.
    fileprivate borrowing func forgetWhatMayBeUsed(at now: UnixTime) throws(Fault) -> RestoreReport {
        var report = RestoreReport(devices: 0, disabled: [], withoutRecoveryCodes: [])
        try run("DELETE FROM sessions")
        try run("DELETE FROM temporary_credentials")
        try run("DELETE FROM challenges")
        try run("DELETE FROM mfa_devices WHERE owner IS NULL AND pending_for IS NOT NULL")
        for principal in try allPrincipals() {
            try changeCredentials(of: principal) { credentials throws(Fault) in
                for device in credentials.devices {
                    switch device.parameters.kind {
                    case .totp:
                        try raiseFloor(of: device, at: now)
                        report.devices += 1
                    case .hotp:
                        try run("UPDATE mfa_devices SET disabled = 'restored' WHERE serial = $1", device.row)
                        report.disabled.append(principal.arn.text)
                    }
                }
                if credentials.recovery != nil {
                    try run("DELETE FROM recovery_codes WHERE owner = $1", principal.id)
                    try run("DELETE FROM recovery_sets WHERE owner = $1", principal.id)
                    report.withoutRecoveryCodes.append(principal.arn.text)
                }
            }
        }
        // Devices of nobody keep their spent codes too.
        try run("UPDATE mfa_devices SET disabled = 'restored' WHERE owner IS NULL AND kind = 'hotp'")
        for account in try accountIDs() {
            for device in try allDevices(in: account) where device.owner == nil && device.parameters.kind == .totp {
                try raiseFloor(of: device, at: now)
            }
        }
        return report
    }

    /// The last step that can have been accepted by `now` lies one window ahead of it, and of what a fast device shows.
    private borrowing func raiseFloor(of device: Device, at now: UnixTime) throws(Fault) {
        let step =
            max(0, now.seconds) / max(1, device.parameters.period) + Int64(settings.window) + max(0, device.anchor)
        try run(
            "UPDATE mfa_devices SET last_step = $1 WHERE serial = $2 AND last_step < $1",
            step,
            device.row
        )
    }
}
