// Contenders.swift: the same work done by Latchkey and by liboath; each method does it `count` times.

internal import CLatchkeyOATH
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// Keeps the outcome of measured work, so that no compiler may leave the work out.
nonisolated(unsafe) private var sink: UInt64 = 0

@inline(never)
private func keep(_ value: UInt64) { sink &+= value }

/// Where the counters and times of every run begin; a miss is looked for there too.
private let firstCounter: UInt64 = 59_000_000

/// What a person types who has no code.
private let typed = "000000"

/// Latchkey's keys, ready.
final class Ours {
    private let hotp: HOTP
    private let totp: TOTP
    private let secret: Secret
    private let algorithm: HashAlgorithm

    init(seed: [UInt8], algorithm: HashAlgorithm) throws {
        secret = Secret(seed)
        hotp = try HOTP(secret: secret, algorithm: algorithm)
        totp = try TOTP(secret: secret, algorithm: algorithm)
        self.algorithm = algorithm
    }

    func text(at counter: UInt64) -> String { hotp.code(at: counter).text }

    func generateHOTP(_ count: Int) {
        var text = InlineArray<6, UInt8>(repeating: 0)
        for counter in firstCounter..<firstCounter + UInt64(count) {
            var span = text.mutableSpan
            hotp.write(codeAt: counter, into: &span)
        }
        keep(UInt64(text[5]))
    }

    func generateTOTP(_ count: Int) {
        var text = InlineArray<6, UInt8>(repeating: 0)
        for counter in firstCounter..<firstCounter + UInt64(count) {
            var span = text.mutableSpan
            guard let step = try? totp.step(at: UnixTime(Int64(counter) * 30)) else { return }
            totp.write(codeOf: step, into: &span)
        }
        keep(UInt64(text[5]))
    }

    func generateWithNewKey(_ count: Int) {
        var text = InlineArray<6, UInt8>(repeating: 0)
        for counter in firstCounter..<firstCounter + UInt64(count) {
            guard let key = try? HOTP(secret: secret, algorithm: algorithm) else { return }
            var span = text.mutableSpan
            key.write(codeAt: counter, into: &span)
        }
        keep(UInt64(text[5]))
    }

    func missHOTP(_ count: Int) {
        var hits: UInt64 = 0
        for counter in firstCounter..<firstCounter + UInt64(count) {
            guard let code = try? OneTimeCode(typed, digits: 6) else { return }
            if hotp.match(code, from: counter, lookAhead: 2) != nil { hits += 1 }
        }
        keep(hits)
    }

    func missTOTP(_ count: Int) {
        var hits: UInt64 = 0
        for counter in firstCounter..<firstCounter + UInt64(count) {
            guard let code = try? OneTimeCode(typed, digits: 6) else { return }
            let step = try? totp.match(code, at: UnixTime(Int64(counter) * 30), window: 1, after: nil)
            if step != nil { hits += 1 }
        }
        keep(hits)
    }

    /// The floor: the compressions of `codes` codes, and nothing else.
    func compress(_ codes: Int) {
        keep(UInt64(Compressions.runPairs(algorithm, count: codes)))
    }
}

/// liboath's functions, which take the key at each call.
final class Liboath {
    private let seed: [CChar]
    private let flags: Int32
    private let text = UnsafeMutablePointer<CChar>.allocate(capacity: 16)

    static func begin() -> Bool { oath_init() == Int32(OATH_OK.rawValue) }

    init(seed: [UInt8], algorithm: HashAlgorithm) {
        self.seed = seed.map(CChar.init(bitPattern:))
        flags =
            switch algorithm {
            case .sha1: 0
            case .sha256: Int32(OATH_TOTP_HMAC_SHA256.rawValue)
            case .sha512: Int32(OATH_TOTP_HMAC_SHA512.rawValue)
            }
        text.initialize(repeating: 0, count: 16)
    }

    deinit { text.deallocate() }

    func text(at counter: UInt64) -> String {
        oath_totp_generate2(seed, seed.count, Int(counter) * 30, 30, 0, 6, flags, text)
        return String(cString: text)
    }

    func generateHOTP(_ count: Int) {
        seed.withUnsafeBufferPointer { seed in
            for counter in firstCounter..<firstCounter + UInt64(count) {
                oath_hotp_generate(seed.baseAddress, seed.count, counter, 6, false, -1, text)
            }
        }
        keep(UInt64(text[5]))
    }

    func generateTOTP(_ count: Int) {
        seed.withUnsafeBufferPointer { seed in
            for counter in firstCounter..<firstCounter + UInt64(count) {
                oath_totp_generate2(seed.baseAddress, seed.count, Int(counter) * 30, 30, 0, 6, flags, text)
            }
        }
        keep(UInt64(text[5]))
    }

    func missHOTP(_ count: Int) {
        var hits: UInt64 = 0
        seed.withUnsafeBufferPointer { seed in
            typed.withCString { typed in
                for counter in firstCounter..<firstCounter + UInt64(count)
                where oath_hotp_validate(seed.baseAddress, seed.count, counter, 2, typed) >= 0 {
                    hits += 1
                }
            }
        }
        keep(hits)
    }

    func missTOTP(_ count: Int) {
        var hits: UInt64 = 0
        seed.withUnsafeBufferPointer { seed in
            typed.withCString { typed in
                for counter in firstCounter..<firstCounter + UInt64(count) {
                    let now = Int(counter) * 30
                    let found = oath_totp_validate4(
                        seed.baseAddress,
                        seed.count,
                        now,
                        30,
                        0,
                        1,
                        nil,
                        nil,
                        flags,
                        typed
                    )
                    if found >= 0 { hits += 1 }
                }
            }
        }
        keep(hits)
    }
}
