// RoundTripTests.swift: what is written in a format and read again is the same; and what no format may do to random bytes.
import LatchkeyCrypto
import LatchkeyOTP
import LatchkeyQR
import Testing

@testable import LatchkeyTokens

@Suite("Writing tokens and reading them again")
struct RoundTripTests {
    private static func tokens() throws -> [Token] {
        var tokens: [Token] = []
        for number in 0..<23 {
            let bytes: [UInt8] = (0..<10 + number).map { UInt8(truncatingIfNeeded: $0 * 37 + number) }
            let issuer: String? = number % 3 == 0 ? nil : "Acmé \(number)"
            let token = try Token(
                issuer: issuer,
                name: "ann+\(number)@example.com",
                key: TokenKey(Secret(bytes)),
                kind: number % 4 == 1 ? .hotp : .totp,
                algorithm: HashAlgorithm.allCases[number % 3],
                digits: number % 2 == 0 ? 6 : 8,
                counter: UInt64(number) << 40
            )
            tokens.append(token)
        }
        return tokens
    }

    private static func facts(_ token: Token) -> String {
        "\(token.title) \(token.kind) \(token.algorithm) \(token.digits) \(token.period) \(token.counter) \(Base32.encode(token.key.secret))"
    }

    @Test("Every pair of the formats that are written carries the same tokens")
    func pairs() throws {
        let tokens = try Self.tokens()
        let passphrase = TokenKey(Secret(utf8: "qwerty"))
        let writers: [([Token]) throws -> TokenExport] = [
            { TokenExport.uriList($0) }, { try TokenExport.aegis($0, passphrase: nil) },
            { try TokenExport.aegis($0, passphrase: passphrase) }, { TokenExport.googleMigration($0) },
            { try TokenExport.pskc($0, .none) }, { try TokenExport.pskc($0, .passphrase(passphrase)) },
        ]
        for first in writers {
            for second in writers {
                var carried = tokens
                for write in [first, second] {
                    let export = try write(carried)
                    #expect(export.refused == [])
                    let files = export.texts.map { TokenFile(bytes: Array($0.utf8)) }
                    let result = try TokenImport(reading: files, passphrase: passphrase)
                    #expect(result.refused == [] && result.duplicates == [])
                    carried = result.tokens.map(\.token)
                }
                #expect(carried.map(Self.facts) == tokens.map(Self.facts))
            }
        }
    }

    @Test(
        "What comes out of any kind of file goes into any kind that is written, and is the same there",
        arguments: samples
    )
    func carried(_ sample: FormatTests.Sample) throws {
        let read = try TokenImport(reading: [TokenFile(bytes: Array(sample.text.utf8))]).tokens.map(\.token)
        let key = TokenKey(Secret(utf8: "000102030405060708090a0b0c0d0e0f"))
        let bytes = TokenKey(Secret((0..<16).map { UInt8($0) }))
        let exports = [
            TokenExport.uriList(read), try TokenExport.aegis(read, passphrase: nil), TokenExport.googleMigration(read),
            try TokenExport.pskc(read, .none), try TokenExport.pskc(read, .preSharedKey(bytes)),
        ]
        #expect(!read.isEmpty)
        for export in exports {
            // Steam Guard, and names that a URI cannot say, are named instead.
            let left = Set(export.refused.compactMap(\.name))
            let files = export.texts.map { TokenFile(bytes: Array($0.utf8)) }
            let carried = left.count == read.count ? [] : try TokenImport(reading: files, passphrase: key).tokens
            #expect(carried.map { Self.facts($0.token) } == read.filter { !left.contains($0.title) }.map(Self.facts))
        }
    }

    private static let samples = FormatTests.samples

    @Test("An export's QR codes come back out of their pictures, in any order; a missing one is named")
    func pictures() throws {
        let tokens = try Self.tokens()
        let pictures = try TokenExport.googleMigration(tokens).texts.map { try QRCode($0, level: .low).png(scale: 4) }
        #expect(pictures.count == 3)
        let files = pictures.enumerated().map { TokenFile(name: "\($0 + 1).png", bytes: $1) }
        let all = try TokenImport(reading: files.reversed())
        #expect(Set(all.tokens.map { Self.facts($0.token) }) == Set(tokens.map(Self.facts)))
        let some = try TokenImport(reading: [files[0], files[0], files[2]])
        #expect(some.refused.map(\.reason).filter { $0.contains("part 2 of 3 of this export is missing") }.count == 1)
        #expect(some.duplicates.count == 1)
    }

    @Test("What a format cannot say is refused by name")
    func unsayable() throws {
        let steam = try Token(name: "s", key: TokenKey(Secret([1, 2])), kind: .steam)
        let slow = try Token(name: "p", key: TokenKey(Secret([1, 2])), period: 60)
        #expect(TokenExport.googleMigration([steam, slow]).refused.map(\.name) == ["s", "p"])
        let colon = try Token(issuer: "a", name: "b:c", key: TokenKey(Secret([1, 2])))
        #expect(TokenExport.uriList([colon]).refused.map(\.name) == ["a:b:c"])
    }

    @Test("No mutation of any file ends the process")
    func fuzz() throws {
        var random = Chance(seed: UInt64.random(in: 0...UInt64.max))
        let seed = random.state
        let passphrase = TokenKey(Secret(utf8: "00112233445566778899aabbccddeeff"))
        var samples = FormatTests.samples.map { Array($0.text.utf8) }
        samples += TokenExport.googleMigration(try Self.tokens()).texts.map { Array($0.utf8) }
        samples.append(try QRCode("otpauth://totp/a?secret=GEZDGNBV", level: .low).png(scale: 2))
        var read = 0
        for round in 0..<20_000 {
            var bytes = samples[round % samples.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...6, using: &random))
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes.removeSubrange(place..<end)
                case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
                default: bytes.replaceSubrange(place..<end, with: Array("18446744073709551616".utf8))
                }
            }
            do throws(TokenFileError) {
                let result = try TokenImport(reading: [TokenFile(bytes: bytes)], passphrase: passphrase)
                read += result.tokens.count
                for entry in result.tokens { _ = try? entry.token.code(at: UnixTime(59)) }
            } catch {}
        }
        // Mutations that all fail at the first byte would prove nothing.
        #expect(read > 1000, "seed \(seed)")
    }
}

/// Numbers that follow from a seed (SplitMix64).
private struct Chance: RandomNumberGenerator {
    private(set) var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
