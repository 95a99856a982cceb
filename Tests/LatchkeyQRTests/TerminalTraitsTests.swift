// TerminalTraitsTests.swift: what an environment tells of its terminal.
import LatchkeyQR
import Testing

@Suite("Terminal traits")
struct TerminalTraitsTests {
    private func traits(_ environment: [String: String], columns: Int = 80, rows: Int = 24) -> TerminalTraits {
        TerminalTraits(isTerminal: true, columns: columns, rows: rows) { environment[$0] }
    }

    @Test(
        "UTF-8 by the first locale variable that is set",
        arguments: [
            ([:], false),
            (["LANG": "C"], false),
            (["LANG": "C.UTF-8"], true),
            (["LANG": "en_US.utf8"], true),
            (["LANG": "en_US"], false),
            (["LANG": "de_DE.UTF-8@euro"], true),
            (["LANG": "de_DE.ISO-8859-15@utf-8"], false),
            (["LC_CTYPE": "UTF-8"], true),
            (["LANG": "C.UTF-8", "LC_ALL": "C"], false),
            (["LANG": "C", "LC_CTYPE": "C.UTF-8"], true),
            (["LANG": "C.UTF-8", "LC_ALL": ""], true),
            (["LANG": "C.UTF-8", "LC_CTYPE": "POSIX"], false),
            (["LANG": "@"], false),
            (["LANG": "."], false),
            (["LANG": "x.UTF-16"], false),
        ] as [([String: String], Bool)]
    )
    func locale(environment: [String: String], utf8: Bool) {
        #expect(traits(environment).utf8 == utf8)
    }

    @Test(
        "colours by name and by COLORTERM",
        arguments: [
            ("xterm-256color", nil, .ansi256), ("xterm-256color", "truecolor", .truecolor),
            ("xterm-256color", "24bit", .truecolor), ("xterm-256color", "yes", .ansi256),
            ("xterm", nil, .ansi256), ("tmux", nil, .ansi256), ("rxvt-unicode", nil, .ansi256),
            ("screen.xterm-256color", "truecolor", .ansi256), ("screen", "truecolor", .ansi256),
            ("tmux-256color", "truecolor", .truecolor), ("xterm-direct", nil, .truecolor),
            ("linux", nil, .ansi16), ("ansi", nil, .ansi16), ("something-new", nil, .ansi16),
            ("vt100", nil, .none), ("vt220", nil, .none), ("xterm-mono", nil, .none), ("linux-m", nil, .none),
            ("dumb", "truecolor", .none), ("", nil, .none),
        ] as [(String, String?, TerminalTraits.Colour)]
    )
    func colour(term: String, colorTerm: String?, colour: TerminalTraits.Colour) {
        var environment = ["TERM": term]
        environment["COLORTERM"] = colorTerm
        #expect(traits(environment).colour == colour)
    }

    @Test("a terminal without a name is dumb")
    func dumb() {
        #expect(traits([:]).dumb)
        #expect(traits(["TERM": ""]).dumb)
        #expect(traits(["TERM": "dumb"]).dumb)
        #expect(!traits(["TERM": "vt100"]).dumb)
    }

    @Test("NO_COLOR counts when it is not empty, whatever it says, and hides no colours")
    func noColor() {
        #expect(!traits(["TERM": "xterm"]).noColor)
        #expect(!traits(["TERM": "xterm", "NO_COLOR": ""]).noColor)
        #expect(traits(["TERM": "xterm", "NO_COLOR": "0"]).noColor)
        #expect(traits(["TERM": "xterm", "NO_COLOR": "1"]).colour == .ansi256)
    }

    @Test("Linux's own console is not trusted to have half blocks")
    func console() {
        #expect(!traits(["TERM": "linux"]).halfBlocks)
        #expect(!traits(["TERM": "linux-16color"]).halfBlocks)
        #expect(traits(["TERM": "xterm"]).halfBlocks)
    }

    @Test(
        "the driver's size goes before the environment's, and 80x24 is the last word",
        arguments: [
            (100, 50, "70", "20", "100x50"), (0, 0, "70", "20", "70x20"), (0, 0, nil, nil, "80x24"),
            (0, 0, "0", "-5", "80x24"), (0, 0, "+70", "2 0", "80x24"), (0, 0, "99999", "", "80x24"),
            (-1, 30, "٧٠", "20", "80x30"),
        ] as [(Int, Int, String?, String?, String)]
    )
    func size(columns: Int, rows: Int, wide: String?, high: String?, size: String) {
        var environment: [String: String] = [:]
        environment["COLUMNS"] = wide
        environment["LINES"] = high
        let traits = traits(environment, columns: columns, rows: rows)
        #expect("\(traits.columns)x\(traits.rows)" == size)
    }
}
