// IPAddress.swift: addresses of the internet, ranges of them, and whom of them a forwarded-for header is believed.
internal import CLatchkeyEvent
internal import Glibc

/// An IPv4 or IPv6 address; an IPv4 address mapped into IPv6 is the IPv4 address.
struct IPAddress: Hashable, Sendable {
    /// The 128 bits, an IPv4 address as `::ffff:a.b.c.d`.
    private let high: UInt64
    private let low: UInt64

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes the four bytes of an IPv4 address, as they stand on the wire.
    init(_ address: in_addr) {
        self.init(high: 0, low: 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: address.s_addr)))
    }

    /// Takes the sixteen bytes of an IPv6 address, as they stand on the wire.
    init(_ address: in6_addr) {
        (high, low) = withUnsafeBytes(of: address) { bytes in
            (
                bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            )
        }
    }

    /// Takes the four bytes of an IPv4 address or the sixteen of an IPv6 address, as they stand on the wire.
    init?(wire bytes: UnsafeBufferPointer<UInt8>) {
        func number(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(high: 0, low: 0xFFFF_0000_0000 | number(bytes.prefix(4)))
        case 16: self.init(high: number(bytes.prefix(8)), low: number(bytes.suffix(8)))
        default: return nil
        }
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; no zone, no brackets, no port.
    init?(_ text: String) {
        guard !text.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(four)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(six)
        } else {
            return nil
        }
    }

    var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    var isLoopback: Bool { isIPv4 ? low >> 24 & 0xFF == 127 : high == 0 && low == 1 }

    /// The IPv4 address that a translator makes of this one (`64:ff9b::/96`, RFC 6052).
    var translated: IPAddress? {
        high == 0x0064_FF9B_0000_0000 && low >> 32 == 0 ? IPAddress(high: 0, low: 0xFFFF_0000_0000 | low) : nil
    }

    /// The network that one customer is given: an IPv4 address itself, the first 64 bits of an IPv6 address.
    var network: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }

    /// The address as it is usually written.
    var text: String {
        if isIPv4 { return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".") }
        var address = in6()
        var characters = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &characters, socklen_t(characters.count)) != nil else { return "::" }
        return String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The address as the socket functions take it.
    func in4() -> in_addr { in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian) }

    /// The address as the socket functions take it.
    func in6() -> in6_addr {
        var address = in6_addr()
        let (high, low) = (high.bigEndian, low.bigEndian)
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.storeBytes(of: high, as: UInt64.self)
            bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
        }
        return address
    }

    /// Whether the first `count` bits of the 128 are the same.
    fileprivate func shares(_ count: Int, bitsWith other: IPAddress) -> Bool {
        let differs = (high ^ other.high, low ^ other.low)
        if count <= 64 { return count == 0 || differs.0 >> UInt64(64 - count) == 0 }
        return differs.0 == 0 && differs.1 >> UInt64(128 - count) == 0
    }
}

/// A network, `10.0.0.0/8`, or one address.
struct AddressRange: Sendable {
    private let address: IPAddress
    private let bits: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        let width = address.isIPv4 ? 32 : 128
        var length = width
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(ASCII.isDigit),
                let given = Int(parts[1]), given <= width
            else { return nil }
            length = given
        }
        self.address = address
        bits = 128 - width + length
    }

    func contains(_ other: IPAddress) -> Bool {
        address.isIPv4 == other.isIPv4 && address.shares(bits, bitsWith: other)
    }
}

/// Who is at the other end of a socket.
enum SocketPeer: Hashable, Sendable {
    case unix
    case address(IPAddress)

    var text: String {
        switch self {
        case .unix: "unix"
        case .address(let address): address.text
        }
    }
}

extension SocketPeer {
    /// Whoever shares this is counted as one.
    var network: SocketPeer { if case .address(let address) = self { .address(address.network) } else { self } }
}

/// The proxies whose word on their clients is taken.
struct Proxies: Sendable {
    private var ranges: [AddressRange] = []
    private var areUnix = false

    /// Reads addresses, networks and `unix`; returns the first that is none of them as the error.
    init(_ texts: [String]) throws(HTTPServer.Failure) {
        for text in texts {
            if text == "unix" {
                areUnix = true
            } else if let range = AddressRange(text) {
                ranges.append(range)
            } else {
                throw HTTPServer.Failure(
                    "`\(text)` is no proxy: give an address, a network such as 10.0.0.0/8, or unix"
                )
            }
        }
    }

    var areDeclared: Bool { areUnix || !ranges.isEmpty }

    func contains(_ peer: SocketPeer) -> Bool {
        switch peer {
        case .unix: areUnix
        case .address(let address): ranges.contains { $0.contains(address) }
        }
    }

    /// The client of a request: the other end of the socket, unless that is a proxy, which says who it is.
    ///
    /// Only what proxies have appended counts: the address furthest to the right that is no proxy's own. What stands left of
    /// it the client may have written.
    func client(of request: HTTPRequest, from peer: SocketPeer, isSecure: Bool) -> HTTPPeer {
        guard contains(peer) else { return HTTPPeer(address: peer.text, isSecure: isSecure) }
        var client = peer
        let hops = request.fields.values("x-forwarded-for").flatMap { $0.split(separator: UInt8(ascii: ",")) }
        for hop in hops.reversed() {
            // What cannot be read ends the search: the proxy itself is the last that is known.
            guard let address = Self.address(of: ASCII.trimmed(hop)) else { break }
            client = .address(address)
            if !contains(client) { break }
        }
        let schemes = request.fields.values("x-forwarded-proto")
        return HTTPPeer(
            address: client.text,
            isSecure: schemes.isEmpty ? isSecure : schemes.allSatisfy { $0.equals("https") }
        )
    }

    /// Reads `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`.
    private static func address(of hop: ArraySlice<UInt8>) -> IPAddress? {
        var hop = hop
        if hop.first == UInt8(ascii: "[") {
            guard let end = hop.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            hop = hop[hop.index(after: hop.startIndex)..<end]
        } else if hop.count(where: { $0 == UInt8(ascii: ":") }) == 1 {
            hop = hop.prefix { $0 != UInt8(ascii: ":") }
        }
        return IPAddress(String(decoding: hop, as: UTF8.self))
    }
}
