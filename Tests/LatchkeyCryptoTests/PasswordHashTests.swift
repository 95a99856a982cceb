// PasswordHashTests.swift: Argon2id strings, ours and those of Debian's `argon2` tool, whole and damaged.

import Testing

@testable import LatchkeyCrypto

struct PasswordHashTests {
    private let cheap = PasswordHash.Cost(memory: 64, passes: 1)

    /// Made with `printf %s PASSWORD | argon2 SALT -id -t T -k M -p P -l L -e`.
    private static let toolStrings = [
        (
            "correct horse battery staple",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$ISO7kkvFzh19GM8qB7patN3C3Y9HHsjlVTfEZ9T600Y"
        ),
        ("pässwörd", "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA"),
        (
            "x",
            "$argon2id$v=19$m=256,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ"
                + "$3jSHOqaBXiv1fEAW3d4ssP+k93Gi98wEQd3ZnGtC1uJrHhgkI2sn7ABniqzNOvcM3hvlXWdyZtprvGhHHOQziw"
        ),
        ("x", "$argon2id$v=19$m=1024,t=3,p=2$c2FsdHNhbHRzYWx0c2FsdA$unQTa9wtJcY78xcnmzYfcNFaYpaCd8Yd"),
    ]

    @Test("Strings of the argon2 tool match their password and no other", arguments: toolStrings)
    func foreign(password: String, text: String) throws {
        let hash = try PasswordHash(text)
        #expect(hash.text == text)
        #expect(hash.matches(Secret(utf8: password)) == true)
        #expect(hash.matches(Secret(utf8: password + " ")) == false)
    }

    @Test("A hash matches its password, up to the last of 1,000 characters")
    func ours() throws {
        let password = String(repeating: "ä", count: 999) + "z"
        let hash = try PasswordHash.hash(Secret(utf8: password), cost: cheap)
        #expect(hash.text.hasPrefix("$argon2id$v=19$m=64,t=1,p=1$"))
        #expect(try PasswordHash(hash.text) == hash)
        #expect(hash.matches(Secret(utf8: password)) == true)
        #expect(hash.matches(Secret(utf8: password.dropLast() + "y")) == false)
    }

    @Test("A NUL does not end a password, and an empty one is one")
    func oddPasswords() throws {
        let nul = try PasswordHash.hash(Secret([0x61, 0, 0x62]), cost: cheap)
        #expect(nul.matches(Secret([0x61, 0, 0x62])) == true)
        #expect(nul.matches(Secret([0x61, 0, 0x63])) == false)
        #expect(nul.matches(Secret([0x61])) == false)
        let empty = try PasswordHash.hash(Secret([]), cost: cheap)
        #expect(empty.matches(Secret([])) == true)
        #expect(empty.matches(Secret([0])) == false)
    }

    @Test("The salt is fresh each time")
    func salts() throws {
        let password = Secret(utf8: "p")
        #expect(try PasswordHash.hash(password, cost: cheap) != PasswordHash.hash(password, cost: cheap))
    }

    @Test("A hash below the wished cost asks for a new one, one above does not")
    func rehash() throws {
        let hash = try PasswordHash(Self.toolStrings[0].1)
        #expect(hash.cost == .standard)
        #expect(!hash.needsRehash(.standard))
        #expect(hash.needsRehash(PasswordHash.Cost(memory: 19_457, passes: 2)))
        #expect(hash.needsRehash(PasswordHash.Cost(memory: 19_456, passes: 3)))
        #expect(hash.needsRehash(PasswordHash.Cost(memory: 8, passes: 3)))
        #expect(!hash.needsRehash(PasswordHash.Cost(memory: 8, passes: 1)))
    }

    @Test(
        "What is not an Argon2id string of version 19 is refused",
        arguments: [
            "", "$", "argon2id", "password", "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2d$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=16$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$t=1,m=64,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=064,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=+64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=٦٤,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=0,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=4194305,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=0,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1001,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=9$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ=$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHR$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAE",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps-EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA$",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA\0",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA\n",
            " $argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppad",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + String(repeating: "AAAA", count: 100),
        ]
    )
    func malformed(text: String) {
        #expect(throws: CryptoError.malformedPasswordHash) { try PasswordHash(text) }
    }

    @Test("A change of any character is refused or matches nothing")
    func damage() throws {
        let text = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$Ppadps+EXyIpGoboZ9GAEA"
        let password = Secret(utf8: "pässwörd")
        #expect(try PasswordHash(text).matches(password) == true)
        for index in text.indices {
            for other in ["A", "1", "$"] where String(text[index]) != other {
                var damaged = text
                damaged.replaceSubrange(index...index, with: other)
                guard let hash = try? PasswordHash(damaged) else { continue }
                #expect(hash.matches(password) == false, "\(damaged)")
            }
        }
    }

    @Test(
        "An absurd cost is refused",
        arguments: [
            (0, 1), (7, 1), (4_194_305, 1), (Int.max, 1), (Int.min, 1), (64, 0), (64, 1001), (64, -1), (64, Int.max),
        ]
    )
    func costs(memory: Int, passes: Int) {
        let cost = PasswordHash.Cost(memory: memory, passes: passes)
        #expect(throws: CryptoError.self) { try PasswordHash.hash(Secret(utf8: "p"), cost: cost) }
        #expect(throws: CryptoError.self) {
            let salt = [UInt8](repeating: 0, count: 16)
            return try KeyDerivation.argon2id(password: Secret(utf8: "p"), salt: salt, cost: cost, count: 32).count
        }
    }
}
