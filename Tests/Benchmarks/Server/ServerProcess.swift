// ServerProcess.swift: the release binary as a server on a store that is thrown away, and what the kernel says of it.

internal import Glibc
internal import LatchkeyTestSupport

/// `latchkey serve --init` in a folder of its own.
final class ServerProcess {
    static let account = "123456789012"
    static let rootKey = "AKIAROOTROOTROOTROOT"
    static let rootSecret = "rootsecretrootsecretrootsecretrootsecret"

    let port: UInt16
    private let child: pid_t
    private let folder: String
    private var clock = clockid_t()

    init() throws {
        folder = "/tmp/latchkey-bench-\(getpid())"
        let (folder, path) = (folder, try Self.binary())
        guard mkdir(folder, 0o700) == 0 else { throw BenchmarkFailure("\(folder) cannot be made") }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw BenchmarkFailure("no pipe") }
        defer { close(ends[0]) }
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[1])
        posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/log", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let environment = [
            "HOME=\(folder)", "LATCHKEY_STORE=sqlite:\(folder)/latchkey.db", "LATCHKEY_MASTER_KEY=\(folder)/master.key",
            "LATCHKEY_INIT_ACCOUNT=\(Self.account)", "LATCHKEY_INIT_ROOT_ACCESS_KEY_ID=\(Self.rootKey)",
            "LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY=\(Self.rootSecret)",
        ]
        let arguments: [String] = [path, "serve", "--init", "--listen", "127.0.0.1:0"]
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer {
            for text in argv { free(text) }
            for text in envp { free(text) }
        }
        var child: pid_t = 0
        let failure = posix_spawn(&child, path, &actions, nil, &argv, &envp)
        close(ends[1])
        guard failure == 0 else { throw BenchmarkFailure("\(path) cannot be started: run `make` first") }
        self.child = child
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while byte != UInt8(ascii: "\n") {
            guard read(ends[0], &byte, 1) == 1 else {
                throw BenchmarkFailure("the server did not start: see \(folder)/log")
            }
            line.append(byte)
        }
        let text = String(decoding: line.dropLast(), as: UTF8.self)
        guard let port = text.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw BenchmarkFailure(text) }
        self.port = port
        clock_getcpuclockid(child, &clock)
    }

    /// Ends the server; its exit status.
    func end() -> Int32 {
        kill(child, SIGTERM)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        _ = try? Subprocess.run("rm", ["-rf", folder])
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }

    /// The processor's time that the server has used, in seconds.
    var processorTime: Double { Self.time(clock) }

    /// The processor's time that this process has used, in seconds.
    static var ownProcessorTime: Double { time(CLOCK_PROCESS_CPUTIME_ID) }

    private static func time(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What the server holds at present.
    struct Holding {
        var residentBytes = 0
        var descriptors = 0
        var threads = 0
    }

    var holding: Holding {
        let pages = Self.text("/proc/\(child)/statm").split(separator: " ")
        return Holding(
            residentBytes: (pages.count > 1 ? Int(pages[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE))),
            descriptors: Self.entries("/proc/\(child)/fd"),
            threads: Self.entries("/proc/\(child)/task")
        )
    }

    /// Empties the log, which else would fill the disk in a long run.
    func emptyLog() { truncate("\(folder)/log", 0) }

    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    private static func entries(_ path: String) -> Int {
        guard let folder = opendir(path) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count - 2
    }

    private static func binary() throws -> String {
        if let path = getenv("LATCHKEY_BINARY") { return String(cString: path) }
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &bytes, bytes.count - 1)
        guard count > 0 else { throw BenchmarkFailure("LATCHKEY_BINARY names no server") }
        let own = String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/latchkey"
    }
}
