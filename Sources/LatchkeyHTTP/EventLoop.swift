// EventLoop.swift: the thread that accepts connections and moves their bytes, and how others reach it.
internal import CLatchkeyEvent
internal import Glibc
internal import Synchronization

/// One event base of libevent on a thread of its own.
///
/// Sendable without proof: `inbox`, `canWake` and `tls` are locked, what is `let` and Sendable is anybody's, and everything else is touched
/// by the loop's own thread only, from `start` on.
final class EventLoop: @unchecked Sendable {
    /// What other threads tell the loop.
    enum Message {
        case answer(UInt64, HTTPResponse)
        case drain(seconds: Int)
        case stop
    }

    private struct Inbox {
        var isOpen = true
        var messages: [Message] = []
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    /// The connections of one address or IPv6 network.
    private final class Neighbours {
        var count = 0
        let line = WaitingLine()
    }

    let limits: HTTPServer.Configuration.Limits
    let proxies: Proxies
    let base: OpaquePointer
    private let executor: (any TaskExecutor)?
    private let onRefusal: @Sendable (HTTPPeer, Int, String) -> Void
    private let respond: @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse
    private let inbox = Mutex(Inbox())
    /// Whether there is still an event to wake the loop with.
    private let canWake = Mutex(true)
    private let tls: Mutex<TLSContext?>

    var writer = ResponseWriter()
    private(set) var isDraining = false
    private var wake: OpaquePointer?
    private var cutOff: OpaquePointer?
    private var listeners: [Listener] = []
    private var connections: [UInt64: Connection] = [:]
    private var neighbours: [SocketPeer: Neighbours] = [:]
    private let line = WaitingLine()
    private var lastID: UInt64 = 0
    private var held = 0

    /// Makes the loop and takes the sockets.
    init(
        limits: HTTPServer.Configuration.Limits,
        sockets: [ListeningSocket],
        tls: TLSContext?,
        proxies: Proxies,
        executor: (any TaskExecutor)?,
        onRefusal: @escaping @Sendable (HTTPPeer, Int, String) -> Void,
        respond: @escaping @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse
    ) throws(HTTPServer.Failure) {
        guard Self.areThreadsReady, let base = event_base_new() else {
            throw HTTPServer.Failure("libevent cannot watch sockets: raise the limit on open files (`ulimit -n`)")
        }
        self.base = base
        self.limits = limits
        self.proxies = proxies
        self.tls = Mutex(tls)
        self.executor = executor
        self.onRefusal = onRefusal
        self.respond = respond
        let context = Unmanaged.passUnretained(self).toOpaque()
        wake = event_new(base, -1, Int16(EV_PERSIST), loopWasWoken, context)
        cutOff = event_new(base, -1, 0, loopMustEnd, context)
        for socket in sockets {
            guard let listener = Listener(socket, for: self) else {
                end()
                throw HTTPServer.Failure("libevent cannot listen on \(socket.url): raise the limit on open files")
            }
            listeners.append(listener)
        }
    }

    /// Libevent locks its bases only if it was told to before the first is made.
    private static let areThreadsReady = evthread_use_pthreads() == 0

    /// Runs the loop on a new thread.
    func start() throws(HTTPServer.Failure) {
        guard ServiceThread.start({ [self] in run() }) else {
            end()
            throw HTTPServer.Failure("no thread could be started: raise the limit on processes (`ulimit -u`)")
        }
    }

    private func run() {
        event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY)
        end()
    }

    private func end() {
        isDraining = true
        listeners = []
        for connection in Array(connections.values) { connection.close() }
        // From here on nobody wakes the loop.
        let drained = inbox.withLock { inbox in
            defer { inbox = Inbox(isOpen: false) }
            return inbox.drained
        }
        canWake.withLock { $0 = false }
        if let wake { event_free(wake) }
        if let cutOff { event_free(cutOff) }
        event_base_free(base)
        for continuation in drained { continuation.resume() }
    }

    // MARK: From other threads

    /// Tells the loop something.
    func post(_ message: Message) {
        let isFirst = inbox.withLock { inbox in
            guard inbox.isOpen else { return false }
            inbox.messages.append(message)
            return inbox.messages.count == 1
        }
        // With a lock of its own: waking is a system call, for which nobody who posts shall have to wait.
        if isFirst { canWake.withLock { if $0, let wake { event_active(wake, 0, 0) } } }
    }

    /// Ends the loop; returns when it has ended.
    func drain(within seconds: Int) async {
        await withCheckedContinuation { continuation in
            let isOpen = inbox.withLock { inbox in
                if inbox.isOpen { inbox.drained.append(continuation) }
                return inbox.isOpen
            }
            if isOpen { post(.drain(seconds: seconds)) } else { continuation.resume() }
        }
    }

    /// Accepts connections with that certificate from now on.
    func use(_ context: TLSContext) { tls.withLock { $0 = context } }

    fileprivate func takeMessages() {
        let messages = inbox.withLock { inbox in
            defer { inbox.messages = [] }
            return inbox.messages
        }
        for message in messages {
            switch message {
            case .answer(let id, let response): connections[id]?.answer(response)
            case .drain(let seconds): beginDraining(seconds)
            case .stop: breakLoop()
            }
        }
    }

    private func beginDraining(_ seconds: Int) {
        guard !isDraining else { return }
        isDraining = true
        listeners = []
        for connection in Array(connections.values) { connection.closeIfIdle() }
        var time = timeval(tv_sec: min(max(seconds, 0), 86_400), tv_usec: 0)
        if let cutOff { event_add(cutOff, &time) }
        if connections.isEmpty { breakLoop() }
    }

    fileprivate func breakLoop() { event_base_loopbreak(base) }

    // MARK: Connections

    func accept(_ descriptor: Int32, from peer: SocketPeer, at socket: ListeningSocket) {
        let network = peer.network
        let group = neighbours[network] ?? Neighbours()
        let isCrowd = peer == .unix || proxies.contains(peer)
        if !isCrowd, group.count >= limits.connectionsPerAddress, !makeRoom(in: group.line) {
            return turnAway(descriptor, peer, socket)
        }
        if connections.count >= limits.connections, !makeRoom(in: line) { return turnAway(descriptor, peer, socket) }
        let context = socket.isUnix ? nil : tls.withLock { $0 }
        guard let connection = Connection(lastID &+ 1, descriptor, peer, at: socket, of: self, tls: context) else {
            close(descriptor)
            return
        }
        lastID = connection.id
        connections[connection.id] = connection
        // The group may have emptied and gone while room was made.
        let home = neighbours[network] ?? group
        neighbours[network] = home
        home.count += 1
        connection.open()
    }

    private func makeRoom(in line: WaitingLine) -> Bool {
        guard let oldest = line.first?.connection else { return false }
        oldest.close()
        return true
    }

    /// Closes a connection that there is no room for, and says so where that needs no handshake.
    private func turnAway(_ descriptor: Int32, _ peer: SocketPeer, _ socket: ListeningSocket) {
        if socket.isUnix || tls.withLock({ $0 == nil }) {
            let bytes = writer.bytes(Refusal.full.response, toMethod: "GET", closes: true)
            _ = send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
        close(descriptor)
        note(.full, from: HTTPPeer(address: peer.text, isSecure: false))
    }

    /// The connection waits for its client from now on.
    func queue(_ connection: Connection) {
        line.join(connection.place)
        neighbours[connection.peer.network]?.line.join(connection.placeAmongNeighbours)
    }

    /// Forgets a connection that has closed.
    func forget(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        held -= connection.heldBytes
        let network = connection.peer.network
        if let group = neighbours[network] {
            group.count -= 1
            if group.count == 0 { neighbours[network] = nil }
        }
        if isDraining && connections.isEmpty { breakLoop() }
    }

    /// The connection keeps more or fewer bytes than before; false when there is no memory for them.
    func changeHeldBytes(by change: Int, for connection: Connection) -> Bool {
        held += change
        while change > 0, held > limits.heldBytes, let oldest = line.first?.connection, oldest !== connection {
            oldest.close()
        }
        return change <= 0 || held <= limits.heldBytes
    }

    /// Has a request answered, off this thread.
    func serve(_ request: HTTPRequest, from peer: HTTPPeer, for id: UInt64) {
        Task(executorPreference: executor) { [self] in post(.answer(id, await respond(request, peer))) }
    }

    /// Tells of a refusal, off this thread: a log may block.
    func note(_ refusal: Refusal, from peer: HTTPPeer) {
        Task(executorPreference: executor) { [onRefusal] in onRefusal(peer, refusal.status, refusal.reason) }
    }
}

// What libevent calls; plain functions, which no actor can claim.

private func loopWasWoken(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().takeMessages()
}

private func loopMustEnd(_: Int32, _: Int16, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().breakLoop()
}
