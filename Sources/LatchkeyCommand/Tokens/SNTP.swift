// SNTP.swift: one question to a time server (RFC 4330, RFC 5905), and what its answer says about this machine's clock.
internal import Glibc
internal import LatchkeyCrypto

/// How far this machine's clock is from a server's.
struct ClockReading: Sendable, Equatable {
    /// The seconds that the server is ahead; negative if it is behind.
    let offset: Double
    /// The seconds that question and answer took on their way.
    let delay: Double
}

/// Why an answer says nothing; the end of a sentence that begins with the server.
struct ClockFault: Error, Equatable, Sendable {
    let reason: String
}

/// The packets of the simple network time protocol.
enum SNTP {
    static let port = "123"
    static let length = 48
    /// The seconds from 1900, where NTP begins, to 1970.
    private static let era: Double = 2_208_988_800

    /// A question: version 4, a client's, and nothing else but a random number in place of our time.
    ///
    /// The server gives the number back, so that nobody who does not see the question can answer it; and it does not learn
    /// our clock.
    static func question(nonce: [UInt8]) -> [UInt8] {
        var packet = [UInt8](repeating: 0, count: length)
        packet[0] = 4 << 3 | 3
        packet.replaceSubrange(40..<48, with: nonce)
        return packet
    }

    /// What an answer says, after the checks that RFC 4330, section 5 asks for.
    ///
    /// - Parameters:
    ///   - packet: The answer.
    ///   - nonce: The number that the question held.
    ///   - sent: Our clock when the question left, in seconds since 1970.
    ///   - received: The same clock when the answer came.
    /// - Returns: How far our clock is off.
    /// - Throws: `ClockFault` with what is wrong with the answer.
    static func reading(
        _ packet: [UInt8],
        nonce: [UInt8],
        sent: Double,
        received: Double
    ) throws(ClockFault) -> ClockReading {
        guard packet.count >= length else { throw ClockFault(reason: "answered with too few bytes") }
        guard constantTimeEqual(Array(packet[24..<32]), nonce) else {
            throw ClockFault(reason: "answered a question that was not asked")
        }
        guard packet[0] & 7 == 4, (1...4).contains(packet[0] >> 3 & 7) else {
            throw ClockFault(reason: "did not answer as a time server")
        }
        // Kiss-o'-death: the reason is four letters where the reference stands.
        guard packet[1] != 0 else {
            let letters = packet[12..<16].filter { (0x41...0x5A).contains($0) }
            throw ClockFault(reason: "refuses to answer (\(String(decoding: letters, as: UTF8.self))); ask another one")
        }
        guard packet[1] <= 15, packet[0] >> 6 != 3 else {
            throw ClockFault(reason: "says that its own clock is not set; ask another one")
        }
        // Root delay and root dispersion: how far it may be from the true time itself.
        let distance = Self.short(packet[4..<8]) / 2 + Self.short(packet[8..<12])
        guard distance < 16 else { throw ClockFault(reason: "is too far from the true time itself; ask another one") }
        guard let arrived = time(packet[32..<40]), let left = time(packet[40..<48]), left >= arrived else {
            throw ClockFault(reason: "gives times that cannot be")
        }
        let delay = (received - sent) - (left - arrived)
        // Clocks have steps of their own: a little less than nothing is nothing.
        guard delay >= -0.01, received >= sent else { throw ClockFault(reason: "gives times that cannot be") }
        return ClockReading(offset: ((arrived - sent) + (left - received)) / 2, delay: max(0, delay))
    }

    /// Seconds since 1970; nil for no time at all.
    private static func time(_ bytes: ArraySlice<UInt8>) -> Double? {
        let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard number != 0 else { return nil }
        let seconds = Double(number) / 4_294_967_296
        // The first bit tells the era apart: set until 2036, not set from then on.
        return seconds - era + (number >> 63 == 0 ? 4_294_967_296 : 0)
    }

    private static func short(_ bytes: ArraySlice<UInt8>) -> Double {
        Double(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) / 65_536
    }
}
