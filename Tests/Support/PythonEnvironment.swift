// PythonEnvironment.swift: a Python with packages from PyPI, to hold our answers against other people's.
import Glibc

/// The virtual environment of the tests, in `.build/venv`: made at first use and kept.
public enum PythonEnvironment {
    /// The environment could not be made.
    public struct Failure: Error, CustomStringConvertible {
        /// What was tried and what came of it.
        public let description: String
    }

    /// The root of the package.
    static let packageDirectory: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    private static let directory = packageDirectory + "/.build/venv"

    /// Returns the path of a Python interpreter that can import what `packages` install.
    ///
    /// - Parameter packages: As `pip install` takes them; pin versions (`pyotp==2.9.0`), so that a run can be repeated.
    /// - Returns: A path below `.build/venv`.
    /// - Throws: `Failure`, or `Subprocess.Failure`.
    public static func interpreter(with packages: [String]) throws -> String {
        let python = directory + "/bin/python"
        // Test processes and suites run side by side: one of them installs, the others wait.
        mkdir(packageDirectory + "/.build", 0o755)
        let lock = open(directory + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else { throw Failure(description: "cannot lock \(directory).lock") }
        defer { close(lock) }
        if access(python, X_OK) != 0 {
            try step(systemPython, ["-m", "venv", "--clear", directory])
        }
        let missing = packages.filter { access(mark(of: $0), F_OK) != 0 }
        if !missing.isEmpty {
            let quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
            try step(python, ["-m", "pip", "install"] + quiet + missing)
            for package in missing {
                let file = open(mark(of: package), O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
                if file >= 0 { close(file) }
            }
        }
        return python
    }

    /// Runs `script` with ``interpreter(with:)``, feeding it `stdin`, and returns what it wrote to standard output.
    public static func run(
        _ script: String,
        _ arguments: [String] = [],
        with packages: [String],
        stdin: [UInt8] = []
    ) throws -> Subprocess.Output {
        let python = try interpreter(with: packages)
        let output = try Subprocess.run(python, ["-c", script] + arguments, stdin: stdin)
        guard output.status == 0 else {
            throw Failure(description: "python ended with \(output.status): \(output.stderr)")
        }
        return output
    }

    /// Debian's own, unless only another one is there.
    private static var systemPython: String {
        access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3"
    }

    /// The file that says that `package` has been installed.
    private static func mark(of package: String) -> String {
        directory + "/installed-" + package.map { $0 == "/" ? "_" : String($0) }.joined()
    }

    private static func step(_ path: String, _ arguments: [String]) throws {
        let output = try Subprocess.run(path, arguments, timeout: 600)
        guard output.status == 0 else {
            let words = ([path] + arguments).joined(separator: " ")
            throw Failure(description: "`\(words)` ended with \(output.status): \(output.stderr)\(output.stdout)")
        }
    }
}
