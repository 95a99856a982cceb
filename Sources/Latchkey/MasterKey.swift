// MasterKey.swift: where the key that wraps all others comes from, and how it is written down.
import LatchkeyCrypto

/// Where the master key is kept: outside the store, so that the store alone gives nothing away.
public enum MasterKeySource: Sendable, Equatable {
    /// A file of mode 0600. While keys are rotated it holds the new key first and the old one after it.
    case file(String)
    /// The key's text itself, from the environment.
    case text(String)

    /// The keys, newest first; at least one.
    func keys() throws(Fault) -> [Key] {
        var text: [UInt8]
        switch self {
        case .file(let path): text = try PrivateFile.read(path, limit: 4_096)
        case .text(let value): text = Array(value.utf8)
        }
        defer { wipe(&text) }
        let lines = text.split(separator: UInt8(ascii: "\n")).filter { !$0.isEmpty }
        guard !lines.isEmpty, lines.count <= 2 else { throw .notAMasterKey(self) }
        var keys: [Key] = []
        for line in lines {
            guard let key = MasterKey.parse(line) else { throw .notAMasterKey(self) }
            keys.append(key)
        }
        return keys
    }

    /// How a message names the source.
    var name: String {
        switch self {
        case .file(let path): "`\(path.escapedForDisplay)`"
        case .text: "the environment's master key"
        }
    }
}

/// The master key's text form: `latchkey-master-key-1:` and 32 bytes in Base64.
public enum MasterKey {
    static let prefix = "latchkey-master-key-1:"

    /// Makes a file with a new key; fails when the file exists.
    public static func create(at path: String) throws(Fault) {
        try PrivateFile.create(line(Key(.random(count: 32))), at: path)
    }

    static func line(_ key: Key) -> [UInt8] {
        Array(prefix.utf8) + Array(Base64.encode(key.secret).utf8) + [UInt8(ascii: "\n")]
    }

    static func parse(_ line: ArraySlice<UInt8>) -> Key? {
        guard line.starts(with: prefix.utf8) else { return nil }
        let text = String(decoding: line.dropFirst(prefix.utf8.count), as: UTF8.self)
        do throws(TextEncodingError) {
            let key = Key(try Base64.decodeSecret(text))
            return key.secret.count == 32 ? key : nil
        } catch {
            return nil
        }
    }
}

/// A key that several holders share; the bytes are wiped when the last one lets go.
final class Key: Sendable {
    let secret: Secret

    init(_ secret: consuming Secret) { self.secret = secret }
}

extension Fault {
    static func notAMasterKey(_ source: MasterKeySource) -> Fault {
        Fault(
            code: "MasterKeyUnusable",
            status: 500,
            message: "\(source.name) does not hold a master key: one line `\(MasterKey.prefix)…` is expected",
            reason: "key"
        )
    }

    /// The master key was rotated by a process that has another key file.
    static func staleMasterKey(_ source: MasterKeySource) -> Fault {
        Fault(
            code: "MasterKeyUnusable",
            status: 500,
            message: "the master key was rotated elsewhere and \(source.name) is not the new one: "
                + "copy the key file from where `latchkey store rotate-key` was called",
            reason: "key"
        )
    }

    static func wrongMasterKey(_ source: MasterKeySource) -> Fault {
        Fault(
            code: "MasterKeyUnusable",
            status: 500,
            message: "\(source.name) is not this store's master key: name the right one with --master-key",
            reason: "key"
        )
    }
}
