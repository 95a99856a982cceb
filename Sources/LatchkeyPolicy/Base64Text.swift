// Base64Text.swift: base64 (RFC 4648 section 4) compared by the bytes it stands for, without decoding into memory.

enum Base64Text {
    /// Whether a text is base64: whole groups of four, padded, nothing else.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        guard text.count % 4 == 0 else { return false }
        let count = length(text)
        guard text.count - count <= 2 else { return false }
        for index in 0..<count where value(text[index]) == nil { return false }
        return true
    }

    /// Whether two texts stand for the same bytes; false if one is not base64.
    static func equal(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count, isValid(left), isValid(right) else { return false }
        let count = length(left)
        guard count == length(right) else { return false }
        for index in 0..<count {
            guard let a = value(left[index]), let b = value(right[index]) else { return false }
            // Of the last digit before the padding only the upper bits are data.
            let unused = index == count - 1 ? UInt8((left.count - count) * 2) : 0
            if (a ^ b) >> unused != 0 { return false }
        }
        return true
    }

    /// How many digits come before the padding.
    private static func length(_ text: Span<UInt8>) -> Int {
        var count = text.count
        while count > 0, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        return count
    }

    private static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
