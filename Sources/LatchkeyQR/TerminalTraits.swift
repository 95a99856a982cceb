// TerminalTraits.swift: what is known of a terminal, as far as drawing a code depends on it.

/// What is known of a terminal, as far as drawing a code depends on it.
public struct TerminalTraits: Hashable, Sendable {
    /// How many colours a terminal shows.
    public enum Colour: String, Hashable, Sendable, CaseIterable {
        /// None but its own two.
        case none
        /// Sixteen, or eight.
        case ansi16
        /// xterm's 256.
        case ansi256
        /// Any mixture of red, green and blue.
        case truecolor
    }

    /// Its width in character cells.
    public var columns: Int
    /// Its height in lines.
    public var rows: Int
    /// Whether the output goes to a terminal at all.
    public var isTerminal: Bool
    /// Whether it is sent UTF-8.
    public var utf8: Bool
    /// How many colours it shows, whatever its user wants.
    public var colour: Colour
    /// Whether it knows no escape sequences (`TERM=dumb`, or no `TERM`).
    public var dumb: Bool
    /// Whether its user asked for no colours (`NO_COLOR`).
    public var noColor: Bool
    /// Whether its font has the half blocks; Linux's own console often has one without (all of Debian's Lat15 fonts).
    public var halfBlocks: Bool

    /// A terminal of the given traits.
    public init(
        columns: Int,
        rows: Int,
        isTerminal: Bool = true,
        utf8: Bool = true,
        colour: Colour = .ansi256,
        dumb: Bool = false,
        noColor: Bool = false,
        halfBlocks: Bool = true
    ) {
        self.columns = columns
        self.rows = rows
        self.isTerminal = isTerminal
        self.utf8 = utf8
        self.colour = colour
        self.dumb = dumb
        self.noColor = noColor
        self.halfBlocks = halfBlocks
    }

    /// A terminal as its environment tells of it.
    ///
    /// Reads `TERM`, `COLORTERM`, `NO_COLOR`, the locale (`LC_ALL`, `LC_CTYPE`, `LANG`) and, only where the terminal's
    /// driver does not know its size, `COLUMNS` and `LINES`.
    ///
    /// - Parameters:
    ///   - isTerminal: Whether the output goes to a terminal (`isatty`).
    ///   - columns: Its width by its driver (`TIOCGWINSZ`); 0 is unknown, then 80 without `COLUMNS`.
    ///   - rows: Its height by its driver; 0 is unknown, then 24 without `LINES`.
    ///   - variable: The value of an environment variable, or nil.
    public init(isTerminal: Bool, columns: Int, rows: Int, environment variable: (String) -> String?) {
        let term = variable("TERM") ?? ""
        self.init(
            columns: columns > 0 ? columns : Self.length(variable("COLUMNS")) ?? 80,
            rows: rows > 0 ? rows : Self.length(variable("LINES")) ?? 24,
            isTerminal: isTerminal,
            utf8: Self.usesUTF8(variable),
            colour: Self.colour(ofTerm: term, colorTerm: variable("COLORTERM") ?? ""),
            dumb: ["", "dumb", "unknown"].contains(term),
            noColor: variable("NO_COLOR").map { !$0.isEmpty } ?? false,
            halfBlocks: term != "linux" && !term.hasPrefix("linux-")
        )
    }
}

extension TerminalTraits {
    /// Whether the locale's character set is UTF-8, by POSIX's order of the variables.
    private static func usesUTF8(_ variable: (String) -> String?) -> Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let locale = variable(name), !locale.isEmpty else { continue }
            // language_TERRITORY.charset@modifier; macOS sends the charset alone over ssh.
            let bare = locale.utf8.prefix { $0 != UInt8(ascii: "@") }
            let charset = bare.lastIndex(of: UInt8(ascii: ".")).map { bare[bare.index(after: $0)...] } ?? bare
            let letters = charset.filter { $0 != UInt8(ascii: "-") }.map { $0 | 0x20 }
            return letters.elementsEqual("utf8".utf8.map { $0 | 0x20 })
        }
        return false
    }

    /// How many colours a terminal shows, by its name and by what it says of itself.
    private static func colour(ofTerm term: String, colorTerm: String) -> Colour {
        if colourless.contains(term) || term.hasSuffix("-m") || term.hasSuffix("-mono") { return .none }
        // GNU screen passes COLORTERM on from outside but reads a colour of five parts as five attributes.
        if ["truecolor", "24bit"].contains(colorTerm), !term.hasPrefix("screen") { return .truecolor }
        if term.hasSuffix("-direct") { return .truecolor }
        if term.hasSuffix("-256color") { return .ansi256 }
        // Many know the 256 colours under a name that promises fewer. They are worth it: a theme may turn the first
        // sixteen around, so that black is white, and leaves the others alone.
        let family = term.utf8.prefix { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ".") }
        return families256.contains(Substring(family)) ? .ansi256 : .ansi16
    }

    private static let colourless: Set<String> = [
        "", "dumb", "unknown", "network", "vt52", "vt100", "vt102", "vt220", "vt320", "vt420",
    ]

    private static let families256: Set<Substring> = [
        "alacritty", "contour", "foot", "ghostty", "gnome", "iterm", "iterm2", "kitty", "konsole", "mintty", "mlterm",
        "putty", "rxvt", "screen", "st", "tmux", "vte", "wezterm", "xterm",
    ]

    /// A size from the environment: one to four digits, not 0.
    private static func length(_ text: String?) -> Int? {
        guard let text, (1...4).contains(text.utf8.count) else { return nil }
        var number = 0
        for byte in text.utf8 {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number > 0 ? number : nil
    }
}
