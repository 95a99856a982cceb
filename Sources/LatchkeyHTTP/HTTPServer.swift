// HTTPServer.swift: the server: sockets that listen, one thread that moves bytes, and a function that answers.
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server.
///
/// One thread of its own moves bytes and never waits; requests are answered in Swift tasks. `SIGPIPE` and every other signal
/// is kept away from that thread.
public final class HTTPServer: Sendable {
    /// Why the server does not start, or a certificate is not taken.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// One sentence that says what to do.
        public let description: String

        init(_ description: String) { self.description = description }
    }

    private enum State {
        case new
        case running(EventLoop, addresses: [String])
        case ended
    }

    private let configuration: Configuration
    private let places: [ListeningPlace]
    private let proxies: Proxies
    private let onRefusal: @Sendable (HTTPPeer, Int, String) -> Void
    private let respond: @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State.new)

    /// Makes a server that does not listen yet.
    ///
    /// - Parameters:
    ///   - configuration: Where to listen, and within which limits.
    ///   - executor: Where `respond` runs; on Swift's own threads unless given.
    ///   - onRefusal: Told of every request that was refused before it became one: by whom, the status, a sentence.
    ///   - respond: Answers a request; never called twice at a time for one connection.
    /// - Throws: `Failure` if an address or a proxy cannot be read.
    public init(
        _ configuration: Configuration,
        on executor: (any TaskExecutor)? = nil,
        onRefusal: @escaping @Sendable (HTTPPeer, Int, String) -> Void,
        respond: @escaping @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse
    ) throws(Failure) {
        self.configuration = configuration
        var places: [ListeningPlace] = []
        for listener in configuration.listeners { places.append(try ListeningPlace(listener)) }
        self.places = places
        proxies = try Proxies(configuration.proxies)
        self.executor = executor
        self.onRefusal = onRefusal
        self.respond = respond
    }

    deinit {
        if case .running(let loop, _) = state.withLock({ $0 }) { loop.post(.stop) }
    }

    /// Where the server listens, as URLs with the ports that the system has chosen; `unix:PATH` for a Unix socket.
    public var addresses: [String] {
        state.withLock { if case .running(_, let addresses) = $0 { addresses } else { [] } }
    }

    /// Listens and begins to serve.
    ///
    /// - Throws: `Failure` if the certificate cannot be used, an address cannot be listened on, or plain HTTP would be reachable
    ///   from other machines with no proxy declared.
    public func start() throws(Failure) {
        try state.withLock { state throws(Failure) in
            guard case .new = state else { throw Failure("this server has been started before: make another one") }
            guard !places.isEmpty else {
                throw Failure("the server listens nowhere: give an address such as 127.0.0.1:7443")
            }
            var limits = configuration.limits
            limits.connections = min(limits.connections, Self.descriptors() - Self.spareDescriptors)
            let tls: TLSContext? = if let files = configuration.tls { try TLSContext(files) } else { nil }
            var sockets: [ListeningSocket] = []
            for place in places {
                try Self.requirePrivacy(of: place, hasCertificate: tls != nil, proxies)
                sockets.append(try ListeningSocket(place, scheme: tls == nil ? "http" : "https"))
            }
            let loop = try EventLoop(
                limits: limits,
                sockets: sockets,
                tls: tls,
                proxies: proxies,
                executor: executor,
                onRefusal: onRefusal,
                respond: respond
            )
            try loop.start()
            state = .running(loop, addresses: sockets.map(\.url))
        }
    }

    /// Refuses what `start` would refuse, without listening: only whether an address is taken is not known.
    public static func check(_ configuration: Configuration) throws(Failure) {
        let proxies = try Proxies(configuration.proxies)
        for listener in configuration.listeners {
            let place = try ListeningPlace(listener)
            try requirePrivacy(of: place, hasCertificate: configuration.tls != nil, proxies)
        }
        if let files = configuration.tls { _ = try TLSContext(files) }
    }

    /// Refuses a text that names no place to listen on.
    public static func checkPlace(_ text: String) throws(Failure) { _ = try ListeningPlace(text) }

    private static func requirePrivacy(
        of place: ListeningPlace,
        hasCertificate: Bool,
        _ proxies: Proxies
    ) throws(Failure) {
        guard case .address(let address, _) = place, !address.isLoopback, !hasCertificate, !proxies.areDeclared else {
            return
        }
        throw Failure(
            "plain HTTP on \(address.text) would be readable on the network: give a certificate and key, listen on "
                + "127.0.0.1, or declare the proxies in front"
        )
    }

    /// Reads the certificate and the key again, for connections from now on; if they cannot be used the old ones stay.
    public func reload() throws(Failure) {
        guard let files = configuration.tls else {
            throw Failure("there is no certificate to read again: start the server with one")
        }
        let context = try TLSContext(files)
        state.withLock { if case .running(let loop, _) = $0 { loop.use(context) } }
    }

    /// Ends the server: no new connections, requests in flight are answered, and what is left after `seconds` is cut off.
    ///
    /// Returns once every socket is closed.
    public func drain(within seconds: Int) async {
        let loop: EventLoop? = state.withLock { state in
            defer { state = .ended }
            return if case .running(let loop, _) = state { loop } else { nil }
        }
        await loop?.drain(within: seconds)
    }

    /// What the store, logs and libraries may need while connections take the rest.
    private static let spareDescriptors = 256

    /// How many descriptors there may be, once the limit is raised: the usual 1,024 are for programs that use `select`.
    private static func descriptors() -> Int {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(files, &raised) == 0 { limit = raised }
        }
        return max(Int(clamping: limit.rlim_cur), 2 * spareDescriptors)
    }
}
