// Tmux.swift: a real terminal of a given size, without a person or a display.
import Foundation

/// A tmux server of its own, with one terminal.
package final class Tmux {
    private let folder: Folder

    /// Opens a terminal and prints `text` into it, then a title that says that it is there.
    package convenience init(columns: Int, rows: Int, showing text: String) throws {
        let folder = try Folder()
        let file = try folder.write(Array((text + "\u{1B}]2;shown\u{7}").utf8), to: "text")
        // Were the tests killed, the terminal would end by itself with sleep.
        try self.init(columns: columns, rows: rows, running: "cat '\(file)'; exec sleep 120", in: folder)
    }

    /// Opens a terminal in which a shell runs `line`.
    package init(
        columns: Int,
        rows: Int,
        running line: String,
        in folder: Folder? = nil,
        environment: [String: String] = [:]
    ) throws {
        self.folder = try folder ?? Folder()
        _ = try self.folder.write(Array("set -g status off\nset -g history-limit 1000\n".utf8), to: "configuration")
        let variables = environment.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        try tmux(["new-session", "-d", "-x", "\(columns)", "-y", "\(rows)"] + variables + [line])
    }

    deinit { _ = try? tmux(["kill-server"]) }

    /// What the terminal shows, once all of the text has come through: the title that follows it tells.
    package func capture() throws -> String {
        try wait { try tmux(["display-message", "-p", "#{pane_title}"]).stdout == "shown\n" }
        return try screen()
    }

    /// What the terminal shows now, its colours included.
    package func screen() throws -> String { try tmux(["capture-pane", "-e", "-p", "-N"]).stdout }

    /// What the terminal shows now, without colours.
    package func text() throws -> String { try tmux(["capture-pane", "-p"]).stdout }

    /// All that can be scrolled back to, the present screen included.
    package func history() throws -> String { try tmux(["capture-pane", "-p", "-S", "-"]).stdout }

    /// Waits until the terminal shows the text.
    package func wait(for text: String) throws {
        do {
            try wait { try self.text().contains(text) }
        } catch {
            throw Tool.Failure(description: "`\(text)` never came; shown: \(try self.text())")
        }
    }

    private func wait(until isShown: () throws -> Bool) throws {
        for _ in 0..<1200 {
            if try isShown() { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw Tool.Failure(description: "the terminal never showed what was printed into it")
    }

    /// Types text; names of keys, as tmux knows them, stand by themselves.
    package func type(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

    /// The size that the terminal really has.
    package func size() throws -> String {
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
