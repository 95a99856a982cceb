// Contest.swift: one kind of work, measured in turns.

internal import CLatchkeyAllocations
internal import Glibc
internal import LatchkeyCrypto

/// One kind of work and its three contenders.
struct Contest {
    let name: String
    let target: Target?
    /// How many codes one operation computes.
    let codes: Int
    let ours: (Int) -> Void
    let liboath: (Int) -> Void
    let floor: (Int) -> Void

    private static let turns = 31
    /// Nanoseconds.
    private static let turn = 4_000_000.0

    /// The contests of one algorithm; liboath's HOTP knows SHA-1 only.
    static func all(_ algorithm: HashAlgorithm, ours: Ours, liboath: Liboath) -> [Contest] {
        func contest(
            _ name: String,
            _ target: Target?,
            codes: Int = 1,
            _ first: @escaping (Int) -> Void,
            _ second: @escaping (Int) -> Void
        ) -> Contest {
            Contest(
                name: "\(name)  \(algorithm.rawValue)",
                target: target,
                codes: codes,
                ours: first,
                liboath: second,
                floor: ours.compress
            )
        }
        let hotp = [
            contest("HOTP generate", .codes, ours.generateHOTP, liboath.generateHOTP),
            contest("HOTP miss    ", .codes, codes: 3, ours.missHOTP, liboath.missHOTP),
        ]
        let totp = [
            contest("TOTP generate", .codes, ours.generateTOTP, liboath.generateTOTP),
            contest("TOTP miss    ", .codes, codes: 3, ours.missTOTP, liboath.missTOTP),
            contest("TOTP new key ", nil, ours.generateWithNewKey, liboath.generateTOTP),
        ]
        return (algorithm == .sha1 ? hotp : []) + totp
    }

    /// Measures the contenders in turns that follow one another closely, in changing order.
    func run() -> Result {
        let contenders = [ours, liboath, { floor(codes * $0) }]
        let counts = contenders.map(Self.countForOneTurn)
        var times = [[Double]](repeating: [], count: contenders.count)
        for turn in 0..<Self.turns {
            for position in contenders.indices {
                let index = (turn + position) % contenders.count
                times[index].append(Self.nanoseconds(contenders[index], counts[index]))
            }
        }
        return Result(
            name: name,
            target: target,
            ours: median(times[0]),
            liboath: median(times[1]),
            overLiboath: median(zip(times[1], times[0]).map { $0 / $1 }),
            overFloor: median(zip(times[2], times[0]).map { $0 / $1 }),
            allocations: Self.allocations(ours),
            liboathAllocations: Self.allocations(liboath)
        )
    }

    private static func countForOneTurn(_ work: (Int) -> Void) -> Int {
        var count = 64
        // The first runs also warm up: caches, and what the libraries set up at first use.
        while nanoseconds(work, count) * Double(count) < turn { count *= 2 }
        return count
    }

    /// The processor's time for one operation: other programs' turns on the processor are not counted.
    private static func nanoseconds(_ work: (Int) -> Void, _ count: Int) -> Double {
        let before = processorTime()
        work(count)
        return (processorTime() - before) / Double(count)
    }

    private static func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    private static func allocations(_ work: (Int) -> Void) -> Double {
        let before = latchkey_allocation_count()
        work(1000)
        return Double(latchkey_allocation_count() - before) / 1000
    }
}

/// What a contest must reach, besides allocating nothing.
struct Target {
    let overLiboath: Double
    let overFloor: Double

    /// For codes of a key that is ready.
    static let codes = Target(overLiboath: 1.5, overFloor: 0.5)
}

/// What came of a contest, as a line of the table.
struct Result: CustomStringConvertible {
    let name: String
    let target: Target?
    let ours: Double
    let liboath: Double
    let overLiboath: Double
    let overFloor: Double
    let allocations: Double
    let liboathAllocations: Double

    /// Whether the rates are reached and nothing was allocated.
    var meetsTarget: Bool {
        guard let target else { return true }
        return overLiboath >= target.overLiboath && overFloor >= target.overFloor && allocations == 0
    }

    static let heading = "one thread, 6 digits        ours     liboath  x liboath  x floor  mallocs"

    var description: String {
        let columns = [
            pad(fixed(ours, 0) + " ns", 11), pad(fixed(liboath, 0) + " ns", 12), pad(fixed(overLiboath, 2), 11),
            pad(fixed(overFloor, 2), 9), pad("\(fixed(allocations, 0)) (\(fixed(liboathAllocations, 0)))", 9),
        ]
        return name + String(repeating: " ", count: max(0, 21 - name.utf8.count)) + columns.joined()
            + (meetsTarget ? "" : "  target missed")
    }
}

private func median(_ values: [Double]) -> Double {
    values.sorted()[values.count / 2]
}

/// Writes a number that is not negative with so many decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
    let scale = decimals == 0 ? 1 : 100
    let scaled = Int((value * Double(scale)).rounded())
    guard decimals > 0 else { return "\(scaled)" }
    let fraction = scaled % scale
    return "\(scaled / scale).\(fraction < 10 ? "0" : "")\(fraction)"
}
