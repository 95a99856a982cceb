// SecretsAtRestTests.swift: after a whole life no seed, password, code, recovery code or token stands in the store's files.
import Foundation
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyTestSupport
import Testing

@testable import Latchkey

extension SecretSearch {
    mutating func add(_ name: String, _ secret: SecretText) { add(name, secret.text) }
}

@Suite("Secrets at rest")
struct SecretsAtRestTests {
    @Test("a whole life leaves none of them in database, log or index, nor in a backup")
    func wholeLife() async throws {
        // Codes of eight digits: six are too easily met by chance.
        let eight = DeviceParameters(digits: 8)
        let test = try await TestAuthority()
        var search = SecretSearch()
        func add(_ phone: Phone, _ code: SecretText) -> SecretText {
            search.add("seed", phone.seed)
            search.add("code", code)
            return code
        }
        search.add("password", TestAuthority.password)
        for name in ["ann", "bob", "cat"] {
            let user = try await test.makeUser(name)
            let begun = try await test.perform(BeginEnrollment(userName: user, parameters: eight)).enrollment
            let phone = try Phone(begun, test.clock)
            let wrong = SecretText("98765432")
            search.add("wrong code", wrong)
            #expect(try await test.fault(ConfirmEnrollment(serialNumber: phone.serial, code: wrong)) != nil)
            let first = add(phone, try phone.code())
            try await test.perform(ConfirmEnrollment(serialNumber: phone.serial, code: first))
            let recovery = try await test.perform(RenewRecoveryCodes(userName: user)).recoveryCodes
            for code in recovery {
                search.add("recovery code", code)
                search.add("recovery code", Array(code.text.utf8.filter { $0 != UInt8(ascii: "-") }))
            }
            for _ in 0..<3 {
                test.clock.advance(30)
                let output = try await test.signIn(user, code: add(phone, try phone.code()))
                search.add("token", Array(try #require(output.session).token.utf8))
                search.add("token", try Base64URL.decode(try #require(output.session).token, .strict))
            }
            #expect(try await test.signInFault(user, code: wrong) != nil)
            let guess = SecretText("my other bank's password")
            search.add("wrong password", guess)
            #expect(try await test.signInFault(user, guess) != nil)
            let ticket = try #require(try await test.signIn(user).challenge?.ticket)
            search.add("ticket", ticket)
            #expect(try await test.recoveryFault(user, recovery[0]) == nil)
            let new = SecretText("herons of \(name) in the shallows")
            search.add("new password", new)
            try await test.perform(UpdateLoginProfile(userName: user, password: new))
        }
        // A password typed where the name belongs.
        let slip = SecretText("correct-horse-battery")
        search.add("password as a name", slip)
        #expect(try await test.signInFault(try UserName(slip.text)) != nil)

        // The key that was, and the key that is: in their file and nowhere else.
        let keys = test.folder + "/master.key"
        search.add("old key", try Base64.decode(keyText(keys), .strict))
        #expect(try search.finds(inFolder: test.folder, except: ["master.key"]) == [])
        _ = try await test.authority.rotateKeys(.file(test.keyFile))
        search.add("new key", try Base64.decode(keyText(keys), .strict))
        try await test.authority.backup(to: test.folder + "/backup.sqlite")
        let names = try FileManager.default.contentsOfDirectory(atPath: test.folder + "/store")
        #expect(names.contains { $0.hasSuffix("-wal") } && names.contains { $0.hasSuffix("-shm") })
        #expect(try search.finds(inFolder: test.folder, except: ["master.key"]) == [])
        #expect(try search.finds(inFolder: test.folder).contains("master.key: new key in Base64"))
        await test.authority.close()
        #expect(try search.finds(inFolder: test.folder, except: ["master.key"]) == [])
    }

    private func keyText(_ path: String) throws -> String {
        let line = try String(contentsOfFile: path, encoding: .utf8)
        return String(try #require(line.split(separator: ":").last)).trimmingCharacters(in: .newlines)
    }

    @Test("the search itself finds what lies there, in each form, in the database as in its log")
    func needles() async throws {
        let test = try await TestAuthority()
        let seed: [UInt8] = Array("\u{1}a seed of 20 bytes!".utf8)
        var search = SecretSearch()
        search.add("seed", seed)
        #expect(try search.finds(inFolder: test.folder) == [])
        let forms: [(String, [UInt8])] = [
            ("seed", seed),
            ("seed in hex", Array(Hex.encode(seed).utf8)),
            ("seed in hex", Array(Hex.encode(seed).uppercased().utf8)),
            ("seed in Base32", Array(Base32.encode(seed).utf8)),
            ("seed in Base32", Array(Base32.encode(seed).lowercased().utf8)),
            ("seed in Base32", Array(Base32.encode([9, 8, 7] + seed + [6]).utf8)),
            ("seed in Base64", Array(Base64.encode(seed).utf8)),
            ("seed in Base64", Array(Base64URL.encode([1] + seed + [255]).utf8)),
            ("seed in Base64", Array(Base64.encode([250, 251] + seed).utf8)),
        ]
        for (name, bytes) in forms {
            #expect(search.finds(in: [0, 255] + bytes + [0]).contains(name))
            let hex = Hex.encode(bytes)
            try test.tamper("INSERT INTO meta (name, value) VALUES ('needle', x'\(hex)')")
            #expect(try search.finds(inFolder: test.folder).contains { $0.hasSuffix(": \(name)") }, "\(name)")
            try test.tamper("DELETE FROM meta WHERE name = 'needle'")
        }
        #expect(search.finds(in: Array("a seed of 20 byte".utf8)) == [])
    }
}
