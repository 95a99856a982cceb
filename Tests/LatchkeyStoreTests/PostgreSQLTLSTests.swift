// PostgreSQLTLSTests.swift: a PostgreSQL server on a network address: whom its certificate makes trusted, and who is refused.

import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyStore

@Suite("PostgreSQL over a network", .serialized)
struct PostgreSQLTLSTests {
    /// A server on a loopback address of its own, with a certificate for `db.latchkey.test`.
    private final class Server {
        static let name = "db.latchkey.test"
        let cluster: PostgreSQLCluster
        let location: String
        let address = "127.\(Int.random(in: 16...200)).\(Int.random(in: 1...250)).\(Int.random(in: 1...250))"
        private let folder: String
        var authority: String { folder + "/authority.pem" }
        var stranger: String { folder + "/stranger.pem" }

        init() throws {
            folder = NSTemporaryDirectory() + "latchkey-tls-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            cluster = try PostgreSQLCluster()
            location = try cluster.makeDatabase()
            for name in ["authority", "stranger"] {
                try openssl(
                    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) "
                        + "-keyout \(name).key -out \(name).pem"
                )
            }
            try openssl(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(Self.name) "
                    + "-addext subjectAltName=DNS:\(Self.name) -CA authority.pem -CAkey authority.key "
                    + "-keyout server.key -out server.pem"
            )
            let data = cluster.folder + "/data"
            try run("cp", ["server.pem", "server.key", data])
            try run("chown", ["--reference=\(data)", data + "/server.pem", data + "/server.key"])
            try run("chmod", ["600", data + "/server.key"])
            try run("sh", ["-c", "echo 'host all all 127.0.0.0/8 trust' >> '\(data)/pg_hba.conf'"])
        }

        deinit {
            cluster.end()
            try? FileManager.default.removeItem(atPath: folder)
        }

        /// Starts it anew, with TLS or without.
        func restart(tls: Bool) throws {
            cluster.stopAtOnce()
            let tls = tls ? ["ssl=on", "ssl_cert_file=server.pem", "ssl_key_file=server.key"] : ["ssl=off"]
            try cluster.start(["listen_addresses=\(address)"] + tls)
        }

        private func openssl(_ words: String) throws {
            try run("openssl", words.split(separator: " ").map(String.init))
        }

        private func run(_ tool: String, _ words: [String]) throws {
            let output = try Subprocess.run("env", ["-C", folder, tool] + words)
            try #require(output.status == 0, "\(tool): \(output.stderr)")
        }

        /// The store's address, by a name for the host and what is said about TLS.
        func store(as host: String = Server.name, _ options: String) -> String {
            let database = PostgreSQLCluster.name(in: location)
            return "postgresql://authority@\(host)/\(database)?hostaddr=\(address)&connect_timeout=10&\(options)"
        }
    }

    /// What the store says that cannot be opened.
    private func refusal(_ location: String) async -> String {
        do {
            let store = try await Database.open(location, migrations: schema, create: true)
            await store.close()
            return "it was opened"
        } catch {
            guard case .cannotOpen(let words) = error else { return "\(error)" }
            return words
        }
    }

    @Test("is trusted by name and authority, and refused in a sentence for any other name, authority or none")
    func trust() async throws {
        let server = try Server()
        try server.restart(tls: true)
        let store = try await Database.open(
            server.store("sslmode=verify-full&sslrootcert=\(server.authority)"),
            migrations: schema,
            create: true
        )
        try await store.write { tx in try tx.run("INSERT INTO users (name) VALUES ('ann')") }
        let isEncrypted: Int? = try await store.read { tx in
            try tx.row("SELECT count(*) FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")
        }
        #expect(isEncrypted == 1)
        try await store.expectNames(["ann"])
        await store.close()

        let full = "sslmode=verify-full&sslrootcert="
        let wrongName = await refusal(server.store(as: "other.latchkey.test", full + server.authority))
        #expect(wrongName.contains("is for another name: call the host by the name that it has there"))
        let wrongAuthority = await refusal(server.store(full + server.stranger))
        #expect(wrongAuthority.contains("is not from an authority that is trusted here"))
        let noAuthority = await refusal(server.store(full + "/nowhere/root.crt"))
        #expect(noAuthority.contains("nothing says which authority certifies"))
        for words in [wrongName, wrongAuthority, noAuthority] { #expect(!words.contains("\n"), "\(words)") }

        try server.restart(tls: false)
        let noTLS = await refusal(server.store(full + server.authority))
        #expect(noTLS.contains("does not speak TLS"))
    }

    @Test("is verified in full unless the address says otherwise, and left alone on this machine")
    func usualMode() throws {
        func mode(_ address: String) throws -> String? {
            try PostgreSQLLocation(StoreLocation(address)).settings.first { $0.keyword == "sslmode" }?.value
        }
        #expect(try mode("postgres://ann@db.latchkey.test/store") == "verify-full")
        #expect(try mode("postgres://ann@192.0.2.7:5433/store") == "verify-full")
        #expect(try mode("postgres:///store?host=/run/postgresql,db.latchkey.test") == "verify-full")
        #expect(try mode("postgres://ann@db.latchkey.test/store?sslmode=verify-ca") == nil)
        for here in ["postgres://ann@127.0.0.1/store", "postgres://localhost/store", "postgres:///store?host=/run"] {
            #expect(try mode(here) == nil, "\(here)")
        }
    }
}
