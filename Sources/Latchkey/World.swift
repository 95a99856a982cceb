// World.swift: time, chance and slow work: all that the authority takes from outside, so that a test can give its own.
import Glibc
import LatchkeyCrypto
public import LatchkeyOTP

/// What the edge owns and the rules below it only receive as arguments.
public struct World: Sendable {
    /// The present second.
    public var now: @Sendable () -> UnixTime
    /// A fresh request identifier.
    public var requestID: @Sendable () -> String
    /// The threads on which passwords are hashed.
    public var hashing: HashingThreads

    /// Makes a world from its parts.
    public init(
        now: @escaping @Sendable () -> UnixTime,
        requestID: @escaping @Sendable () -> String,
        hashing: HashingThreads
    ) {
        self.now = now
        self.requestID = requestID
        self.hashing = hashing
    }

    /// The machine's clock and randomness, and as many hashing threads as it has processors.
    public static func system() -> World {
        World(now: { systemNow() }, requestID: { randomRequestID() }, hashing: HashingThreads())
    }

    /// The machine's clock, in whole seconds.
    public static func systemNow() -> UnixTime {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UnixTime(Int64(time.tv_sec))
    }

    /// A random identifier in the form of a version 4 UUID (RFC 9562 section 5.4).
    public static func randomRequestID() -> String {
        var bytes = SecureRandom.bytes(count: 16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Array(Hex.encode(bytes).utf8)
        let groups = [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]]
        return groups.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }
}
