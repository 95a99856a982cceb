// TerminalChoice.swift: which style a terminal gets, or why it gets none.

extension TerminalStyle {
    /// What a terminal gets.
    public enum Choice: Hashable, Sendable {
        /// The code, drawn so.
        case style(TerminalStyle)
        /// No code, for this reason: a sentence that says what to do instead.
        case unfit(reason: String)
    }

    /// Chooses the style in which `code` can be scanned from a terminal, when nobody asked for one.
    ///
    /// Half blocks where the terminal has them, else cells of two blanks; with a quiet zone of four modules if that
    /// fits, else of two. A code that would not scan is not drawn.
    ///
    /// With `NO_COLOR` nothing is drawn either: its user forbids colours that were not asked for, and a code in the
    /// terminal's own colours scans on one theme only. To ask for a shape is to ask for its black and white, so the
    /// reason names that way; see ``asked(_:for:on:reserving:columns:)``.
    ///
    /// - Parameters:
    ///   - code: The code to draw.
    ///   - traits: The terminal.
    ///   - rows: Lines to leave free; 1 is the line on which the cursor rests after the code.
    ///   - columns: Columns to leave free beside the code.
    /// - Returns: The style, or why there is none.
    public static func choose(
        for code: QRCode,
        on traits: TerminalTraits,
        reserving rows: Int = 1,
        columns: Int = 0
    ) -> Choice {
        if !traits.isTerminal {
            return .unfit(reason: "the output is not a terminal: use --png FILE, or --qr half to draw the code anyway")
        }
        if traits.dumb {
            return .unfit(reason: "your terminal is dumb and cannot draw a code that scans: use --png FILE")
        }
        if traits.colour == .none {
            return .unfit(
                reason: "your terminal has no colours, and without black and white the code scans on a dark one only: "
                    + "use --png FILE, or --qr half to draw it anyway"
            )
        }
        if traits.noColor {
            return .unfit(
                reason: "NO_COLOR is set, and without black and white the code scans on a dark terminal only: "
                    + "use --qr half to draw it in black and white, or --png FILE"
            )
        }
        let room = Room(traits, rows: rows, columns: columns)
        let shape: Shape = traits.utf8 && traits.halfBlocks ? .half : .full
        if let style = room.roomiest(shape, ink: traits.ink, for: code) { return .style(style) }
        var cure = "enlarge it, or use --png FILE"
        if !traits.utf8 {
            cure = "use a UTF-8 locale, enlarge it, or use --png FILE"
        } else if !traits.halfBlocks {
            cure = "use --png FILE, or try --qr half if its font has half blocks"
        }
        return .unfit(reason: room.shortage(TerminalStyle(shape), for: code) + ": " + cure)
    }

    /// Chooses the style for `code` when its shape was asked for.
    ///
    /// The code is drawn wherever it can be, in colours even with `NO_COLOR` (which by its own definition yields to
    /// what is asked for each time), into a pipe or file too.
    ///
    /// - Parameters:
    ///   - shape: The shape that was asked for.
    ///   - code: The code to draw.
    ///   - traits: The terminal.
    ///   - rows: As in ``choose(for:on:reserving:columns:)``.
    ///   - columns: As there.
    /// - Returns: The style, or why there is none, and why a drawn code may not scan.
    public static func asked(
        _ shape: Shape,
        for code: QRCode,
        on traits: TerminalTraits,
        reserving rows: Int = 1,
        columns: Int = 0
    ) -> (choice: Choice, warning: String?) {
        // Nothing is known of the terminal on which a file will be shown; all of today know the 256 colours.
        guard traits.isTerminal else { return (.style(TerminalStyle(shape)), nil) }
        let ink = traits.dumb ? .plain : traits.ink
        if shape == .full, ink == .plain, !traits.utf8 {
            return (.unfit(reason: "your terminal has neither colours nor UTF-8 to draw a code: use --png FILE"), nil)
        }
        let room = Room(traits, rows: rows, columns: columns)
        guard let style = room.roomiest(shape, ink: ink, for: code) else {
            let style = TerminalStyle(shape, ink: ink)
            return (.style(style), room.shortage(style, for: code) + ": enlarge it before you scan, or use --png FILE")
        }
        if shape == .half, !traits.utf8 {
            return (.style(style), "your locale is not UTF-8: if you see no blocks, use --qr full or --png FILE")
        }
        if shape == .half, !traits.halfBlocks {
            return (.style(style), "the console's font may lack half blocks: then use --qr full or --png FILE")
        }
        if ink == .plain {
            return (
                .style(style), "without black and white the code scans on a dark terminal only: else use --png FILE"
            )
        }
        return (.style(style), nil)
    }
}

/// The room that a terminal has for a code.
private struct Room {
    let traits: TerminalTraits
    let rows: Int
    let columns: Int

    init(_ traits: TerminalTraits, rows: Int, columns: Int) {
        self.traits = traits
        // No terminal is that large, and sums of clamped numbers do not overflow.
        self.rows = min(max(rows, 0), 100_000)
        self.columns = min(max(columns, 0), 100_000)
    }

    /// The style with the widest quiet zone that fits, if one does.
    func roomiest(_ shape: TerminalStyle.Shape, ink: TerminalStyle.Ink, for code: QRCode) -> TerminalStyle? {
        let zones: [TerminalStyle.QuietZone] = [.standard, .narrow]
        return zones.lazy.map { TerminalStyle(shape, ink: ink, quietZone: $0) }
            .first { style in
                style.columns(for: code) + columns <= traits.columns && style.rows(for: code) + rows <= traits.rows
            }
    }

    /// What is missing, as the first half of a sentence.
    func shortage(_ style: TerminalStyle, for code: QRCode) -> String {
        let subject = rows > 1 || columns > 0 ? "the code and its text need" : "the code needs"
        let needed = "\(style.columns(for: code) + columns)x\(style.rows(for: code) + rows)"
        return "your terminal is \(traits.columns)x\(traits.rows); \(subject) \(needed)"
    }
}

extension TerminalTraits {
    /// The ink for its colours.
    fileprivate var ink: TerminalStyle.Ink {
        switch colour {
        case .none: .plain
        case .ansi16: .ansi16
        case .ansi256: .ansi256
        case .truecolor: .truecolor
        }
    }
}
