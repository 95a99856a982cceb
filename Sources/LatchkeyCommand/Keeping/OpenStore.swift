// OpenStore.swift: the store as a command holds it: opened with its master key, spoken to action by action.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON

/// A store that one command has opened, and the account that it speaks of.
struct OpenStore: Sendable {
    let authority: Authority
    let account: Account

    /// Performs one action as whoever may read the store.
    @discardableResult
    func perform<A: Action>(_ action: A) throws -> A.Output { try perform(action, as: local) }

    /// Performs one action as somebody who has proved nothing yet: at the door.
    func performAtDoor<A: Action>(_ action: A) throws -> A.Output { try perform(action, as: .anonymous) }

    private func perform<A: Action>(_ action: A, as caller: Caller) throws -> A.Output {
        try blocking {
            try await authority.perform(action, authority.call(by: caller, for: account.id, from: "local"))
        }
    }

    private var local: Caller { .local(OpenStore.operatorName, account: account.id) }

    /// The name under which the operating system knows whoever runs the command.
    static var operatorName: String {
        guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return "\(getuid())" }
        return String(cString: name)
    }

    /// The device that a person names: by its serial, or by what stands behind `:mfa/` in it.
    func serial(_ text: String) throws -> SerialNumber {
        if text.utf8.starts(with: "arn:".utf8) { return try SerialNumber(text) }
        // What a maker has printed on a device is a serial as it is.
        if let printed = try? SerialNumber(text),
            try perform(ListDevices()).devices.contains(where: { $0.serialNumber == printed })
        {
            return printed
        }
        return try SerialNumber("arn:aws:iam::\(account.id):mfa/\(text)")
    }
}

/// The commands that need a store.
let keepingCommands =
    [initCommand, enrollCommand, confirmCommand, loginCommand] + userCommands + deviceCommands + hardwareCommands + [
        auditCommand, doctorCommand,
    ]
    + storeCommands

extension Invocation {
    /// Opens the store, runs `body`, and closes it again.
    func withStore<Answer>(_ body: (OpenStore) throws -> Answer) throws -> Answer {
        let authority = try openAuthority()
        defer { try? blocking { await authority.close() } }
        let name = try settings.text(.account)
        let account = try blocking { try await authority.account(name.isEmpty ? nil : name) }
        return try body(OpenStore(authority: authority, account: account))
    }

    /// The store's place as it may be shown.
    func shownStore() throws(Failure) -> String { Setting.store.shown(try settings.text(.store)) }

    /// Opens the store; the caller closes it.
    func openAuthority() throws -> Authority {
        let location = try settings.text(.store)
        let (key, rules) = (try masterKeySource(), try rules())
        return try blocking {
            try await Authority.open(location, masterKey: key, world: .system(), settings: rules)
        }
    }

    /// Where the master key is: a systemd credential, or the file of the setting.
    func masterKeySource() throws(Failure) -> MasterKeySource {
        let (path, source) = try settings.find(.masterKey)
        if source == .fallback, let folder = console.environment.text("CREDENTIALS_DIRECTORY") {
            let credential = folder + "/latchkey-master-key"
            if access(credential, F_OK) == 0 { return .file(credential) }
        }
        if source == .fallback, let text = console.environment.text("LATCHKEY_MASTER_KEY_TEXT") { return .text(text) }
        return .file(path)
    }

    /// The rules as the settings have them; what lies below the safe defaults is said.
    func rules() throws(Failure) -> Latchkey.Settings {
        var rules = Latchkey.Settings()
        rules.passwordCost = PasswordHash.Cost(
            memory: try settings.int(.argon2Memory),
            passes: try settings.int(.argon2Passes)
        )
        rules.passwordFloor = try settings.int(.passwordFloor)
        rules.window = try settings.int(.window)
        rules.codeLimit = try settings.int(.codeFailures)
        rules.allowsLoopbackProviders = try settings.text(.identityProviders) == "loopback"
        rules.providerNetworks = try list(.identityNetworks)
        let certificates = try settings.text(.identityCAFile)
        rules.providerCAFile = certificates.isEmpty ? nil : certificates
        let issuer = try settings.text(.issuer)
        rules.issuer = issuer.isEmpty ? nil : issuer
        let safe = Latchkey.Settings()
        if rules.passwordFloor < safe.passwordFloor {
            console.hint("passwords of \(rules.passwordFloor) characters are allowed by the setting `password-floor`")
        }
        if rules.passwordCost.memory < safe.passwordCost.memory || rules.passwordCost.passes < safe.passwordCost.passes
        {
            console.hint(
                "passwords are hashed at less than the safe cost by the settings `argon2-memory` and `argon2-passes`"
            )
        }
        if rules.allowsLoopbackProviders {
            console.hint("identity providers on this machine need no TLS by the setting `identity-providers`")
        }
        return rules
    }

    /// Prints an answer as one JSON value.
    func print(_ answer: some Encodable) throws {
        console.print(try JSON(encoding: answer))
    }
}

extension Failure {
    /// What the authority refused, as an exit code and a sentence of the command's.
    init(_ fault: Fault) {
        let code: ExitCode
        switch fault.code {
        case "ValidationError": code = .misused
        default: code = fault.isInternal ? .unusable : .refused
        }
        self.init(code: code, sentence: Failure.sentence(fault.message))
    }

    /// AWS's messages as our sentences: small at the beginning, no full stop at the end.
    private static func sentence(_ message: String) -> String {
        var text = message
        while text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
        let first = text.prefix(2)
        guard let initial = first.first, initial.isASCII, initial.isUppercase,
            !first.dropFirst().allSatisfy(\.isUppercase)
        else { return text }
        return initial.lowercased() + text.dropFirst()
    }
}
