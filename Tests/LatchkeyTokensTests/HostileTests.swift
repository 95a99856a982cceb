// HostileTests.swift: files made to cost time or memory, or to be taken for others: each ends soon, and says why.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@testable import LatchkeyTokens

@Suite("Hostile files", .timeLimit(.minutes(10)))
struct HostileTests {
    private static let key = TokenKey(Secret(utf8: "qwerty"))

    private static func refusal(_ bytes: [UInt8]) -> String {
        do {
            let result = try TokenImport(reading: [TokenFile(bytes: bytes)], passphrase: key)
            return "read: \(result.tokens.count) tokens"
        } catch {
            return "\(error)"
        }
    }

    private static func refusal(_ text: String) -> String { refusal(Array(text.utf8)) }

    @Test("What is no picture is read up to 16 MiB")
    func size() {
        #expect(Self.refusal([UInt8](repeating: 0x0A, count: (16 << 20) + 1)).contains("larger than 16 MiB"))
        #expect(Self.refusal([UInt8](repeating: 0x0A, count: 16 << 20)).contains("nothing but blanks"))
    }

    @Test("Quotes in a cell of CSV behind many blanks take no time that grows with both")
    func quotes() {
        let blanks = String(repeating: " ", count: 2_000_000)
        let quotes = String(repeating: "\"", count: 2_000_000)
        #expect(Self.refusal("a,\(blanks)x\(quotes)\n").contains("no list of URIs"))
        #expect(Self.refusal("a,\"\(blanks)\"x\(quotes)\n").contains("no list of URIs"))
    }

    @Test("A token with a million tags is refused at the hundred and first")
    func tags() {
        let tags = (0..<500_000).map { "\"\($0)\"" }.joined(separator: ",")
        let text = #"[{"secret":"GEZDGNBV","label":"a","type":"TOTP","tags":[\#(tags)]}]"#
        #expect(Self.refusal(text) == "read: 0 tokens")
    }

    @Test("An encrypted vault of Aegis may not ask for more than a GiB, or for a thousand passwords")
    func costs() {
        func vault(_ slots: String) -> String {
            let params = #"{"nonce":"000000000000000000000000","tag":"00000000000000000000000000000000"}"#
            return #"{"version":1,"header":{"slots":[\#(slots)],"params":\#(params)},"db":"AAAA"}"#
        }
        func slot(_ n: String, _ r: String, _ p: String) -> String {
            #"{"type":1,"n":\#(n),"r":\#(r),"p":\#(p),"salt":"00","key":"00","key_params":{"nonce":"00","tag":"00"}}"#
        }
        let many = Array(repeating: slot("1048576", "8", "1"), count: 1000).joined(separator: ",")
        #expect(Self.refusal(vault(many)).contains("1000 slots"))
        for (n, r, p) in [
            ("1073741824", "8", "1"), ("9223372036854775807", "64", "16"), ("1048576", "9223372036854775807", "1"),
            ("-1", "8", "1"), ("0", "0", "0"), ("32768", "8", "1000000"), ("18446744073709551616", "8", "1"),
        ] {
            let said = Self.refusal(vault(slot(n, r, p)))
            #expect(said.contains("a slot asks for more") || said.contains("whole number"), "\(said)")
        }
    }

    @Test("A vault's header may not ask for more than a GiB or 32 passes")
    func header() throws {
        var sealed = try TokenVault(passphrase: Self.key.secret, cost: PasswordHash.Cost(memory: 7168, passes: 1))
            .sealed()
        let mark = "latchkey vault 1\n".utf8.count
        for (place, byte) in [(mark, 0xFF), (mark + 4, 0xFF), (mark, 0x40), (mark + 7, 33)] as [(Int, UInt8)] {
            let kept = sealed[place]
            sealed[place] = byte
            #expect(throws: TokenVaultError.tooDear) { try TokenVault(opening: sealed, passphrase: Self.key.secret) }
            sealed[place] = kept
        }
        for count in [mark, mark + 3, mark + 8] {
            #expect(throws: TokenVaultError.cutShort) {
                try TokenVault(opening: Array(sealed[..<count]), passphrase: Self.key.secret)
            }
        }
    }

    @Test("Adding thousands of tokens does not compare each with each; a vault holds ten thousand")
    func many() throws {
        var vault = try TokenVault(passphrase: Self.key.secret, cost: PasswordHash.Cost(memory: 7168, passes: 1))
        for number in 0..<TokenVault.mostTokens {
            try vault.add(Token(name: "t\(number)", key: TokenKey(Secret(utf8: "secret \(number)"))))
        }
        #expect(throws: TokenFault.self) { try vault.add(Token(name: "x", key: TokenKey(Secret(utf8: "x")))) }
        #expect(throws: TokenFault("`t5` shows the same codes already")) {
            try vault.add(Token(name: "y", key: TokenKey(Secret(utf8: "secret 5"))))
        }
        vault.remove(5)
        try vault.add(Token(name: "t5", key: TokenKey(Secret(utf8: "secret 5"))))
        #expect(try TokenVault(opening: vault.sealed(), passphrase: Self.key.secret).tokens.count == 10_000)
    }

    @Test("XML with a document type, entities, great depth or masses of elements is refused")
    func xml() {
        let bomb =
            "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><Tokens>&b;</Tokens>"
        #expect(Self.refusal(bomb).contains("document type"))
        #expect(Self.refusal("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><Tokens/>").contains("document type"))
        #expect(Self.refusal("<Tokens>&undefined;</Tokens>").contains("line 1"))
        #expect(Self.refusal(String(repeating: "<a>", count: 1_000_000)).contains("too many or too deep"))
        let masses = "<Tokens>" + String(repeating: "<a/>", count: 600_000) + "</Tokens>"
        #expect(Self.refusal(masses).contains("too many or too deep"))
    }

    @Test("JSON of great depth or masses of members is refused or read, and ends")
    func json() {
        #expect(Self.refusal(String(repeating: "[", count: 4_000_000)).contains("JSON"))
        #expect(Self.refusal(String(repeating: "{\"a\":", count: 2_000_000)).contains("JSON"))
        let members = (0..<200_000).map { "\"m\($0)\":0" }.joined(separator: ",")
        #expect(Self.refusal("{\(members)}").contains("members of no export"))
    }

    @Test("A migration whose numbers reach beyond its bytes is refused, whatever they say")
    func protobuf() throws {
        for bytes in [
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x0A, 0x80], [0x09], [0x0D, 0, 0],
            [0x0A, 0x05, 0x0A, 0xFF, 0xFF, 0xFF, 0x7F],
            [0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x0B], [0x18, 0x05], [0x20, 0x07],
        ] as [[UInt8]] {
            let uri = "otpauth-migration://offline?data=" + Base64.encode(bytes)
            let result = try TokenImport(reading: [TokenFile(bytes: Array(uri.utf8))])
            #expect(result.tokens.isEmpty && !result.refused.isEmpty, "\(bytes)")
        }
    }

    @Test("Parameters beyond all bounds are refused record by record")
    func parameters() throws {
        let largest = ["-1", "0", "9223372036854775807", "9223372036854775808", "1e300", "2.5", "\"x\"", "[]"]
        for value in largest {
            let entry = #"{"secret":"GEZDGNBVGY3TQOJQ","label":"a","type":"TOTP","digits":\#(value)}"#
            let second = #"{"secret":"GEZDGNBVGY3TQOJR","label":"b","type":"TOTP","digits":6,"period":\#(value)}"#
            let result = try TokenImport(reading: [TokenFile(bytes: Array("[\(entry),\(second)]".utf8))])
            #expect(result.tokens.isEmpty && result.refused.count == 2, "\(value)")
        }
    }
}
