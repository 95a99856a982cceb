// Subprocess.swift: runs another program, feeds it, and waits for what it says.
import Glibc
import Synchronization

/// Another program's run: what went in, what came out.
public enum Subprocess {
    /// What a program answered.
    public struct Output: Sendable {
        /// The exit status, or 128 and the signal that ended it.
        public let status: Int32
        /// Everything written to standard output.
        public let stdoutBytes: [UInt8]
        /// Everything written to standard error.
        public let stderrBytes: [UInt8]

        /// Standard output as text; bytes that are not UTF-8 become U+FFFD.
        public var stdout: String { String(decoding: stdoutBytes, as: UTF8.self) }
        /// Standard error as text; bytes that are not UTF-8 become U+FFFD.
        public var stderr: String { String(decoding: stderrBytes, as: UTF8.self) }

        /// The lines of standard output, without an empty one at the end.
        public var lines: [Substring] { stdout.split(separator: "\n", omittingEmptySubsequences: true) }
    }

    /// Why a program could not be run to its end.
    public enum Failure: Error, CustomStringConvertible {
        /// It could not be started.
        case cannotStart(path: String, errno: Int32)
        /// It ran longer than allowed and was killed.
        case timeout(path: String, seconds: Double)

        /// One sentence for the test's log.
        public var description: String {
            switch self {
            case .cannotStart(let path, let code): "cannot start \(path): \(String(cString: strerror(code)))"
            case .timeout(let path, let seconds): "\(path) did not end within \(seconds) s and was killed"
            }
        }
    }

    /// Runs the program at `path` to its end.
    ///
    /// Standard input is a pipe that is closed after `stdin`; the program's output is read while it is fed, so neither side
    /// waits for the other. No other descriptor is passed on.
    ///
    /// - Parameters:
    ///   - path: The file, or a name without `/` that is looked up in PATH.
    ///   - arguments: What follows the program's name.
    ///   - stdin: The bytes to feed.
    ///   - environment: The whole environment, or nil for this process's own.
    ///   - timeout: Seconds after which the program is killed.
    /// - Returns: Status and output, whatever the status is.
    /// - Throws: `Failure`.
    public static func run(
        _ path: String,
        _ arguments: [String] = [],
        stdin: [UInt8] = [],
        environment: [String: String]? = nil,
        timeout: Double = 600
    ) throws -> Output {
        // A program that stops reading must not end the tests by a signal.
        signal(SIGPIPE, SIG_IGN)
        var input = Pipe()
        var output = Pipe()
        var errors = Pipe()
        defer {
            input.close()
            output.close()
            errors.close()
        }
        // One at a time: between the making of a pipe and its mark of close-on-exec another child could inherit it.
        let child = try spawning.withLock { _ in
            try input.open(path)
            try output.open(path)
            try errors.open(path)
            return try spawn(path, arguments, environment, input.reading, output.writing, errors.writing)
        }
        input.closeReading()
        output.closeWriting()
        errors.closeWriting()
        _ = fcntl(input.writing, F_SETFL, O_NONBLOCK)

        var out: [UInt8] = []
        var err: [UInt8] = []
        var fed = 0
        if stdin.isEmpty { input.closeWriting() }
        let deadline = now() + timeout
        while output.reading >= 0 || errors.reading >= 0 {
            var waits = [
                pollfd(fd: output.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors.reading, events: Int16(POLLIN), revents: 0),
                pollfd(fd: input.writing, events: Int16(POLLOUT), revents: 0),
            ]
            let left = deadline - now()
            guard left > 0 else {
                kill(child, SIGKILL)
                _ = end(of: child)
                throw Failure.timeout(path: path, seconds: timeout)
            }
            guard poll(&waits, 3, Int32(min(left * 1000 + 1, 60_000))) > 0 else { continue }
            if waits[0].revents != 0, !drain(output.reading, into: &out) { output.closeReading() }
            if waits[1].revents != 0, !drain(errors.reading, into: &err) { errors.closeReading() }
            if waits[2].revents != 0 {
                let written = stdin.withUnsafeBytes { bytes in
                    write(input.writing, bytes.baseAddress.map { $0 + fed }, bytes.count - fed)
                }
                if written > 0 { fed += written }
                if fed == stdin.count || (written < 0 && errno != EAGAIN && errno != EINTR) { input.closeWriting() }
            }
        }
        return Output(status: end(of: child), stdoutBytes: out, stderrBytes: err)
    }

    private static let spawning = Mutex(())

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String]?,
        _ input: Int32,
        _ output: Int32,
        _ errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // The child gets the usual answer to a broken pipe back, and an empty signal mask.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        var argv = ([path] + arguments).map { strdup($0) } + [nil]
        var envp = (environment ?? [:]).map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for text in argv { free(text) }
            for text in envp { free(text) }
        }
        var child: pid_t = 0
        let failure =
            if environment == nil {
                posix_spawnp(&child, path, &actions, &attributes, &argv, environ)
            } else {
                posix_spawnp(&child, path, &actions, &attributes, &argv, &envp)
            }
        guard failure == 0 else { throw Failure.cannotStart(path: path, errno: failure) }
        return child
    }

    /// Reads what there is; false at the end.
    private static func drain(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
            return count > 0 || (count < 0 && (errno == EINTR || errno == EAGAIN))
        }
    }

    private static func end(of child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Two ends of a pipe that no child inherits by accident; -1 for an end that is closed.
private struct Pipe {
    private(set) var reading: Int32 = -1
    private(set) var writing: Int32 = -1

    mutating func open(_ path: String) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Subprocess.Failure.cannotStart(path: path, errno: errno) }
        reading = ends[0]
        writing = ends[1]
        _ = fcntl(reading, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writing, F_SETFD, FD_CLOEXEC)
    }

    mutating func closeReading() { Self.close(&reading) }

    mutating func closeWriting() { Self.close(&writing) }

    mutating func close() {
        closeReading()
        closeWriting()
    }

    private static func close(_ end: inout Int32) {
        guard end >= 0 else { return }
        _ = Glibc.close(end)
        end = -1
    }
}
