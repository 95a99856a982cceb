// OpenIDConnectProviderTests.swift: identity providers from their making to their deletion.
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("OpenID Connect providers", .everyDatabase)
struct OpenIDConnectProviderTests {
    static let arn = ARN(checked: "arn:aws:iam::123456789012:oidc-provider/id.example.com/tenant")

    static func create(
        _ url: String = "https://id.example.com/tenant",
        _ clients: [String] = [],
        thumbprints: [String] = []
    ) throws -> CreateOpenIDConnectProvider {
        CreateOpenIDConnectProvider(
            url: try OpenIDConnectProviderURL(url),
            clientIDList: try clients.map { try ClientID($0) },
            thumbprintList: try thumbprints.map { try Thumbprint($0) }
        )
    }

    private let get = GetOpenIDConnectProvider(openIDConnectProviderArn: Self.arn)

    @Test("a provider is made, shown without its scheme, changed, listed, and deleted with its tags")
    func life() async throws {
        let test = try await TestAuthority()
        let print = String(repeating: "aB", count: 20)
        var create = try Self.create(thumbprints: [print, print.lowercased()])
        create.clientIDList = [ClientID(checked: "a"), ClientID(checked: "b"), ClientID(checked: "a")]
        create.tags = [Latchkey.Tag(key: "stage", value: "test")]
        let made = try await test.perform(create)
        #expect(made.openIDConnectProviderArn == Self.arn && made.tags == create.tags)
        var shown = try await test.perform(get)
        #expect(shown.url.text == "id.example.com/tenant" && shown.clientIDList.map(\.text) == ["a", "b"])
        #expect(shown.thumbprintList.map(\.text) == [print.lowercased()] && shown.createDate == test.clock.now)
        #expect(shown.tags == create.tags)
        func client(_ name: String) -> ClientID { ClientID(checked: name) }
        try await test.perform(
            AddClientIDToOpenIDConnectProvider(openIDConnectProviderArn: Self.arn, clientID: client("c"))
        )
        try await test.perform(
            AddClientIDToOpenIDConnectProvider(openIDConnectProviderArn: Self.arn, clientID: client("c"))
        )
        try await test.perform(
            RemoveClientIDFromOpenIDConnectProvider(openIDConnectProviderArn: Self.arn, clientID: client("a"))
        )
        try await test.perform(
            RemoveClientIDFromOpenIDConnectProvider(openIDConnectProviderArn: Self.arn, clientID: client("none"))
        )
        try await test.perform(
            UpdateOpenIDConnectProviderThumbprint(openIDConnectProviderArn: Self.arn, thumbprintList: [])
        )
        try await test.perform(
            TagOpenIDConnectProvider(
                openIDConnectProviderArn: Self.arn,
                tags: [Latchkey.Tag(key: "STAGE", value: "live"), Latchkey.Tag(key: "a", value: "b")]
            )
        )
        try await test.perform(
            UntagOpenIDConnectProvider(openIDConnectProviderArn: Self.arn, tagKeys: [try TagKey("A")])
        )
        shown = try await test.perform(get)
        #expect(shown.clientIDList.map(\.text) == ["b", "c"] && shown.thumbprintList.isEmpty)
        let tags = ListOpenIDConnectProviderTags(openIDConnectProviderArn: Self.arn)
        #expect(try await test.perform(tags).tags == [Latchkey.Tag(key: "STAGE", value: "live")])
        try await test.perform(try Self.create("https://a.example"))
        let list = try await test.perform(ListOpenIDConnectProviders()).openIDConnectProviderList.map(\.arn.text)
        #expect(list == ["arn:aws:iam::123456789012:oidc-provider/a.example", Self.arn.text])
        #expect(try await test.perform(GetAccountSummary()).summaryMap["Providers"] == 2)
        let delete = DeleteOpenIDConnectProvider(openIDConnectProviderArn: Self.arn)
        try await test.perform(delete)
        #expect(try await test.fault(delete) == nil)
        #expect(try await test.fault(get)?.code == "NoSuchEntity")
        try await test.perform(try Self.create())
        #expect(try await test.perform(tags).tags.isEmpty)
    }

    @Test(
        "only https, a host's name and a path are taken",
        arguments: [
            "http://id.example.com", "https://", "id.example.com", "https://id.example.com?a=b",
            "https://ID.example.com",
            "https://10.0.0.1", "https://localhost", "https://user@id.example.com", "https://id.example.com/#a",
            "https://id.example.com/../b", "http://127.0.0.1:8080", "https://169.254.169.254",
        ]
    )
    func urls(url: String) async throws {
        let test = try await TestAuthority()
        #expect(try await test.fault(try Self.create(url))?.code == "InvalidInput")
    }

    @Test("doubles, too many and wrong names are refused with AWS's codes")
    func refusals() async throws {
        let test = try await TestAuthority { $0.allowsLoopbackProviders = true }
        try await test.perform(try Self.create())
        #expect(try await test.fault(try Self.create())?.code == "EntityAlreadyExists")
        // One host and path is one provider, whatever the scheme.
        try await test.perform(try Self.create("http://localhost:1"))
        #expect(try await test.fault(try Self.create("https://localhost:1"))?.code == "EntityAlreadyExists")
        let many = (0...100).map { "client-\($0)" }
        #expect(try await test.fault(try Self.create("https://b.example", many))?.code == "LimitExceeded")
        let prints = (10..<16).map { String(repeating: "\($0)", count: 20) }
        let fault = try await test.fault(try Self.create("https://b.example", thumbprints: prints))
        #expect(fault?.code == "InvalidInput")
        #expect(throws: Fault.self) { try Thumbprint("zz") }
        #expect(throws: Fault.self) { try ClientID("") }
        #expect(throws: Fault.self) { try ClientID("a\nb") }
        #expect(throws: Fault.self) {
            try OpenIDConnectProviderURL("https://\(String(repeating: "a", count: 250)).example")
        }
        for arn in ["arn:aws:iam::123456789012:role/none", "arn:aws:iam::123456789012:saml-provider/id.example.com"] {
            let get = GetOpenIDConnectProvider(openIDConnectProviderArn: ARN(checked: arn))
            #expect(try await test.fault(get)?.code == "InvalidInput")
        }
        let foreign = ARN(checked: "arn:aws:iam::999999999999:oidc-provider/id.example.com/tenant")
        let get = GetOpenIDConnectProvider(openIDConnectProviderArn: foreign)
        #expect(try await test.fault(get)?.code == "NoSuchEntity")
        for number in 2..<100 { try await test.perform(try Self.create("https://p\(number).example")) }
        #expect(try await test.fault(try Self.create("https://more.example"))?.code == "LimitExceeded")
    }

    @Test("a provider whose row was changed from outside is not believed")
    func tampering() async throws {
        let test = try await TestAuthority()
        try await test.perform(try Self.create("https://id.example.com/tenant", ["a"]))
        _ = try await test.authority.write { state throws(Fault) in
            try state.run("UPDATE oidc_providers SET clients = '[\"b\"]'")
        }
        #expect(try await test.fault(get)?.code == "StoreDamaged")
        #expect(try await test.authority.check().count == 1)
    }
}
