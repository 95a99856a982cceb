// Main.swift: the benchmarks: one-time codes, policies and the server, each beside a limit or a peer.
//
// `make bench` runs all but the long one; `LatchkeyBenchmarks PART` runs `codes`, `program`, `policies`, `server`, or `soak`,
// which sends a million requests. `program` and `server` measure the program that LATCHKEY_BINARY names. The exit is 1 if a target is missed. Of the codes it prints a line for each kind of work:
//
//     ours, liboath   nanoseconds an operation, medians
//     x liboath       our rate over liboath's
//     x floor         our rate over that of two bare compressions a code, one after the other, through OpenSSL;
//                     above 1 where the processor begins our next code before it has ended the last
//     mallocs         what one operation of ours allocates, and in brackets what one of liboath's does
//
// The three take turns of some milliseconds, and a ratio is the median of the ratios of single turns, so that a busy
// machine disturbs all of them alike. `generate` makes the text of a code with a key that is ready; liboath has
// no such thing and takes the key anew each time, as `new key` does. `miss` tells that a typed code is none of the three
// of a window. If ours and liboath's codes differ the exit is 1 as well.

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyOTP

@main
struct Main {
    static func main() throws {
        let parts = CommandLine.arguments.dropFirst()
        var meetsTargets = true
        for part in parts.isEmpty ? ["codes", "program", "policies", "server"] : Array(parts) {
            let isMet =
                switch part {
                case "codes": try codes()
                case "program": try program()
                case "policies": try PolicyBenchmark.run()
                case "server": try ServerBenchmark.run()
                case "soak": try Soak.run()
                default: throw BenchmarkFailure("there is no benchmark \(part): codes, program, policies, server, soak")
                }
            meetsTargets = meetsTargets && isMet
            print()
        }
        exit(meetsTargets ? 0 : 1)
    }

    /// Measures the program's start and its batches from outside; whether every target is met.
    private static func program() throws -> Bool {
        guard let path = getenv("LATCHKEY_BINARY") else { throw BenchmarkFailure("LATCHKEY_BINARY names no program") }
        return Program(path: String(cString: path)).run()
    }

    /// Measures one-time codes; whether every target is met.
    private static func codes() throws -> Bool {
        let seed = Array("12345678901234567890".utf8)
        guard Liboath.begin() else { throw BenchmarkFailure("liboath does not start") }
        var contests: [Contest] = []
        for algorithm in HashAlgorithm.allCases {
            let ours = try Ours(seed: seed, algorithm: algorithm)
            let liboath = Liboath(seed: seed, algorithm: algorithm)
            if let counter = (0..<2000).first(where: { ours.text(at: $0) != liboath.text(at: $0) }) {
                throw BenchmarkFailure("\(algorithm.rawValue), counter \(counter): our code and liboath's differ")
            }
            contests += Contest.all(algorithm, ours: ours, liboath: liboath)
        }
        print(Result.heading)
        var isMissed = false
        for contest in contests {
            let result = contest.run()
            isMissed = isMissed || !result.meetsTarget
            print(result)
        }
        return !isMissed
    }
}
