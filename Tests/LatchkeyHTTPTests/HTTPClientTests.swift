// HTTPClientTests.swift: the client against our own server.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

extension SocketTests {
    @Suite struct HTTPClientTests {
        private func failure(
            _ client: HTTPClient,
            _ url: String,
            method: String = "GET",
            fields: HTTPFields = HTTPFields()
        ) async
            -> HTTPClient.Failure?
        {
            do throws(HTTPClient.Failure) {
                _ = try await client.send(method: method, url: url, fields: fields)
                return nil
            } catch {
                return error
            }
        }

        @Test("a request arrives as it was given, with nothing added")
        func asGiven() async throws {
            let server = try TestServer { request, _ in
                let fields = request.fields.all.map { "\($0.name)=\($0.text ?? "?")" }.joined(separator: ";")
                let text =
                    "\(request.method) \(request.target) \(fields) \(String(decoding: request.body, as: UTF8.self))"
                return HTTPResponse(
                    status: 201,
                    fields: HTTPFields([
                        HTTPFields.Field("x-a", "1"), HTTPFields.Field("x-a", ""), HTTPFields.Field("x-b", " 2"),
                    ]),
                    body: Array(text.utf8)
                )
            }
            let client = HTTPClient()
            let host = "127.0.0.1:\(server.port)"
            let got = try await client.send(method: "GET", url: "\(server.url)/a/../%2e//b?c=%20+d")
            #expect(got.status == 201)
            #expect(String(decoding: got.body, as: UTF8.self) == "GET /a/../%2e//b?c=%20+d host=\(host) ")
            #expect(got.fields.values("x-a") == [Array("1".utf8), []])
            #expect(got.fields["x-b"] == "2")
            #expect(got.fields["content-length"] == "\(got.body.count)")
            let fields = HTTPFields([
                HTTPFields.Field("Content-Type", "a/b"), HTTPFields.Field("x-empty", ""), HTTPFields.Field("host", "b"),
            ])
            let posted = try await client.send(method: "POST", url: server.url, fields: fields, body: Array("x=y".utf8))
            let text = String(decoding: posted.body, as: UTF8.self)
            #expect(text.hasPrefix("POST / ") && text.hasSuffix(" x=y"))
            for field in ["host=b", "content-type=a/b", "x-empty=", "content-length=3"] {
                #expect(text.contains(field))
            }
            #expect(!text.contains("accept") && !text.contains("expect") && !text.contains("user-agent"))
            let empty = try await client.send(method: "POST", url: server.url)
            #expect(String(decoding: empty.body, as: UTF8.self) == "POST / host=\(host);content-length=0 ")
            let head = try await client.send(method: "HEAD", url: server.url)
            #expect(head.status == 201 && head.body.isEmpty && head.fields["content-length"] != nil)
            let deleted = try await client.send(method: "DELETE", url: "\(server.url)/x")
            #expect(String(decoding: deleted.body, as: UTF8.self).hasPrefix("DELETE /x host"))
        }

        @Test("redirects and errors are answers")
        func redirects() async throws {
            let server = try TestServer { request, _ in
                var response = HTTPResponse(status: request.path == "/" ? 302 : 500)
                response.fields.append("location", "/there")
                return response
            }
            #expect(try await HTTPClient().send(method: "GET", url: server.url).status == 302)
            #expect(try await HTTPClient().send(method: "GET", url: "\(server.url)/x").status == 500)
        }

        @Test("a server is trusted by its certificate only")
        func trust() async throws {
            let folder = try Folder()
            let files = try await folder.makeCertificate("one")
            let other = try await folder.makeCertificate("other")
            let server = try TestServer(tls: files)
            let answer = try await HTTPClient(caFile: files.certificate).send(method: "GET", url: server.url)
            #expect(String(decoding: answer.body, as: UTF8.self) == "GET / 127.0.0.1 true ")
            let named = try await HTTPClient(caFile: files.certificate)
                .send(method: "GET", url: "https://localhost:\(server.port)/")
            #expect(named.status == 200)
            for client in [HTTPClient(), HTTPClient(caFile: other.certificate)] {
                #expect(await failure(client, server.url)?.description.contains("is not trusted") == true)
            }
            // 127.0.0.2 is the same server under a name that the certificate does not have.
            let all = try TestServer(["0.0.0.0:0"], tls: files)
            let elsewhere = await failure(HTTPClient(caFile: files.certificate), "https://127.0.0.2:\(all.port)/")
            #expect(elsewhere?.description.contains("is not trusted") == true)
            #expect(
                await failure(HTTPClient(caFile: "\(folder.path)/none"), server.url)?.description.contains("PEM")
                    == true
            )
            let plain = try TestServer()
            #expect(
                await failure(HTTPClient(), "https://127.0.0.1:\(plain.port)/")?.description.contains("TLS") == true
            )
        }

        @Test("answers that are too large or too late end the transfer")
        func limits() async throws {
            let server = try TestServer { request, _ in
                switch request.path {
                case "/slow":
                    try? await Task.sleep(for: .seconds(2))
                    return HTTPResponse(status: 200)
                case "/fields":
                    return HTTPResponse(
                        status: 200,
                        fields: HTTPFields([HTTPFields.Field("x", String(repeating: "x", count: 2_000))])
                    )
                default: return HTTPResponse(status: 200, type: "a/b", body: .init(repeating: 65, count: 1_001))
                }
            }
            var limits = HTTPClient.Limits()
            limits.body = 1_000
            limits.fields = 1_000
            limits.time = .seconds(300)
            let client = HTTPClient(limits: limits)
            #expect(await failure(client, "\(server.url)/")?.description.contains("larger than") == true)
            #expect(await failure(client, "\(server.url)/fields")?.description.contains("larger than") == true)
            limits.time = .milliseconds(300)
            let late = await failure(HTTPClient(limits: limits), "\(server.url)/slow")
            #expect(late?.description.contains("in time") == true && late?.isTransient == true)
            limits.body = 1_001
            limits.time = .seconds(300)
            #expect(try await HTTPClient(limits: limits).send(method: "GET", url: server.url).body.count == 1_001)
        }

        @Test("a Unix socket is asked like any server")
        func unixSocket() async throws {
            let folder = try Folder()
            let server = try TestServer(["unix:\(folder.path)/s"])
            let answer = try await HTTPClient().send(method: "GET", url: "\(server.url):/v1/X?a:b")
            #expect(String(decoding: answer.body, as: UTF8.self) == "GET /v1/X?a:b unix false ")
            #expect(try await HTTPClient().send(method: "GET", url: server.url).status == 200)
            #expect(
                await failure(HTTPClient(), "unix:\(folder.path)/none:/")?.description.contains("cannot be reached")
                    == true
            )
        }

        @Test("what cannot be sent is refused before anything is, and the URL's secrets are not repeated")
        func mistakes() async throws {
            let client = HTTPClient()
            let urls = [
                "file:///etc/passwd", "ftp://127.0.0.1/", "HTTP:/a", "http://", "http://a b/",
                "http://user:secret@127.0.0.1/", "", "unix:a", "unix:/a:b",
            ]
            for url in urls {
                let refused = await failure(client, url)
                #expect(refused != nil && refused?.isTransient == false, "\(url)")
                #expect(refused?.description.contains("secret") == false)
            }
            #expect(await failure(client, "http://127.0.0.1:1/", method: "GET /\r\nX: y") != nil)
            let split = HTTPFields([HTTPFields.Field("x", "a\r\ny: z")])
            #expect(
                await failure(client, "http://127.0.0.1:1/", fields: split)?.description.contains("cannot be sent")
                    == true
            )
            let gone = await failure(client, "http://127.0.0.1:1/?token=secret")
            #expect(gone?.description.contains("http://127.0.0.1:1 cannot be reached") == true)
            #expect(gone?.description.contains("secret") == false)
        }
    }
}
