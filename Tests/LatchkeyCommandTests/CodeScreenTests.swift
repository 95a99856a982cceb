// CodeScreenTests.swift: the live screen of all tokens at a terminal: found, copied, wiped, left.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("The screen of all tokens") struct CodeScreenTests {
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
        try terminal.wait(for: #"ann +\d{3} \d{3}"#)
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
}
