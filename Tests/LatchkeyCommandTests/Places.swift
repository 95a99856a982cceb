// Places.swift: where the tests find the built binary, the scripts and the vectors.
import Foundation

/// Folders and files of the checkout.
enum Places {
    static let root = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    static let scripts = root.appending(path: "Tests/Scripts")
    static let vectors = root.appending(path: "Vectors")

    /// The binary under test: `LATCHKEY_BINARY`, or what was built beside the tests.
    static let binary: URL = {
        if let path = ProcessInfo.processInfo.environment["LATCHKEY_BINARY"], !path.isEmpty {
            return URL(filePath: path, relativeTo: root).standardizedFileURL
        }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(filePath: tests).deletingLastPathComponent().appending(path: "latchkey")
    }()

    /// Runs `body` with a new folder and takes the folder away afterwards.
    static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "latchkey-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
