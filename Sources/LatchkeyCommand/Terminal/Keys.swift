// Keys.swift: single keys from a held terminal.

/// A key that a person pressed.
enum Key: Sendable, Equatable {
    case character(Unicode.Scalar)
    case enter, backspace, escape
    /// Ctrl-U: take the line back.
    case clear
    /// Ctrl-C.
    case interrupt
    /// Ctrl-D.
    case end
    /// Ctrl-Z.
    case suspend
    case up, down, pageUp, pageDown, first, last
    /// Another function key, or bytes that are no key.
    case other
}

extension HeldTerminal {
    /// Reads one key of a terminal in `.keys` mode.
    ///
    /// - Parameter milliseconds: How long to wait; -1 is for ever.
    /// - Returns: The key; nil when the time is over or the window changed its size.
    /// - Throws: `Interrupted` on a signal, `Failure` when the terminal is gone.
    borrowing func key(within milliseconds: Int32 = -1) throws -> Key? {
        guard let first = try byte(within: milliseconds) else { return nil }
        switch first {
        case 0x03: return .interrupt
        case 0x04: return .end
        case 0x08, 0x7F: return .backspace
        case 0x0A, 0x0D: return .enter
        case 0x15: return .clear
        case 0x1A: return .suspend
        case 0x1B: return try escapeSequence()
        case 0x20...0x7E: return .character(Unicode.Scalar(first))
        case 0xC2...0xF4: return try scalar(first)
        default: return .other
        }
    }

    /// Escape alone, or the rest of a sequence that a function key sends.
    private borrowing func escapeSequence() throws -> Key {
        guard let second = try byte(within: 25) else { return .escape }
        guard second == UInt8(ascii: "[") || second == UInt8(ascii: "O") else { return .other }
        var sequence: [UInt8] = []
        while let next = try byte(within: 25) {
            // Longer than any key's: the rest is no key either.
            if sequence.count < 16 { sequence.append(next) }
            if (0x40...0x7E).contains(next) { break }
        }
        return Self.keys[String(decoding: sequence, as: UTF8.self)] ?? .other
    }

    /// What xterm and those like it send behind `ESC [` and `ESC O`.
    private static let keys: [String: Key] = [
        "A": .up, "B": .down, "5~": .pageUp, "6~": .pageDown,
        "H": .first, "1~": .first, "7~": .first, "F": .last, "4~": .last, "8~": .last,
    ]

    /// A character of several bytes.
    private borrowing func scalar(_ first: UInt8) throws -> Key {
        var bytes = [first]
        let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        while bytes.count < count {
            guard let next = try byte(within: 100) else { return .other }
            bytes.append(next)
        }
        guard let scalar = String(validating: bytes, as: UTF8.self)?.unicodeScalars.first else { return .other }
        return .character(scalar)
    }
}
