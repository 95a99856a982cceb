// VaultFile.swift: the file of a vault: where it lies, how it is locked, read, and replaced whole.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyTokens

extension Option {
    /// Which vault.
    static let vault = Option.text(
        "vault",
        "NAME",
        "the vault: a name, or a path with a slash in it; default if not said"
    )
    /// The options that every command on a vault takes.
    static let vaultOptions: [Option] = [vault, passphraseFD]
}

/// A vault's file.
struct VaultFile: Sendable {
    let path: String

    /// The largest vault that is read.
    private static let largest = 64 << 20

    /// Finds the file that the options, or `LATCHKEY_VAULT`, name.
    init(_ call: Invocation) throws(Failure) {
        let word = call.text(.vault) ?? call.console.environment.text("LATCHKEY_VAULT") ?? "default"
        guard !word.isEmpty, !word.utf8.contains(0) else { throw .misused("`--vault` is a name or a path") }
        if word.utf8.contains(UInt8(ascii: "/")) {
            path = word
        } else {
            guard word.utf8.first != UInt8(ascii: ".") else {
                throw .misused("a vault's name does not begin with a dot")
            }
            path = "\(call.console.environment.dataFolder)/vaults/\(word).vault"
        }
    }

    var exists: Bool { access(path, F_OK) == 0 }

    /// Reads the sealed bytes.
    func read() throws(Failure) -> [UInt8] {
        do throws(FileError) { return try PlainFile.read(path, atMost: Self.largest).bytes } catch {
            if error.isMissing { throw .refused("there is no vault `\(path)`; `latchkey token add` makes it") }
            throw .unusable("cannot read the vault `\(path)`: \(error.reason)")
        }
    }

    /// Runs `body` while nobody else may write the vault.
    func locked<R>(_ body: () throws -> R) throws -> R {
        try makeFolder()
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw Failure.unusable("cannot lock the vault `\(path)`: \(FileError.reason(errno))")
        }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            if errno != EINTR { throw Failure.unusable("cannot lock the vault `\(path)`: \(FileError.reason(errno))") }
        }
        return try body()
    }

    /// Replaces the file: it is the old or the new one at every moment, and the new one once this returns.
    func replace(_ bytes: [UInt8]) throws(Failure) {
        // Under the lock there is one writer: a file `.new` was left behind by one who was killed.
        do throws(Fault) { try PrivateFile.replace(bytes, at: path) } catch { throw Failure(error) }
    }

    private var folder: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func makeFolder() throws(Failure) {
        var made = ""
        for part in folder.split(separator: "/") {
            made += (made.isEmpty && folder.utf8.first != UInt8(ascii: "/") ? "" : "/") + part
            if mkdir(made, 0o700) != 0, errno != EEXIST {
                throw .unusable("cannot make the folder `\(made)`: \(FileError.reason(errno))")
            }
        }
    }
}

/// What opens a vault.
enum VaultKey: Sendable {
    /// What the person knows.
    case passphrase(TokenKey)
    /// What the passphrase makes, out of the kernel's keyring.
    case sealing(TokenKey)
}

extension Invocation {
    /// Opens the vault for reading.
    func openVault(_ key: VaultKey? = nil) throws -> TokenVault {
        let bytes = try VaultFile(self).read()
        return try open(bytes, try key ?? vaultKey())
    }

    /// Opens the vault, or makes it if it may be missing, lets `body` change it, and has it on disk before this returns.
    func changeVault<R>(
        mayBeMissing: Bool = false,
        _ key: VaultKey? = nil,
        _ body: (inout TokenVault) throws -> R
    ) throws -> R {
        let file = try VaultFile(self)
        if !file.exists, !mayBeMissing { _ = try file.read() }
        // Asked for before the lock: nobody waits for a person's typing.
        let isNew = !file.exists
        let known = try key ?? (isNew ? .passphrase(newPassphrase()) : vaultKey())
        return try file.locked {
            var vault: TokenVault
            if isNew, !file.exists, case .passphrase(let passphrase) = known {
                vault = try TokenVault(passphrase: passphrase.secret)
            } else {
                vault = try open(try file.read(), known)
            }
            let answer = try body(&vault)
            try file.replace(try vault.sealed())
            return answer
        }
    }

    /// What opens a vault that there is: a file descriptor's passphrase, the kernel's key while the vault is unlocked, or an
    /// answer at the terminal.
    func vaultKey() throws -> VaultKey {
        if !has(.passphraseFD), let key = Keyring.key(of: try VaultFile(self)) { return .sealing(key) }
        return .passphrase(try vaultPassphrase())
    }

    /// The passphrase of a vault that there is.
    func vaultPassphrase() throws -> TokenKey {
        if let descriptor = int(.passphraseFD) { return TokenKey(try secretLine(ofDescriptor: Int32(descriptor))) }
        guard console.isInteractive else { throw Self.missing }
        return TokenKey(try console.askSecret("passphrase of the vault: "))
    }

    private func newPassphrase() throws -> TokenKey {
        if has(.passphraseFD) { return try vaultPassphrase() }
        guard console.isInteractive else { throw Self.missing }
        let typed = try console.askNewSecret("passphrase of the new vault: ", again: "the same again: ")
        guard !typed.isEmpty else { throw Failure.refused("the passphrase is empty; give one") }
        return TokenKey(typed)
    }

    private func open(_ bytes: [UInt8], _ key: VaultKey) throws -> TokenVault {
        do throws(TokenVaultError) {
            switch key {
            case .passphrase(let passphrase): return try TokenVault(opening: bytes, passphrase: passphrase.secret)
            case .sealing(let key): return try TokenVault(opening: bytes, key: key)
            }
        } catch {
            if error == .wrongPassphrase, case .sealing = key {
                throw Failure.refused(
                    "the vault was replaced since it was unlocked; run `latchkey token lock`, then unlock it again"
                )
            }
            throw error == .wrongPassphrase ? Failure.refused("\(error)") : Failure.unusable("\(error)")
        }
    }

    private static var missing: Failure {
        .misused(
            "the vault's passphrase is missing; give --passphrase-fd N and a line on that file descriptor, or run "
                + "`latchkey token unlock` first"
        )
    }
}
