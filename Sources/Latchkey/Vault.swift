// Vault.swift: the keys of one store: the data keys that seal secrets, and the install key that all other keys come from.
import LatchkeyCrypto
import LatchkeyStore
import Synchronization

/// The keys of one store, opened with its master key.
///
/// The master key wraps *data keys*; the newest data key seals. Every secret column is sealed with its install, table, column
/// and row as context, so bytes that are moved elsewhere do not open. One *install key*, itself sealed, is the root of the
/// keys for peppering, for row seals, for tokens and for the audit chain: it stays the same when the others are rotated.
final class Vault: Sendable {
    /// The data keys as one transaction saw them.
    struct DataKeys: Sendable {
        /// The number of the newest, which seals.
        var current: UInt32
        /// The newest as its row has it: tells whether the row is still the one that was read.
        var newest: [UInt8]
        /// All by number.
        var all: [UInt32: Key]
    }

    private struct Keys: Sendable {
        var data = DataKeys(current: 0, newest: [], all: [:])
        var derived: Derived?
    }

    /// Keys that are derived from the install key, each for one purpose (HKDF, RFC 5869).
    private struct Derived: Sendable {
        var pepper: Key
        var rows: Key
        var tokens: Key
        var audit: Key
    }

    private let source: MasterKeySource
    private let install: [UInt8]
    private let keys = Mutex(Keys())

    private init(source: MasterKeySource, install: [UInt8]) {
        self.source = source
        self.install = install
    }

    // MARK: Making and opening

    /// Writes the keys of a new store.
    static func create(_ transaction: borrowing Transaction, source: MasterKeySource) throws -> Vault {
        let master = try source.keys()[0]
        let vault = Vault(source: source, install: SecureRandom.bytes(count: 16))
        let data = Key(.random(count: 32))
        let installKey = Secret.random(count: 32)
        _ = try transaction.run(
            "INSERT INTO meta (name, value) VALUES ('install', $1), ('check', $2)",
            binding: [vault.install, try vault.checkValue(master)]
        )
        try vault.insert(transaction, data, id: 1, master: master)
        let keys = DataKeys(current: 1, newest: [], all: [1: data])
        _ = try transaction.run(
            "INSERT INTO meta (name, value) VALUES ('install_key', $1)",
            binding: [try vault.seal(installKey, column: "meta.value", row: "install_key", under: keys)]
        )
        try vault.load(transaction)
        return vault
    }

    /// Opens the keys of a store; refuses a master key that is not the store's before anything is written.
    static func open(_ transaction: borrowing Transaction, source: MasterKeySource) throws -> Vault {
        let install: ([UInt8])? = try transaction.row("SELECT value FROM meta WHERE name = 'install'")
        guard let install else { throw Fault.storeNotInitialised }
        let vault = Vault(source: source, install: install)
        try vault.load(transaction)
        return vault
    }

    /// Reads the wrapped keys again: at opening, and when another process has rotated them meanwhile.
    ///
    /// Those that were known before stay known: a reading that began before a rotation goes on with them.
    @discardableResult
    func load(_ transaction: borrowing Transaction) throws(Fault) -> DataKeys {
        do {
            let check: ([UInt8])? = try transaction.row("SELECT value FROM meta WHERE name = 'check'", binding: [])
            guard let check, let master = try source.keys().first(where: { isMaster($0, check) }) else {
                let isOpen = keys.withLock { $0.data.current > 0 }
                throw isOpen ? Fault.staleMasterKey(source) : Fault.wrongMasterKey(source)
            }
            let wrapped: [(Int64, [UInt8])] = try transaction.rows("SELECT id, wrapped FROM data_keys", binding: [])
            var data: [UInt32: Key] = [:]
            for (id, bytes) in wrapped {
                guard let id = UInt32(exactly: id) else { throw Fault.damaged("a data key's number") }
                data[id] = Key(
                    try SealedBox(bytes: bytes)
                        .open(using: master.secret, context: context("data_keys.wrapped", "\(id)"))
                )
            }
            guard let current = data.keys.max() else { throw Fault.damaged("the data keys") }
            let sealed: ([UInt8])? = try transaction.row(
                "SELECT value FROM meta WHERE name = 'install_key'",
                binding: []
            )
            let newest = wrapped.first { $0.0 == Int64(current) }?.1 ?? []
            let loaded = DataKeys(current: current, newest: newest, all: data)
            keys.withLock { keys in
                let known = keys.data.all.merging(loaded.all) { _, present in present }
                keys.data = DataKeys(current: current, newest: newest, all: known)
            }
            if let sealed {
                let installKey = try open(sealed, column: "meta.value", row: "install_key")
                let derived = try derive(installKey)
                keys.withLock { $0.derived = derived }
            }
            return loaded
        } catch {
            throw Fault(any: error)
        }
    }

    private func derive(_ installKey: borrowing Secret) throws(CryptoError) -> Derived {
        Derived(
            pepper: try derive(installKey, for: "pepper"),
            rows: try derive(installKey, for: "rows"),
            tokens: try derive(installKey, for: "tokens"),
            audit: try derive(installKey, for: "audit")
        )
    }

    private func derive(_ installKey: borrowing Secret, for purpose: String) throws(CryptoError) -> Key {
        Key(
            try KeyDerivation.hkdf(
                key: installKey,
                salt: install,
                info: Array("latchkey \(purpose)".utf8),
                count: 32
            )
        )
    }

    private func derivedKey(_ path: any KeyPath<Derived, Key> & Sendable) throws(Fault) -> Key {
        guard let derived = keys.withLock({ $0.derived }) else { throw .damaged("the install key") }
        return derived[keyPath: path]
    }

    // MARK: Sealing columns

    /// Seals a secret: the data key's number, big-endian in four bytes, and the box.
    func seal(
        _ secret: borrowing Secret,
        column: String,
        row: String,
        under keys: DataKeys
    ) throws(Fault) -> [UInt8] {
        let id = keys.current
        guard let key = keys.all[id] else { throw .damaged("the data keys") }
        do throws(CryptoError) {
            let box = try SealedBox.seal(secret, using: key.secret, context: context(column, row, id))
            return id.bigEndianBytes + box.bytes
        } catch {
            throw Fault(error)
        }
    }

    /// Opens a sealed column; fails when it was sealed elsewhere or has been changed.
    func open(_ sealed: [UInt8], column: String, row: String) throws(Fault) -> Secret {
        guard let id = keyNumber(of: sealed), let key = keys.withLock({ $0.data.all[id] }) else {
            throw .damaged("`\(column)`")
        }
        do throws(CryptoError) {
            return try SealedBox(bytes: Array(sealed.dropFirst(4)))
                .open(using: key.secret, context: context(column, row, id))
        } catch {
            throw .damaged("`\(column)`")
        }
    }

    /// Whether the data key that sealed these bytes is known here.
    func holdsKey(of sealed: [UInt8]) -> Bool {
        guard let id = keyNumber(of: sealed) else { return true }
        return keys.withLock { $0.data.all[id] != nil }
    }

    /// The data keys that are known here, if this row is the newest of them.
    func dataKeys(ifNewest id: Int64, _ wrapped: [UInt8]) -> DataKeys? {
        let known = keys.withLock { $0.data }
        return Int64(known.current) == id && known.newest == wrapped ? known : nil
    }

    private func keyNumber(of sealed: [UInt8]) -> UInt32? {
        guard sealed.count > 4 else { return nil }
        return sealed[0..<4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func context(_ column: String, _ row: String, _ key: UInt32 = 0) -> [UInt8] {
        Message(install).adding(column).adding(row).adding(Int64(key)).bytes
    }

    // MARK: Keyed digests

    /// What is hashed in a password's stead: keyed outside the database and bound to its owner, so that a hash that is planted,
    /// or copied to another row, fits no password.
    func peppered(_ text: String, owner: String, purpose: String) throws(Fault) -> Secret {
        let hmac = HMAC(.sha256, key: try derivedKey(\.pepper).secret)
        var message = Message().adding(purpose).adding(owner).adding(UnicodeText.nfc(text)).bytes
        defer { wipe(&message) }
        return Secret(hmac.code(for: message))
    }

    /// The seal over a row's values, which a writer of the database without the key cannot make.
    func rowSeal(_ message: Message) throws(Fault) -> [UInt8] {
        HMAC(.sha256, key: try derivedKey(\.rows).secret).code(for: message.bytes)
    }

    /// What is stored in a token's stead.
    func tokenDigest(_ token: [UInt8], purpose: String) throws(Fault) -> [UInt8] {
        HMAC(.sha256, key: try derivedKey(\.tokens).secret).code(for: Message().adding(purpose).adding(token).bytes)
    }

    /// One link of the audit chain.
    func auditLink(_ message: Message) throws(Fault) -> [UInt8] {
        HMAC(.sha256, key: try derivedKey(\.audit).secret).code(for: message.bytes)
    }

    // MARK: The master key

    /// Wraps a data key in a row of its own.
    func insert(_ transaction: borrowing Transaction, _ key: Key, id: UInt32, master: Key) throws {
        let box = try SealedBox.seal(key.secret, using: master.secret, context: context("data_keys.wrapped", "\(id)"))
        _ = try transaction.run(
            "INSERT INTO data_keys (id, wrapped) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET wrapped = $2",
            binding: [Int64(id), box.bytes]
        )
    }

    /// What tells that a master key is the store's: a constant that only it opens.
    func checkValue(_ master: Key) throws(CryptoError) -> [UInt8] {
        try SealedBox.seal(
            Secret(Array("latchkey".utf8)),
            using: master.secret,
            context: context("meta.value", "check")
        )
        .bytes
    }

    /// Whether the key opens the store's check value.
    func isMaster(_ key: Key, _ check: [UInt8]) -> Bool {
        let box = SealedBox(bytes: check)
        guard let opened = try? box.open(using: key.secret, context: context("meta.value", "check")) else {
            return false
        }
        return opened.withBytes { $0.count } > 0
    }
}

/// Fields joined so that no two lists of fields give the same bytes: each goes behind its length.
struct Message {
    private(set) var bytes: [UInt8] = []

    init() {}

    init(_ field: [UInt8]) { self = Message().adding(field) }

    func adding(_ field: [UInt8]) -> Message {
        var longer = self
        longer.bytes += UInt64(field.count).bigEndianBytes
        longer.bytes += field
        return longer
    }

    func adding(_ text: String) -> Message { adding(Array(text.utf8)) }

    func adding(_ number: Int64) -> Message { adding(UInt64(bitPattern: number).bigEndianBytes) }

    /// Adds a value that may be missing, which differs from every value that is there.
    func adding(_ number: Int64?) -> Message {
        guard let number else { return adding([UInt8]()) }
        return adding(number)
    }

    /// Adds text that may be missing, which differs from every text that is there.
    func adding(_ text: String?) -> Message {
        guard let text else { return adding(Int64(0)) }
        return adding(Int64(1)).adding(text)
    }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}

extension Fault {
    /// The store has no account yet.
    static let storeNotInitialised = Fault(
        code: "StoreNotInitialised",
        status: 500,
        message: "the store is empty: run `latchkey init` first",
        reason: "store"
    )

    /// Stored bytes do not fit their seal.
    static func damaged(_ what: String) -> Fault {
        Fault(
            code: "StoreDamaged",
            status: 500,
            message: "\(what) does not fit its seal: the store was changed from outside; run `latchkey store check`",
            reason: "seal"
        )
    }
}
