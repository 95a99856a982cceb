// SSHPublicKeyTests.swift: SSH public keys from upload to deletion, held against ssh-keygen.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

@Suite("SSH public keys", .everyDatabase)
struct SSHPublicKeyTests {
    static func upload(_ test: TestAuthority, _ user: UserName, _ text: String) async throws -> SSHPublicKey {
        try await test.perform(UploadSSHPublicKey(userName: user, sshPublicKeyBody: try SSHPublicKeyBody(text)))
            .sshPublicKey
    }

    @Test("a key comes out as OpenSSH and as PEM, whichever it went in as, with ssh-keygen's fingerprint")
    func encodings() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let pem = try OpenSSLTool.openssl("pkey -pubout", try OpenSSLTool.privateKey("ED25519"))
        for text in [pem, try OpenSSLTool.sshLine()] {
            let key = try await Self.upload(test, ann, text)
            #expect(key.sshPublicKeyBody.text == text)
            #expect(key.sshPublicKeyId.text.hasPrefix("APKA") && key.sshPublicKeyId.text.count == 20)
            #expect(key.status == .active && key.uploadDate == test.clock.now && key.userName == ann)
            func get(_ encoding: GetSSHPublicKey.Encoding) async throws -> SSHPublicKey {
                try await test.perform(
                    GetSSHPublicKey(userName: ann, sshPublicKeyId: key.sshPublicKeyId, encoding: encoding)
                )
                .sshPublicKey
            }
            let line = try await get(.ssh)
            let listed = try OpenSSLTool.run("ssh-keygen", ["-E", "md5", "-lf", "-"], line.sshPublicKeyBody.text)
            #expect(listed.contains("MD5:\(key.fingerprint) "))
            #expect(line.fingerprint == key.fingerprint)
            let block = try await get(.pem).sshPublicKeyBody.text
            #expect(try OpenSSLTool.openssl("pkey -pubin", block) == block)
            // OpenSSH's comment is not kept.
            #expect(text == block || text.hasPrefix(line.sshPublicKeyBody.text + " "))
        }
    }

    @Test("weak, foreign, broken and doubled keys are refused with AWS's codes")
    func refusals() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        func code(_ text: String, _ user: UserName) async throws -> String? {
            try await test.fault(UploadSSHPublicKey(userName: user, sshPublicKeyBody: try SSHPublicKeyBody(text)))?.code
        }
        let line = try OpenSSLTool.sshLine()
        #expect(try await code("a key", ann) == "UnrecognizedPublicKeyEncoding")
        #expect(try await code(String(line.prefix(300)), ann) == "InvalidPublicKey")
        #expect(try await code(try OpenSSLTool.sshLine(bits: 1_024), ann) == "InvalidPublicKey")
        #expect(
            try await code(try OpenSSLTool.sshLine("ecdsa"), ann) == "InvalidPublicKey"
        )
        #expect(try await code(line, .root) == "NoSuchEntity")
        #expect(try await code(line, try UserName("nobody")) == "NoSuchEntity")
        #expect(try await code(line, ann) == nil)
        #expect(try await code(line + " another comment", ann) == "DuplicateSSHPublicKey")
        #expect(try await code(try PublicKeyText(line).pem, ann) == "DuplicateSSHPublicKey")
        // Another user may have the same key.
        #expect(try await code(line, try await test.makeUser("bob")) == nil)
        #expect(throws: Fault.self) { try SSHPublicKeyBody("ssh-rsa \u{100}") }
        #expect(throws: Fault.self) { try SSHPublicKeyBody(String(repeating: "a", count: 16_385)) }
    }

    @Test("five keys are kept, listed in pages, made inactive, and keep their user from being deleted")
    func life() async throws {
        let test = try await TestAuthority()
        let ann = try UserName("ann")
        try await test.perform(CreateUser(userName: ann))
        var ids: [SSHPublicKeyID] = []
        for _ in 0..<5 {
            ids.append(try await Self.upload(test, ann, try OpenSSLTool.sshLine("ed25519")).sshPublicKeyId)
        }
        let sixth = UploadSSHPublicKey(userName: ann, sshPublicKeyBody: try SSHPublicKeyBody(try OpenSSLTool.sshLine()))
        #expect(try await test.fault(sixth)?.code == "LimitExceeded")
        let first = try await test.perform(ListSSHPublicKeys(userName: ann, maxItems: try MaxItems(3)))
        let rest = try await test.perform(ListSSHPublicKeys(userName: ann, marker: first.marker))
        #expect(first.isTruncated && !rest.isTruncated && first.sshPublicKeys.count == 3)
        let listed = (first.sshPublicKeys + rest.sshPublicKeys).map(\.sshPublicKeyId)
        #expect(listed == ids.sorted { $0.text < $1.text })
        try await test.perform(UpdateSSHPublicKey(userName: ann, sshPublicKeyId: ids[0], status: .inactive))
        let shown = try await test.perform(GetSSHPublicKey(userName: ann, sshPublicKeyId: ids[0], encoding: .ssh))
        #expect(shown.sshPublicKey.status == .inactive)
        let conflict = try await test.fault(DeleteUser(userName: ann))
        #expect(conflict?.code == "DeleteConflict" && conflict?.message.contains("SSH") == true)
        for id in ids { try await test.perform(DeleteSSHPublicKey(userName: ann, sshPublicKeyId: id)) }
        #expect(
            try await test.fault(DeleteSSHPublicKey(userName: ann, sshPublicKeyId: ids[0]))?.code == "NoSuchEntity"
        )
        #expect(
            try await test.fault(UpdateSSHPublicKey(userName: ann, sshPublicKeyId: ids[0], status: .active))?.code
                == "NoSuchEntity"
        )
        try await test.perform(DeleteUser(userName: ann))
    }

    @Test("a key is its own user's and its own account's, and a row that is changed or planted is found")
    func walls() async throws {
        let test = try await TestAuthority()
        let ann = try await test.makeUser("ann")
        let bob = try await test.makeUser("bob")
        let key = try await Self.upload(test, ann, try OpenSSLTool.sshLine("ed25519"))
        let byBob = GetSSHPublicKey(userName: bob, sshPublicKeyId: key.sshPublicKeyId, encoding: .ssh)
        #expect(try await test.fault(byBob)?.code == "NoSuchEntity")
        let other = try await test.makeOtherAccount()
        try await test.perform(CreateUser(userName: ann), in: other)
        let byOther = GetSSHPublicKey(userName: ann, sshPublicKeyId: key.sshPublicKeyId, encoding: .ssh)
        #expect(try await test.code(byOther, in: other) == "NoSuchEntity")
        #expect(try await test.perform(ListSSHPublicKeys(userName: ann), in: other).sshPublicKeys.isEmpty)
        #expect(
            try await test.code(DeleteSSHPublicKey(userName: ann, sshPublicKeyId: key.sshPublicKeyId), in: other)
                == "NoSuchEntity"
        )
        let id = try await test.perform(GetUser(userName: bob)).user.userId
        try test.tamper("UPDATE ssh_public_keys SET owner = '\(id)'")
        #expect(try await test.fault(byBob)?.code == "StoreDamaged")
        #expect(try await test.authority.check().count == 1)
    }

    @Test("a caller without a name lists their own keys")
    func own() async throws {
        let test = try await TestAuthority()
        #expect(try await test.fault(ListSSHPublicKeys())?.code == "NoSuchEntity", "root has none")
    }
}
