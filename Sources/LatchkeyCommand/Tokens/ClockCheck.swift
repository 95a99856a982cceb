// ClockCheck.swift: `latchkey code --check-time`: whether this machine's clock is right enough for codes.
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyHTTP
internal import LatchkeyJSON

extension Option {
    /// Whom to ask for the time.
    static let checkTime = Option.text(
        "check-time",
        "SERVER",
        "asks a time server (HOST or HOST:PORT), or the Date of https://HOST or http://HOST, how far this clock is off"
    )
}

/// A server that is asked for the time.
struct ClockServer: Sendable, Equatable {
    /// How it is asked.
    enum Way: String, Sendable {
        case ntp, http, https

        /// The port that nobody has to name.
        var port: String {
            switch self {
            case .ntp: SNTP.port
            case .http: "80"
            case .https: "443"
            }
        }
    }

    let way: Way
    let host: String
    let port: String
    var path = "/"

    /// Reads `HOST`, `HOST:PORT`, `[::1]:PORT` or an `https:` or `http:` URL.
    init(_ text: String) throws(Failure) {
        var rest = text[...]
        let scheme = text.lowercased().utf8
        let web: Way? =
            scheme.starts(with: "https://".utf8) ? .https : scheme.starts(with: "http://".utf8) ? .http : nil
        way = web ?? .ntp
        if let web {
            rest = rest.dropFirst(web.rawValue.utf8.count + 3)
            if let slash = rest.firstIndex(of: "/") {
                path = String(rest[slash...])
                rest = rest[..<slash]
            }
        }
        var port = way.port
        if rest.first == "[", let close = rest.firstIndex(of: "]") {
            let after = rest[rest.index(after: close)...]
            if after.first == ":" { port = String(after.dropFirst()) }
            rest = rest[rest.index(after: rest.startIndex)..<close]
        } else if let colon = rest.lastIndex(of: ":"), rest.firstIndex(of: ":") == colon {
            port = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        host = String(rest)
        self.port = port
        let isPlain = (host + path).utf8.allSatisfy { (0x21...0x7E).contains($0) }
        guard !host.isEmpty, isPlain, host.utf8.first != UInt8(ascii: "-"), let number = Check.natural(port),
            (1...65_535).contains(number)
        else { throw .misused("`--check-time` is HOST, HOST:PORT, https://HOST or http://HOST") }
    }

    /// Asks, for five seconds at most.
    func ask() throws -> ClockReading {
        if way == .https { return try blocking { try await askHTTPS() } }
        do throws(ClockFault) {
            return way == .ntp ? try askNTP() : try askHTTP()
        } catch {
            throw Failure.unreachable("\(Shown.text(host)) \(error.reason)")
        }
    }

    private static let patience: Double = 5

    private func askNTP() throws(ClockFault) -> ClockReading {
        let socket = try Socket(host, port, SOCK_DGRAM)
        let nonce = SecureRandom.bytes(count: 8)
        let clock = Stopwatch()
        let sent = clock.now
        try socket.send(SNTP.question(nonce: nonce))
        // Answers to other questions are set aside; the last one's reason is told.
        var fault = ClockFault(reason: "does not answer; check the name, and that UDP port \(port) is let through")
        while let packet = try socket.receive(1024, within: sent + Self.patience - clock.now) {
            do throws(ClockFault) {
                return try SNTP.reading(packet, nonce: nonce, sent: sent, received: clock.now)
            } catch {
                fault = error
                if packet.count >= SNTP.length, Array(packet[24..<32]) == nonce { break }
            }
        }
        throw fault
    }

    /// The server's name and port as a `Host` field has them.
    private var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == way.port ? name : "\(name):\(port)"
    }

    /// Asks behind TLS; the certificate is checked against those of `caFile`, or the system's.
    func askHTTPS(
        caFile: String? = nil,
        within patience: Double = Self.patience
    ) async throws(Failure) -> ClockReading {
        var limits = HTTPClient.Limits()
        limits.time = .seconds(patience)
        limits.connectTime = limits.time
        let client = HTTPClient(limits: limits, caFile: caFile)
        let fields = HTTPFields([HTTPFields.Field("user-agent", "latchkey")])
        let clock = Stopwatch()
        let sent = clock.now
        let answer: HTTPResponse
        do throws(HTTPClient.Failure) {
            answer = try await client.send(method: "HEAD", url: "https://\(authority)\(path)", fields: fields)
        } catch {
            guard error.isUntrusted else { throw .unreachable(error.description) }
            throw .unreachable(
                "the certificate of \(Shown.text(host)) is not trusted: where this clock is years off none is; ask a time server"
            )
        }
        let received = clock.now
        guard let date = answer.fields["date"] else {
            throw .unreachable("\(Shown.text(host)) does not say its date")
        }
        guard let time = ServerDate.parse(date[...]) else {
            throw .unreachable("\(Shown.text(host)) gives a date that cannot be read")
        }
        return ClockReading(offset: time + 0.5 - (sent + received) / 2, delay: received - sent)
    }

    private func askHTTP() throws(ClockFault) -> ClockReading {
        let socket = try Socket(host, port, SOCK_STREAM)
        let clock = Stopwatch()
        let sent = clock.now
        try socket.send(ServerDate.question(host: authority, path: path))
        var answer: [UInt8] = []
        while answer.count < 65_536,
            let bytes = try socket.receive(4096, within: sent + Self.patience - clock.now), !bytes.isEmpty
        {
            answer += bytes
            guard let time = try ServerDate.time(in: answer) else { continue }
            let received = clock.now
            // The date has no fractions: it lies half a second back on the average.
            return ClockReading(offset: time + 0.5 - (sent + received) / 2, delay: received - sent)
        }
        throw ClockFault(reason: "does not answer in HTTP")
    }
}

/// This machine's clock, read once, and then moved on by one that nobody sets.
private struct Stopwatch {
    private let start = Self.read(CLOCK_REALTIME)
    private let steady = Self.read(CLOCK_MONOTONIC)

    var now: Double { start + Self.read(CLOCK_MONOTONIC) - steady }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// A connected socket.
private struct Socket: ~Copyable {
    private let descriptor: Int32

    init(_ host: String, _ port: String, _ kind: __socket_type) throws(ClockFault) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(kind.rawValue)
        hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &list) == 0 else {
            throw ClockFault(reason: "is not known; check the name and the network")
        }
        defer { freeaddrinfo(list) }
        var next = list
        while let address = next?.pointee {
            next = address.ai_next
            let made = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard made >= 0 else { continue }
            var patience = timeval(tv_sec: 5, tv_usec: 0)
            setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
            if connect(made, address.ai_addr, address.ai_addrlen) == 0 {
                descriptor = made
                return
            }
            close(made)
        }
        throw ClockFault(reason: "cannot be reached at port \(port); check the name and the network")
    }

    deinit { close(descriptor) }

    borrowing func send(_ bytes: [UInt8]) throws(ClockFault) {
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw ClockFault(reason: "cannot be asked: \(FileError.reason(errno))")
        }
    }

    /// What comes next; nil when the time is over, empty at the end.
    borrowing func receive(_ most: Int, within seconds: Double) throws(ClockFault) -> [UInt8]? {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard seconds > 0, poll(&ready, 1, Int32(clamping: Int64(seconds * 1000))) > 0 else { return nil }
        var buffer = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &buffer, most, 0)
        guard count >= 0 else { throw ClockFault(reason: "cannot be asked: \(FileError.reason(errno))") }
        return Array(buffer[..<count])
    }
}

extension Invocation {
    /// The seconds that a clock may be off before codes begin to be refused.
    private static let mostOffset: Double = 5

    /// Says how far this machine's clock is off.
    func checkTime(_ text: String) throws -> ExitCode {
        let server = try ClockServer(text)
        let reading = try server.ask()
        let isFine = reading.offset.magnitude <= Self.mostOffset
        if wantsJSON {
            console.print([
                "server": .string(text), "way": .string(server.way.rawValue),
                "offset_milliseconds": .number(milliseconds(reading.offset)),
                "delay_milliseconds": .number(milliseconds(reading.delay)), "fine": .bool(isFine),
            ])
        } else {
            let side = reading.offset < 0 ? "ahead of" : "behind"
            let length = server.way == .ntp ? thousandths(reading.offset.magnitude) : whole(reading.offset.magnitude)
            console.tick("this clock is \(length) s \(side) \(Shown.text(server.host))")
        }
        if isFine { return .done }
        console.warn(
            "codes are made from this clock, and services allow it to be off by some seconds only: have it set by the network, "
                + "such as with `timedatectl set-ntp true`"
        )
        return .refused
    }

    private func milliseconds(_ seconds: Double) -> Int64 {
        Int64(exactly: (seconds * 1000).rounded()) ?? (seconds < 0 ? .min : .max)
    }

    private func thousandths(_ seconds: Double) -> String {
        let number = milliseconds(seconds)
        let rest = "\(number % 1000)"
        return "\(number / 1000)." + String(repeating: "0", count: 3 - rest.utf8.count) + rest
    }

    /// A date without fractions says no more.
    private func whole(_ seconds: Double) -> String { "about \(milliseconds(seconds.rounded()) / 1000)" }
}
