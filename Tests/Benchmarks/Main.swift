// Main.swift: the benchmark of one-time codes: ours, liboath's, and the least that any HMAC costs.
//
// `make bench` runs it, on one thread. It prints a line for each kind of work:
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
// of a window. Its exit is 1 if a target of `Target` is missed, or if ours and liboath's codes differ.

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyOTP

@main
struct Main {
    static func main() throws {
        let seed = Array("12345678901234567890".utf8)
        guard Liboath.begin() else {
            print("liboath does not start")
            exit(1)
        }
        var contests: [Contest] = []
        for algorithm in HashAlgorithm.allCases {
            let ours = try Ours(seed: seed, algorithm: algorithm)
            let liboath = Liboath(seed: seed, algorithm: algorithm)
            if let counter = (0..<2000).first(where: { ours.text(at: $0) != liboath.text(at: $0) }) {
                print("\(algorithm.rawValue), counter \(counter): our code and liboath's differ")
                exit(1)
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
        print()
        let policiesMeetTargets = try PolicyBenchmark.run()
        exit(isMissed || !policiesMeetTargets ? 1 : 0)
    }
}
