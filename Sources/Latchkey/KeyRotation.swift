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
    ///
    /// Each step decides by what it finds in its own transaction: several processes may rotate at once, on one machine.
    public func rotateKeys(_ source: MasterKeySource) async throws(Fault) -> RotationReport {
        guard case .file(let path) = source else {
            throw .invalidInput("only a master key in a file can be rotated: name one with --master-key")
        }
        let new = Key(.random(count: 32))
        let isNew = try await write { state throws(Fault) in try state.beginRotation(source, path, new) }
        var report = RotationReport(resealed: 0, resumed: !isNew)
        while true {
            let count = try await write { state throws(Fault) in
                let count = try state.resealBatch(Self.batch)
                // Another process may have begun a further rotation: the newest key is whatever is the newest now.
                if count == 0 { try state.run("DELETE FROM data_keys WHERE id <> (SELECT max(id) FROM data_keys)") }
                return count
            }
            report.resealed += count
            if count == 0 { break }
        }
        try await write { state throws(Fault) in try state.endRotation(source, path) }
        return report
    }
}

extension State {
    /// Writes the new master key beside the present one and wraps the data keys with it; false if a rotation that was cut
    /// short has to be finished first.
    ///
    /// The file is written while the store is locked: of two processes that begin at once the second finds the first one's
    /// work. Should this run again, or not be committed, the present key is still the store's, and still in the file.
    fileprivate borrowing func beginRotation(
        _ source: MasterKeySource,
        _ path: String,
        _ new: Key
    ) throws(Fault) -> Bool {
        try vault.load(transaction)
        if vault.dataKeys.count > 1 { return false }
        let present = try presentMasterKey(source)
        try PrivateFile.replace(MasterKey.line(new) + MasterKey.line(present), at: path)
        do {
            for (id, key) in vault.dataKeys { try vault.insert(transaction, key, id: id, master: new) }
            try vault.insert(transaction, Key(.random(count: 32)), id: vault.current &+ 1, master: new)
            try run("UPDATE meta SET value = $1 WHERE name = 'check'", try vault.checkValue(new))
        } catch {
            throw Fault(any: error)
        }
        return true
    }

    /// Takes the old master key out of the file, unless another rotation needs it.
    fileprivate borrowing func endRotation(_ source: MasterKeySource, _ path: String) throws(Fault) {
        try vault.load(transaction)
        if vault.dataKeys.count > 1 { return }
        try PrivateFile.replace(MasterKey.line(try presentMasterKey(source)), at: path)
    }

    /// The key among the source's that is the store's now.
    private borrowing func presentMasterKey(_ source: MasterKeySource) throws(Fault) -> Key {
        let check: ([UInt8])? = try row("SELECT value FROM meta WHERE name = 'check'")
        guard let check, let key = try source.keys().first(where: { vault.isMaster($0, check) }) else {
            throw .wrongMasterKey(source)
        }
        return key
    }
}

extension State {
    /// Seals up to `limit` secrets anew that are not under the newest data key; says how many.
    fileprivate borrowing func resealBatch(_ limit: Int) throws(Fault) -> Int {
        try vault.load(transaction)
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
