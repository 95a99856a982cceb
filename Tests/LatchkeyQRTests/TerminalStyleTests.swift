// TerminalStyleTests.swift: what is drawn in a terminal can be scanned from it.
import LatchkeyQR
import LatchkeyTestSupport
import Testing

/// URIs as an enrolment makes them, from short to long.
let enrolments = [
    "otpauth://totp/alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "otpauth://totp/acme:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=acme",
    "otpauth://totp/Example:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example",
    "otpauth://totp/Zo%C3%AB:a%3Fsecret%3DAAAA%26x%3D?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Zo%C3%AB",
    "otpauth://totp/Example:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA"
        + "&issuer=Example&algorithm=SHA512&digits=8&period=60",
]

/// Every style that can be made.
let styles = TerminalStyle.Shape.allCases.flatMap { shape in
    TerminalStyle.Ink.allCases.flatMap { ink in
        TerminalStyle.QuietZone.allCases.map { TerminalStyle(shape, ink: ink, quietZone: $0) }
    }
}

@Suite("Terminal styles")
struct TerminalStyleTests {
    @Test("lines take the room that the style says", arguments: styles)
    func room(style: TerminalStyle) throws {
        for text in enrolments {
            let code = try QRCode(text)
            let lines = code.terminal(style)
            #expect(lines.count == style.rows(for: code))
            for line in lines {
                let cells = line.replacing(/\u{1B}\[[0-9;]*m/, with: "").unicodeScalars
                #expect(cells.count == style.columns(for: code))
                #expect(cells.allSatisfy { " \u{2580}\u{2584}\u{2588}".unicodeScalars.contains($0) })
            }
        }
    }

    @Test("the usual URI fits 80x24 in half blocks, with a line for the cursor")
    func usual() throws {
        let sizes = try enrolments[0...2]
            .map { text in
                let code = try QRCode(text)
                return [code.version, TerminalStyle.half.columns(for: code), TerminalStyle.half.rows(for: code)]
            }
        #expect(sizes == [[3, 37, 19], [4, 41, 21], [5, 45, 23]])
        #expect(try TerminalStyle.full.columns(for: QRCode(enrolments[2])) == 90)
        #expect(try TerminalStyle.full.rows(for: QRCode(enrolments[2])) == 45)
    }

    @Test("each line sets both colours first and resets them last", arguments: styles)
    func colours(style: TerminalStyle) throws {
        let starts =
            switch style.ink {
            case .plain: ["", ""]
            case .ansi16: ["\u{1B}[0;37;97;40m", "\u{1B}[0;30;47;107m"]
            case .ansi256: ["\u{1B}[0;38;5;231;48;5;16m", "\u{1B}[0;38;5;16;48;5;231m"]
            case .truecolor: ["\u{1B}[0;38;2;255;255;255;48;2;0;0;0m", "\u{1B}[0;38;2;0;0;0;48;2;255;255;255m"]
            }
        for line in try QRCode(enrolments[0]).terminal(style) {
            // All lines begin in the quiet zone: white blocks, or white blanks.
            #expect(line.hasPrefix(style.shape == .half ? starts[0] : starts[1]))
            #expect(style.ink == .plain ? !line.contains("\u{1B}") : line.hasSuffix("\u{1B}[0m"))
        }
    }

    @Test("a line undoes what was left on before it and leaves nothing on after it")
    func isolation() throws {
        let code = try QRCode(enrolments[1])
        for style in styles where style.ink != .plain {
            // Reverse, red on green: a line that trusted the terminal's state would be lost.
            let text = code.terminal(style).map { "\u{1B}[7;31;42m" + $0 + "X" }.joined(separator: "\n")
            let screen = try Screen(text, theme: .light, columns: style.columns(for: code) + 1, rows: code.size + 8)
            #expect(try Scanner.read(screen.picture()) == Array(enrolments[1].utf8), "\(style)")
        }
    }
}

@Suite("Terminal styles, scanned")
struct ScannedStyleTests {
    /// Draws `code` as a terminal would and reads it back.
    private func scan(
        _ code: QRCode,
        _ style: TerminalStyle,
        _ theme: Screen.Theme,
        _ font: Screen.Font
    ) throws -> [UInt8]? {
        let lines = ["$ latchkey qr", ""] + code.terminal(style) + ["", "done"]
        let screen = try Screen(
            lines.joined(separator: "\n"),
            theme: theme,
            columns: style.columns(for: code) + 12,
            rows: lines.count
        )
        return try Scanner.read(screen.picture(font))
    }

    @Test("coloured styles scan on dark and light themes", arguments: styles.filter { $0.ink != .plain }, enrolments)
    func coloured(style: TerminalStyle, text: String) throws {
        let code = try QRCode(text)
        #expect(try scan(code, style, .dark, .exact) == Array(text.utf8))
        #expect(try scan(code, style, .light, .exact) == Array(text.utf8))
    }

    @Test("half blocks scan in a font that leaves seams between its blocks", arguments: enrolments)
    func seams(text: String) throws {
        let code = try QRCode(text)
        #expect(try scan(code, .half, .dark, .seamed) == Array(text.utf8))
        #expect(try scan(code, .half, .light, .seamed) == Array(text.utf8))
    }

    @Test("the plain style scans on a dark theme and not on a light one", arguments: TerminalStyle.Shape.allCases)
    func plain(shape: TerminalStyle.Shape) throws {
        let code = try QRCode(enrolments[1])
        let style = TerminalStyle(shape, ink: .plain)
        #expect(try scan(code, style, .dark, .exact) == Array(enrolments[1].utf8))
        #expect(try scan(code, style, .light, .exact) == nil)
    }
}

@Suite("Terminal styles, in a real terminal", .serialized)
struct RealTerminalTests {
    /// What a scanner reads from a terminal of 80x24 that shows `lines`, on a dark and on a light theme.
    private func scan(_ lines: [String], columns: Int = 80, rows: Int = 24) throws -> [[UInt8]?] {
        // No line feed after the last line: the code may be one line lower than the terminal.
        let terminal = try Tmux(
            columns: columns,
            rows: rows,
            showing: lines.joined(separator: "\n")
        )
        #expect(try terminal.size() == "\(columns)x\(rows)")
        let text = try terminal.capture()
        return try [Screen.Theme.dark, .light]
            .map { theme in
                try Scanner.read(Screen(text, theme: theme, columns: columns, rows: rows).picture(.seamed))
            }
    }

    @Test("what is chosen for 80x24 scans there, dark and light", arguments: enrolments[0...3])
    func chosen(text: String) throws {
        let code = try QRCode(text)
        for colour in [TerminalTraits.Colour.ansi16, .ansi256, .truecolor] {
            let traits = TerminalTraits(columns: 80, rows: 24, colour: colour)
            guard case .style(let style) = TerminalStyle.choose(for: code, on: traits) else {
                Issue.record("no style for 80x24")
                return
            }
            let read = try scan(code.terminal(style) + ["$ "])
            #expect(read == [Array(text.utf8), Array(text.utf8)])
        }
    }

    @Test("text beside the code does not disturb it")
    func beside() throws {
        let code = try QRCode(enrolments[1])
        let lines = code.terminal(.half).enumerated().map { row, line in "\(line)  \(row)  Scan with your app" }
        #expect(try scan(lines) == [Array(enrolments[1].utf8), Array(enrolments[1].utf8)])
    }

    @Test("full cells scan where they fit")
    func full() throws {
        let code = try QRCode(enrolments[2])
        let read = try scan(code.terminal(.full), columns: 100, rows: 50)
        #expect(read == [Array(enrolments[2].utf8), Array(enrolments[2].utf8)])
    }

    @Test("the narrow quiet zone scans at the very edges of the terminal that it is for")
    func narrow() throws {
        let code = try QRCode(enrolments[1])
        let traits = TerminalTraits(columns: 37, rows: 20)
        let style = TerminalStyle(.half, quietZone: .narrow)
        #expect(TerminalStyle.choose(for: code, on: traits) == .style(style))
        let read = try scan(code.terminal(style), columns: 37, rows: 20)
        #expect(read == [Array(enrolments[1].utf8), Array(enrolments[1].utf8)])
    }

    // What follows must fail, or the tests above prove nothing.

    @Test("the terminal's own colours scan on its dark theme only")
    func plain() throws {
        let code = try QRCode(enrolments[1])
        let read = try scan(code.terminal(TerminalStyle(.half, ink: .plain)))
        #expect(read == [Array(enrolments[1].utf8), nil])
    }

    @Test("a code that scrolls off the top does not scan, and is not chosen")
    func scrolled() throws {
        let code = try QRCode(enrolments[1])
        #expect(try scan(code.terminal(.half), columns: 60, rows: 16) == [nil, nil])
        let choice = TerminalStyle.choose(for: code, on: TerminalTraits(columns: 60, rows: 16))
        guard case .unfit = choice else {
            Issue.record("chosen: \(choice)")
            return
        }
    }

    @Test("a code that is wider than the terminal does not scan, and is not chosen")
    func wrapped() throws {
        let code = try QRCode(enrolments[1])
        #expect(try scan(code.terminal(.half), columns: 36, rows: 60) == [nil, nil])
        let choice = TerminalStyle.choose(for: code, on: TerminalTraits(columns: 36, rows: 60))
        guard case .unfit = choice else {
            Issue.record("chosen: \(choice)")
            return
        }
    }
}
