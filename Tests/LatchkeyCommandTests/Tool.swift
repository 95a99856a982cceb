// Tool.swift: a program that runs to its end, with what it printed.
import Foundation
import Synchronization

/// Runs programs.
enum Tool {
    struct Answer: Sendable {
        let output: String
        let errors: String
        let status: Int32
    }

    struct Trouble: Error { let text: String }

    /// Runs a program to its end. Its streams are files, so that no amount of output can block it.
    static func run(
        _ words: [String],
        input: [UInt8] = [],
        environment: [String: String],
        folder: URL,
        seconds: Double = 120
    ) throws -> Answer {
        let place = FileManager.default.temporaryDirectory.appending(path: "latchkey-tool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let files = ["in", "out", "err"].map { place.appending(path: $0) }
        try Data(input).write(to: files[0])
        for file in files[1...] { try Data().write(to: file) }

        let process = Process()
        process.executableURL = try find(words.first ?? "", environment["PATH"] ?? "")
        process.arguments = Array(words.dropFirst())
        process.environment = environment
        process.currentDirectoryURL = folder
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        if ended.wait(timeout: .now() + seconds) == .timedOut {
            process.terminate()
            throw Trouble(text: "`\(words.joined(separator: " "))` did not end within \(seconds) s")
        }
        let signalled = process.terminationReason == .uncaughtSignal
        return Answer(
            output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self),
            status: signalled ? 128 + process.terminationStatus : process.terminationStatus
        )
    }

    private static func find(_ name: String, _ path: String) throws -> URL {
        let candidates = name.contains("/") ? [name] : path.split(separator: ":").map { "\($0)/\(name)" }
        guard let found = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw Trouble(text: "there is no tool `\(name)`; `make setup` installs what the tests need")
        }
        return URL(filePath: found)
    }
}
