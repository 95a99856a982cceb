// TerminalChoice.swift: which style a terminal gets, or why it gets none.

extension TerminalStyle {
    /// What a terminal gets.
    public enum Choice: Hashable, Sendable {
        /// The code, drawn so.
        case style(TerminalStyle)
        /// No code, for this reason: one sentence that says what to do instead.
        case unfit(reason: String)
    }

    /// Chooses the style for `code` on a terminal, beside or above other text.
    ///
    /// - Parameters:
    ///   - code: The code to draw.
    ///   - traits: The terminal.
    ///   - rows: Lines to leave free; 1 is the line on which the cursor rests after the code.
    ///   - columns: Columns to leave free beside the code.
    public static func choose(
        for code: QRCode,
        on traits: TerminalTraits,
        reserving rows: Int = 1,
        columns: Int = 0
    ) -> Choice {
        guard traits.isTerminal else { return .unfit(reason: "standard output is not a terminal: use --png FILE") }
        guard !traits.dumb else { return .unfit(reason: "your terminal is dumb: use --png FILE") }
        guard !traits.noColor, traits.colour != .none else {
            return .unfit(reason: "no colours: use --png FILE, or --qr half to draw it anyway")
        }
        for quietZone in [QuietZone.standard, .narrow] {
            let style = TerminalStyle(traits.utf8 ? .half : .full, ink: traits.ink, quietZone: quietZone)
            if style.columns(for: code) + columns <= traits.columns, style.rows(for: code) + rows <= traits.rows {
                return .style(style)
            }
        }
        return .unfit(reason: "your terminal is \(traits.columns)x\(traits.rows): use --png FILE")
    }
}

extension TerminalTraits {
    var ink: TerminalStyle.Ink {
        switch colour {
        case .none: .plain
        case .ansi16: .ansi16
        case .ansi256: .ansi256
        case .truecolor: .truecolor
        }
    }
}
