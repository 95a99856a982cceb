// InitCommand.swift: `latchkey init`, which makes a store, its master key, an account and the root user.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON

extension Option {
    fileprivate static let alias = Option.text("alias", "NAME", "a name for the account; phones show it as the issuer")
    fileprivate static let rootPasswordStdin = Option.flag(
        "root-password-stdin",
        "reads root's password from the first line of standard input"
    )
}

let initCommand = Command(
    path: ["init"],
    group: .daily,
    summary: "makes a store, its master key, an account and the root user",
    options: [Setting.account.option, .alias, .rootPasswordStdin, .json]
        + Option.keeping.filter { $0.name != "account" },
    text: [
        "The account's number is 12 digits, made up if not given. A store that is there already gets a further account.",
        "Keep a copy of the master key's file somewhere safe: without it nobody can read the secrets in the store.",
    ],
    examples: [Command.Example("latchkey init --alias acme")],
    exits: ExitCode.keeping,
    run: { call in
        let id = try accountID(call)
        let alias = try call.text(.alias).map { text throws(Fault) in try AccountAlias(text) }
        let key = try MasterKeyFile(call)
        let authority: Authority
        do {
            authority = try createAuthority(call, key.source)
        } catch {
            key.forget()
            throw error
        }
        defer { try? blocking { await authority.close() } }
        try createAccount(call, authority, CreateAccount(accountId: id, alias: alias))
        let store = OpenStore(
            authority: authority,
            account: try blocking { try await authority.account(id.text) }
        )
        if call.wantsJSON {
            call.console.print([
                "account": .string(id.text), "alias": alias.map { .string($0.text) } ?? .null,
                "store": .string(try call.shownStore()), "masterKey": .string(key.path),
                "arn": .string("arn:aws:iam::\(id):root"),
            ])
            return .done
        }
        call.console.tick("the store is \(Shown.text(try call.shownStore()))")
        call.console.tick("its master key is \(Shown.text(key.path)): keep a copy of it in a safe place")
        call.console.tick("account \(id)\(alias.map { " (\($0))" } ?? ""), root user `root`")
        if call.console.isInteractive, !call.has(.rootPasswordStdin),
            try call.console.confirm("Enrol a device for root now?", usually: true)
        {
            return try EnrollmentDialogue(call, store, .root).run(BeginEnrollment(userName: .root))
        }
        call.console.print("Next:  latchkey user create NAME      latchkey enroll NAME")
        return .done
    }
)

/// The account's number that was given, or a random one that does not begin with 0.
private func accountID(_ call: Invocation) throws -> AccountID {
    let text = try call.settings.text(.account)
    if !text.isEmpty { return try AccountID(text) }
    return try AccountID.random()
}

extension AccountID {
    /// A number of 12 digits that does not begin with 0.
    static func random() throws(Fault) -> AccountID {
        try AccountID("\(100_000_000_000 + SecureRandom.uniform(below: 900_000_000_000))")
    }
}

/// Makes the store, or opens the one that is there.
func createAuthority(_ call: Invocation, _ key: MasterKeySource) throws -> Authority {
    let location = try call.settings.text(.store)
    let rules = try call.rules()
    return try blocking {
        try await Authority.create(location, masterKey: key, world: .system(), settings: rules)
    }
}

/// Makes the account with root's password: from standard input, asked for, or, where nobody can be asked, none yet.
private func createAccount(_ call: Invocation, _ authority: Authority, _ action: CreateAccount) throws {
    let create = { (password: SecretText?) in
        var action = action
        action.rootPassword = password
        let complete = action
        _ = try blocking {
            let caller = Caller.local(OpenStore.operatorName, account: complete.accountId)
            return try await authority.perform(
                complete,
                authority.call(by: caller, for: complete.accountId, from: "local")
            )
        }
    }
    if call.has(.rootPasswordStdin) || call.console.isInteractive {
        try call.newPassword("root", from: .rootPasswordStdin) { try create($0) }
    } else {
        try create(nil)
    }
}

/// The master key's file of a store that is being made: the one that is there, or a new one.
struct MasterKeyFile {
    let source: MasterKeySource
    let path: String
    private let isNew: Bool

    init(_ call: Invocation) throws {
        source = try call.masterKeySource()
        guard case .file(let path) = source else {
            self.path = "the environment"
            isNew = false
            return
        }
        self.path = path
        isNew = access(path, F_OK) != 0
        if isNew {
            try Folder.make(holding: path)
            try MasterKey.create(at: path)
        }
    }

    /// Takes a key away again that no store was made with.
    func forget() {
        if isNew { unlink(path) }
    }
}

/// Folders for private files.
enum Folder {
    /// Makes the folder that `path` lies in, and those above it, with mode 0700.
    static func make(holding path: String) throws(Failure) {
        let bytes = Array(path.utf8)
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            let folder = String(decoding: bytes[..<index], as: UTF8.self)
            if mkdir(folder, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw .unusable("cannot make the folder `\(folder)`: \(FileError.reason(errno))")
            }
        }
    }
}
