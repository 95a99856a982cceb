// LoadGenerator.swift: requests that were made ready, sent over many connections by one thread that does little else.

internal import Glibc

/// One kind of request and the connections that send it, each the next one as soon as the last is answered.
struct Lane {
    var connections: Int
    /// The bytes of the requests; after the last comes the first again, unless each may be sent once only.
    var requests: [[UInt8]]
    /// How many requests are sent; without a number, as many as there is time for.
    var count: Int?
    /// Whether the bodies of the answers are kept, in the order of the requests.
    var keepsBodies = false
}

/// What came of one lane.
struct LaneResult {
    /// How long each answer took, in nanoseconds, in the order in which they came.
    var nanoseconds: [UInt32] = []
    /// How many answers there were of each status.
    var statuses: [Int: Int] = [:]
    var bodies: [[UInt8]] = []
    var seconds = 0.0

    var rate: Double { Double(nanoseconds.count) / max(seconds, 1e-9) }

    /// The time within which this part of the answers came, in seconds.
    func percentile(_ part: Double) -> Double {
        guard !nanoseconds.isEmpty else { return 0 }
        let sorted = nanoseconds.sorted()
        return Double(sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))]) / 1e9
    }
}

/// A load: lanes that are driven at once over kept-alive connections to one port on loopback.
struct LoadGenerator {
    let port: UInt16

    /// Drives the lanes for so many seconds, or until each has sent its number; waits for the last answers.
    func run(_ lanes: [Lane], seconds: Double = .infinity) throws -> [LaneResult] {
        var drive = try Drive(port: port, lanes: lanes)
        defer { drive.close() }
        return try drive.run(seconds)
    }

    /// Sends each request once and returns the bodies; fails unless all are answered 200.
    func bodies(of requests: [[UInt8]], connections: Int) throws -> [[UInt8]] {
        let lane = Lane(connections: connections, requests: requests, count: requests.count, keepsBodies: true)
        let result = try run([lane])[0]
        guard result.statuses == [200: requests.count] else {
            let body = result.bodies.first { !$0.starts(with: Array("<".utf8)) || $0.contains(UInt8(ascii: "E")) } ?? []
            throw BenchmarkFailure("answers: \(result.statuses); \(String(decoding: body, as: UTF8.self))")
        }
        return result.bodies
    }
}

/// Why a benchmark cannot go on.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// One connection: the request that it waits for an answer to, and what has come of it.
private struct Line {
    var descriptor: Int32
    var lane: Int
    /// The number of the request in its lane; below zero when the connection rests.
    var request = -1
    var start: UInt64 = 0
    var input: [UInt8] = []
}

private struct Drive {
    private var lanes: [Lane]
    private var results: [LaneResult]
    private var sent: [Int]
    private var lines: [Line] = []
    private var waits: [pollfd] = []
    private var isEnding = false
    private var inFlight = 0
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    init(port: UInt16, lanes: [Lane]) throws {
        self.lanes = lanes
        results = lanes.map { lane in
            var result = LaneResult()
            result.nanoseconds.reserveCapacity(lane.count ?? 1 << 18)
            if lane.keepsBodies { result.bodies = [[UInt8]](repeating: [], count: lane.requests.count) }
            return result
        }
        sent = lanes.map { _ in 0 }
        for (number, lane) in lanes.enumerated() {
            for _ in 0..<lane.connections {
                lines.append(Line(descriptor: try Self.connect(to: port), lane: number))
            }
        }
        waits = lines.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    }

    func close() {
        for line in lines { _ = Glibc.close(line.descriptor) }
    }

    private static func connect(to port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, size) }
        }
        guard code == 0 else {
            throw BenchmarkFailure("no connection to port \(port): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    mutating func run(_ seconds: Double) throws -> [LaneResult] {
        let start = now()
        let end = seconds.isFinite ? start + UInt64(seconds * 1e9) : .max
        for index in lines.indices { try sendNext(on: index) }
        while inFlight > 0 {
            guard poll(&waits, nfds_t(waits.count), 5_000) != 0 else {
                throw BenchmarkFailure("no answer for five seconds, \(inFlight) requests in flight")
            }
            if !isEnding, now() >= end { isEnding = true }
            for index in waits.indices where waits[index].revents != 0 {
                waits[index].revents = 0
                if try takeAnswer(on: index) { try sendNext(on: index) }
            }
        }
        let taken = Double(now() - start) / 1e9
        for lane in results.indices { results[lane].seconds = taken }
        return results
    }

    private mutating func sendNext(on index: Int) throws {
        let lane = lines[index].lane
        let number = sent[lane]
        if isEnding || number >= lanes[lane].count ?? .max {
            lines[index].request = -1
            return
        }
        sent[lane] += 1
        lines[index].request = number
        lines[index].start = now()
        inFlight += 1
        let descriptor = lines[index].descriptor
        let written = lanes[lane].requests[number % lanes[lane].requests.count]
            .withUnsafeBytes { bytes in
                send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
            }
        guard written else { throw BenchmarkFailure("the server closed a connection") }
    }

    /// Reads what has come; true when the answer is whole.
    private mutating func takeAnswer(on index: Int) throws -> Bool {
        let descriptor = lines[index].descriptor
        let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0, lines[index].request >= 0 else { throw BenchmarkFailure("the server closed a connection") }
        let answer: Answer?
        if lines[index].input.isEmpty {
            answer = Answer(buffer[..<count])
            if answer == nil { lines[index].input = Array(buffer[..<count]) }
        } else {
            lines[index].input += buffer[..<count]
            answer = Answer(lines[index].input[...])
        }
        guard let answer else { return false }
        let lane = lines[index].lane
        results[lane].nanoseconds.append(UInt32(clamping: now() - lines[index].start))
        results[lane].statuses[answer.status, default: 0] += 1
        if lanes[lane].keepsBodies { results[lane].bodies[lines[index].request] = Array(answer.body) }
        lines[index].input.removeAll(keepingCapacity: true)
        inFlight -= 1
        return true
    }
}

/// A whole answer of a server that always gives its length.
private struct Answer {
    let status: Int
    let body: ArraySlice<UInt8>

    private static let name: StaticString = "content-length: "

    /// Nil while bytes are missing.
    init?(_ bytes: ArraySlice<UInt8>) {
        let parts: (status: Int, body: Int, length: Int)? = bytes.withUnsafeBytes { bytes in
            guard bytes.count > 12 else { return nil }
            let status = Self.number(in: bytes, at: 9)
            var length = 0
            var place = 12
            while place + 4 <= bytes.count {
                defer { place += 1 }
                guard bytes[place] == UInt8(ascii: "\n") else { continue }
                if bytes[place + 1] == UInt8(ascii: "\r") { return (status, place + 3, length) }
                let value = place + 1 + Self.name.utf8CodeUnitCount
                if value < bytes.count, let start = bytes.baseAddress,
                    memcmp(start + place + 1, Self.name.utf8Start, value - place - 1) == 0
                {
                    length = Self.number(in: bytes, at: value)
                }
            }
            return nil
        }
        guard let parts, bytes.count >= parts.body + parts.length else { return nil }
        status = parts.status
        body = bytes[(bytes.startIndex + parts.body)...]
    }

    private static func number(in bytes: UnsafeRawBufferPointer, at start: Int) -> Int {
        var value = 0
        for byte in bytes[start...] {
            guard byte >= 48, byte < 58 else { break }
            value = value * 10 + Int(byte) - 48
        }
        return value
    }
}

/// A clock that only goes forward, in nanoseconds.
func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The time in seconds since 1970.
func wallClock() -> Int64 { Int64(time(nil)) }
