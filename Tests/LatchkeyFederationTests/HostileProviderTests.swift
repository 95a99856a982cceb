// HostileProviderTests.swift: providers on loopback that redirect, flood, stall and lie, asked over real sockets.
import LatchkeyHTTP
import Synchronization
import Testing

@testable import LatchkeyFederation

@Suite("Hostile providers")
struct HostileProviderTests {
    /// Serves on loopback; `answer` gets the path and the issuer.
    private func provider(
        _ answer: @escaping @Sendable (String, String) async -> HTTPResponse
    ) throws -> (server: HTTPServer, issuer: String) {
        let text = Issuer()
        let server = try HTTPServer(
            HTTPServer.Configuration(listeners: ["127.0.0.1:0"]),
            onRefusal: { _, _, _ in },
            respond: { request, _ in await answer(request.target, text.value) }
        )
        try server.start()
        let address = try #require(server.addresses.first)
        text.set(address.hasSuffix("/") ? String(address.dropLast()) : address)
        return (server, text.value)
    }

    private final class Issuer: Sendable {
        private let text = Mutex("")
        var value: String { text.withLock { $0 } }
        func set(_ value: String) { text.withLock { $0 = value } }
    }

    private func ask(_ issuer: String, patience: Duration = .seconds(300)) async -> FederationError? {
        do throws(FederationError) {
            _ = try await ProviderKeys(reach: .loopback, patience: patience).provider(issuer, having: nil, at: 0)
            return nil
        } catch {
            return error
        }
    }

    private static func json(_ text: String) -> HTTPResponse {
        HTTPResponse(status: 200, type: "application/json", body: Array(text.utf8))
    }

    private static func description(_ issuer: String) -> HTTPResponse {
        json(#"{"issuer":"\#(issuer)","jwks_uri":"\#(issuer)/keys"}"#)
    }

    @Test("a redirect is not followed, neither for the description nor for the keys")
    func redirect() async throws {
        for place in ["/.well-known/openid-configuration", "/keys"] {
            let asked = Mutex(0)
            let (server, issuer) = try provider { path, issuer in
                if path == "/elsewhere" { asked.withLock { $0 += 1 } }
                if path == place {
                    let fields = HTTPFields([HTTPFields.Field("location", "\(issuer)/elsewhere")])
                    return HTTPResponse(status: 302, fields: fields)
                }
                return Self.description(issuer)
            }
            let error = await ask(issuer)
            #expect(error?.name == "providerRefused")
            #expect(error?.description.contains("redirects") ?? false)
            #expect(asked.withLock { $0 } == 0)
            await server.drain(within: 0)
        }
    }

    @Test("an answer that is too large is not read to its end")
    func flood() async throws {
        for place in ["/.well-known/openid-configuration", "/keys"] {
            let (server, issuer) = try provider { path, issuer in
                if path != place { return Self.description(issuer) }
                return HTTPResponse(status: 200, body: [UInt8](repeating: 0x20, count: 67_108_864))
            }
            #expect(await ask(issuer)?.name == "providerRefused")
            await server.drain(within: 0)
        }
    }

    @Test("a provider that does not answer is given up, and counts as one that is down")
    func stall() async throws {
        let (server, issuer) = try provider { _, issuer in
            try? await Task.sleep(for: .seconds(10))
            return Self.description(issuer)
        }
        #expect(await ask(issuer, patience: .seconds(1))?.name == "unreachable")
        await server.drain(within: 0)
    }

    @Test("nobody there, a certificate that is none, a name that is none")
    func absent() async throws {
        #expect(await ask("http://127.0.0.1:1")?.name == "unreachable")
        let (server, issuer) = try provider { _, issuer in Self.description(issuer) }
        // Plain HTTP where TLS is wanted.
        #expect(await ask(issuer.replacing("http://", with: "https://")) != nil)
        await server.drain(within: 0)
    }

    @Test("an honest one is taken, with the keys that can be used")
    func honest() async throws {
        let (server, issuer) = try provider { path, issuer in
            path == "/keys"
                ? Self.json(
                    #"{"keys":[{"kty":"oct","k":"AA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
                )
                : Self.description(issuer)
        }
        #expect(await ask(issuer) == nil)
        let known = try await ProviderKeys(reach: .loopback, patience: .seconds(300))
            .provider(issuer, having: nil, at: 0)
        #expect(known.keys.keys.count == 1)
        await server.drain(within: 0)
    }
}
