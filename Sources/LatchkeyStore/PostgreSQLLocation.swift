// PostgreSQLLocation.swift: how a server is reached: what the address says, and what is safe where it says nothing.

internal import CLatchkeyPQ
import Glibc

/// libpq, loaded when the first store in PostgreSQL is opened.
///
/// `@unchecked Sendable`: a table of functions that is filled once and never changed.
struct PostgreSQLLibrary: @unchecked Sendable {
    let calls: latchkey_pq

    private static let shared: PostgreSQLLibrary? = {
        var calls = latchkey_pq()
        return latchkey_pq_load(&calls) == 0 ? PostgreSQLLibrary(calls: calls) : nil
    }()

    /// The library.
    static func load() throws(StoreError) -> PostgreSQLLibrary {
        guard let shared else {
            throw .cannotOpen("a store in PostgreSQL needs the package libpq5, version 14 or newer: install it")
        }
        return shared
    }
}

/// The place of a store in PostgreSQL and the way there.
struct PostgreSQLLocation: Sendable {
    let library: PostgreSQLLibrary
    /// The place in words, without a password.
    let name: String
    /// What libpq is told, in its order: a later word wins over an earlier one.
    let settings: [(keyword: String, value: String)]

    init(_ location: StoreLocation) throws(StoreError) {
        library = try PostgreSQLLibrary.load()
        name = location.name
        var settings = [
            ("connect_timeout", "5"),
            // A server whose machine is gone says nothing: the kernel has to notice.
            ("tcp_user_timeout", "15000"), ("keepalives_idle", "10"), ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            // Looking for Kerberos tickets costs milliseconds.
            ("gssencmode", "disable"),
        ]
        if try Self.crossesNetwork(location, library.calls) { settings.append(("sslmode", "verify-full")) }
        settings += [
            ("dbname", location.text), ("client_encoding", "UTF8"), ("fallback_application_name", "latchkey"),
        ]
        self.settings = settings
    }

    /// Whether the address names a host on a network and says nothing of TLS: libpq by itself would not insist on it.
    private static func crossesNetwork(_ location: StoreLocation, _ calls: latchkey_pq) throws(StoreError) -> Bool {
        var words: UnsafeMutablePointer<CChar>?
        guard let options = calls.parse(location.text, &words) else {
            // libpq's words may hold a piece of the password.
            calls.free_memory(words)
            throw .cannotOpen("the address `\(location.name)` cannot be read: write postgres://USER@HOST:PORT/DATABASE")
        }
        defer { calls.free_options(options) }
        var host = getenv("PGHOST").map { String(cString: $0) } ?? ""
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.value {
                switch String(cString: keyword) {
                case "sslmode": return false
                case "host", "hostaddr": host = String(cString: value)
                default: break
                }
            }
            next += 1
        }
        if getenv("PGSSLMODE") != nil { return false }
        return host.split(separator: ",")
            .contains { host in
                !(host.utf8.first == UInt8(ascii: "/") || host.utf8.first == UInt8(ascii: "@") || host == "localhost"
                    || host == "::1" || host.utf8.starts(with: "127.".utf8))
            }
    }
}
