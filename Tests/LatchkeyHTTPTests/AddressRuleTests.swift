// AddressRuleTests.swift: which addresses are the internet's, and that a client with a rule connects nowhere else.
import LatchkeyTestSupport
import Testing

@testable import LatchkeyHTTP

@Suite("Addresses that are asked") struct AddressRuleTests {
    @Test(
        "nobody's own address is public",
        arguments: [
            "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
            "127.255.255.254", "169.254.0.1", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255",
            "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
            "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
            "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
            "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1",
            "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1",
        ]
    )
    func special(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!address.isPublic)
        #expect(!AddressRule().admits(address))
        #expect(AddressRule(networks: [address.text]).admits(address))
    }

    @Test(
        "the addresses beside them are",
        arguments: [
            "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
            "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
            "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "::ffff:8.8.8.8",
            "64:ff9b::808:808", "2001:200::1", "2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450::1",
        ]
    )
    func ordinary(text: String) throws { #expect(AddressRule().admits(try #require(IPAddress(text)))) }

    @Test("a network that is named lets its own addresses in, and what is no network lets in none")
    func named() throws {
        let rule = AddressRule(networks: ["10.1.0.0/16", "fd00:1::/32", "localhost", "", "10.2.0.0/33"])
        for (text, isAdmitted) in [
            ("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("10.2.0.1", false), ("169.254.169.254", false),
            ("fd00:1::5", true), ("fd00:2::5", false), ("127.0.0.1", false), ("8.8.8.8", true),
        ] {
            #expect(rule.admits(try #require(IPAddress(text))) == isAdmitted, "\(text)")
        }
        #expect(AddressRule.isNetwork("10.0.0.0/8") && AddressRule.isNetwork("::1"))
        #expect(!AddressRule.isNetwork("10.0.0.0/33") && !AddressRule.isNetwork("example.com"))
    }
}

extension SocketTests {
    @Suite struct GatedClientTests {
        @Test("a name or an address that leads to this host is not connected to, unless that is allowed")
        func gate() async throws {
            let log = Log()
            let server = try TestServer { request, peer in
                log.add(request.target)
                return await TestServer.echo(request, peer)
            }
            let silent = try RawListener()
            // libcurl itself knows that names below `localhost` are this host (RFC 6761).
            for host in ["127.0.0.1", "localhost", "id.localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0"] {
                for port in [server.port, silent.port] {
                    do throws(HTTPClient.Failure) {
                        _ = try await HTTPClient(addresses: AddressRule(networks: ["10.0.0.0/8"]))
                            .send(method: "GET", url: "http://\(host):\(port)/")
                        Issue.record("\(host) was asked")
                    } catch {
                        #expect(error.description.contains("no address that may be asked"), "\(host): \(error)")
                        #expect(!error.isTransient)
                    }
                }
            }
            #expect(log.lines.isEmpty)
            // Not even a connection was made.
            #expect(!silent.hasCaller)
            let allowed = HTTPClient(addresses: AddressRule(networks: ["127.0.0.1"]))
            for host in ["127.0.0.1", "localhost", "id.localhost"] {
                #expect(try await allowed.send(method: "GET", url: "http://\(host):\(server.port)/").status == 200)
            }
            // The rule is about the connection, also where the server is there no more: that is another failure.
            do throws(HTTPClient.Failure) {
                _ = try await allowed.send(method: "GET", url: "http://127.0.0.1:1/")
                Issue.record("it was asked")
            } catch {
                #expect(error.isTransient)
            }
            // A socket is no address.
            let folder = try Folder()
            let unix = try TestServer(["unix:\(folder.path)/s"])
            do throws(HTTPClient.Failure) {
                _ = try await allowed.send(method: "GET", url: unix.url)
                Issue.record("it was asked")
            } catch {
                #expect(error.description.contains("no address that may be asked"))
            }
        }
    }
}
