// CodeScreenTests.swift: the live screen of all tokens at a terminal: found, copied, wiped, left.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("The screen of all tokens") struct CodeScreenTests {
    /// Ann's line, whose parts have colours of their own.
    private static let code = #"ann +\S* ?\S*\d{3} \d{3}"#

    private static func screen(_ folder: URL) throws -> Pseudoterminal {
        for (name, type) in [("ann", "totp"), ("bob", "hotp")] {
            let answer = try Subprocess.run(
                Places.binary.path,
                ["token", "add", name, "--secret-stdin", "--passphrase-fd", "0"]
                    + (type == "hotp" ? ["--counter", "9"] : []),
                stdin: Array("\(TerminalTests.secret)\npw\n".utf8),
                environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
            )
            #expect(answer.status == 0, "\(answer.stderr)")
        }
        let environment = TerminalTests.environment.merging(["HOME": folder.path]) { $1 }
        let terminal = try Pseudoterminal([Places.binary.path, "code"], environment: environment)
        try terminal.wait(for: "passphrase of the vault: $")
        terminal.type("pw\n")
        try terminal.wait(for: Self.code)
        return terminal
    }

    @Test("A counter's code comes on Enter only, is copied by OSC 52, and everything is wiped in the end")
    func counter() throws {
        try Places.withFolder { folder in
            let terminal = try Self.screen(folder)
            #expect(!terminal.shown.contains("520 489"))
            terminal.type("bo")
            try terminal.wait(for: "find: .{0,8}bo_")
            terminal.type("\r")
            try terminal.wait(for: "520 489")
            // The Base64 of 520489.
            #expect(terminal.shown.contains("\u{1B}]52;c;NTIwNDg5\u{07}"))
            terminal.type("\u{03}")
            #expect(try terminal.end() == 0)
            #expect(terminal.shown.contains("\u{1B}]52;c;!\u{07}"))
            #expect(terminal.shown.hasSuffix("\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l"))
            #expect(try terminal.modes() == (true, true))
            let list = try Subprocess.run(
                Places.binary.path,
                ["token", "list", "bob", "--passphrase-fd", "0"],
                stdin: Array("pw\n".utf8),
                environment: ["HOME": folder.path, "PATH": "/usr/bin:/bin"]
            )
            #expect(list.stdout.contains("next 10"))
        }
    }

    @Test("A signal leaves the terminal as it was", arguments: [SIGTERM, SIGHUP, SIGINT])
    func signalled(_ number: Int32) throws {
        try Places.withFolder { folder in
            let terminal = try Self.screen(folder)
            terminal.signal(number)
            #expect(try terminal.end() == 128 + number)
            #expect(terminal.shown.hasSuffix("\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l"))
            #expect(try terminal.modes() == (true, true))
        }
    }

    @Test("Arrows choose, Enter takes the chosen one, and no other escape sequence leaves the screen")
    func arrows() throws {
        try Places.withFolder { folder in
            let terminal = try Self.screen(folder)
            // Bob is the second: down, up, down again, a function key that means nothing, and F-keys of two kinds.
            terminal.type("\u{1B}[B\u{1B}OA\u{1B}[B\u{1B}[15~\u{1B}OP\u{1B}[1;5C\u{1B}[200~")
            try terminal.wait(for: #"> bob"#)
            terminal.type("\u{1B}[B\u{1B}[B\u{1B}[5~\u{1B}[6~\r")
            try terminal.wait(for: "520 489")
            terminal.type("\u{1B}[H")
            try terminal.wait(for: #"> ann"#)
            terminal.type("\u{1B}")
            #expect(try terminal.end() == 0)
            #expect(try terminal.modes() == (true, true))
        }
    }

    @Test("Another size is drawn anew, and the smallest one still shows a code")
    func resized() throws {
        try Places.withFolder { folder in
            let terminal = try Self.screen(folder)
            for (columns, rows) in [(40, 10), (20, 5), (1, 1), (200, 60), (80, 24)] {
                try terminal.resize(columns: columns, rows: rows)
                let before = terminal.shown.utf8.count
                try terminal.wait(for: "\u{1B}\\[2J\u{1B}\\[H", after: before)
            }
            try terminal.wait(for: Self.code)
            terminal.type("\u{03}")
            #expect(try terminal.end() == 0)
        }
    }

    @Test("Ctrl-Z gives the terminal back to the shell, wiped, and `fg` shows the codes again")
    func suspended() throws {
        try Places.withFolder { folder in
            _ = try Self.screen(folder)
            let environment = TerminalTests.environment.merging(["HOME": folder.path, "PS1": "shell> "]) { $1 }
            let shell = try Pseudoterminal(["/bin/bash", "--norc", "--noediting", "-i"], environment: environment)
            try shell.wait(for: #"shell> "#)
            shell.type("'\(Places.binary.path)' code\n")
            try shell.wait(for: "passphrase of the vault: $")
            shell.type("pw\n")
            try shell.wait(for: Self.code)
            shell.type("\u{1A}")
            try shell.wait(for: "Stopped.*shell> ")
            let given = try #require(shell.shown.range(of: "Stopped"))
            let wiped = "\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l"
            let last = try #require(shell.shown.range(of: wiped, options: .backwards))
            #expect(last.upperBound <= given.lowerBound)
            let before = shell.shown.utf8.count
            shell.type("fg\n")
            try shell.wait(for: Self.code, after: before)
            shell.type("\u{03}")
            try shell.wait(for: #"\?1049l"#, after: before)
            shell.type("exit\n")
            #expect(try shell.end() == 0)
            #expect(try shell.modes() == (true, true))
        }
    }

    @Test("A copied code leaves the clipboard when a key is pressed, and is never shown")
    func copied() throws {
        try Places.withFolder { folder in
            _ = try Self.screen(folder)
            let environment = TerminalTests.environment.merging(["HOME": folder.path]) { $1 }
            let terminal = try Pseudoterminal([Places.binary.path, "code", "bob", "--copy"], environment: environment)
            try terminal.wait(for: "passphrase of the vault: $")
            terminal.type("pw\n")
            try terminal.wait(for: "bob is copied; wiped in [0-9]+ s, or by any key")
            #expect(terminal.shown.contains("\u{1B}]52;c;NTIwNDg5\u{07}") && !terminal.shown.contains("520489"))
            terminal.type(" ")
            #expect(try terminal.end() == 0)
            #expect(terminal.shown.hasSuffix("\u{1B}]52;c;IA==\u{07}\u{1B}]52;c;!\u{07}\r\u{1B}[K"))
            #expect(try terminal.modes() == (true, true))
        }
    }

    @Test("The secret is shown on a screen that is wiped, after a question, and not without")
    func revealed() throws {
        try Places.withFolder { folder in
            _ = try Self.screen(folder)
            let environment = TerminalTests.environment.merging(["HOME": folder.path]) { $1 }
            for answer in ["n", "y"] {
                let terminal = try Pseudoterminal(
                    [Places.binary.path, "token", "show", "ann", "--reveal", "--qr", "none"],
                    environment: environment
                )
                try terminal.wait(for: "passphrase of the vault: $")
                terminal.type("pw\n")
                try terminal.wait(for: #"Show it\? \[y/N\] "#)
                #expect(!terminal.shown.contains("GEZD"))
                terminal.type(answer + "\n")
                if answer == "y" {
                    try terminal.wait(for: "GEZD GNBV.*any key wipes this")
                    terminal.type(" ")
                }
                #expect(try terminal.end() == (answer == "y" ? 0 : 1))
                #expect(terminal.shown.contains("GEZD") == (answer == "y"))
                if answer == "y" { #expect(terminal.shown.hasSuffix("\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l")) }
            }
        }
    }
}
