// ServeCommand.swift: `latchkey serve`, which runs the login service and the API until it is told to end.
internal import Glibc
internal import Latchkey
internal import LatchkeyHTTP
internal import LatchkeyJSON
internal import LatchkeyServer

extension Option {
    fileprivate static let initialise = Option.flag(
        "init",
        "makes a missing store first, with the account and root key of LATCHKEY_INIT_*"
    )
    fileprivate static let drain = Option.integer(
        "drain",
        "SECONDS",
        0...3_600,
        "how long requests in flight may take at the end; 10 if not said"
    )
}

let serveCommand = Command(
    path: ["serve"],
    group: .daily,
    summary: "runs the login service and the API",
    options: [
        Setting.listen.option, Setting.tlsCertificate.option, Setting.tlsKey.option, Setting.proxies.option,
        Setting.regions.option, Setting.skew.option, Setting.identityProviders.option,
        Setting.identityNetworks.option, Setting.identityCAFile.option, .initialise, .drain,
    ] + Option.keeping,
    text: [
        "AWS's IAM and STS APIs are at /, Latchkey's own actions at /v1/ACTION (described at /openapi.json), and /healthz, "
            + "/readyz and /metrics beside them. Plain HTTP is served on loopback, on a Unix socket and to declared proxies "
            + "only.",
        "With --init a missing store is made: LATCHKEY_INIT_ACCOUNT names its account, "
            + "LATCHKEY_INIT_ROOT_ACCESS_KEY_ID and LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY give root a key.",
        "Identity providers are asked for their keys at public addresses alone, unless --identity-networks names others: a name "
            + "that leads to this host, into its network or to a cloud's metadata service is not followed there.",
        "SIGTERM ends it once the requests in flight are answered; SIGHUP reads the certificate again. The access log, one JSON "
            + "object a line, is on standard error.",
    ],
    examples: [Command.Example("latchkey serve --init --listen 127.0.0.1:7443")],
    exits: ExitCode.keeping,
    run: { call in
        // Before any thread is made: all inherit it, and the signals wait for this one.
        let signals = WaitedSignals([SIGTERM, SIGINT, SIGHUP])
        let configuration = try call.httpConfiguration()
        // Before a store is made: what cannot be served leaves nothing behind.
        do throws(HTTPServer.Failure) { try HTTPServer.check(configuration) } catch {
            throw Failure.unusable("\(error)")
        }
        try call.checkIdentityCertificates()
        let authority = call.has(.initialise) ? try call.initialisedAuthority() : try call.openAuthority()
        defer { try? blocking { await authority.close() } }
        let log = AccessLog(call.console)
        let service = Server(authority: authority, configuration: try call.serverConfiguration()) { log.write($0) }
        let http = try HTTPServer(
            configuration,
            on: authority.executor,
            onRefusal: { peer, status, reason in service.noteRefusal(from: peer, status: status, reason: reason) },
            respond: { request, peer in await service.respond(to: request, from: peer) }
        )
        try http.start()
        for address in http.addresses { call.console.print("listening on \(address)") }
        call.console.flush()
        while true {
            switch signals.wait() {
            case SIGHUP:
                do throws(HTTPServer.Failure) {
                    try http.reload()
                    call.console.warn("the certificate was read again")
                } catch {
                    call.console.warn("the old certificate stays: \(error)")
                }
            default:
                let seconds = call.int(.drain) ?? 10
                try blocking { await http.drain(within: seconds) }
                return .done
            }
        }
    }
)

/// The access log on standard error; with priorities where the journal reads it.
private struct AccessLog: Sendable {
    private let isJournal: Bool

    init(_ console: Console) { isJournal = console.environment.text("JOURNAL_STREAM") != nil }

    func write(_ line: AccessLogLine) {
        let priority = isJournal ? (line.isFailure ? "<3>" : "<6>") : ""
        // One call, so that lines of several threads do not mix.
        Console.write(Array("\(priority)\(line.json.text)\n".utf8), to: 2)
    }
}

extension Invocation {
    fileprivate func serverConfiguration() throws(Failure) -> ServerConfiguration {
        ServerConfiguration(
            regions: Set(try list(.regions)),
            skew: Int64(try settings.int(.skew))
        )
    }

    func httpConfiguration() throws(Failure) -> HTTPServer.Configuration {
        let certificate = try settings.text(.tlsCertificate)
        let key = try settings.text(.tlsKey)
        guard certificate.isEmpty == key.isEmpty else {
            throw .misused("give `--tls-certificate` and `--tls-key` together")
        }
        return HTTPServer.Configuration(
            listeners: try list(.listen),
            tls: certificate.isEmpty ? nil : HTTPServer.Configuration.TLS(certificate: certificate, key: key),
            proxies: try list(.proxies)
        )
    }

    /// Refuses a file of trusted certificates that would be missed only when somebody brings a token.
    fileprivate func checkIdentityCertificates() throws(Failure) {
        let file = try settings.text(.identityCAFile)
        if file.isEmpty { return }
        do throws(FileError) {
            let bytes = try PlainFile.read(file, atMost: 1 << 24).bytes
            if String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") { return }
        } catch {
            throw .unusable("cannot read `\(file)`: \(error.reason)")
        }
        throw .unusable("`\(file)` holds no certificate in PEM: give --identity-ca-file one that does")
    }

    /// The entries of a setting that takes several.
    func list(_ setting: Setting) throws(Failure) -> [String] {
        try settings.text(setting).split(separator: ",").map { String($0.filter { $0 != " " }) }.filter { !$0.isEmpty }
    }

    /// Opens the store, or makes it with the account and the root key that the environment names.
    fileprivate func initialisedAuthority() throws -> Authority {
        let key = try MasterKeyFile(self)
        let authority: Authority
        do {
            authority = try createAuthority(self, key.source)
        } catch {
            key.forget()
            throw error
        }
        let variables = console.environment
        let account = variables.text("LATCHKEY_INIT_ACCOUNT")
        let id = variables.text("LATCHKEY_INIT_ROOT_ACCESS_KEY_ID")
        let secret = variables.text("LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY")
        guard (id == nil) == (secret == nil) else {
            throw Failure.misused(
                "give LATCHKEY_INIT_ROOT_ACCESS_KEY_ID and LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY together"
            )
        }
        let isNew = try blocking { try await authority.accounts().isEmpty }
        guard isNew else { return authority }
        let number = try account.map { text throws(Fault) in try AccountID(text) } ?? AccountID.random()
        let create = CreateAccount(accountId: number)
        var root: ImportAccessKey?
        if let id, let secret {
            root = ImportAccessKey(accessKeyId: try AccessKeyID(id), secretAccessKey: SecretText(secret))
        }
        let (local, rootKey) = (Caller.local(OpenStore.operatorName, account: number), root)
        try blocking {
            func call() -> Call { authority.call(by: local, for: number, from: "local") }
            _ = try await authority.perform(create, call())
            if let rootKey { _ = try await authority.perform(rootKey, call()) }
        }
        return authority
    }
}
