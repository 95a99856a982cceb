// Pseudoterminal.swift: a program at a terminal of its own, for what people see and type.
import Foundation
import Glibc
import LatchkeyTestSupport

/// A program whose standard streams are a new terminal.
final class Pseudoterminal {
    struct Trouble: Error { let text: String }

    /// Everything that was shown so far.
    private(set) var shown = ""
    private let master: Int32
    private let name: String
    private let program: pid_t
    private var status: Int32?

    /// Starts a program on a terminal of that size.
    init(_ words: [String], environment: [String: String], columns: UInt16 = 80, rows: UInt16 = 24) throws {
        // Requests of ioctl that Swift does not see: TIOCGPTN asks for the terminal's number, TIOCSPTLCK unlocks it.
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var number: Int32 = -1
        var unlocked: Int32 = 0
        guard master >= 0, ioctl(master, 0x8004_5430, &number) == 0, ioctl(master, 0x4004_5431, &unlocked) == 0 else {
            throw Trouble(text: "there is no terminal to be had: \(errno)")
        }
        name = "/dev/pts/\(number)"
        _ = try Subprocess.run("/usr/bin/stty", ["-F", name, "cols", "\(columns)", "rows", "\(rows)"])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The first terminal that a new session opens is its own.
        posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | 0x80  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var argv = words.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, words[0], &actions, &attributes, &argv, &envp)
        guard failure == 0 else { throw Trouble(text: "cannot start \(words[0]): \(failure)") }
        program = child
    }

    deinit {
        if status == nil {
            kill(program, SIGKILL)
            var ignored: Int32 = 0
            waitpid(program, &ignored, 0)
        }
        close(master)
    }

    /// Types text.
    func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    /// Sends a signal to the program.
    func signal(_ number: Int32) { kill(program, number) }

    /// Makes the terminal another size, as a window's frame does.
    func resize(columns: Int, rows: Int) throws {
        _ = try Subprocess.run("/usr/bin/stty", ["-F", name, "cols", "\(columns)", "rows", "\(rows)"])
    }

    /// Waits until the terminal shows what the pattern says, behind the first `after` bytes.
    func wait(for pattern: String, after bytes: Int = 0, seconds: Double = 20) throws {
        let regex = try Regex(pattern).dotMatchesNewlines()
        let end = Date.now + seconds
        var rest: Substring { shown[shown.utf8.index(shown.startIndex, offsetBy: min(bytes, shown.utf8.count))...] }
        while try regex.firstMatch(in: rest) == nil {
            guard Date.now < end else {
                throw Trouble(text: "`\(pattern)` never came; shown: \(shown.debugDescription)")
            }
            if !read(within: 100), try regex.firstMatch(in: rest) == nil {
                throw Trouble(text: "`\(pattern)` never came before the end; shown: \(shown.debugDescription)")
            }
        }
    }

    /// Waits for the program's end; its exit code, or 128 and the signal.
    func end(seconds: Double = 20) throws -> Int32 {
        let end = Date.now + seconds
        while Date.now < end {
            while read(within: 20), Date.now < end {}
            var raw: Int32 = 0
            if waitpid(program, &raw, WNOHANG) == program {
                let signal = raw & 0x7F
                let code = signal == 0 ? raw >> 8 & 0xFF : 128 + signal
                status = code
                return code
            }
            usleep(5000)
        }
        throw Trouble(text: "the program does not end; shown: \(shown.debugDescription)")
    }

    /// Whether the terminal echoes what is typed, and gives whole lines.
    func modes() throws -> (echo: Bool, lines: Bool) {
        let words = try Subprocess.run("/usr/bin/stty", ["-F", name, "-a"]).stdout.split { $0 == " " || $0 == "\n" }
        return (words.contains("echo"), words.contains("icanon"))
    }

    /// Reads what there is; false when nobody holds the terminal any more.
    private func read(within milliseconds: Int32) -> Bool {
        var one = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&one, 1, milliseconds) > 0 else { return true }
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = Glibc.read(master, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && errno == EINTR }
        shown += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }
}
