// Sockets.swift: servers, clients and certificates for the tests that go over real sockets.
import Glibc
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyHTTP

/// Everything that opens sockets, one test at a time: some keep time, one fills the machine with connections.
@Suite(.serialized) struct SocketTests {}

/// Runs what blocks on a thread of its own: tests and the server's tasks share two threads.
@discardableResult
func apart<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        let started = ServiceThread.start { continuation.resume(with: Result { try body() }) }
        if !started { continuation.resume(throwing: Mistake("no thread")) }
    }
}

/// Runs another program off the tests' threads.
func run(_ program: String, _ arguments: [String], stdin: [UInt8] = []) async throws -> Subprocess.Output {
    try await apart { try Subprocess.run(program, arguments, stdin: stdin, timeout: 30) }
}

/// `curl --silent --include`; what it printed.
func curl(_ arguments: String...) async throws -> Subprocess.Output {
    try await run("curl", ["-s", "-S", "-i", "--max-time", "20"] + arguments)
}

struct Mistake: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder that is removed when it is let go.
final class Folder: Sendable {
    let path: String

    init() throws {
        var name = Array("/tmp/latchkey-http-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil else { throw Mistake("no temporary folder") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { _ = try? Subprocess.run("rm", ["-rf", path]) }

    /// A new certificate for 127.0.0.1 and its key, by the openssl tool.
    func makeCertificate(_ name: String, _ arguments: [String] = []) async throws -> HTTPServer.Configuration.TLS {
        let files = HTTPServer.Configuration.TLS(certificate: "\(path)/\(name).pem", key: "\(path)/\(name).key")
        let output = try await run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj",
                "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", files.key, "-out",
                files.certificate,
            ] + (arguments.isEmpty ? ["-nodes"] : arguments)
        )
        guard output.status == 0 else { throw Mistake(output.stderr) }
        return files
    }

    func write(_ text: String, to name: String) throws -> String {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, text.withCString({ Glibc.write(descriptor, $0, strlen($0)) }) == text.utf8.count else {
            throw Mistake("cannot write \(file)")
        }
        return file
    }
}

/// A server on loopback, and what it refused.
final class TestServer: Sendable {
    let server: HTTPServer
    private let log = Log()

    init(
        _ listeners: [String] = ["127.0.0.1:0"],
        tls: HTTPServer.Configuration.TLS? = nil,
        proxies: [String] = [],
        limits: HTTPServer.Configuration.Limits = HTTPServer.Configuration.Limits(),
        respond: @escaping @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse = TestServer.echo
    ) throws {
        let log = log
        server = try HTTPServer(
            HTTPServer.Configuration(listeners: listeners, tls: tls, proxies: proxies, limits: limits),
            onRefusal: { peer, status, reason in log.add("\(peer.address) \(status) \(reason)") },
            respond: respond
        )
        try server.start()
    }

    /// What was refused so far, in the order of the telling.
    var refused: [String] { log.lines }

    var url: String { server.addresses.first ?? "" }
    var port: UInt16 { url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0 }

    /// Tells what it has seen of the request.
    static let echo: @Sendable (HTTPRequest, HTTPPeer) async -> HTTPResponse = { request, peer in
        let text = "\(request.method) \(request.target) \(peer.address) \(peer.isSecure) "
        return HTTPResponse(status: 200, type: "text/plain", body: Array(text.utf8) + request.body)
    }
}

extension HTTPServer.Configuration.Limits {
    /// The usual limits but for some.
    static func with(_ change: (inout Self) -> Void) -> Self {
        var limits = Self()
        change(&limits)
        return limits
    }
}

/// Lines that several threads add to.
final class Log: Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock { $0 } }
    func add(_ line: String) { all.withLock { $0.append(line) } }
}

/// A socket on loopback that connections come to and that answers none.
final class RawListener: Sendable {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // A `sockaddr_in`, which Glibc's overlay lacks: family, port, address.
        var place = [UInt8](repeating: 0, count: 16)
        place[0] = UInt8(AF_INET)
        place[4...7] = [127, 0, 0, 1]
        var length = socklen_t(place.count)
        let isBound = place.withUnsafeMutableBytes { bytes in
            let name = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            return bind(made, name, length) == 0 && listen(made, 8) == 0
                && getsockname(made, name, &length) == 0
        }
        (descriptor, port) = (made, UInt16(place[2]) << 8 | UInt16(place[3]))
        if !isBound { throw Mistake("no socket on loopback") }
    }

    deinit { close(descriptor) }

    /// Whether a connection waits.
    var hasCaller: Bool {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&ready, 1, 0) > 0
    }
}

/// A client without manners: one socket, bytes in and out.
final class RawClient: Sendable {
    private let descriptor: Int32

    init(_ port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        // A `sockaddr_in`, which Glibc's overlay lacks: family, port, address.
        var place = [UInt8](repeating: 0, count: 16)
        place[0] = UInt8(AF_INET)
        place[2...7] = [UInt8(port >> 8), UInt8(truncatingIfNeeded: port), 127, 0, 0, 1]
        let connected = place.withUnsafeBytes {
            connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, 16)
        }
        guard descriptor >= 0, connected == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Mistake("cannot connect: \(reason)")
        }
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends what the kernel takes; false when the server has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the server closes; nil when it does not within the time of the socket.
    func readToEnd() async throws -> String? {
        try await apart { [descriptor] in
            var all: [UInt8] = []
            while true {
                var piece = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &piece, piece.count, 0)
                if count == 0 { return String(decoding: all, as: UTF8.self) }
                if count < 0 { return errno == ECONNRESET && !all.isEmpty ? "reset" : errno == ECONNRESET ? "" : nil }
                all += piece[..<count]
            }
        }
    }

    /// What comes until `mark` has come.
    func read(upTo mark: String) async throws -> String {
        try await apart { [descriptor] in
            var all = ""
            while !all.contains(mark) {
                var piece = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &piece, piece.count, 0)
                guard count > 0 else { throw Mistake("ended before `\(mark)`: \(all)") }
                all += String(decoding: piece[..<count], as: UTF8.self)
            }
            return all
        }
    }
}

/// The statuses of the responses in a stream of them.
func statuses(_ stream: String) -> [String] {
    let words = stream.split { $0 == " " || $0 == "\r\n" || $0 == "\n" }
    return zip(words, words.dropFirst()).filter { $0.0.hasSuffix("HTTP/1.1") && Int($0.1) != nil }.map { String($0.1) }
}

/// How many descriptors this process has open.
func openDescriptors() throws -> Int {
    guard let folder = opendir("/proc/self/fd") else { throw Mistake("no /proc") }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
}

/// Waits until something is so; what it was last.
func eventually(_ isSo: () throws -> Bool) async throws -> Bool {
    for _ in 0..<400 {
        if try isSo() { return true }
        try await Task.sleep(for: .milliseconds(25))
    }
    return try isSo()
}
