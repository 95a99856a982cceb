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
    /// Each step decides by what it finds in its own transaction, and one process at a time rotates on one machine.
    public func rotateKeys(_ source: MasterKeySource) async throws(Fault) -> RotationReport {
        let path = try Self.keyFile(source)
        let turn = try await PrivateFile.awaitTurn(inFolderOf: path)
        defer { PrivateFile.endTurn(turn) }
        let new = Key(.random(count: 32))
        let isNew = try await write { state throws(Fault) in try state.beginRotation(source, path, new) }
        var report = RotationReport(resealed: 0, resumed: !isNew)
        while true {
            let count = try await write { state throws(Fault) in
                let count = try state.resealBatch(Self.batch)
                if count == 0 { try state.run("DELETE FROM data_keys WHERE id <> (SELECT max(id) FROM data_keys)") }
                return count
            }
            report.resealed += count
            if count == 0 { break }
        }
        try await write { state throws(Fault) in try state.endRotation(source, path) }
        return report
    }

    /// Puts a new master key beside the present one in the key file, where `rotateKeys` will find it.
    ///
    /// Other machines that are given this file now go on working while the keys are rotated.
    public func prepareRotation(_ source: MasterKeySource) async throws(Fault) {
        let path = try Self.keyFile(source)
        let turn = try await PrivateFile.awaitTurn(inFolderOf: path)
        defer { PrivateFile.endTurn(turn) }
        let new = Key(.random(count: 32))
        try await write { state throws(Fault) in
            let (present, next) = try state.masterKeys(source)
            guard try state.vault.load(state.transaction).all.count == 1 else {
                throw .invalidInput("a rotation has not ended: call `latchkey store rotate-key` again")
            }
            if next == nil { try PrivateFile.replace(MasterKey.line(new) + MasterKey.line(present), at: path) }
        }
    }

    private static func keyFile(_ source: MasterKeySource) throws(Fault) -> String {
        guard case .file(let path) = source else {
            throw .invalidInput("only a master key in a file can be rotated: name one with --master-key")
        }
        return path
    }
}

extension State {
    /// Writes the new master key beside the present one and wraps the data keys with it; false if a rotation that was cut
    /// short has to be finished first.
    ///
    /// A key that stands in the file already, before the present one, is the new key. Should this run again, or not be
    /// committed, the present key is still the store's, and still in the file.
    fileprivate borrowing func beginRotation(
        _ source: MasterKeySource,
        _ path: String,
        _ new: Key
    ) throws(Fault) -> Bool {
        let known = try vault.load(transaction)
        let (present, next) = try masterKeys(source)
        if known.all.count > 1 { return false }
        let keys = try source.keys()
        // Only the old key has to be taken out of the file yet.
        if next == nil && keys.count > 1 { return false }
        let master = next ?? new
        try PrivateFile.replace(MasterKey.line(master) + MasterKey.line(present), at: path)
        do {
            for (id, key) in known.all { try vault.insert(transaction, key, id: id, master: master) }
            try vault.insert(transaction, Key(.random(count: 32)), id: known.current &+ 1, master: master)
            try run("UPDATE meta SET value = $1 WHERE name = 'check'", try vault.checkValue(master))
        } catch {
            throw Fault(any: error)
        }
        return true
    }

    /// Takes the old master key out of the file, unless another rotation needs it.
    fileprivate borrowing func endRotation(_ source: MasterKeySource, _ path: String) throws(Fault) {
        if try vault.load(transaction).all.count > 1 { return }
        try PrivateFile.replace(MasterKey.line(try masterKeys(source).present), at: path)
    }

    /// The key among the source's that is the store's now, and the one before it that will be the next, if there is one.
    fileprivate borrowing func masterKeys(_ source: MasterKeySource) throws(Fault) -> (present: Key, next: Key?) {
        let check: ([UInt8])? = try row("SELECT value FROM meta WHERE name = 'check'")
        let keys = try source.keys()
        guard let check, let place = keys.firstIndex(where: { vault.isMaster($0, check) }) else {
            throw .wrongMasterKey(source)
        }
        return (keys[place], place > 0 ? keys[0] : nil)
    }
}

extension State {
    /// Seals up to `limit` secrets anew that are not under the newest data key; says how many.
    fileprivate borrowing func resealBatch(_ limit: Int) throws(Fault) -> Int {
        let newest = try vault.load(transaction).current.bigEndianBytes
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
