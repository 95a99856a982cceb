// ScreenText.swift: how many columns a text takes on a terminal, and texts made as wide as they should be.

/// The width of text on a terminal.
enum ScreenText {
    /// How many columns a text takes.
    static func columns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns($1) } }

    /// `text` in exactly that many columns: filled up with blanks, or cut with a mark at its end.
    static func fitted(_ text: String, _ width: Int) -> String {
        let own = columns(text)
        if own <= width { return text + String(repeating: " ", count: width - own) }
        let kept = cut(text, max(0, width - 1))
        return kept + (width > 0 ? "~" : "") + String(repeating: " ", count: max(0, width - 1 - columns(kept)))
    }

    /// As much of the beginning of `text` as that many columns hold.
    static func cut(_ text: String, _ width: Int) -> String {
        var kept = String.UnicodeScalarView()
        var own = 0
        for scalar in text.unicodeScalars {
            own += columns(scalar)
            if own > width { break }
            kept.append(scalar)
        }
        return String(kept)
    }

    private static func columns(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case 0x20...0x7E: return 1
        // What Unicode's annex 11 calls wide, in the ranges that fonts have.
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
            0x20000...0x3FFFD:
            return 2
        default: break
        }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return 1
        }
    }
}
