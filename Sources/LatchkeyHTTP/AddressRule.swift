// AddressRule.swift: which addresses a client may connect to, so that a name cannot lead it into networks of one's own.

/// The addresses of the internet, and networks that are named besides.
///
/// A client asks at the moment of each connection, about the very address that it connects to: a name that means one address
/// when it is checked and another when it is used gains nothing.
public struct AddressRule: Sendable {
    private let networks: [AddressRange]

    /// Admits public addresses, and the addresses and networks (`10.0.0.0/8`) that are named; what is neither admits nothing.
    public init(networks: [String] = []) { self.networks = networks.compactMap { AddressRange($0) } }

    /// Whether the text is an address or a network.
    public static func isNetwork(_ text: String) -> Bool { AddressRange(text) != nil }

    func admits(_ address: IPAddress) -> Bool {
        address.isPublic || networks.contains { $0.contains(address) }
    }
}

extension IPAddress {
    /// Whether the internet routes the address to somebody (IANA's special-purpose registries, RFC 6890).
    ///
    /// Of IPv6 only what is given out counts; forms that carry an IPv4 address are as public as that is, or not at all.
    var isPublic: Bool {
        if isIPv4 { return !Self.special.contains { $0.contains(self) } }
        if let carried = translated { return carried.isPublic }
        return Self.given.contains { $0.contains(self) } && !Self.special.contains { $0.contains(self) }
    }

    private static let given = ["2000::/3"].compactMap { AddressRange($0) }

    private static let special = [
        // This host, loopback, link-local (with the metadata services of clouds), private, shared by a carrier's customers.
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
        // Protocols, examples, 6to4 relays, benchmarks, multicast, and what is reserved.
        "192.0.0.0/24", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "192.88.99.0/24", "198.18.0.0/15",
        "224.0.0.0/4", "240.0.0.0/4",
        // Protocols with Teredo, examples, 6to4.
        "2001::/23", "2001:db8::/32", "3fff::/20", "2002::/16",
    ]
    .compactMap { AddressRange($0) }
}
