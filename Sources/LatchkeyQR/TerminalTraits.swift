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
        /// Red, green and blue.
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
    /// How many colours it shows.
    public var colour: Colour
    /// Whether it knows no escape sequences (`TERM=dumb`, or no `TERM`).
    public var dumb: Bool
    /// Whether its user asked for no colours (`NO_COLOR`).
    public var noColor: Bool

    /// A terminal of the given traits.
    public init(
        columns: Int,
        rows: Int,
        isTerminal: Bool = true,
        utf8: Bool = true,
        colour: Colour = .ansi256,
        dumb: Bool = false,
        noColor: Bool = false
    ) {
        self.columns = columns
        self.rows = rows
        self.isTerminal = isTerminal
        self.utf8 = utf8
        self.colour = colour
        self.dumb = dumb
        self.noColor = noColor
    }
}
