// ServerLifeTests.swift: where the server listens, whom it believes, and how it ends.
import Glibc
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

extension SocketTests {
    @Suite struct ServerLifeTests {
        private func failure(
            _ listeners: [String],
            tls: HTTPServer.Configuration.TLS? = nil,
            proxies: [String] = []
        ) -> String? {
            do {
                _ = try TestServer(listeners, tls: tls, proxies: proxies)
                return nil
            } catch {
                return "\(error)"
            }
        }

        @Test("addresses that cannot be listened on are told with what to do")
        func places() throws {
            for text in [
                "", "7443", ":7443", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "::1:7443",
                "[127.0.0.1]:1",
                "example.org:1", "unix:relative", "unix:", "unix:/\(String(repeating: "a", count: 107))",
                "127.0.0.1:0\n",
            ] {
                #expect(failure([text])?.contains("give") == true, "\(text)")
            }
            #expect(failure([])?.contains("listens nowhere") == true)
            let server = try TestServer(["localhost:0", "[::1]:0"])
            #expect(server.server.addresses.count == 2)
            #expect(server.server.addresses.last?.hasPrefix("http://[::1]:") == true)
            #expect(failure(["127.0.0.1:\(server.port)"])?.contains("another program listens") == true)
        }

        @Test("plain HTTP is not served beyond this machine unless to declared proxies")
        func plainHTTP() async throws {
            #expect(failure(["0.0.0.0:0"])?.contains("give a certificate") == true)
            #expect(failure(["[::]:0"])?.contains("give a certificate") == true)
            #expect(failure(["0.0.0.0:0"], proxies: ["ten"])?.contains("no proxy") == true)
            let closed = try TestServer(["0.0.0.0:0"], proxies: ["192.0.2.0/24"])
            #expect(try await curl("http://127.0.0.1:\(closed.port)").stdout.hasPrefix("HTTP/1.1 403 "))
            let open = try TestServer(["0.0.0.0:0"], proxies: ["127.0.0.0/8"])
            #expect(try await curl("http://127.0.0.1:\(open.port)").stdout.hasPrefix("HTTP/1.1 200 "))
        }

        @Test("IPv6 is served as IPv4 is")
        func version6() async throws {
            let server = try TestServer(["[::1]:0"])
            #expect(try await curl(server.url).stdout.hasSuffix("GET / ::1 false "))
        }

        @Test("a Unix socket is the group's, replaces a dead one, spares a living one, and goes with the server")
        func unixSocket() async throws {
            let folder = try Folder()
            let path = "\(folder.path)/socket"
            // A socket whose server was killed.
            let dead = try await run(
                "python3",
                ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path]
            )
            #expect(dead.status == 0 && access(path, F_OK) == 0)
            let server = try TestServer(["unix:\(path)"])
            #expect(server.url == "unix:\(path)")
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
            #expect(try await curl("--unix-socket", path, "http://a/x").stdout.hasSuffix("GET /x unix false "))
            #expect(failure(["unix:\(path)"])?.contains("another program listens") == true)
            await server.server.drain(within: 1)
            #expect(access(path, F_OK) != 0)
            let file = try folder.write("", to: "file")
            #expect(failure(["unix:\(file)"])?.contains("is a file") == true)
            #expect(access(file, F_OK) == 0)
        }

        @Test(
            "forwarded addresses are believed from declared proxies only, from the right up to the first stranger",
            arguments: [
                ([], ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "127.0.0.1 false"),
                (["10.0.0.0/8"], ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "127.0.0.1 false"),
                (["127.0.0.1"], ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"], "192.0.2.1 true"),
                (["127.0.0.1"], ["X-Forwarded-For: 198.51.100.9, 192.0.2.1"], "192.0.2.1 false"),
                (["127.0.0.1"], ["X-Forwarded-For: 198.51.100.9", "X-Forwarded-For: 192.0.2.1:99"], "192.0.2.1 false"),
                (["127.0.0.1", "10.0.0.0/8"], ["X-Forwarded-For: 192.0.2.1,10.1.2.3 , 10.9.9.9"], "192.0.2.1 false"),
                (["127.0.0.1", "10.0.0.0/8"], ["X-Forwarded-For: 10.1.2.3"], "10.1.2.3 false"),
                (["127.0.0.1", "10.0.0.0/8"], ["X-Forwarded-For: 192.0.2.1, unknown, 10.9.9.9"], "10.9.9.9 false"),
                (["127.0.0.1"], ["X-Forwarded-For: [2001:DB8::1]:443"], "2001:db8::1 false"),
                (["127.0.0.1"], ["X-Forwarded-For: ::ffff:192.0.2.1"], "192.0.2.1 false"),
                (["127.0.0.1"], ["X-Forwarded-Proto: https", "X-Forwarded-Proto: http"], "127.0.0.1 false"),
                (["127.0.0.1"], ["X-Forwarded-For: 192.0.2.256"], "127.0.0.1 false"),
            ] as [([String], [String], String)]
        )
        func forwarded(proxies: [String], headers: [String], expected: String) async throws {
            let server = try TestServer(proxies: proxies)
            let output = try await run("curl", ["-s", server.url] + headers.flatMap { ["-H", $0] })
            #expect(output.stdout == "GET / \(expected) ")
        }

        @Test(
            "networks hold the addresses that they should",
            arguments: [
                ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "255.1.2.3", true),
                ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true), ("::/0", "10.0.0.1", false),
                ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
                ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
                ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
                ("192.0.2.6/31", "192.0.2.7", true),
            ]
        )
        func ranges(range: String, address: String, isInside: Bool) throws {
            #expect(try #require(AddressRange(range)).contains(try #require(IPAddress(address))) == isInside)
        }

        @Test(
            "what is no network is none",
            arguments: ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "10/8", "", "a", "::1%lo"]
        )
        func noRange(text: String) { #expect(AddressRange(text) == nil) }

        @Test("an IPv6 customer counts once, whichever of its addresses it uses")
        func networks() throws {
            func network(_ text: String) throws -> SocketPeer {
                SocketPeer.address(try #require(IPAddress(text))).network
            }
            #expect(try network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9"))
            #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
            #expect(try network("192.0.2.1") != network("192.0.2.2"))
            #expect(try network("::ffff:192.0.2.1") == network("192.0.2.1"))
        }

        @Test("draining ends idle connections, finishes what is in flight, and takes nothing new")
        func drain() async throws {
            let (asked, hasAsked) = AsyncStream.makeStream(of: Void.self)
            let server = try TestServer { _, _ in
                hasAsked.yield()
                try? await Task.sleep(for: .milliseconds(400))
                return HTTPResponse(status: 200, type: "text/plain", body: Array("finished".utf8))
            }
            let port = server.port
            let idle = try RawClient(port)
            let begun = try RawClient(port)
            begun.send("GET / HTTP/1.1\r\nHost: ")
            let busy = try RawClient(port)
            busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in asked { break }
            let draining = Task { await server.server.drain(within: 10) }
            #expect(try await idle.readToEnd() == "")
            #expect(throws: Mistake.self) { try RawClient(port) }
            begun.send("a\r\n\r\n")
            for client in [busy, begun] {
                let answer = try #require(try await client.readToEnd())
                #expect(statuses(answer) == ["200"])
                #expect(answer.contains("connection: close\r\n") && answer.hasSuffix("finished"))
            }
            await draining.value
            // A second time there is nothing left to do.
            await server.server.drain(within: 10)
        }

        @Test("draining cuts off what takes too long")
        func cutOff() async throws {
            let (asked, hasAsked) = AsyncStream.makeStream(of: Void.self)
            let server = try TestServer { _, _ in
                hasAsked.yield()
                try? await Task.sleep(for: .seconds(3))
                return HTTPResponse(status: 200)
            }
            let client = try RawClient(server.port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for await _ in asked { break }
            await server.server.drain(within: 0)
            #expect(try await client.readToEnd() == "")
        }

        @Test("a server that is let go ends, and the address is free again")
        func letGo() async throws {
            var server: TestServer? = try TestServer()
            let port = try #require(server?.port)
            let client = try RawClient(port)
            server = nil
            #expect(try await client.readToEnd() == "")
            #expect(try await eventually { (try? RawClient(port)) == nil })
        }

        @Test("nginx in front: the client's address and scheme arrive, and requests are understood as nginx sends them")
        func nginx() async throws {
            let folder = try Folder()
            let server = try TestServer(proxies: ["127.0.0.1", "unix"])
            let configuration = try folder.write(
                """
                daemon off; master_process off; pid \(folder.path)/pid; error_log \(folder.path)/error.log;
                events { worker_connections 64; }
                http {
                    access_log off;
                    client_body_temp_path \(folder.path)/b; proxy_temp_path \(folder.path)/p;
                    fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u; scgi_temp_path \(folder.path)/s;
                    server {
                        listen unix:\(folder.path)/nginx;
                        location / {
                            proxy_pass \(server.url);
                            proxy_http_version 1.1;
                            proxy_set_header Connection "";
                            proxy_set_header X-Forwarded-For "198.51.100.1, 203.0.113.7";
                            proxy_set_header X-Forwarded-Proto https;
                        }
                        location /old { proxy_pass \(server.url); }
                    }
                }
                """,
                to: "nginx.conf"
            )
            let ended = Task { try await run("nginx", ["-c", configuration]) }
            let socket = "\(folder.path)/nginx"
            #expect(try await eventually { access("\(folder.path)/pid", F_OK) == 0 && access(socket, F_OK) == 0 })
            let posted = try await curl(
                "--unix-socket",
                socket,
                "-H",
                "Transfer-Encoding: chunked",
                "-d",
                "x=y",
                "http://a/b%2Fc?d"
            )
            #expect(posted.stdout.hasSuffix("POST /b%2Fc?d 203.0.113.7 true x=y"))
            #expect(try await curl("--unix-socket", socket, "http://a/old").stdout.hasPrefix("HTTP/1.1 505 "))
            _ = try await run("nginx", ["-c", configuration, "-s", "stop"])
            _ = try await ended.value
        }
    }
}
