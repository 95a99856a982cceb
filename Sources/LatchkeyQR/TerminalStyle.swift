// TerminalStyle.swift: how a code is drawn in a terminal, and how much room that takes.

/// How a code is drawn in a terminal.
///
/// Every style draws the light modules and the light quiet zone around them as white on black. Fonts leave hair-line
/// gaps between block characters: a black gap in white is harmless to a scanner, a white crack in black is not. Except
/// in `Ink.plain`, both colours are set on every line, so that the terminal's theme does not matter.
public struct TerminalStyle: Hashable, Sendable {
    /// What one module is made of.
    public enum Shape: String, Hashable, Sendable, CaseIterable {
        /// Half a character: two modules above each other in one cell, from U+2580, U+2584, U+2588 and space.
        case half
        /// Two spaces beside each other, told apart by their background alone: needs colours, but no Unicode. In plain
        /// ink, U+2588 twice for a light module.
        case full
    }

    /// How black and white are asked for.
    public enum Ink: String, Hashable, Sendable, CaseIterable {
        /// Not at all, without any escape sequence: the terminal's own colours. Scans only if those are light on dark.
        case plain
        /// The sixteen colours of ECMA-48 and aixterm, which a theme may have moved away from pure black and white.
        case ansi16
        /// xterm's fixed palette: 16 is black and 231 is white in every theme.
        case ansi256
        /// Red, green and blue.
        case truecolor
    }

    /// What one module is made of.
    public var shape: Shape
    /// How black and white are asked for.
    public var ink: Ink
    /// How many light modules surround the code: 4 by the standard; 2 is the least that is drawn.
    public var quietZone: QuietZone

    /// How many light modules surround the code.
    public enum QuietZone: Int, Hashable, Sendable, CaseIterable {
        /// Four, as the standard wants (ISO/IEC 18004, 6.3.8).
        case standard = 4
        /// Two, which readers still find; for terminals that are a little too small.
        case narrow = 2
    }

    /// A style of the given parts.
    public init(_ shape: Shape, ink: Ink = .ansi256, quietZone: QuietZone = .standard) {
        self.shape = shape
        self.ink = ink
        self.quietZone = quietZone
    }

    /// Half blocks in xterm's fixed palette.
    public static let half = TerminalStyle(.half)
    /// Cells of two spaces in xterm's fixed palette.
    public static let full = TerminalStyle(.full)
}

extension TerminalStyle {
    /// How many columns `code` takes.
    public func columns(for code: QRCode) -> Int {
        let modules = code.size + 2 * quietZone.rawValue
        return shape == .half ? modules : 2 * modules
    }

    /// How many lines `code` takes.
    public func rows(for code: QRCode) -> Int {
        let modules = code.size + 2 * quietZone.rawValue
        return shape == .half ? (modules + 1) / 2 : modules
    }
}

extension QRCode {
    /// The code as lines of text, all of the same width, without line feeds.
    ///
    /// Each line sets what it needs and resets it at its end, so lines may be placed anywhere and text may follow them.
    /// The lines hold the code's secret; wipe the screen after use.
    public func terminal(_ style: TerminalStyle) -> [String] {
        switch style.shape {
        case .half: halfBlocks(style)
        case .full: cells(style)
        }
    }

    private func halfBlocks(_ style: TerminalStyle) -> [String] {
        let quiet = style.quietZone.rawValue
        // The number of modules is odd: the last line's lower half lies outside and widens the quiet zone.
        return stride(from: -quiet, to: size + quiet, by: 2)
            .map { y in
                var line = style.ink.whiteOnBlack
                for x in -quiet..<size + quiet {
                    switch (self[x, y], self[x, y + 1]) {
                    case (false, false): line += "\u{2588}"
                    case (false, true): line += "\u{2580}"
                    case (true, false): line += "\u{2584}"
                    case (true, true): line += " "
                    }
                }
                return line + style.ink.reset
            }
    }

    private func cells(_ style: TerminalStyle) -> [String] {
        let quiet = style.quietZone.rawValue
        let light = style.ink == .plain ? "\u{2588}\u{2588}" : "  "
        return (-quiet..<size + quiet)
            .map { y in
                var line = ""
                var before: Bool?
                for x in -quiet..<size + quiet {
                    let dark = self[x, y]
                    if dark != before { line += dark ? style.ink.whiteOnBlack : style.ink.blackOnWhite }
                    before = dark
                    line += dark ? "  " : light
                }
                return line + style.ink.reset
            }
    }
}

extension TerminalStyle.Ink {
    // Each sequence begins with 0: an attribute that was left on, such as reverse, would turn the code inside out.

    /// The sequence after which characters are white on black.
    fileprivate var whiteOnBlack: String {
        switch self {
        case .plain: ""
        // 37 before 97: a terminal of eight colours takes the first and ignores the second.
        case .ansi16: "\u{1B}[0;37;97;40m"
        case .ansi256: "\u{1B}[0;38;5;231;48;5;16m"
        case .truecolor: "\u{1B}[0;38;2;255;255;255;48;2;0;0;0m"
        }
    }

    /// The sequence after which blanks are white.
    fileprivate var blackOnWhite: String {
        switch self {
        case .plain: ""
        case .ansi16: "\u{1B}[0;30;47;107m"
        case .ansi256: "\u{1B}[0;38;5;16;48;5;231m"
        case .truecolor: "\u{1B}[0;38;2;0;0;0;48;2;255;255;255m"
        }
    }

    /// The sequence that ends a line.
    fileprivate var reset: String { self == .plain ? "" : "\u{1B}[0m" }
}
