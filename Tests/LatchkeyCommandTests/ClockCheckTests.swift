// ClockCheckTests.swift: the time of a server, true and false, of NTP and of HTTP, on loopback.
import Foundation
import Glibc
import LatchkeyHTTP
import LatchkeyTestSupport
import Synchronization
import Testing

@testable import LatchkeyCommand

@Suite("The check of this machine's clock")
struct ClockCheckTests {
    private static let nonce: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    /// A time of NTP: seconds since 1900 and their fractions.
    private static func stamp(_ time: Double) -> [UInt8] {
        let seconds = time + 2_208_988_800
        let whole = UInt64(seconds.truncatingRemainder(dividingBy: 4_294_967_296))
        let number = whole << 32 | UInt64((seconds - seconds.rounded(.down)) * 4_294_967_296)
        return (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    /// A server's answer: version 4, mode 4, stratum 2.
    private static func packet(_ nonce: [UInt8], arrived: Double, left: Double) -> [UInt8] {
        var packet = [UInt8](repeating: 0, count: 48)
        packet[0] = 4 << 3 | 4
        packet[1] = 2
        packet.replaceSubrange(24..<32, with: nonce)
        packet.replaceSubrange(32..<40, with: stamp(arrived))
        packet.replaceSubrange(40..<48, with: stamp(left))
        return packet
    }

    private static func reading(_ packet: [UInt8], sent: Double = 1000, received: Double = 1001) throws -> ClockReading
    {
        try SNTP.reading(packet, nonce: nonce, sent: sent, received: received)
    }

    @Test("Offset and delay are those of RFC 4330, also over the end of NTP's first era")
    func offset() throws {
        let reading = try Self.reading(Self.packet(Self.nonce, arrived: 1060.25, left: 1060.75))
        #expect(abs(reading.offset - 60) < 1e-6 && abs(reading.delay - 0.5) < 1e-6)
        let later = 2_085_978_496.0 + 100  // 2036-02-07T06:28:16Z, where the seconds begin anew
        let far = try Self.reading(
            Self.packet(Self.nonce, arrived: later, left: later),
            sent: later - 1,
            received: later + 1
        )
        #expect(abs(far.offset) < 1e-3)
        let early = try Self.reading(Self.packet(Self.nonce, arrived: 900, left: 900))
        #expect(abs(early.offset + 100.5) < 1e-6)
    }

    @Test("What the RFC's checks refuse says nothing about the clock")
    func checks() {
        let good = Self.packet(Self.nonce, arrived: 1000, left: 1000)
        func changed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var packet = good
            change(&packet)
            return packet
        }
        let cases: [(String, [UInt8])] = [
            ("too few bytes", Array(good.dropLast())), ("too few bytes", []),
            ("not asked", changed { $0[24] ^= 1 }),
            ("as a time server", changed { $0[0] = 4 << 3 | 3 }), ("as a time server", changed { $0[0] = 5 << 3 | 4 }),
            ("not set", changed { $0[0] |= 0xC0 }), ("not set", changed { $0[1] = 16 }),
            (
                "(RATE)",
                changed {
                    $0.replaceSubrange(12..<16, with: "RATE".utf8)
                    $0[1] = 0
                }
            ),
            ("too far", changed { $0[4] = 0x40 }), ("too far", changed { $0[8] = 0x40 }),
            ("cannot be", changed { $0.replaceSubrange(40..<48, with: repeatElement(0, count: 8)) }),
            ("cannot be", changed { $0.replaceSubrange(32..<40, with: Self.stamp(1001)) }),
            ("cannot be", changed { $0.replaceSubrange(40..<48, with: Self.stamp(1500)) }),
        ]
        for (reason, packet) in cases {
            do {
                _ = try Self.reading(packet)
                Issue.record("\(reason): it was read")
            } catch {
                #expect("\(error)".contains(reason), "\(error)")
            }
        }
    }

    @Test("A server is a host, a host and a port, or an http: URL")
    func servers() throws {
        let server = try ClockServer("pool.ntp.org")
        #expect(server.way == .ntp && server.host == "pool.ntp.org" && server.port == "123")
        #expect(try ClockServer("[::1]:1123").host == "::1" && ClockServer("[::1]:1123").port == "1123")
        #expect(try ClockServer("::1").host == "::1")
        let web = try ClockServer("HTTP://example.com:8080/a?b")
        #expect(web.way == .http && web.host == "example.com" && web.port == "8080" && web.path == "/a?b")
        let secure = try ClockServer("https://[::1]:8443")
        #expect(secure.way == .https && secure.host == "::1" && secure.port == "8443" && secure.path == "/")
        #expect(try ClockServer("https://example.com/x").port == "443")
        for text in [
            "", "https://", "https:example.com/", "ftp://example.com", "a b", "a:0", "a:65536", "a:x", "-o", "http://",
            "a\r\nb", "http://a/\r\nX: y",
        ] {
            #expect(throws: Failure.self, "\(text)") { try ClockServer(text) }
        }
    }

    @Test("The date of an HTTP answer is read once its head is whole")
    func date() throws {
        let head = "HTTP/1.1 301 Moved\r\nServer: x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        #expect(try ServerDate.time(in: Array(head.utf8)) == nil)
        #expect(try ServerDate.time(in: Array("\(head)\r\n".utf8)) == 784_111_777)
        for text in [
            "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n",
            "HTTP/1.1 200 OK\r\nDate: Sun, 31 Feb 1994 08:49:37 GMT\r\n\r\n",
        ] {
            #expect(throws: ClockFault.self) { try ServerDate.time(in: Array(text.utf8)) }
        }
    }

    // MARK: With servers

    /// Runs `latchkey code --check-time` against a server whose clock is off by that many seconds.
    private static func check(_ offset: Double, _ words: String..., isHTTP: Bool = false) throws -> Subprocess.Output {
        let server = try LoopbackServer(datagrams: !isHTTP) { question in
            let now = Date.now.timeIntervalSince1970 + offset
            if question.count == 48 { return packet(Array(question[40..<48]), arrived: now, left: now) }
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(secondsFromGMT: 0)
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            let date = format.string(from: Date(timeIntervalSince1970: now))
            return Array("HTTP/1.1 200 OK\r\nDate: \(date)\r\n\r\n".utf8)
        }
        defer { server.stop() }
        return try Subprocess.run(
            Places.binary.path,
            ["code", "--check-time", "\(isHTTP ? "http://" : "")127.0.0.1:\(server.port)"] + words,
            environment: ["HOME": "/nonexistent", "PATH": "/usr/bin:/bin"]
        )
    }

    @Test("A clock that is right is said to be, one that is off is warned of")
    func ntp() throws {
        let right = try Self.check(0)
        #expect(right.status == 0, "\(right.stderr)")
        #expect(right.stdout.hasPrefix("this clock is 0.") && right.stderr.isEmpty)
        let ahead = try Self.check(-90, "--json")
        #expect(ahead.status == 1 && ahead.stderr.contains("services allow it to be off by some seconds only"))
        #expect(
            ahead.stdout.contains("\"offset_milliseconds\":-9") || ahead.stdout.contains("\"offset_milliseconds\":-89")
        )
        let behind = try Self.check(3600)
        #expect(behind.status == 1 && behind.stdout.contains(" s behind 127.0.0.1"))
        let web = try Self.check(7200, isHTTP: true)
        #expect(web.status == 1 && web.stdout.contains("this clock is about 7") && web.stdout.contains(" s behind"))
        let fine = try Self.check(0, isHTTP: true)
        #expect(fine.status == 0, "\(fine.stderr)")
    }

    @Test("Behind TLS the date counts of a server whose certificate is trusted, and of no other")
    func https() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-clock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "c.pem").path, folder.appending(path: "c.key").path)
        let made = try Subprocess.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-subj", "/CN=x",
                "-addext", "subjectAltName=IP:127.0.0.1", "-nodes", "-keyout", key, "-out", certificate,
            ]
        )
        #expect(made.status == 0, "\(made.stderr)")
        let http = try HTTPServer(
            HTTPServer.Configuration(
                listeners: ["127.0.0.1:0"],
                tls: HTTPServer.Configuration.TLS(certificate: certificate, key: key)
            ),
            onRefusal: { _, _, _ in },
            respond: { request, _ in HTTPResponse(status: request.method == "HEAD" ? 404 : 500) }
        )
        try http.start()
        let address = try #require(http.addresses.first)
        let server = try ClockServer(address)
        #expect(server.way == .https)
        let reading = try await server.askHTTPS(caFile: certificate, within: 300)
        // Somewhere between the question and the answer the date was right, to a second.
        #expect(abs(reading.offset) <= reading.delay / 2 + 2 && reading.delay > 0)
        let untrusted = try Subprocess.run(Places.binary.path, ["code", "--check-time", address])
        #expect(untrusted.status == 4 && untrusted.stdout.isEmpty)
        #expect(untrusted.stderr.hasPrefix("latchkey: the certificate of 127.0.0.1 is not trusted: "))
        #expect(untrusted.lines.isEmpty && untrusted.stderr.split(separator: "\n").count == 1)
        await http.drain(within: 0)
        await #expect(throws: LatchkeyCommand.Failure.self) { try await server.askHTTPS(caFile: certificate) }
    }

    @Test("An answer to another question is set aside, a refusal and silence are told")
    func strangers() throws {
        let answers: [(String, ([UInt8]) -> [UInt8])] = [
            ("answered a question that was not asked", { _ in Self.packet(Self.nonce, arrived: 1, left: 1) }),
            (
                "refuses to answer (DENY)",
                { question in
                    var packet = Self.packet(Array(question[40..<48]), arrived: 1, left: 1)
                    packet[1] = 0
                    packet.replaceSubrange(12..<16, with: "DENY".utf8)
                    return packet
                }
            ),
        ]
        for (reason, answer) in answers {
            let server = try LoopbackServer(datagrams: true) { answer($0) }
            defer { server.stop() }
            let output = try Subprocess.run(
                Places.binary.path,
                ["code", "--check-time", "127.0.0.1:\(server.port)"],
                environment: ["HOME": "/nonexistent", "PATH": "/usr/bin:/bin"]
            )
            #expect(output.status == 4 && output.stderr.contains(reason), "\(output.stderr)")
        }
    }
}

/// A server on loopback that answers every question in its own way, on a thread of its own.
private final class LoopbackServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let isDone = Atomic<Bool>(false)

    private init(_ port: UInt16, _ descriptor: Int32) {
        self.port = port
        self.descriptor = descriptor
    }

    convenience init(datagrams: Bool, _ answer: @escaping ([UInt8]) -> [UInt8]) throws {
        let made = socket(AF_INET, Int32((datagrams ? SOCK_DGRAM : SOCK_STREAM).rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(made, address, length) == 0 && getsockname(made, address, &length) == 0
                    && (datagrams || listen(made, 4) == 0)
            }
        }
        guard bound else { throw Pseudoterminal.Trouble(text: "no socket on loopback: \(errno)") }
        self.init(UInt16(bigEndian: address.sin_port), made)
        nonisolated(unsafe) let answer = answer
        Thread.detachNewThread { [self] in
            while !isDone.load(ordering: .acquiring) {
                var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                guard poll(&ready, 1, 50) > 0 else { continue }
                serve(datagrams, answer)
            }
            close(descriptor)
        }
    }

    func stop() { isDone.store(true, ordering: .releasing) }

    private func serve(_ datagrams: Bool, _ answer: ([UInt8]) -> [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        if datagrams {
            var peer = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutablePointer(to: &peer) { peer in
                peer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    let count = recvfrom(descriptor, &buffer, buffer.count, 0, peer, &length)
                    guard count > 0 else { return }
                    let bytes = answer(Array(buffer[..<count]))
                    _ = sendto(descriptor, bytes, bytes.count, 0, peer, length)
                }
            }
        } else {
            let connection = accept(descriptor, nil, nil)
            defer { close(connection) }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            let bytes = answer(Array(buffer[..<count]))
            _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }
}
