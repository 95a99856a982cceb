// VaultTests.swift: a vault opens with its passphrase alone, and no changed byte goes unseen.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@testable import LatchkeyTokens

@Suite("A vault of tokens")
struct VaultTests {
    /// The cheapest cost: the tests derive many keys.
    private static let cost = PasswordHash.Cost(memory: 7168, passes: 1)

    private static func vault() throws -> TokenVault {
        var vault = try TokenVault(passphrase: Secret(utf8: "qwerty"), cost: cost)
        try vault.add(
            Token(
                issuer: "Acme",
                name: "ann",
                key: TokenKey(Secret([1, 2, 3])),
                tags: ["work"],
                note: "a\nb",
                serial: "S1"
            )
        )
        try vault.add(Token(name: "bob", key: TokenKey(Secret([4])), kind: .hotp, digits: 8, counter: .max))
        return vault
    }

    @Test("What was sealed comes back, under the same passphrase and under a new one")
    func opens() throws {
        let vault = try Self.vault()
        for (sealed, word) in [
            (try vault.sealed(), "qwerty"), (try vault.rekeyed(Secret(utf8: "new"), cost: Self.cost).sealed(), "new"),
        ] {
            let again = try TokenVault(opening: sealed, passphrase: Secret(utf8: word))
            #expect(again.tokens.map(\.title) == ["Acme:ann", "bob"])
            #expect(
                again.tokens[0].tags == ["work"] && again.tokens[0].note == "a\nb" && again.tokens[0].serial == "S1"
            )
            #expect(again.tokens[1].counter == .max && again.tokens[1].digits == 8 && again.tokens[1].kind == .hotp)
            #expect(again.tokens[0].makesTheCodes(of: vault.tokens[0]))
        }
        #expect(try vault.sealed() != vault.sealed())
    }

    @Test("Another passphrase, a changed byte anywhere and a cut do not open it")
    func refuses() throws {
        let sealed = try Self.vault().sealed()
        #expect(throws: TokenVaultError.wrongPassphrase) {
            try TokenVault(opening: sealed, passphrase: Secret(utf8: "Qwerty"))
        }
        let places = [0, 15, 19, 24, 25, 40, 41, 42, sealed.count / 2, sealed.count - 1]
        for place in places {
            var changed = sealed
            changed[place] ^= 1
            #expect(throws: TokenVaultError.self, "byte \(place)") {
                try TokenVault(opening: changed, passphrase: Secret(utf8: "qwerty"))
            }
        }
        for count in [0, 10, 17, 41, 60, sealed.count - 1] {
            #expect(throws: TokenVaultError.self) {
                try TokenVault(opening: Array(sealed[..<count]), passphrase: Secret(utf8: "qwerty"))
            }
        }
    }

    @Test("A word finds one token, or says which it may be")
    func finds() throws {
        var vault = try Self.vault()
        try vault.add(Token(issuer: "Other", name: "anna", key: TokenKey(Secret([9]))))
        #expect(try vault.find("ann") == 0)
        #expect(try vault.find("acme") == 0)
        #expect(try vault.find("OTHER") == 2)
        #expect(throws: TokenFault.self) { try vault.find("an") }
        #expect(throws: TokenFault.self) { try vault.find("zed") }
        #expect(throws: TokenFault.self) { try vault.add(Token(name: "x", key: TokenKey(Secret([1, 2, 3])))) }
        #expect(throws: TokenFault.self) { try vault.add(Token(name: "bob", key: TokenKey(Secret([5])))) }
    }
}
