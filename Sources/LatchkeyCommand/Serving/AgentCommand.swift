// AgentCommand.swift: `latchkey agent`, which keeps a role's credentials fresh and gives them to programs of its host.
internal import Glibc
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyJSON
internal import LatchkeyOTP

extension Option {
    fileprivate static let loopback = Option.text(
        "listen",
        "ADDRESS",
        "where programs of this host ask: 127.0.0.1:PORT or [::1]:PORT; 127.0.0.1:7444 if not said"
    )
    fileprivate static let tokenFile = Option.file(
        "token-file",
        "FILE",
        "serves the container form to whoever may read this token; made with mode 0600 when it is missing"
    )
    fileprivate static let metadata = Option.flag(
        "metadata",
        "serves the instance metadata form, to every program of this host"
    )
}

let agentCommand = Command(
    path: ["agent"],
    group: .keeping,
    summary: "keeps a role's credentials fresh for programs of this host",
    options: [.loopback, .tokenFile, .metadata] + Option.lending,
    text: [
        "AWS's clients get the credentials by themselves, and get new ones in time. With --token-file (or the token in "
            + "AWS_CONTAINER_AUTHORIZATION_TOKEN) they ask the container credentials endpoint: give them "
            + "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://ADDRESS/credentials and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=FILE. "
            + "With --metadata they ask the instance metadata service, version 2: give them "
            + "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://ADDRESS.",
        "The role is taken with a platform's OIDC token (--web-identity-token-file, or AWS_WEB_IDENTITY_TOKEN_FILE and "
            + "AWS_ROLE_ARN) and no key at all, or with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or with a profile of the "
            + "shared credentials file; the files are read at every renewal. Credentials are renewed when half of their time is "
            + "over; while the server cannot be reached the old ones are given until they end.",
        Option.certificateText,
        "SIGHUP renews at once; SIGTERM ends the agent.",
    ],
    examples: [
        Command.Example(
            "latchkey agent --endpoint https://keys.example.com --role-arn arn:aws:iam::123456789012:role/build --metadata"
        )
    ],
    exits: ExitCode.keeping + [(.unreachable, ExitCode.unreachable.meaning)],
    run: { call in
        // Before any thread is made: all inherit it, and the signals wait for this one.
        let signals = WaitedSignals([SIGTERM, SIGINT, SIGHUP, WaitedSignals.done])
        let request = try CredentialRequest(call)
        guard let role = request.role else { throw Failure.misused("a role is missing; give --role-arn ARN") }
        let listen = call.text(.loopback) ?? "127.0.0.1:7444"
        // To whoever asks from elsewhere the host would lend the role.
        guard listen.hasPrefix("127.") || listen.hasPrefix("[::1]:") else {
            throw Failure.misused("`--listen` takes an address of this host alone: 127.0.0.1:PORT or [::1]:PORT")
        }
        let authorization = try AuthorizationToken(
            file: call.text(.tokenFile),
            variable: call.console.environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        )
        guard authorization != nil || call.has(.metadata) else {
            throw Failure.misused("nothing would be served; give --token-file FILE, --metadata or both")
        }
        let keeper = CredentialKeeper(world: .system, report: call.report) { try await request.perform() }
        let service = AgentService(
            role: (role.text, String(role.text.split(separator: "/").last ?? "role")),
            authorization: authorization,
            hasMetadata: call.has(.metadata),
            credentials: { keeper.current }
        )
        let http = try call.server(on: listen, service)
        guard try call.begin(keeper, request, signals) else { return .done }
        do throws(HTTPServer.Failure) { try http.start() } catch {
            throw Failure.unusable("cannot listen on `\(listen)`: \(error)")
        }
        for address in http.addresses {
            call.console.print("listening on \(address)")
            if authorization != nil {
                call.console.print("AWS_CONTAINER_CREDENTIALS_FULL_URI=\(address)\(AgentService.containerPath)")
                if let file = call.text(.tokenFile) {
                    call.console.print("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=\(file)")
                }
            }
            if call.has(.metadata) { call.console.print("AWS_EC2_METADATA_SERVICE_ENDPOINT=\(address)") }
        }
        call.console.flush()
        var keeping = Task { await keeper.run(atOnce: false) }
        serving: while true {
            switch signals.wait() {
            case SIGHUP:
                keeping.cancel()
                keeping = Task { await keeper.run(atOnce: true) }
            case SIGTERM, SIGINT: break serving
            default: continue
            }
        }
        // Nobody waits for a fetch that still runs.
        keeping.cancel()
        try blocking { await http.drain(within: 2) }
        return .done
    }
)

extension CredentialKeeper.World {
    /// The system's clock, and chance.
    fileprivate static let system = Self(
        now: { .now },
        sleep: { try await Task.sleep(for: .seconds($0)) },
        chance: { Int64(SecureRandom.uniform(below: Int(max(1, $0)))) }
    )
}

extension Invocation {
    /// The server, which does not listen yet.
    fileprivate func server(on place: String, _ service: AgentService) throws(Failure) -> HTTPServer {
        do throws(HTTPServer.Failure) {
            return try HTTPServer(
                HTTPServer.Configuration(listeners: [place]),
                onRefusal: { [console] _, status, reason in
                    console.warn("a request was refused with \(status): \(reason)")
                },
                respond: { request, _ in service.respond(to: request, at: .now) }
            )
        } catch {
            throw .misused("\(error)")
        }
    }

    /// Gets the first credentials; a server that is away is waited for later, a refusal ends the command.
    ///
    /// - Returns: False if the command was told to end meanwhile.
    fileprivate func begin(
        _ keeper: CredentialKeeper,
        _ request: CredentialRequest,
        _ signals: WaitedSignals
    ) throws -> Bool {
        do {
            guard let first = try signals.result(of: { try await request.perform() }, unless: [SIGTERM, SIGINT]) else {
                return false
            }
            try keeper.hold(first)
        } catch let failure as Failure where failure.code == .unreachable {
            report(.failed(failure, old: nil))
        }
        return true
    }

    fileprivate func report(_ event: CredentialKeeper.Event) {
        switch event {
        case .renewed(let end): console.note("new credentials, until \(end)")
        case .failed(let failure, nil): console.warn("no credentials, trying again: \(failure.sentence)")
        case .failed(let failure, let old?):
            console.warn("no new credentials, trying again; the old ones last until \(old): \(failure.sentence)")
        }
    }
}
