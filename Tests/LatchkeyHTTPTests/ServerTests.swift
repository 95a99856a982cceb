// ServerTests.swift: the server over real sockets, asked by curl and by clients without manners.
import Glibc
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

extension SocketTests {
    @Suite struct ServerTests {
        @Test("curl gets, posts, and reads the framing that the server writes")
        func plain() async throws {
            let server = try TestServer()
            let got = try await curl("\(server.url)/a/%2e?x=%00")
            #expect(got.status == 0)
            #expect(got.stdout.hasPrefix("HTTP/1.1 200 OK\r\ndate: "))
            #expect(got.stdout.contains("\r\ncontent-type: text/plain\r\n"))
            #expect(got.stdout.hasSuffix("\r\n\r\nGET /a/%2e?x=%00 127.0.0.1 false "))
            let posted = try await curl("--data", "a=b", server.url)
            #expect(posted.stdout.hasSuffix("POST / 127.0.0.1 false a=b"))
            let chunked = try await curl("-H", "Transfer-Encoding: chunked", "--data", "a=b", server.url)
            #expect(chunked.stdout.hasSuffix("POST / 127.0.0.1 false a=b"))
            let twice = try await curl("-w", "%{num_connects} ", server.url, server.url)
            #expect(twice.stdout.hasSuffix("false 0 "), "the second request used the first one's connection")
        }

        @Test("HEAD, 204 and 304 have no body, and a value with a line end is not sent")
        func bodiless() async throws {
            let server = try TestServer { request, _ in
                switch request.path {
                case "/204": HTTPResponse(status: 204)
                case "/304": HTTPResponse(status: 304, type: "text/plain", body: [65])
                case "/split":
                    HTTPResponse(
                        status: 200,
                        fields: HTTPFields([HTTPFields.Field("x", "a\r\nset-cookie: b")]),
                        body: [65]
                    )
                case "/999": HTTPResponse(status: 999)
                default: HTTPResponse(status: 200, type: "text/plain", body: Array("hello".utf8))
                }
            }
            let head = try await curl("--head", server.url)
            #expect(
                head.status == 0 && head.stdout.contains("\r\ncontent-length: 5\r\n")
                    && head.stdout.hasSuffix("\r\n\r\n")
            )
            let client = try RawClient(server.port)
            for path in ["204", "304", "last"] {
                client.send("GET /\(path) HTTP/1.1\r\nHost: a\r\n\(path == "last" ? "Connection: close\r\n" : "")\r\n")
            }
            let answers = try #require(try await client.readToEnd())
            #expect(statuses(answers) == ["204", "304", "200"])
            #expect(answers.filter { $0 == "A" }.count == 0)
            #expect(answers.hasSuffix("connection: close\r\n\r\nhello"))
            let split = try await curl("\(server.url)/split")
            #expect(split.stdout.hasPrefix("HTTP/1.1 500 ") && !split.stdout.contains("set-cookie"))
            #expect(try await curl("\(server.url)/999").stdout.hasPrefix("HTTP/1.1 500 "))
        }

        @Test("pipelined requests are answered in their order, however long each takes")
        func pipelining() async throws {
            let server = try TestServer { request, _ in
                let delays: [String: Duration] = ["/1": .milliseconds(120), "/2": .milliseconds(40)]
                if let delay = delays[request.path] { try? await Task.sleep(for: delay) }
                return HTTPResponse(status: 200, type: "text/plain", body: Array("<\(request.path)>".utf8))
            }
            let client = try RawClient(server.port)
            client.send((1...40).map { "POST /\($0) HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" }.joined())
            // Who closes one direction still gets what it asked for.
            client.endSending()
            let answers = try #require(try await client.readToEnd())
            let paths = answers.split(separator: "<").dropFirst().map { $0.prefix { $0 != ">" } }
            #expect(paths == (1...40).map { "/\($0)" })
        }

        @Test("what the reader refuses is answered once and closed, also with more behind it")
        func refusals() async throws {
            let server = try TestServer()
            let cases = readerCases.filter { $0.expected.last.map { Int($0) != nil && $0 != "100" } ?? false }
            #expect(cases.count > 70)
            for one in cases {
                let client = try RawClient(server.port)
                client.send(one.bytes + Array("\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                client.endSending()
                let answer = try #require(try await client.readToEnd(), "\(one.name)")
                #expect(statuses(answer) == one.expected, "\(one.name)")
                #expect(!answer.contains("smuggled"), "\(one.name)")
                #expect(answer.contains("connection: close\r\n"), "\(one.name)")
            }
            let count = cases.count
            #expect(try await eventually { server.refused.count == count })
            #expect(server.refused.contains("127.0.0.1 400 there are two Host fields"))
        }

        @Test("a client that sends a refused body to its end reads the answer")
        func lingering() async throws {
            let server = try TestServer()
            let body = [UInt8](repeating: 65, count: 8_000_000)
            let output = try await run(
                "curl",
                ["-s", "-S", "-i", "-H", "Expect:", "--data-binary", "@-", server.url],
                stdin: body
            )
            #expect(output.stdout.hasPrefix("HTTP/1.1 413 "))
            let asked = try await run("curl", ["-s", "-S", "-i", "--data-binary", "@-", server.url], stdin: body)
            #expect(asked.stdout.hasPrefix("HTTP/1.1 413 "))
            let taken = try await run(
                "curl",
                ["-s", "-S", "-i", "-H", "Expect: 100-continue", "--data-binary", "@-", server.url],
                stdin: Array(body.prefix(1_000_000))
            )
            #expect(taken.stdout.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"))
        }

        @Test("a slow head and a slow body are answered 408, however steadily they trickle")
        func slowness() async throws {
            let server = try TestServer(
                limits: .with {
                    $0.headTime = .milliseconds(300)
                    $0.bodyTime = .milliseconds(300)
                }
            )
            for beginning in [
                "GET / HTTP/1.1\r\nHost: a\r\nX: ", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n",
            ] {
                let client = try RawClient(server.port)
                client.send(beginning)
                let trickle = Task {
                    while !Task.isCancelled {
                        client.send("x")
                        try await Task.sleep(for: .milliseconds(40))
                    }
                }
                #expect(statuses(try await client.read(upTo: "in time")) == ["408"])
                trickle.cancel()
            }
            let silent = try RawClient(server.port)
            #expect(try await silent.readToEnd() == "", "who says nothing is told nothing")
        }

        @Test("an idle connection is closed, and one whose client reads nothing is cut")
        func idleness() async throws {
            let large = [UInt8](repeating: 65, count: 64_000_000)
            let server = try TestServer(
                limits: .with {
                    $0.idleTime = .milliseconds(200)
                    $0.writeTime = .milliseconds(200)
                }
            ) { request, _ in
                HTTPResponse(status: 200, type: "text/plain", body: request.path == "/large" ? large : [65])
            }
            let idle = try RawClient(server.port)
            idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(statuses(try #require(try await idle.readToEnd())) == ["200"])
            let deaf = try RawClient(server.port)
            deaf.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            try await Task.sleep(for: .seconds(3))
            #expect(try #require(try await deaf.readToEnd()).utf8.count < 64_000_000)
        }

        @Test(
            "when there is no room the one that has waited longest goes, and who is served stays",
            arguments: [
                \HTTPServer.Configuration.Limits.connectionsPerAddress, \HTTPServer.Configuration.Limits.connections,
            ]
        )
        func limits(limit: any WritableKeyPath<HTTPServer.Configuration.Limits, Int> & Sendable) async throws {
            let server = try TestServer(limits: .with { $0[keyPath: limit] = 3 }) { request, _ in
                if request.path == "/slow" { try? await Task.sleep(for: .milliseconds(700)) }
                return HTTPResponse(status: 200, type: "text/plain", body: Array("done".utf8))
            }
            let busy = try RawClient(server.port)
            busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            try await Task.sleep(for: .milliseconds(100))
            let oldest = try RawClient(server.port)
            try await Task.sleep(for: .milliseconds(50))
            let newer = try RawClient(server.port)
            #expect(try await curl(server.url).stdout.hasSuffix("done"))
            #expect(try await oldest.readToEnd() == "")
            newer.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            let third = try RawClient(server.port)
            third.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            try await Task.sleep(for: .milliseconds(100))
            let turnedAway = try RawClient(server.port)
            #expect(statuses(try #require(try await turnedAway.readToEnd())) == ["503"])
            for client in [busy, newer, third] {
                #expect(try await client.read(upTo: "done").hasPrefix("HTTP/1.1 200"))
            }
            #expect(try await eventually { server.refused.contains { $0.hasPrefix("127.0.0.1 503 ") } })
        }

        @Test("bodies that many clients send at once are bounded together")
        func heldBytes() async throws {
            let server = try TestServer(limits: .with { $0.heldBytes = 2_000_000 })
            var clients: [RawClient] = []
            for _ in 0..<8 {
                let client = try RawClient(server.port)
                clients.append(client)
                let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
                try await apart { client.send(Array(head.utf8) + [UInt8](repeating: 65, count: 600_000)) }
            }
            // The oldest have gone; the last can still be finished.
            let first = try #require(try await clients[0].readToEnd())
            #expect(first.isEmpty || first == "reset" || statuses(first) == ["503"])
            let last = clients[7]
            try await apart { last.send([UInt8](repeating: 65, count: 400_000)) }
            #expect(try await last.read(upTo: "AAA").hasPrefix("HTTP/1.1 200"))
        }

        @Test("2,000 idle connections keep nobody waiting and leave nothing behind")
        func crowd() async throws {
            let server = try TestServer(limits: .with { $0.connectionsPerAddress = 3_000 })
            _ = try await curl(server.url)
            let before = try openDescriptors()
            var clients: [RawClient] = []
            for number in 0..<2_000 {
                let client = try RawClient(server.port)
                if number % 2 == 0 { client.send("GET / HTTP/1.1\r\nHo") }
                clients.append(client)
            }
            // Other tests open and close some descriptors meanwhile.
            #expect(try await eventually { try openDescriptors() >= before + 3_800 })
            #expect(try await curl("--max-time", "5", server.url).stdout.hasSuffix("false "))
            clients = []
            #expect(try await eventually { try openDescriptors() < before + 200 })
        }
    }
}
