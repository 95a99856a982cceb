// Program.swift: the built program measured from outside: a cold start beside oathtool's, and the rate of `code --batch`.

internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyOTP

/// The program that was built, and what it is held to.
struct Program {
    let path: String
    private let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

    /// A cold `latchkey code` takes at most so many times oathtool's wall time.
    private static let mostOverOathtool = 5.0
    /// `latchkey code --batch` makes at least so many codes a second.
    private static let leastRate = 100_000.0
    private static let starts = 201
    private static let lines = 400_000

    /// Measures both and says whether both are reached.
    func run() -> Bool {
        let cold = coldStart()
        let batch = batch()
        return cold && batch
    }

    /// The two take turns, and the least disturbed start of each counts: on a busy machine the longer one loses more.
    private func coldStart() -> Bool {
        var ours: [Double] = []
        var theirs: [Double] = []
        for _ in 0..<Self.starts {
            guard let first = wallTime([path, "code", "--secret", secret]),
                let second = wallTime(["/usr/bin/oathtool", "--totp", "--base32", secret])
            else { return false }
            ours.append(first)
            theirs.append(second)
        }
        guard let ours = ours.min(), let theirs = theirs.min() else { return false }
        let ratio = ours / theirs
        let isReached = ratio <= Self.mostOverOathtool
        print(
            "cold start           \(fixed(ours * 1e3, 2)) ms, oathtool \(fixed(theirs * 1e3, 2)) ms,",
            "\(fixed(ratio, 2)) x oathtool's time, at most \(fixed(Self.mostOverOathtool, 0))",
            isReached ? "" : "  target missed"
        )
        return isReached
    }

    /// Another secret's code on each line, start-up and the reading of the input included.
    private func batch() -> Bool {
        let name = "/tmp/latchkey-benchmark-\(getpid())"
        defer {
            unlink(name + ".in")
            unlink(name + ".out")
        }
        var text: [UInt8] = []
        for line in 0..<Self.lines {
            text += Array("{\"secret\":\"\(Base32.encode(seed(line)))\",\"at\":\(line)}\n".utf8)
        }
        guard write(text, to: name + ".in"),
            let time = wallTime([path, "code", "--batch"], input: name + ".in", output: name + ".out"),
            let answers = read(name + ".out")
        else { return false }
        let codes = answers.split(separator: UInt8(ascii: "\n"))
        guard codes.count == Self.lines else {
            print("code --batch answered \(codes.count) of \(Self.lines) lines")
            return false
        }
        for line in stride(from: 0, to: Self.lines, by: 997) {
            let code = try? TOTP(secret: Secret(seed(line))).code(at: UnixTime(Int64(line))).text
            guard let code, codes[line].elementsEqual("{\"code\":\"\(code)\"}".utf8) else {
                print("code --batch: the answer to line \(line) is wrong")
                return false
            }
        }
        let rate = Double(Self.lines) / time
        let isReached = rate >= Self.leastRate
        print(
            "code --batch         \(fixed(rate, 0)) codes a second,",
            "\(fixed(rate / Self.leastRate, 2)) x the \(fixed(Self.leastRate, 0)) to reach",
            isReached ? "" : "  target missed"
        )
        return isReached
    }

    private func seed(_ line: Int) -> [UInt8] {
        let text = "\(line)"
        return Array(("00000000000000000000".dropLast(text.utf8.count) + text).utf8)
    }

    // MARK: Processes and files

    /// How long a process takes from its start to its end; `nil`, and said, when it fails.
    private func wallTime(_ words: [String], input: String = "/dev/null", output: String = "/dev/null") -> Double? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        var status: Int32 = 0
        let before = monotonicTime()
        guard posix_spawn(&process, words[0], &actions, nil, arguments, environ) == 0,
            waitpid(process, &status, 0) == process
        else {
            print("\(words[0]) does not start")
            return nil
        }
        let time = monotonicTime() - before
        guard status == 0 else {
            print("\(words[0]) failed")
            return nil
        }
        return time
    }

    private func monotonicTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private func write(_ bytes: [UInt8], to path: String) -> Bool {
        guard let file = fopen(path, "wx") else { return false }
        defer { fclose(file) }
        return fwrite(bytes, 1, bytes.count, file) == bytes.count
    }

    private func read(_ path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
