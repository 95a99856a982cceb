// QueryAccountTests.swift: which account an unsigned call is about, where one server has several.
import Foundation
import Latchkey
import LatchkeyHTTP
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import LatchkeyServer

@Suite("The account of an unsigned call")
struct QueryAccountTests {
    private let folder: URL
    private let authority: Authority
    private let server: Server

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let key = folder.appending(path: "master.key").path
        try MasterKey.create(at: key)
        authority = try await Authority.create(
            "sqlite:\(folder.path)/store/latchkey.db",
            masterKey: .file(key),
            world: .system(),
            settings: Settings()
        )
        server = Server(authority: authority)
    }

    private func makeAccount(_ number: String) async throws {
        let id = try AccountID(number)
        let call = authority.call(by: .local("tester", account: id), for: id, from: "local")
        _ = try await authority.perform(CreateAccount(accountId: id), call)
    }

    /// The answer to a token that is none, and the account whose audit trail tells of it.
    private func ask(_ members: [(String, String)]) async throws -> (code: String, account: String?) {
        let before = try await authority.auditEvents(limit: 10_000).count
        let fields = [("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15")] + members
        let request = HTTPRequest(
            method: "POST",
            target: "/",
            fields: HTTPFields([
                HTTPFields.Field("host", "127.0.0.1"),
                HTTPFields.Field("content-type", "application/x-www-form-urlencoded"),
            ]),
            body: Array(
                fields.map { name, value in "\(name)=\(value.replacing(":", with: "%3A"))" }.joined(separator: "&").utf8
            )
        )
        let answer = await server.respond(to: request, from: HTTPPeer(address: "192.0.2.1", isSecure: true))
        let text = String(decoding: answer.body, as: UTF8.self)
        let code = text.components(separatedBy: "<Code>").last?.components(separatedBy: "</Code>").first ?? ""
        let events = try await authority.auditEvents(limit: 10_000)
        return (code, events.count > before ? events.last?.account : nil)
    }

    private func take(_ role: String) async throws -> (code: String, account: String?) {
        try await ask([("RoleArn", role), ("RoleSessionName", "pod"), ("WebIdentityToken", "none")])
    }

    @Test("is the one that the role's ARN names, and is told to nobody where there is none")
    func accounts() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await makeAccount("111111111111")
        // Of one account alone every call is.
        for role in ["arn:aws:iam::111111111111:role/r", "arn:aws:iam::999999999999:role/r"] {
            let (code, account) = try await take(role)
            #expect(code == "InvalidIdentityToken" && account == "111111111111", "\(role)")
        }
        try await makeAccount("222222222222")
        for number in ["111111111111", "222222222222"] {
            let (code, account) = try await take("arn:aws:iam::\(number):role/r")
            #expect(code == "InvalidIdentityToken" && account == number)
        }
        // An account that is not there is refused in the same words.
        #expect(try await take("arn:aws:iam::999999999999:role/r").code == "InvalidIdentityToken")
        for role in ["arn:aws:iam::11111111111:role/r", "arn:aws:iam::x:role/r", "arn:aws:iam::111111111111"] {
            let (code, account) = try await take(role)
            #expect(code == "ValidationError" && account == nil, "\(role)")
        }
        // A name that is none of a role's, in an account that is there.
        let (code, account) = try await take("arn:aws:iam::222222222222:user/ann")
        #expect(code == "ValidationError" && account == "222222222222")
        await authority.close()
    }
}
