// Served.swift: the built binary as a server on loopback, on a store that is thrown away.
import Foundation
import Synchronization

/// `latchkey serve --init` in a folder of its own; ended when it is let go.
final class Served: Sendable {
    static let account = "123456789012"
    static let rootKey = "AKIAROOTROOTROOTROOT"
    static let rootSecret = "rootsecretrootsecretrootsecretrootsecret"

    let folder: URL
    let endpoint: String
    private let process: Mutex<Process>
    private let logFile: URL

    /// What stands on standard error: the access log.
    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

    /// The variables that let `latchkey` itself find the store.
    var environment: [String: String] { Self.environment(folder) }

    private static func environment(_ folder: URL) -> [String: String] {
        [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder.path,
            "LATCHKEY_STORE": "sqlite:\(folder.path)/latchkey.db",
            "LATCHKEY_MASTER_KEY": "\(folder.path)/master.key",
            "LATCHKEY_ARGON2_MEMORY": "7168",
            "LATCHKEY_ARGON2_PASSES": "1",
            "LATCHKEY_INIT_ACCOUNT": account,
            "LATCHKEY_INIT_ROOT_ACCESS_KEY_ID": rootKey,
            "LATCHKEY_INIT_ROOT_SECRET_ACCESS_KEY": rootSecret,
        ]
    }

    init(_ arguments: [String] = [], in place: URL? = nil) throws {
        let folder = place ?? FileManager.default.temporaryDirectory.appending(path: "latchkey-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        logFile = folder.appending(path: "server.log")
        _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
        let process = Process()
        process.executableURL = Places.binary
        process.arguments = ["serve", "--init", "--listen", "127.0.0.1:0"] + arguments
        process.environment = Self.environment(folder)
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: logFile)
        try process.run()
        self.process = Mutex(process)
        var line = ""
        while !line.contains("\n") {
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty {
                let said = (try? String(contentsOf: logFile, encoding: .utf8)) ?? ""
                throw Failure(description: "the server did not start: \(said)")
            }
            line += String(decoding: bytes, as: UTF8.self)
        }
        endpoint = String(line.split(separator: "\n")[0].dropFirst("listening on ".count))
    }

    deinit {
        process.withLock { process in
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
        }
        try? FileManager.default.removeItem(at: folder)
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// Tells the server to end and waits for it; its exit status.
    func end() -> Int32 {
        process.withLock { process in
            kill(process.processIdentifier, SIGTERM)
            process.waitUntilExit()
            return process.terminationStatus
        }
    }

    /// The server's process.
    var processIdentifier: Int32 { process.withLock { $0.processIdentifier } }

    /// Sends the server a signal.
    func signal(_ number: Int32) { process.withLock { _ = kill($0.processIdentifier, number) } }
}
