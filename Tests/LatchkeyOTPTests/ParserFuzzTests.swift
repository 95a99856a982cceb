// ParserFuzzTests.swift: no bytes from outside end the process, or get past a parser that they should not.
import LatchkeyCrypto
import LatchkeyOTP
import Testing

@Suite("Parsers under random and mutated bytes")
struct ParserFuzzTests {
    private static let rounds = 200_000
    private static let samples: [String] = [
        "otpauth://totp/Acme%20Co:ann@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20Co&algorithm=SHA256&digits=8&period=60",
        "otpauth://hotp/ann?secret=GEZDGNBVGY3TQOJQ&counter=18446744073709551615",
        "otpauth://totp/Steam:x?secret=GEZDGNBV&encoder=steam",
        "otpauth://steam/x?secret=GEZDGNBV", "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1-S064-T1M",
        "OCRA-1:HOTP-SHA1-0:QA64-T48H",
        "2026-11-23T20:46:42.125+05:30", "9999-12-31T23:59:60Z", "@-9223372036854775808", "@9223372036854775807",
        "7K2M-9QXA-RT4D-HV6C",
        "123456", "0123456789", "6CD2Y", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
    ]
    private static let pieces: [String] = [
        "%", "%00", "%3A", ":", "::", "?", "&", "=", "#", "+", "/", "//", "secret=", "otpauth://", "\0", "\u{301}",
        "\u{ff11}", "-", "9",
        "99999999999999999999", "18446744073709551616", "-1", "T", "Q", "-S", "-T59H", "\u{1f600}", "\r\n", "%ff",
        "%c3%a9", "A", "a", "1",
    ]

    /// A text made from a sample by a few cuts, doublings, changes and insertions, or of nothing but chance.
    private static func text(_ random: inout SeededGenerator) -> String {
        if random.chance(1, in: 10) {
            return String(decoding: random.bytes(Int.random(in: 0...80, using: &random)), as: UTF8.self)
        }
        var bytes = Array(random.pick(samples).utf8)
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 0...8, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(at..<end)
            case 1: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 2: bytes.insert(contentsOf: random.pick(pieces).utf8, at: at)
            case 3: bytes.replaceSubrange(at..<end, with: random.pick(pieces).utf8)
            case 4 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 5: bytes.replaceSubrange(at..<end, with: Array(random.pick(samples).utf8.prefix(12)))
            default: bytes.reverse()
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("200,000 texts into every parser")
    func parsers() throws {
        var random = SeededGenerator()
        var read = [0, 0, 0, 0, 0, 0]
        for _ in 0..<Self.rounds {
            let text = Self.text(&random)
            do {
                let uri = try KeyURI(parsing: text)
                read[0] += 1
                // What was read says the same when it is written and read again.
                let again = try KeyURI(parsing: uri.text())
                if KeyFacts(uri) != KeyFacts(again) { Issue.record("seed \(random.seed): \(text.debugDescription)") }
            } catch {}
            if let suite = try? OCRA.Suite(text) {
                read[1] += 1
                let ocra = try OCRA(suite: suite, secret: Secret([1]))
                _ = try? ocra.response(to: text)
            }
            if let time = try? UnixTime(iso8601: text) {
                read[2] += 1
                if try UnixTime(iso8601: time.description) != time { Issue.record("seed \(random.seed): \(text)") }
            }
            if let code = try? RecoveryCode(typed: text) {
                read[3] += 1
                if try RecoveryCode(typed: code.text).bytes != code.bytes {
                    Issue.record("seed \(random.seed): \(text)")
                }
            }
            if let code = (try? OneTimeCode(text, digits: 6)) ?? (try? OneTimeCode(text, digits: 10))
                ?? (try? OneTimeCode(steam: text))
            {
                read[4] += 1
                if code.text != text { Issue.record("seed \(random.seed): \(text)") }
            }
            do {
                let secret = try Base32.decodeSecret(text)
                read[5] += 1
                if secret.count == 0 { Issue.record("seed \(random.seed): \(text)") }
            } catch {}
        }
        // Mutations that all fail at the first byte would prove nothing.
        #expect(read.allSatisfy { $0 > 200 }, "\(read)")
    }
}
