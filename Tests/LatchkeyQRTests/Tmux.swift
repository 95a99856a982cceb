// Tmux.swift: a real terminal of a given size, without a person or a display.
import Foundation
import LatchkeyTestSupport

/// A tmux server of its own, with one terminal that shows one file.
final class Tmux {
    private let folder: Folder

    /// Opens a terminal and prints `text` into it, then a title that says that it is there.
    init(columns: Int, rows: Int, showing text: String) throws {
        folder = try Folder()
        _ = try folder.write(Array("set -g status off\n".utf8), to: "configuration")
        let file = try folder.write(Array((text + "\u{1B}]2;shown\u{7}").utf8), to: "text")
        let size = ["-x", "\(columns)", "-y", "\(rows)"]
        // Were the tests killed, the terminal would end by itself with sleep.
        try tmux(["new-session", "-d"] + size + ["cat '\(file)'; exec sleep 120"])
    }

    deinit { _ = try? tmux(["kill-server"]) }

    /// What the terminal shows, once all of the text has come through: the title that follows it tells.
    func capture() throws -> String {
        for _ in 0..<1200 {
            if try tmux(["display-message", "-p", "#{pane_title}"]).stdout == "shown\n" {
                return try tmux(["capture-pane", "-e", "-p", "-N"]).stdout
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw Tool.Failure(description: "the terminal never showed what was printed into it")
    }

    /// The size that the terminal really has.
    func size() throws -> String {
        try tmux(["display-message", "-p", "#{pane_width}x#{pane_height}"]).stdout
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @discardableResult
    private func tmux(_ arguments: [String]) throws -> Subprocess.Output {
        let own = ["-u", "-S", folder.path("socket"), "-f", folder.path("configuration")]
        let answer = try Tool.tmux.run(own + arguments)
        guard answer.status == 0 else {
            throw Tool.Failure(description: "tmux \(arguments[0]) ended with status \(answer.status)")
        }
        return answer
    }
}
