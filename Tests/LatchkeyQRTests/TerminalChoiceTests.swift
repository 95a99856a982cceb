// TerminalChoiceTests.swift: which style a terminal gets, and what a person reads when it gets none.
import LatchkeyQR
import Testing

@Suite("Terminal choice")
struct TerminalChoiceTests {
    /// A code of version 4: 41x21 in half blocks, 82x41 in full cells.
    private let code: QRCode

    init() throws { code = try QRCode(enrolments[1]) }

    private func text(_ choice: TerminalStyle.Choice) -> String {
        switch choice {
        case .style(let style): "\(style.shape.rawValue) \(style.ink.rawValue) \(style.quietZone.rawValue)"
        case .unfit(let reason): reason
        }
    }

    private func choose(_ traits: TerminalTraits, rows: Int = 1, columns: Int = 0) -> String {
        text(TerminalStyle.choose(for: code, on: traits, reserving: rows, columns: columns))
    }

    private func asked(_ shape: TerminalStyle.Shape, _ traits: TerminalTraits, rows: Int = 1) -> [String?] {
        let (choice, warning) = TerminalStyle.asked(shape, for: code, on: traits, reserving: rows)
        return [text(choice), warning]
    }

    @Test("half blocks in the best colours there are")
    func half() {
        #expect(choose(.init(columns: 80, rows: 24)) == "half ansi256 4")
        #expect(choose(.init(columns: 80, rows: 24, colour: .ansi16)) == "half ansi16 4")
        #expect(choose(.init(columns: 80, rows: 24, colour: .truecolor)) == "half truecolor 4")
    }

    @Test("the quiet zone narrows before a code is given up, and to the last cell")
    func fit() {
        #expect(choose(.init(columns: 41, rows: 22)) == "half ansi256 4")
        #expect(choose(.init(columns: 40, rows: 22)) == "half ansi256 2")
        #expect(choose(.init(columns: 41, rows: 21)) == "half ansi256 2")
        #expect(choose(.init(columns: 37, rows: 20)) == "half ansi256 2")
        #expect(
            choose(.init(columns: 36, rows: 20))
                == "your terminal is 36x20; the code needs 41x22: enlarge it, or use --png FILE"
        )
        #expect(
            choose(.init(columns: 60, rows: 18))
                == "your terminal is 60x18; the code needs 41x22: enlarge it, or use --png FILE"
        )
        #expect(choose(.init(columns: 41, rows: 21), rows: 0) == "half ansi256 4")
    }

    @Test("room for text above or beside the code counts")
    func reserving() {
        #expect(choose(.init(columns: 80, rows: 24), rows: 3) == "half ansi256 4")
        #expect(choose(.init(columns: 80, rows: 24), rows: 5) == "half ansi256 2")
        #expect(
            choose(.init(columns: 80, rows: 24), rows: 6)
                == "your terminal is 80x24; the code and its text need 41x27: enlarge it, or use --png FILE"
        )
        #expect(choose(.init(columns: 80, rows: 24), columns: 39) == "half ansi256 4")
        #expect(choose(.init(columns: 80, rows: 24), columns: 43) == "half ansi256 2")
        #expect(
            choose(.init(columns: 80, rows: 24), columns: 44)
                == "your terminal is 80x24; the code and its text need 85x22: enlarge it, or use --png FILE"
        )
    }

    @Test("without UTF-8, full cells where they fit")
    func full() {
        #expect(choose(.init(columns: 100, rows: 50, utf8: false)) == "full ansi256 4")
        #expect(choose(.init(columns: 82, rows: 42, utf8: false)) == "full ansi256 4")
        #expect(choose(.init(columns: 81, rows: 42, utf8: false)) == "full ansi256 2")
        #expect(
            choose(.init(columns: 80, rows: 24, utf8: false))
                == "your terminal is 80x24; the code needs 82x42: "
                + "use a UTF-8 locale, enlarge it, or use --png FILE"
        )
    }

    @Test("on Linux's own console, whose font may lack half blocks, full cells where they fit")
    func console() {
        #expect(choose(.init(columns: 128, rows: 48, colour: .ansi16, halfBlocks: false)) == "full ansi16 4")
        #expect(
            choose(.init(columns: 80, rows: 25, colour: .ansi16, halfBlocks: false))
                == "your terminal is 80x25; the code needs 82x42: "
                + "use --png FILE, or try --qr half if its font has half blocks"
        )
    }

    @Test("a code that would not scan is not drawn unasked")
    func refusals() {
        #expect(
            choose(.init(columns: 80, rows: 24, isTerminal: false))
                == "the output is not a terminal: use --png FILE, or --qr half to draw the code anyway"
        )
        #expect(
            choose(.init(columns: 80, rows: 24, dumb: true))
                == "your terminal is dumb and cannot draw a code that scans: use --png FILE"
        )
        #expect(
            choose(.init(columns: 80, rows: 24, colour: .none))
                == "your terminal has no colours, and without black and white the code scans on a dark one only: "
                + "use --png FILE, or --qr half to draw it anyway"
        )
        #expect(
            choose(.init(columns: 80, rows: 24, noColor: true))
                == "NO_COLOR is set, and without black and white the code scans on a dark terminal only: "
                + "use --qr half to draw it in black and white, or --png FILE"
        )
    }

    @Test("to ask for a shape is to ask for its colours, NO_COLOR or not")
    func askedColours() {
        #expect(asked(.half, .init(columns: 80, rows: 24)) == ["half ansi256 4", nil])
        #expect(asked(.half, .init(columns: 80, rows: 24, noColor: true)) == ["half ansi256 4", nil])
        #expect(asked(.full, .init(columns: 90, rows: 50, colour: .ansi16, noColor: true)) == ["full ansi16 4", nil])
        #expect(asked(.half, .init(columns: 37, rows: 20)) == ["half ansi256 2", nil])
    }

    @Test("into a pipe or file a shape that was asked for is drawn at any size")
    func askedPipe() {
        let pipe = TerminalTraits(columns: 10, rows: 4, isTerminal: false, utf8: false, colour: .none, dumb: true)
        #expect(asked(.half, pipe) == ["half ansi256 4", nil])
        #expect(asked(.full, pipe) == ["full ansi256 4", nil])
    }

    @Test("what was asked for and may not scan comes with a warning")
    func warnings() {
        #expect(
            asked(.half, .init(columns: 60, rows: 18)) == [
                "half ansi256 4",
                "your terminal is 60x18; the code needs 41x22: enlarge it before you scan, or use --png FILE",
            ]
        )
        let plain = "without black and white the code scans on a dark terminal only: else use --png FILE"
        #expect(asked(.half, .init(columns: 80, rows: 24, colour: .none)) == ["half plain 4", plain])
        #expect(asked(.half, .init(columns: 80, rows: 24, dumb: true)) == ["half plain 4", plain])
        #expect(asked(.full, .init(columns: 90, rows: 50, colour: .none)) == ["full plain 4", plain])
        #expect(
            asked(.half, .init(columns: 80, rows: 24, utf8: false)) == [
                "half ansi256 4", "your locale is not UTF-8: if you see no blocks, use --qr full or --png FILE",
            ]
        )
        #expect(
            asked(.half, .init(columns: 80, rows: 25, colour: .ansi16, halfBlocks: false)) == [
                "half ansi16 4", "the console's font may lack half blocks: then use --qr full or --png FILE",
            ]
        )
        #expect(
            asked(.full, .init(columns: 90, rows: 50, utf8: false, colour: .none)) == [
                "your terminal has neither colours nor UTF-8 to draw a code: use --png FILE", nil,
            ]
        )
    }

    @Test(
        "what is chosen always fits",
        arguments: [20, 36, 37, 41, 45, 60, 80, 82, 90, 132],
        [10, 20, 22, 24, 45, 60]
    )
    func everySize(columns: Int, rows: Int) throws {
        for text in enrolments {
            let code = try QRCode(text)
            for utf8 in [true, false] {
                for reserved in [-1, 0, 1, 5, Int.max] {
                    let choice = TerminalStyle.choose(
                        for: code,
                        on: .init(columns: columns, rows: rows, utf8: utf8),
                        reserving: reserved,
                        columns: reserved
                    )
                    guard case .style(let style) = choice else { continue }
                    #expect(style.columns(for: code) + max(reserved, 0) <= columns)
                    #expect(style.rows(for: code) + max(reserved, 0) <= rows)
                }
            }
        }
    }
}
