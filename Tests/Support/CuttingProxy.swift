// CuttingProxy.swift: stands between a client and a server on Unix sockets and cuts the connection where a test wants it.
import Glibc
import Synchronization

/// A relay that cuts a connection at a chosen message, before it is passed on or after.
public final class CuttingProxy: Sendable {
    /// Which way a message goes.
    public enum Direction: Sendable, CaseIterable { case toServer, toClient }

    /// Where a connection is to be cut.
    public struct Cut: Sendable {
        /// The direction of the message that is the last.
        public var direction: Direction
        /// How many messages in this direction pass before it.
        public var after: Int
        /// Whether the last message is passed on.
        public var passesLast: Bool

        /// Describes a cut.
        public init(_ direction: Direction, after: Int, passesLast: Bool) {
            (self.direction, self.after, self.passesLast) = (direction, after, passesLast)
        }
    }

    private struct Plan {
        var cut: Cut?
        var seen = 0
        var wasCut = false
    }

    /// The folder of the socket, to be given as the host.
    public let folder: String
    private let target: String
    private let listener: Int32
    private let plan = Mutex(Plan())

    /// Listens in a new folder and passes everything on to PostgreSQL's socket in `server`.
    public init(to server: String) throws {
        signal(SIGPIPE, SIG_IGN)
        folder = "/tmp/latchkey-proxy-\(getpid())-\(UInt32.random(in: .min ... .max))"
        target = server + "/.s.PGSQL.5432"
        mkdir(folder, 0o700)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(folder + "/.s.PGSQL.5432")
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard isBound == 0, listen(listener, 64) == 0 else {
            throw PostgreSQLCluster.Failure(description: "the proxy cannot listen in \(folder)")
        }
        let listening = listener
        let accept: @Sendable (Int32) -> Void = { [weak self] client in self?.serve(client) }
        Self.thread {
            while true {
                let client = Glibc.accept(listening, nil, nil)
                guard client >= 0 else { return }
                accept(client)
            }
        }
    }

    /// Ends listening and removes the folder.
    public func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        unlink(folder + "/.s.PGSQL.5432")
        rmdir(folder)
    }

    /// Plans a cut of whichever connection the message belongs to; counting begins now.
    public func plan(_ cut: Cut) { plan.withLock { $0 = Plan(cut: cut) } }

    /// Whether the planned cut was made.
    public var wasCut: Bool { plan.withLock(\.wasCut) }

    /// Takes the plan back.
    public func forget() { plan.withLock { $0.cut = nil } }

    private func serve(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(target)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        let pair = Pair(client, server)
        guard isConnected == 0 else { return pair.cut() }
        Self.thread { [self] in relay(from: client, to: server, .toServer, pair) }
        Self.thread { [self] in relay(from: server, to: client, .toClient, pair) }
    }

    private func relay(from source: Int32, to target: Int32, _ direction: Direction, _ pair: Pair) {
        defer { pair.cut() }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { return }
            let (isLast, passes) = verdict(direction)
            if !isLast || passes {
                var sent = 0
                while sent < count {
                    let more = buffer.withUnsafeBytes { write(target, $0.baseAddress.map { $0 + sent }, count - sent) }
                    guard more > 0 else { return }
                    sent += more
                }
            }
            // What was passed on is to be worked on before the other side hears of the end.
            if isLast && passes { usleep(20_000) }
            if isLast { return }
        }
    }

    private func verdict(_ direction: Direction) -> (isLast: Bool, passes: Bool) {
        plan.withLock { plan in
            guard let cut = plan.cut, cut.direction == direction else { return (false, true) }
            plan.seen += 1
            guard plan.seen > cut.after else { return (false, true) }
            plan.cut = nil
            plan.wasCut = true
            return (true, cut.passesLast)
        }
    }

    /// Two sockets that end together.
    private final class Pair: Sendable {
        private let sockets: [Int32]
        private let users = Mutex(2)

        init(_ client: Int32, _ server: Int32) { sockets = [client, server] }

        /// Ends both directions; the second caller gives the descriptors back.
        func cut() {
            for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
            let left = users.withLock { users in
                users -= 1
                return users
            }
            if left == 0 { for socket in sockets { close(socket) } }
        }
    }

    private static func address(_ path: String) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { bytes in
            for (index, byte) in path.utf8.prefix(bytes.count - 1).enumerated() { bytes[index] = byte }
        }
        return address
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        pthread_create(&thread, nil, runProxyThread, Unmanaged.passRetained(Body(body)).toOpaque())
        pthread_detach(thread)
    }

    fileprivate final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}

/// What `pthread_create` calls; a plain function, which no actor can claim.
private func runProxyThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<CuttingProxy.Body>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
