// Keyring.swift: `latchkey token unlock` and `lock`: a vault's key in the kernel's keyring, for some minutes.
internal import CLatchkeySystem
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyTokens

/// The user's keyring in the kernel: never on disk, never swapped out, gone with the machine.
///
/// What lies in it is the key that the passphrase makes, not the passphrase: it opens this one vault and nothing else. All of
/// the user's processes may read it while it is there, as with ssh-agent.
enum Keyring {
    /// The key of a vault that is unlocked.
    static func key(of file: VaultFile) -> TokenKey? {
        let number = latchkey_key_find(name(of: file))
        guard number >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: SealedBox.keyLength)
        defer { wipe(&bytes) }
        // A key of another length is not ours.
        guard latchkey_key_read(number, &bytes, bytes.count) == bytes.count else { return nil }
        return TokenKey(Secret(bytes))
    }

    /// Keeps the key of a vault for that many seconds.
    static func keep(_ key: TokenKey, of file: VaultFile, seconds: Int64) throws(Failure) {
        let done = key.secret.withBytes { bytes in
            bytes.withUnsafeBytes { bytes in
                latchkey_key_keep(name(of: file), bytes.baseAddress, bytes.count, UInt32(clamping: seconds))
            }
        }
        guard done == 0 else { throw failure(errno) }
    }

    /// Forgets the key of a vault; false if there was none.
    static func forget(_ file: VaultFile) -> Bool {
        let number = latchkey_key_find(name(of: file))
        return number >= 0 && latchkey_key_forget(number) == 0
    }

    /// A name that does not tell where the vault lies: every process may list names.
    private static func name(of file: VaultFile) -> String {
        var path = file.path
        if let whole = realpath(file.path, nil) {
            path = String(cString: whole)
            free(whole)
        }
        return "latchkey:vault:" + Hex.encode(Array(Digest.hash(Array(path.utf8), with: .sha256).prefix(16)))
    }

    private static func failure(_ number: Int32) -> Failure {
        switch number {
        case EPERM, EACCES, ENOSYS:
            .unusable(
                "this machine lets no program keep keys in its kernel, as is usual in containers; "
                    + "type the passphrase, or give --passphrase-fd N"
            )
        case EDQUOT: .unusable("the kernel's keyring of this user is full; look at it with `keyctl show @u`")
        default: .unusable("the kernel does not keep the key: \(FileError.reason(number)); type the passphrase")
        }
    }
}

extension Option {
    fileprivate static let minutes = Option.integer("minutes", "N", 1...1440, "for how long; 10 if not said")
}

let tokenUnlockCommand = Command(
    path: ["token", "unlock"],
    group: .daily,
    summary: "opens the vault without its passphrase for some minutes",
    options: [.minutes, .json] + Option.vaultOptions,
    text: [
        "The key that the passphrase makes lies in the kernel's keyring meanwhile, where all programs of the same user can read "
            + "it, and is forgotten by the kernel itself. The passphrase is kept nowhere, and `token export`, `token passphrase` and "
            + "`token show --reveal` ask for it all the same."
    ],
    examples: [Command.Example("latchkey token unlock --minutes 5", "the vault is unlocked for 5 minutes")],
    exits: vaultExits,
    run: { call in
        let file = try VaultFile(call)
        let minutes = call.integer(.minutes) ?? 10
        // Asked for even when it is unlocked: who has the key for a minute may not make it an hour.
        let vault = try call.openVault(.passphrase(try call.vaultPassphrase()))
        try Keyring.keep(vault.sealingKey, of: file, seconds: minutes * 60)
        if call.wantsJSON {
            call.console.print(["unlocked": .string(file.path), "minutes": .number(minutes)])
        } else {
            call.console.tick("the vault is unlocked for \(minutes) \(minutes == 1 ? "minute" : "minutes")")
        }
        return .done
    }
)

let tokenLockCommand = Command(
    path: ["token", "lock"],
    group: .daily,
    summary: "has the kernel forget the vault's key at once",
    options: [.vault, .json],
    examples: [Command.Example("latchkey token lock", "the vault is locked")],
    exits: vaultExits,
    run: { call in
        let file = try VaultFile(call)
        let wasUnlocked = Keyring.forget(file)
        if call.wantsJSON {
            call.console.print(["locked": .string(file.path), "was_unlocked": .bool(wasUnlocked)])
        } else {
            call.console.tick(wasUnlocked ? "the vault is locked" : "the vault was locked already")
        }
        return .done
    }
)
