// ServerTLSTests.swift: the server's TLS, held against curl and the openssl tool.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

extension SocketTests {
    @Suite struct ServerTLSTests {
        /// What `openssl s_client` prints.
        private func connect(_ server: TestServer, _ arguments: String..., say: String = "") async throws -> String {
            let output = try await run(
                "openssl",
                ["s_client", "-connect", "127.0.0.1:\(server.port)"] + arguments,
                stdin: Array(say.utf8)
            )
            return output.stdout + output.stderr
        }

        @Test("curl is served over TLS 1.2 and 1.3, again over one connection, and told that it is secure")
        func served() async throws {
            let folder = try Folder()
            let files = try await folder.makeCertificate("one")
            let server = try TestServer(tls: files)
            #expect(server.url.hasPrefix("https://127.0.0.1:"))
            let trust = ["--cacert", files.certificate]
            for version in [["--tlsv1.2", "--tls-max", "1.2"], ["--tlsv1.3"]] {
                let output = try await run(
                    "curl",
                    ["-s", "-S", "-d", "x", "-w", " %{num_connects}"] + trust + version + [server.url, server.url]
                )
                #expect(output.stdout == "POST / 127.0.0.1 true x 1POST / 127.0.0.1 true x 0", "\(output.stderr)")
            }
            let large = [UInt8](repeating: 66, count: 1_000_000)
            let output = try await run(
                "curl",
                ["-s", "-S", "--data-binary", "@-"] + trust + [server.url],
                stdin: large
            )
            #expect(output.stdoutBytes.count == 1_000_000 + "POST / 127.0.0.1 true ".utf8.count)
            let refused = try await run(
                "curl",
                ["-s", "-S", "-i", "-H", "Expect:", "--data-binary", "@-"] + trust + [server.url],
                stdin: large + large
            )
            #expect(refused.stdout.hasPrefix("HTTP/1.1 413 "))
            #expect(try await curl("http://127.0.0.1:\(server.port)").status != 0)
        }

        @Test("old versions, weak ciphers, renegotiation, compression and other protocols are refused")
        func refused() async throws {
            let folder = try Folder()
            let server = try TestServer(tls: try await folder.makeCertificate("one"))
            for version in ["-tls1_1", "-tls1"] {
                #expect(
                    try await connect(server, version, "-cipher", "ALL:@SECLEVEL=0").contains("alert protocol version")
                )
            }
            for cipher in [
                "AES128-SHA:@SECLEVEL=0", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", "AES256-GCM-SHA384",
                "eNULL:@SECLEVEL=0",
            ] {
                #expect(
                    try await connect(server, "-tls1_2", "-cipher", cipher).contains("Cipher is (NONE)"),
                    "\(cipher)"
                )
            }
            let agreed = try await connect(server, "-tls1_2", "-alpn", "h2,http/1.1")
            #expect(
                agreed.contains("ECDHE-ECDSA-AES") && agreed.contains("GCM") && agreed.contains("Compression: NONE")
            )
            #expect(agreed.contains("ALPN protocol: http/1.1"))
            #expect(try await connect(server, "-alpn", "h2").contains("alert no application protocol"))
            let renegotiated = try await connect(server, "-tls1_2", say: "R\n")
            #expect(renegotiated.contains("no renegotiation"))
        }

        @Test("a handshake that is never finished is closed")
        func slowHandshake() async throws {
            let folder = try Folder()
            let server = try TestServer(
                tls: try await folder.makeCertificate("one"),
                limits: .with { $0.headTime = .milliseconds(200) }
            )
            let client = try RawClient(server.port)
            client.send([0x16, 3, 1])
            #expect(try await client.readToEnd() == "")
        }

        @Test("certificates and keys that cannot be used are told apart, and no passphrase is asked for")
        func badFiles() async throws {
            let folder = try Folder()
            let one = try await folder.makeCertificate("one")
            let two = try await folder.makeCertificate("two")
            let locked = try await folder.makeCertificate("locked", ["-passout", "pass:word"])
            func failure(_ certificate: String, _ key: String) -> String {
                do {
                    _ = try TestServer(tls: HTTPServer.Configuration.TLS(certificate: certificate, key: key))
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            #expect(failure(one.certificate, two.key).contains("is not the key of"))
            #expect(failure(one.certificate, "\(folder.path)/none").contains("the key `"))
            #expect(failure("\(folder.path)/none", one.key).contains("the certificate `"))
            #expect(failure(one.key, one.key).contains("the certificate `"))
            #expect(failure(locked.certificate, locked.key).contains("no passphrase"))
            #expect(failure(one.certificate, one.key) == "")
        }

        @Test("a reload shows the new certificate to new connections, and a bad one changes nothing")
        func reload() async throws {
            let folder = try Folder()
            let files = try await folder.makeCertificate("served")
            let server = try TestServer(tls: files)
            let other = try await folder.makeCertificate("other")
            func name() async throws -> String {
                let shown = try await connect(server)
                return shown.contains("CN = served") ? "served" : shown.contains("CN = other") ? "other" : shown
            }
            #expect(try await name() == "served")
            _ = try await run("cp", [other.certificate, files.certificate])
            #expect(throws: HTTPServer.Failure.self) { try server.server.reload() }
            #expect(try await name() == "served")
            _ = try await run("cp", [other.key, files.key])
            try server.server.reload()
            #expect(try await name() == "other")
            let plain = try TestServer()
            #expect(throws: HTTPServer.Failure.self) { try plain.server.reload() }
        }
    }
}
