// KeyRotation.swift: a new master key and a new data key, while the store is in use, resumable after any crash.
import LatchkeyCrypto
import LatchkeyStore

/// What a rotation did.
public struct RotationReport: Codable, Sendable, Equatable {
    /// How many secrets were sealed anew.
    public var resealed: Int
    /// Whether a rotation was finished that had been cut short before.
    public var resumed: Bool
}

extension Authority {
    private static let batch = 500

    /// Rotates the master key and the data key.
    ///
    /// First the key file holds the new master key beside the old one; then one transaction wraps all data keys with it and
    /// adds a new data key; then every secret is sealed anew in batches; last the old keys go. A crash at any point leaves a
    /// store that opens, and the next rotation finishes the one that was cut short.
    public func rotateKeys(_ source: MasterKeySource) async throws(Fault) -> RotationReport {
        guard case .file(let path) = source else {
            throw .invalidInput("only a master key in a file can be rotated: name one with --master-key")
        }
        let pending = try await read { [vault] state throws(Fault) in
            try vault.load(state.transaction)
            return vault.dataKeys.count > 1
        }
        if !pending { try await beginRotation(source, path) }
        var report = RotationReport(resealed: 0, resumed: pending)
        while true {
            let count = try await write { state throws(Fault) in try state.resealBatch(Self.batch) }
            report.resealed += count
            if count == 0 { break }
        }
        try await write { state throws(Fault) in
            try state.run("DELETE FROM data_keys WHERE id <> $1", Int64(state.vault.current))
            try state.vault.load(state.transaction)
        }
        guard let newest = try source.keys().first else { throw .notAMasterKey(source) }
        try PrivateFile.replace(MasterKey.line(newest), at: path)
        return report
    }

    private func beginRotation(_ source: MasterKeySource, _ path: String) async throws(Fault) {
        let keys = try source.keys()
        guard let present = try await masterKey(among: keys) else { throw .wrongMasterKey(source) }
        let new = Key(.random(count: 32))
        try PrivateFile.replace(MasterKey.line(new) + MasterKey.line(present), at: path)
        try await write { [vault] state throws(Fault) in
            do {
                for (id, key) in vault.dataKeys { try vault.insert(state.transaction, key, id: id, master: new) }
                try vault.insert(state.transaction, Key(.random(count: 32)), id: vault.current &+ 1, master: new)
                try state.run("UPDATE meta SET value = $1 WHERE name = 'check'", try vault.checkValue(new))
                try vault.load(state.transaction)
            } catch {
                throw Fault(any: error)
            }
        }
    }

    private func masterKey(among keys: [Key]) async throws(Fault) -> Key? {
        let check = try await read { state throws(Fault) -> [UInt8]? in
            try state.row("SELECT value FROM meta WHERE name = 'check'")
        }
        guard let check else { return nil }
        return keys.first { vault.isMaster($0, check) }
    }
}

extension State {
    /// Seals up to `limit` secrets anew that are not under the newest data key; says how many.
    fileprivate borrowing func resealBatch(_ limit: Int) throws(Fault) -> Int {
        let newest = vault.current.bigEndianBytes
        var count = 0
        let stale: [(String, [UInt8])] = try rows(
            "SELECT serial, seed FROM mfa_devices WHERE substr(seed, 1, 4) <> $1 ORDER BY serial LIMIT $2",
            newest,
            limit
        )
        for (serial, seed) in stale {
            let owner: (String?, String, String?)? = try row(
                "SELECT owner, account, pending_for FROM mfa_devices WHERE serial = $1",
                serial
            )
            guard let (id, account, pendingFor) = owner else { continue }
            let sealedRow = Device.sealedRow(serial, pendingFor: pendingFor)
            let secret = try open(seed, column: "mfa_devices.seed", row: sealedRow)
            let sealed = try seal(secret, column: "mfa_devices.seed", row: sealedRow)
            if let id, let principal = try findPrincipal(id: id, in: AccountID(checked: account)) {
                try changeCredentials(of: principal) { _ throws(Fault) in try replaceSeed(of: serial, with: sealed) }
            } else {
                try replaceSeed(of: serial, with: sealed)
            }
            count += 1
        }
        count += try resealKeys(newest, limit)
        count += try resealPrivateKeys(newest, limit)
        let key: ([UInt8])? = try row(
            "SELECT value FROM meta WHERE name = 'install_key' AND substr(value, 1, 4) <> $1",
            newest
        )
        if let key {
            let secret = try open(key, column: "meta.value", row: "install_key")
            try run(
                "UPDATE meta SET value = $1 WHERE name = 'install_key'",
                try seal(secret, column: "meta.value", row: "install_key")
            )
            count += 1
        }
        return count
    }

    /// Seals the secrets of access keys and temporary credentials anew; their rows' seals do not lie over the sealed bytes.
    private borrowing func resealKeys(_ newest: [UInt8], _ limit: Int) throws(Fault) -> Int {
        let keys: [(String, [UInt8])] = try rows(
            "SELECT id, secret FROM access_keys WHERE substr(secret, 1, 4) <> $1 ORDER BY id LIMIT $2",
            newest,
            limit
        )
        for (id, sealed) in keys {
            let secret = try open(sealed, column: StoredAccessKey.column, row: id)
            try run(
                "UPDATE access_keys SET secret = $1 WHERE id = $2",
                try seal(secret, column: StoredAccessKey.column, row: id),
                id
            )
        }
        let credentials: [(String, [UInt8])] = try rows(
            "SELECT id, secret FROM temporary_credentials WHERE substr(secret, 1, 4) <> $1 ORDER BY id LIMIT $2",
            newest,
            limit
        )
        for (id, sealed) in credentials {
            let secret = try open(sealed, column: TemporaryCredential.column, row: id)
            try run(
                "UPDATE temporary_credentials SET secret = $1 WHERE id = $2",
                try seal(secret, column: TemporaryCredential.column, row: id),
                id
            )
        }
        return keys.count + credentials.count
    }

    private borrowing func replaceSeed(of serial: String, with sealed: [UInt8]) throws(Fault) {
        try run("UPDATE mfa_devices SET seed = $1 WHERE serial = $2", sealed, serial)
    }
}
