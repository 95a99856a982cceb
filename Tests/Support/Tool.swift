// Tool.swift: Debian's programs that the tests put beside ours: scanners, a terminal, a picture converter.
import Foundation

/// A program of Debian's.
package struct Tool {
    package static let zbarimg = Tool(name: "zbarimg", debian: "zbar-tools")
    package static let zxing = Tool(name: "ZXingReader", debian: "zxing-cpp-tools")
    package static let rsvgConvert = Tool(name: "rsvg-convert", debian: "librsvg2-bin")
    package static let tmux = Tool(name: "tmux", debian: "tmux")

    package let name: String
    package let debian: String

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// Runs the program to its end.
    ///
    /// A missing program is a failure, not a reason to skip: a proof that did not run is no proof.
    @discardableResult
    package func run(_ arguments: [String]) throws -> Subprocess.Output {
        // TMUX, left out here, would tie a new terminal to the one in which the tests run.
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        do {
            return try Subprocess.run(
                name,
                arguments,
                environment: ["PATH": path, "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"]
            )
        } catch Subprocess.Failure.cannotStart(_, let code) where code == ENOENT {
            throw Failure(description: "\(name) is missing: run apt-get install \(debian)")
        }
    }
}

/// A folder of one test's own, removed with it.
package final class Folder {
    private let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "latchkey-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func path(_ name: String) -> String { url.appending(path: name).path }

    package func read(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: name))) }

    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: url.appending(path: name))
        return path(name)
    }
}

/// Reads QR codes out of pictures.
package enum Scanner {
    /// What zbar reads, byte for byte, or nil if it finds no code.
    package static func read(_ picture: [UInt8]) throws -> [UInt8]? {
        let folder = try Folder()
        let file = try folder.write(picture, to: "picture")
        let answer = try Tool.zbarimg.run(["--raw", "-q", "-Sdisable", "-Sqrcode.enable", "-Sbinary", file])
        // 4: the picture was read, but held no code.
        guard answer.status == 0 || answer.status == 4 else {
            throw Tool.Failure(description: "zbarimg ended with status \(answer.status)")
        }
        return answer.status == 0 ? answer.stdoutBytes : nil
    }

    /// What zbar makes of a code without being told that it is not text.
    package static func readAsText(_ picture: [UInt8]) throws -> String {
        let folder = try Folder()
        return try Tool.zbarimg.run(["--raw", "-q", folder.write(picture, to: "picture")]).stdout
    }

    /// What zxing says of a PNG: a second, independent reader.
    package static func readWithZXing(_ picture: [UInt8]) throws -> String {
        let folder = try Folder()
        return try Tool.zxing.run(["-format", "QRCode", folder.write(picture, to: "picture.png")]).stdout
    }
}
