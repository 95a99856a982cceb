// SeededGenerator.swift: random cases that can be repeated.
import Glibc
import LatchkeyCrypto
import LatchkeyOTP

/// Numbers that follow from a seed (SplitMix64); set `LATCHKEY_TEST_SEED` to repeat a run that failed.
struct SeededGenerator: RandomNumberGenerator {
    /// What the numbers follow from, to be named in a failure.
    let seed: UInt64
    private var state: UInt64

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Begins with the seed of the environment, else with one that differs from run to run.
    init() {
        let given = getenv("LATCHKEY_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        self.init(seed: given ?? UInt64.random(in: 0...UInt64.max))
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    mutating func pick<T>(_ values: [T]) -> T {
        values[Int.random(in: 0..<values.count, using: &self)]
    }

    mutating func chance(_ numerator: Int, in denominator: Int) -> Bool {
        Int.random(in: 0..<denominator, using: &self) < numerator
    }
}

/// The key of RFC 4226 appendix D and, for SHA-1, of RFC 6238 appendix B.
let rfcKey = "12345678901234567890"

func code(_ text: String) throws -> OneTimeCode {
    try OneTimeCode(text, digits: text.utf8.count)
}

func step(_ number: UInt64) -> TOTP.Step {
    TOTP.Step(number: number)
}
