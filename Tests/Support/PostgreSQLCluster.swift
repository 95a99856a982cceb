// PostgreSQLCluster.swift: a PostgreSQL server of the tests' own, on a socket in a folder of its own, for one test process.
public import Glibc
import Synchronization

/// A PostgreSQL server that listens on a Unix socket alone and ends with the process that started it.
public final class PostgreSQLCluster: Sendable {
    /// The server could not be started, or did not do what it was told.
    public struct Failure: Error, CustomStringConvertible {
        /// What was tried and what came of it.
        public let description: String
    }

    private static let common = Result {
        let cluster = try PostgreSQLCluster()
        atexit { PostgreSQLCluster.endShared() }
        return cluster
    }

    private static func endShared() {
        guard case .success(let cluster) = common else { return }
        cluster.end()
    }

    /// The server that the tests of this process share; started at first use.
    public static func shared() throws -> PostgreSQLCluster { try common.get() }

    /// The folder of the server's socket, data and log.
    public let folder: String
    private let programs: String
    private let server = Mutex<pid_t>(0)
    private let names = Mutex(0)

    /// Makes a cluster and starts its server.
    ///
    /// The order of text is that of English words, not of bytes, as a database of other people's may have it.
    ///
    /// - Parameter place: The folder in which its own folder is made; in memory unless given.
    /// - Throws: `Failure`, or `Subprocess.Failure`.
    public init(in place: String? = nil) throws {
        let parent = place ?? (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
        Self.removeLeftOvers(in: parent)
        folder = "\(parent)/latchkey-postgres-\(getpid())-\(UInt32.random(in: .min ... .max))"
        programs = try Self.findPrograms()
        try Self.step("mkdir", ["-m", "755", folder])
        if getuid() == 0 { try Self.step("chown", ["postgres:postgres", folder]) }
        try run(
            "initdb",
            [
                "-D", folder + "/data", "-U", "latchkey", "-A", "trust", "-E", "UTF8", "--locale=C",
                "--locale-provider=icu", "--icu-locale=en-US", "--no-sync", "--no-instructions",
            ]
        )
        try start()
        // The authority is an ordinary user. What SQLite's functions are called in the tests' SQL is there too.
        try sql("CREATE ROLE authority LOGIN", on: "postgres")
        try sql(
            """
            CREATE SCHEMA sqlite; CREATE DOMAIN sqlite.blob AS bytea;
            CREATE FUNCTION sqlite.zeroblob(bigint) RETURNS bytea IMMUTABLE
                RETURN decode(repeat('00', $1::integer), 'hex');
            CREATE FUNCTION sqlite.hex(bytea) RETURNS text IMMUTABLE RETURN upper(encode($1, 'hex'));
            """,
            on: "template1"
        )
    }

    /// The server's process; zero when it is stopped.
    public var processID: pid_t { server.withLock { $0 } }

    /// Starts the server, with further settings if need be, and waits until it takes connections.
    public func start(_ more: [String] = []) throws {
        let settings =
            [
                "listen_addresses=", "unix_socket_directories=\(folder)", "max_connections=400", "shared_buffers=32MB",
                "max_wal_size=96MB", "min_wal_size=32MB", "logging_collector=off", "restart_after_crash=on",
            ] + more
        let (path, words) = command("postgres", ["-D", folder + "/data"] + settings.flatMap { ["-c", $0] })
        let log = open(folder + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw Failure(description: "cannot write \(folder)/log") }
        defer { close(log) }
        let started = try Child.start(path, words, output: log)
        server.withLock { $0 = started }
        try awaitReadiness()
    }

    /// Waits until the server takes connections.
    public func awaitReadiness() throws {
        for _ in 0..<400 {
            if (try? sql("SELECT 1", on: "postgres")) != nil { return }
            usleep(25_000)
        }
        throw Failure(description: "PostgreSQL does not start; see \(folder)/log")
    }

    /// Stops the server as a loss of power would and waits for its end.
    public func stopAtOnce() {
        let id = server.withLock { id in
            defer { id = 0 }
            return id
        }
        guard id > 0 else { return }
        kill(id, SIGQUIT)
        Child.awaitEnd(of: id)
    }

    /// Stops the server and removes its folder.
    public func end() {
        stopAtOnce()
        _ = try? Subprocess.run("rm", ["-rf", folder])
    }

    /// Makes a database and returns its address.
    public func makeDatabase() throws -> String {
        let number = names.withLock { number in
            number += 1
            return number
        }
        let name = "test_\(getpid())_\(number)"
        try sql("CREATE DATABASE \(name) OWNER authority", on: "postgres")
        return address(of: name)
    }

    /// The address of a database by name.
    public func address(of name: String) -> String { "postgresql://authority@/\(name)?host=\(folder)" }

    /// Everything in a database, as `pg_dump` writes it.
    public func dump(_ address: String) throws -> String {
        let output = try Subprocess.run(
            programs + "/pg_dump",
            ["-h", folder, "-U", "latchkey", "-d", Self.name(in: address)]
        )
        guard output.status == 0 else { throw Failure(description: "pg_dump: \(output.stderr)") }
        // Two lines hold a word that is another one in every dump.
        return output.lines.filter { !$0.utf8.starts(with: "\\".utf8) || $0 == "\\." }.joined(separator: "\n")
    }

    /// How many bare commits a second pgbench makes with so many clients, each changing a row of its own.
    public func commitsPerSecond(at address: String, clients: Int, in folder: String, seconds: Double) throws -> Double
    {
        let script = "\\set n :client_id\nUPDATE latchkey.steps SET step = step + 1 WHERE device = 'device-' || :n;\n"
        _ = try Subprocess.run("tee", [folder + "/commit.sql"], stdin: Array(script.utf8))
        let output = try Subprocess.run(
            programs + "/pgbench",
            [
                "-n", "-h", self.folder, "-U", "latchkey", "-f", folder + "/commit.sql", "-c", "\(clients)", "-j", "1",
                "-M", "prepared", "-T", "\(max(1, Int(seconds)))", Self.name(in: address),
            ]
        )
        let line = output.lines.first { $0.hasPrefix("tps = ") }
        guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else {
            throw Failure(description: "pgbench: \(output.stderr)")
        }
        return rate
    }

    /// Removes a database, whoever is connected to it.
    public func drop(_ address: String) {
        _ = try? sql("DROP DATABASE IF EXISTS \(Self.name(in: address)) WITH (FORCE)", on: "postgres")
    }

    /// The name of the database that an address names.
    public static func name(in address: String) -> String {
        String(address.split(separator: "/")[2].split(separator: "?")[0])
    }

    /// Runs SQL with psql as the owner, on a database by name, and returns its unaligned output.
    @discardableResult
    public func sql(_ text: String, on database: String) throws -> String {
        let output = try Subprocess.run(
            programs + "/psql",
            [
                "-h", folder, "-U", "latchkey", "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c",
                text,
            ]
        )
        guard output.status == 0 else { throw Failure(description: "psql: \(output.stderr)") }
        return String(output.stdout.reversed().drop(while: { $0 == "\n" }).reversed())
    }

    /// Runs SQL with psql as the owner, on the database of an address.
    @discardableResult
    public func sql(_ text: String, at address: String) throws -> String { try sql(text, on: Self.name(in: address)) }

    // MARK: Programs

    /// The folder of Debian's newest PostgreSQL.
    private static func findPrograms() throws -> String {
        for version in [18, 17, 16, 15] where access("/usr/lib/postgresql/\(version)/bin/postgres", X_OK) == 0 {
            return "/usr/lib/postgresql/\(version)/bin"
        }
        throw Failure(description: "PostgreSQL is missing: run `make setup`")
    }

    /// A program of PostgreSQL's, as a user that it accepts: root it does not.
    private func command(_ program: String, _ arguments: [String]) -> (String, [String]) {
        let words = ["\(programs)/\(program)"] + arguments
        let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
        return ("setpriv", (getuid() == 0 ? user : []) + ["--pdeathsig=QUIT"] + words)
    }

    private func run(_ program: String, _ arguments: [String]) throws {
        let (path, words) = command(program, arguments)
        try Self.step(path, words)
    }

    private static func step(_ path: String, _ arguments: [String]) throws {
        let output = try Subprocess.run(path, arguments)
        guard output.status == 0 else { throw Failure(description: "\(path): \(output.stderr)") }
    }

    /// Removes the folders of processes that are no more.
    private static func removeLeftOvers(in parent: String) {
        guard let directory = opendir(parent) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix(while: { $0 != 0 }), as: UTF8.self)
            }
            let parts = name.split(separator: "-")
            guard parts.count == 4, parts[0] == "latchkey", parts[1] == "postgres", let id = pid_t(parts[2]),
                kill(id, 0) != 0, errno == ESRCH
            else { continue }
            _ = try? Subprocess.run("rm", ["-rf", "\(parent)/\(name)"])
        }
    }
}

/// Children that a thread of their own waits for: the kernel ends them when that thread ends, as it does with the process.
private enum Child {
    private static let ended = Mutex<Set<pid_t>>([])

    static func start(_ path: String, _ arguments: [String], output: Int32) throws -> pid_t {
        let box = Box(path, arguments, output)
        var thread = pthread_t()
        pthread_create(&thread, nil, runChild, Unmanaged.passRetained(box).toOpaque())
        pthread_detach(thread)
        while true {
            let id = box.id.withLock { $0 }
            if id > 0 { return id }
            if id < 0 {
                throw PostgreSQLCluster.Failure(
                    description: "cannot start \(path): \(strerror(-id).map { String(cString: $0) } ?? "")"
                )
            }
            usleep(1_000)
        }
    }

    static func awaitEnd(of id: pid_t) {
        for _ in 0..<2_000 where !ended.withLock({ $0.contains(id) }) { usleep(5_000) }
    }

    final class Box: Sendable {
        let path: String
        let arguments: [String]
        let output: Int32
        let id = Mutex<pid_t>(0)

        init(_ path: String, _ arguments: [String], _ output: Int32) {
            (self.path, self.arguments, self.output) = (path, arguments, output)
        }

        func run() {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_adddup2(&actions, output, 1)
            posix_spawn_file_actions_adddup2(&actions, output, 2)
            var attributes = posix_spawnattr_t()
            posix_spawnattr_init(&attributes)
            var signals = sigset_t()
            sigemptyset(&signals)
            posix_spawnattr_setsigmask(&attributes, &signals)
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
            var words = ([path] + arguments).map { strdup($0) } + [nil]
            var child: pid_t = 0
            let failure = posix_spawnp(&child, path, &actions, &attributes, &words, environ)
            for word in words { free(word) }
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
            id.withLock { $0 = failure == 0 ? child : -failure }
            guard failure == 0 else { return }
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0 && errno == EINTR {}
            _ = Child.ended.withLock { $0.insert(child) }
        }
    }
}

/// What `pthread_create` calls; a plain function, which no actor can claim.
private func runChild(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<Child.Box>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
