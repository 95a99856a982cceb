// ProviderKeysTests.swift: when a provider is asked for its keys, and for how long its answer is believed.
import LatchkeyHTTP
import Synchronization
import Testing

@testable import LatchkeyFederation

/// A provider that answers as it is told, and counts.
private final class Provider: Sendable {
    struct Script: Sendable {
        var issuer = "https://id.example"
        var keyAddress = "https://keys.example/jwks?v=1"
        var keyIDs = ["a"]
        var cacheControl: String?
        var status = 200
        var isDown = false
        var requests: [String] = []
        var inFlight = 0
        var mostInFlight = 0
    }

    let script = Mutex(Script())

    func change(_ body: (inout Script) -> Void) { script.withLock { body(&$0) } }

    var requests: [String] { script.withLock { $0.requests } }

    func keys(reach: WebAddress.Reach = .secure) -> ProviderKeys {
        ProviderKeys(reach: reach) { url async throws(HTTPClient.Failure) in try await self.answer(url) }
    }

    private func answer(_ url: String) async throws(HTTPClient.Failure) -> HTTPResponse {
        let now = script.withLock { script in
            script.requests.append(url)
            script.inFlight += 1
            script.mostInFlight = max(script.mostInFlight, script.inFlight)
            return script
        }
        for _ in 0..<20 { await Task.yield() }
        change { $0.inFlight -= 1 }
        // A request to a port that nothing listens on: the client's own failure.
        if now.isDown { return try await HTTPClient().send(method: "GET", url: "http://127.0.0.1:1/") }
        if url.hasSuffix("/.well-known/openid-configuration") {
            let body = #"{"issuer":"\#(now.issuer)","jwks_uri":"\#(now.keyAddress)"}"#
            return HTTPResponse(status: now.status, type: "application/json", body: Array(body.utf8))
        }
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        let keys = now.keyIDs.map { #"{"kty":"OKP","crv":"Ed25519","kid":"\#($0)","x":"\#(x)"}"# }
        var fields = HTTPFields()
        if let value = now.cacheControl { fields.append("cache-control", value) }
        let body = #"{"keys":[\#(keys.joined(separator: ","))]}"#
        return HTTPResponse(status: now.status, fields: fields, body: Array(body.utf8))
    }
}

@Suite("The keys of providers")
struct ProviderKeysTests {
    private static let issuer = "https://id.example"

    private func fault(_ keys: ProviderKeys, _ keyID: String? = "a", at now: Int64) async -> String? {
        do throws(FederationError) {
            _ = try await keys.provider(Self.issuer, having: keyID, at: now)
            return nil
        } catch {
            return error.name
        }
    }

    @Test("are asked for once, below the issuer's own URL, and kept for as long as the provider says")
    func cached() async {
        let provider = Provider()
        provider.change { $0.cacheControl = "max-age=600" }
        let keys = provider.keys()
        #expect(await fault(keys, at: 1_000) == nil)
        #expect(
            provider.requests == [
                "https://id.example/.well-known/openid-configuration", "https://keys.example/jwks?v=1",
            ]
        )
        #expect(await fault(keys, at: 1_599) == nil)
        #expect(provider.requests.count == 2)
        #expect(await fault(keys, at: 1_600) == nil)
        #expect(provider.requests.count == 4)
    }

    @Test("a slash at the end of the issuer is not doubled")
    func slash() async {
        let provider = Provider()
        provider.change { $0.issuer = "https://id.example/tenant/" }
        let keys = provider.keys()
        _ = try? await keys.provider("https://id.example/tenant/", having: nil, at: 0)
        #expect(provider.requests.first == "https://id.example/tenant/.well-known/openid-configuration")
        #expect(provider.requests.count == 2)
    }

    @Test(
        "a key that is not there has them asked for again, once a minute: so a new key is taken up, and nobody floods"
    )
    func rotation() async throws {
        let provider = Provider()
        let keys = provider.keys()
        #expect(await fault(keys, at: 1_000) == nil)
        provider.change { $0.keyIDs = ["b"] }
        // Within the minute the kept keys are given, in which `b` is not.
        #expect(try await keys.provider(Self.issuer, having: "b", at: 1_059).keys.holds("b") == false)
        #expect(provider.requests.count == 2)
        #expect(try await keys.provider(Self.issuer, having: "b", at: 1_060).keys.holds("b"))
        #expect(provider.requests.count == 4)
        // What the provider has withdrawn is gone.
        #expect(try await keys.provider(Self.issuer, having: "a", at: 1_061).keys.holds("a") == false)
        for second in 0..<59 { #expect(await fault(keys, "none", at: 1_061 + Int64(second)) == nil) }
        #expect(provider.requests.count == 4)
    }

    @Test("one request at a time goes to a provider, whoever waits")
    func together() async {
        let provider = Provider()
        let keys = provider.keys()
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { await self.fault(keys, at: 1_000) } }
            for await fault in group { #expect(fault == nil) }
        }
        #expect(provider.requests.count == 2)
        #expect(provider.script.withLock { $0.mostInFlight } == 1)
    }

    @Test("while the provider is down its keys are good for an hour after they were fresh, and no longer")
    func stale() async {
        let provider = Provider()
        let keys = provider.keys()
        #expect(await fault(keys, at: 1_000) == nil)
        provider.change { $0.isDown = true }
        #expect(await fault(keys, at: 1_000 + 3_600) == nil)
        #expect(await fault(keys, at: 1_000 + 7_199) == nil)
        #expect(await fault(keys, at: 1_000 + 7_200) == "unreachable")
        provider.change {
            $0.isDown = false
            $0.status = 503
        }
        #expect(await fault(keys, at: 1_000 + 7_300) == "unreachable")
        provider.change { $0.status = 200 }
        #expect(await fault(keys, at: 1_000 + 7_400) == nil)
    }

    @Test("a provider that answers with something else is not believed any more, not even for what it said before")
    func withdrawn() async {
        for status in [301, 302, 400, 401, 404, 410] {
            let provider = Provider()
            let keys = provider.keys()
            #expect(await fault(keys, at: 1_000) == nil)
            provider.change { $0.status = status }
            #expect(await fault(keys, at: 4_600) == "providerRefused", "\(status)")
            provider.change { $0.isDown = true }
            #expect(await fault(keys, at: 4_700) == "unreachable", "\(status)")
        }
    }

    @Test("a provider that failed is left alone for fifteen seconds")
    func negative() async {
        let provider = Provider()
        provider.change { $0.isDown = true }
        let keys = provider.keys()
        #expect(await fault(keys, at: 1_000) == "unreachable")
        #expect(provider.requests.count == 1)
        provider.change { $0.isDown = false }
        #expect(await fault(keys, at: 1_014) == "unreachable")
        #expect(provider.requests.count == 1)
        #expect(await fault(keys, at: 1_015) == nil)
        #expect(provider.requests.count == 3)
    }

    @Test("a clock that was set back makes nothing last longer")
    func clock() async {
        let provider = Provider()
        let keys = provider.keys()
        #expect(await fault(keys, at: 100_000) == nil)
        #expect(await fault(keys, at: 1_000) == nil)
        #expect(provider.requests.count == 4)
    }

    @Test(
        "a description of another issuer, or with keys where they may not be, is refused",
        arguments: [
            ("https://id.example/", "https://keys.example/"), ("https://ID.example", "https://keys.example/"),
            ("http://id.example", "https://keys.example/"), ("https://id.example", "http://keys.example/"),
            ("https://id.example", "https://127.0.0.1/keys"), ("https://id.example", "https://localhost/keys"),
            ("https://id.example", "https://169.254.169.254/latest"), ("https://id.example", "https://[::1]/"),
            ("https://id.example", "file:///etc/passwd"), ("https://id.example", "https://a@keys.example/"),
            ("https://id.example", "https://keys.example/#a"), ("https://id.example", "https://keys.example/../a"),
            ("https://id.example", "https://keys.example:0/"), ("https://id.example", "https://keys.example:99999/"),
            ("https://id.example", "https://2130706433/"), ("https://id.example", "https://0x7f.1/"),
            ("https://id.example", "https://0x7f000001/"), ("https://id.example", "https://127.1/"),
            ("https://id.example", ""),
        ]
    )
    func description(issuer: String, keyAddress: String) async {
        let provider = Provider()
        provider.change {
            $0.issuer = issuer
            $0.keyAddress = keyAddress
        }
        #expect(await fault(provider.keys(), at: 0) == "providerRefused")
        #expect(provider.requests.count == 1)
    }

    @Test(
        "only TLS and a host's name are asked, and this machine where that is allowed",
        arguments: [
            ("https://id.example", true, true), ("https://id.example:8443/a/b", true, true),
            ("http://id.example", false, false), ("http://127.0.0.1:8080", false, true),
            ("http://localhost:8080/realm", false, true), ("https://127.0.0.1:8443", false, true),
            ("http://127.0.0.2", false, false), ("http://127.0.0.1.evil.example", false, false),
            ("http://localhost@evil.example", false, false), ("http://10.0.0.1", false, false),
            ("https://id.example?x=1", false, false), ("https://id.example/%2e", false, false),
            ("https://", false, false), ("https:///a", false, false), ("https://-a.example", false, false),
            ("https://a..example", false, false), ("https://id.example.", false, false), ("id.example", false, false),
            ("HTTPS://id.example", false, false), ("https://Id.example", false, false),
            ("https://id.example\n", false, false),
            ("https://id.example/ä", false, false), ("https://id.example:", false, false),
            ("https://id.example:+1", false, false),
        ]
    )
    func addresses(text: String, isSecure: Bool, isLoopback: Bool) {
        #expect((WebAddress(text, reach: .secure) != nil) == isSecure)
        #expect((WebAddress(text, reach: .loopback) != nil) == isLoopback)
    }
}
