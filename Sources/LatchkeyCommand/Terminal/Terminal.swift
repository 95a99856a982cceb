// Terminal.swift: what a standard stream leads to, and what can be drawn there.
internal import CLatchkeySystem
internal import Glibc
internal import LatchkeyQR

/// A standard stream, seen as the terminal that it may be.
struct Terminal: Sendable {
    let descriptor: Int32
    let isTerminal: Bool
    /// Whether ticks and words may be coloured.
    let hasColour: Bool
    /// Whether the locale writes UTF-8.
    let isUTF8: Bool
    private let colour: TerminalTraits.Colour
    private let isDumb: Bool
    private let refusesColour: Bool

    init(_ descriptor: Int32, _ environment: Environment) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
        let kind = environment.text("TERM") ?? "dumb"
        isDumb = kind == "dumb"
        isUTF8 = Terminal.isUTF8(environment)
        refusesColour = environment.text("NO_COLOR") != nil
        colour = Terminal.colour(kind, environment.text("COLORTERM"))
        hasColour = isTerminal && !isDumb && !refusesColour && colour != .none
    }

    /// Columns and lines as the terminal says now; 80 by 24 when it does not say.
    var size: (columns: Int, rows: Int) {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard isTerminal, latchkey_terminal_size(descriptor, &columns, &rows) == 0, columns > 0, rows > 0 else {
            return (80, 24)
        }
        return (Int(columns), Int(rows))
    }

    /// What a QR code's style is chosen by.
    var traits: TerminalTraits {
        let size = size
        return TerminalTraits(
            columns: size.columns,
            rows: size.rows,
            isTerminal: isTerminal,
            utf8: isUTF8,
            colour: colour,
            dumb: isDumb,
            noColor: refusesColour
        )
    }

    /// The first of the three variables that is set decides, as in setlocale(3).
    private static func isUTF8(_ environment: Environment) -> Bool {
        let locale = environment.text("LC_ALL") ?? environment.text("LC_CTYPE") ?? environment.text("LANG") ?? ""
        let name = locale.lowercased()
        return name.hasSuffix("utf-8") || name.hasSuffix("utf8") || name.holds("utf-8@") || name.holds("utf8@")
    }

    private static func colour(_ kind: String, _ announced: String?) -> TerminalTraits.Colour {
        if kind == "dumb" || kind.utf8.starts(with: "vt".utf8) { return .none }
        if announced == "truecolor" || announced == "24bit" || kind.hasSuffix("-direct") { return .truecolor }
        if kind.holds("256color") { return .ansi256 }
        let modern = ["xterm-kitty", "alacritty", "foot", "wezterm", "ghostty", "xterm-ghostty"]
        return modern.contains { kind.utf8.starts(with: $0.utf8) } ? .ansi256 : .ansi16
    }
}

extension String {
    /// Whether the bytes of `part` stand somewhere in the text.
    ///
    /// At the start of every command: the standard library's `contains` takes a fifth of a millisecond there.
    fileprivate func holds(_ part: String) -> Bool {
        utf8.indices.contains { utf8[$0...].starts(with: part.utf8) }
    }
}
