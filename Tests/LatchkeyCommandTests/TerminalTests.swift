// TerminalTests.swift: what a person at a terminal sees, and what the terminal is like afterwards.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("At a terminal") struct TerminalTests {
    static let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    static let environment = [
        "HOME": "/nonexistent", "PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8",
    ]

    private func start(
        _ words: String...,
        environment: [String: String] = [:],
        columns: UInt16 = 80
    ) throws -> Pseudoterminal {
        let variables = Self.environment.merging(environment) { $1 }
        return try Pseudoterminal([Places.binary.path] + words, environment: variables, columns: columns)
    }

    @Test("A secret is asked for unseen") func hiddenPrompt() throws {
        let terminal = try start("code", "--at", "59")
        try terminal.wait(for: "^secret: $")
        #expect(try terminal.modes() == (false, true))
        terminal.type(Self.secret + "\n")
        #expect(try terminal.end() == 0)
        #expect(terminal.shown == "secret: \r\n287082\r\n")
        #expect(try terminal.modes() == (true, true))
    }

    @Test("Blanks inside a code are taken out at a prompt only") func codePrompt() throws {
        let terminal = try start("verify", "--secret", "-", "--at", "59")
        try terminal.wait(for: "secret: $")
        terminal.type("gezd gnbv gy3t qojq gezd gnbv gy3t qojq\n")
        try terminal.wait(for: "code: $")
        terminal.type("287 082\n")
        #expect(try terminal.end() == 0)
        #expect(terminal.shown.hasSuffix("\u{1B}[32m✓\u{1B}[0m right\r\n"))
    }

    @Test("A signal at a prompt puts the terminal back", arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func signalled(_ number: Int32) throws {
        let terminal = try start("code")
        try terminal.wait(for: "secret: $")
        terminal.signal(number)
        #expect(try terminal.end() == 128 + number)
        #expect(try terminal.modes() == (true, true))
    }

    @Test("Ctrl-C at a prompt ends the program by its signal") func controlC() throws {
        let terminal = try start("code")
        try terminal.wait(for: "secret: $")
        terminal.type("half a secr\u{3}")
        #expect(try terminal.end() == 128 + SIGINT)
        #expect(try terminal.modes() == (true, true))
        #expect(!terminal.shown.contains("half"))
    }

    @Test("The end of the input at a prompt is a refusal") func controlD() throws {
        let terminal = try start("code")
        try terminal.wait(for: "secret: $")
        terminal.type("\u{4}")
        #expect(try terminal.end() == 1)
        #expect(terminal.shown.contains("latchkey: the input ended before the answer"))
        #expect(try terminal.modes() == (true, true))
    }

    @Test("A secret on the command line is warned of, and wiped from the process list") func secretOnTheLine() throws {
        let terminal = try start("verify", "--secret=\(Self.secret)", "--at", "59")
        try terminal.wait(for: "latchkey: warning: a secret on the command line")
        try terminal.wait(for: "code: $")
        let lines = try Subprocess.run("/bin/ps", ["-eo", "args"]).stdout
        #expect(lines.contains("verify --secret="))
        #expect(!lines.contains("verify --secret=GEZD"))
        terminal.type("287082\n")
        #expect(try terminal.end() == 0)
    }

    @Test("The code comes with its seconds left; NO_COLOR is obeyed") func secondsLeft() throws {
        let coloured = try start("code", "--secret", Self.secret)
        #expect(try coloured.end() == 0)
        #expect(try Regex(#"\d{6}   \x1B\[\d+m\d+ s left\x1B\[0m\r\n$"#).firstMatch(in: coloured.shown) != nil)
        let plain = try start("code", "--secret", Self.secret, environment: ["NO_COLOR": "1"])
        #expect(try plain.end() == 0)
        #expect(try Regex(#"\d{6}   \d+ s left\r\n$"#).firstMatch(in: plain.shown) != nil)
    }

    @Test("A QR code is drawn when it fits, and not when it does not") func drawing() throws {
        let fits = try start("qr", "otpauth://totp/acme:ann?secret=\(Self.secret)&issuer=acme")
        #expect(try fits.end() == 0)
        #expect(fits.shown.contains("█"))
        let narrow = try start("qr", "some text", columns: 20)
        #expect(try narrow.end() == 1)
        #expect(narrow.shown.contains("--png"))
        #expect(!narrow.shown.contains("█"))
        let forced = try start("qr", "some text", "--qr", "half", columns: 20)
        #expect(try forced.end() == 1)
        #expect(forced.shown.contains("your terminal is 20 wide"))
        let dumb = try start("qr", "some text", environment: ["TERM": "dumb"])
        #expect(try dumb.end() == 1)
    }

    @Test("JSON at a terminal is one value on several lines") func json() throws {
        let terminal = try start("code", "--secret", Self.secret, "--at", "59", "--json")
        #expect(try terminal.end() == 0)
        #expect(terminal.shown.contains("{\r\n  \"code\": \"287082\","))
    }

    @Test("Typed control characters come back spelled out") func escaped() throws {
        let terminal = try start("qr\u{1B}[2J\u{202E}")
        #expect(try terminal.end() == 2)
        let words = "there is no command `qr\\x1b[2J\\u{202e}`; `latchkey help` lists the commands"
        #expect(terminal.shown == "latchkey: \(words)\r\n")
    }
}
