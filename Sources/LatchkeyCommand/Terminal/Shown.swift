// Shown.swift: text from outside made harmless before a person sees it.

/// Makes text that somebody else wrote safe to print.
enum Shown {
    /// Returns `text` with every character that could move a cursor, end a line, or turn the direction of writing spelled out.
    ///
    /// C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, and characters without a shape become
    /// `\xNN` or `\u{NNNN}`.
    static func text(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ !isUnsafe($0) }) { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if !isUnsafe(scalar) {
                shown.unicodeScalars.append(scalar)
            } else if scalar == "\n" {
                shown += "\\n"
            } else if scalar == "\r" {
                shown += "\\r"
            } else if scalar == "\t" {
                shown += "\\t"
            } else if scalar.value < 0x80 {
                shown += (scalar.value < 16 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
            } else {
                shown += "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return shown
    }

    /// Returns JSON text with such characters, which can only stand inside its strings, as `\uNNNN`: the same value.
    static func json(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ $0 == "\n" || !isUnsafe($0) }) { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if scalar == "\n" || !isUnsafe(scalar) {
                shown.unicodeScalars.append(scalar)
            } else {
                for unit in UTF16.encode(scalar) ?? .init() {
                    let digits = String(unit, radix: 16)
                    shown += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                }
            }
        }
        return shown
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: false
        case 0...0x1F, 0x7F...0x9F: true
        // Soft hyphen, Arabic letter mark, zero width space, marks and embeddings of direction, separators of lines.
        case 0xAD, 0x61C, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2060...0x206F: true
        // Byte order mark, interlinear annotation, noncharacters, tags.
        case 0xFEFF, 0xFFF9...0xFFFB, 0xFFFE, 0xFFFF, 0xE0000...0xE007F: true
        default: false
        }
    }
}
