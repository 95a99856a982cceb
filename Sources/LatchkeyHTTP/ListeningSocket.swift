// ListeningSocket.swift: a place where the server listens: an address and port, or a path of a Unix socket.
internal import CLatchkeyEvent
internal import Glibc

/// Where to listen, read from `127.0.0.1:7443`, `[::1]:7443`, `localhost:7443` or `unix:PATH`.
enum ListeningPlace: Sendable {
    case address(IPAddress, port: UInt16)
    case unix(path: String)

    init(_ text: String) throws(HTTPServer.Failure) {
        if text.utf8.starts(with: "unix:".utf8) {
            let path = String(text.dropFirst("unix:".count))
            // What fits into `sun_path` with its end.
            guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count < 108, !path.utf8.contains(0) else {
                throw HTTPServer.Failure(
                    "`\(text)` is no Unix socket: give unix: and an absolute path of up to 107 bytes"
                )
            }
            self = .unix(path: path)
            return
        }
        let mistake = HTTPServer.Failure(
            "`\(text)` is no address to listen on: give one such as 127.0.0.1:7443, [::1]:7443 or unix:/run/latchkey.sock"
        )
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { throw mistake }
        let digits = text.utf8[text.utf8.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.allSatisfy(ASCII.isDigit), let port = UInt16(Substring(digits))
        else {
            throw mistake
        }
        var host = String(text[..<colon])
        if host == "localhost" { host = "127.0.0.1" }
        let isBracketed = host.utf8.first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        if isBracketed { host = String(host.dropFirst().dropLast()) }
        guard let address = IPAddress(host), address.isIPv4 != isBracketed else { throw mistake }
        self = .address(address, port: port)
    }
}

/// A socket that listens; closed, and a Unix socket's path removed, when it is let go.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    /// Where it listens, with the port that the system has chosen: `http://127.0.0.1:7443`, or `unix:PATH`.
    let url: String
    let isUnix: Bool
    /// Whether only this machine reaches it.
    let isLocal: Bool
    private let path: String?
    private let inode: ino_t

    /// Binds and listens.
    init(_ place: ListeningPlace, scheme: String) throws(HTTPServer.Failure) {
        switch place {
        case .unix(let path):
            descriptor = try Self.listen(onPath: path)
            var status = stat()
            inode = lstat(path, &status) == 0 ? status.st_ino : 0
            self.path = path
            url = "unix:\(path)"
            isUnix = true
            isLocal = true
        case .address(let address, let port):
            let host = address.isIPv4 ? address.text : "[\(address.text)]"
            descriptor = try Self.listen(on: address, port: port, name: "\(host):\(port)")
            url = "\(scheme)://\(host):\(Self.port(of: descriptor))"
            path = nil
            inode = 0
            isUnix = false
            isLocal = address.isLoopback
        }
    }

    deinit {
        close(descriptor)
        guard let path else { return }
        var status = stat()
        // Another server may have taken the place.
        if lstat(path, &status) == 0, status.st_ino == inode { unlink(path) }
    }

    private static func listen(
        on address: IPAddress,
        port: UInt16,
        name: String
    ) throws(HTTPServer.Failure) -> Int32 {
        let descriptor = socket(
            address.isIPv4 ? AF_INET : AF_INET6,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            0
        )
        guard descriptor >= 0 else { throw .system("no socket could be made for \(name)", errno) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        let bound: Int32
        if address.isIPv4 {
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr = address.in4()
            bound = bindSocket(descriptor, &name)
        } else {
            // [::] means IPv6 only: every listener is exactly what it says.
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<Int32>.size))
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            name.sin6_addr = address.in6()
            bound = bindSocket(descriptor, &name)
        }
        guard bound == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EADDRINUSE
                ? HTTPServer.Failure("another program listens on \(name): end it, or listen on another port")
                : .system("the server cannot listen on \(name)", code)
        }
        return descriptor
    }

    private static let backlog: Int32 = 4_096

    private static func listen(onPath path: String) throws(HTTPServer.Failure) -> Int32 {
        try removeStaleSocket(path)
        let descriptor = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue),
            0
        )
        guard descriptor >= 0 else { throw .system("no socket could be made for \(path)", errno) }
        // Given before the socket has a name, so that at no time others may connect, and again, as the umask takes the
        // group's right away, which a proxy needs.
        fchmod(descriptor, 0o660)
        var name = unixName(path)
        guard bindSocket(descriptor, &name) == 0, chmod(path, 0o660) == 0, Glibc.listen(descriptor, backlog) == 0 else {
            let code = errno
            close(descriptor)
            throw .system("the server cannot listen on unix:\(path)", code)
        }
        return descriptor
    }

    /// Removes a socket that a server has left behind; one that somebody listens on stays.
    private static func removeStaleSocket(_ path: String) throws(HTTPServer.Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw HTTPServer.Failure("`\(path)` is a file and no socket: remove it, or listen on another path")
        }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { throw .system("no socket could be made for \(path)", errno) }
        defer { close(probe) }
        var name = unixName(path)
        let connected = withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected != 0, errno == ECONNREFUSED else {
            throw HTTPServer.Failure("another program listens on unix:\(path): end it, or listen on another path")
        }
        unlink(path)
    }

    private static func unixName(_ path: String) -> sockaddr_un {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return name
    }

    private static func bindSocket<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }

    private static func port(of descriptor: Int32) -> UInt16 {
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let found = withUnsafeMutablePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        // The port stands at the same place in both families.
        return found == 0 ? UInt16(bigEndian: name.sin6_port) : 0
    }
}

extension HTTPServer.Failure {
    static func system(_ what: String, _ code: Int32) -> HTTPServer.Failure {
        HTTPServer.Failure("\(what): \(String(cString: strerror(code)))")
    }
}
