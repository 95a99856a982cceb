// WebAddress.swift: the URLs that a provider is asked at: TLS, a host's name, and nothing hidden in them.

/// A URL that a provider may be asked at.
///
/// `https` with a host's name. With ``Reach/loopback``, which is for tests and development, plain `http` and an address are
/// taken as well, but of this machine only.
public struct WebAddress: Sendable, Equatable {
    /// Where providers may be.
    public enum Reach: Sendable {
        /// Anywhere that TLS and a name lead to.
        case secure
        /// There, and on this machine without TLS.
        case loopback
    }

    /// The URL as it is spelled.
    public let text: String
    /// The host and what follows: the URL without its scheme.
    public let schemeless: String

    /// Takes a URL; nil if it is none to ask at.
    ///
    /// The host is of small letters, digits, `-` and `.`, so that one provider has one spelling.
    public init?(_ text: String, reach: Reach, queryAllowed: Bool = false) {
        guard text.utf8.count <= 2_048 else { return nil }
        let scheme = ["https://", "http://"].first { text.utf8.starts(with: $0.utf8) }
        guard let scheme else { return nil }
        let rest = text.utf8.dropFirst(scheme.utf8.count)
        guard rest.allSatisfy({ Self.isPlain($0) || (queryAllowed && $0 == UInt8(ascii: "?")) }) else { return nil }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        guard let host = Self.host(authority) else { return nil }
        let path = rest.dropFirst(authority.count)
        guard !Self.climbs(path) else { return nil }
        if reach == .loopback, ["localhost", "127.0.0.1"].contains(host) {
            // Both schemes are taken there.
        } else {
            // Where the last label begins with a digit the host is an address, in whichever spelling: `0x7f000001` is one too.
            guard scheme == "https://", host != "localhost",
                let last = host.utf8.split(separator: UInt8(ascii: ".")).last,
                let first = last.first, (0x61...0x7A).contains(first)
            else { return nil }
        }
        self.text = text
        schemeless = String(decoding: rest, as: UTF8.self)
    }

    /// The URL of a document below this one; a slash at the end is dropped first (OpenID Connect Discovery section 4).
    func below(_ path: String) -> String {
        (text.utf8.last == UInt8(ascii: "/") ? String(text.dropLast()) : text) + path
    }

    /// The host's name, if the authority is one with or without a port.
    private static func host(_ authority: Substring.UTF8View) -> String? {
        let parts = authority.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let host = parts.first, parts.count <= 2, (1...253).contains(host.count) else { return nil }
        if parts.count == 2 {
            guard let port = UInt16(String(decoding: parts[1], as: UTF8.self)), port > 0,
                parts[1].allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
        }
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard
            labels.allSatisfy({ label in
                (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                    && label.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    }
            })
        else { return nil }
        return String(decoding: host, as: UTF8.self)
    }

    /// What may stand in a host or path; neither `@`, `#`, `\` and `%`, nor blanks.
    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-._~:/!$&'()*+,;=".utf8.contains(byte)
    }

    private static func climbs(_ path: Substring.UTF8View) -> Bool {
        path.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) || $0.elementsEqual(".".utf8) }
    }
}
