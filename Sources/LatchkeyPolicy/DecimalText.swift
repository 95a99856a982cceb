// DecimalText.swift: numbers as texts, compared exactly and without making anything: 10 is 10.0 is 1e1.

/// Where a number's digits stand in its text: 0.DIGITS times ten to the power of `scale`.
///
/// Read are an optional sign, digits (zeros in front are harmless), a fraction and an exponent.
struct DecimalText {
    private(set) var isNegative = false
    /// The first digit that is not zero, and the place after the last such digit; equal for zero.
    private var first = 0
    private var last = 0
    private(set) var scale = 0

    private static let largestExponent = 1_000_000_000

    /// Finds the digits; nil if the text is no number.
    init?(_ text: Span<UInt8>) {
        var at = 0
        if at < text.count, text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+") {
            isNegative = text[at] == UInt8(ascii: "-")
            at += 1
        }
        let start = at
        at = Self.digits(text, from: at)
        guard at > start else { return nil }
        let point = at
        if at < text.count, text[at] == UInt8(ascii: ".") {
            let end = Self.digits(text, from: at + 1)
            guard end > at + 1 else { return nil }
            at = end
        }
        let end = at
        var exponent = 0
        if at < text.count, text[at] | 0x20 == UInt8(ascii: "e") {
            guard let read = Self.exponent(text, from: at + 1) else { return nil }
            exponent = read
        } else if at < text.count {
            return nil
        }
        first = start
        while first < end, text[first] == UInt8(ascii: "0") || text[first] == UInt8(ascii: ".") { first += 1 }
        last = end
        while last > first, text[last - 1] == UInt8(ascii: "0") || text[last - 1] == UInt8(ascii: ".") { last -= 1 }
        if first == last { isNegative = false } else { scale = point - first + (first > point ? 1 : 0) + exponent }
    }

    private static func digits(_ text: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while at < text.count, text[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at
    }

    /// Reads the exponent that ends the text.
    private static func exponent(_ text: Span<UInt8>, from start: Int) -> Int? {
        var at = start
        let hasSign = at < text.count && (text[at] == UInt8(ascii: "-") || text[at] == UInt8(ascii: "+"))
        if hasSign { at += 1 }
        guard at < text.count, digits(text, from: at) == text.count else { return nil }
        var value = 0
        while at < text.count {
            value = value * 10 + Int(text[at] & 0x0F)
            if value > largestExponent { return nil }
            at += 1
        }
        return hasSign && text[start] == UInt8(ascii: "-") ? -value : value
    }

    /// Compares two numbers with the texts that they were found in: below zero, zero or above it.
    static func compare(
        _ left: DecimalText,
        _ leftText: Span<UInt8>,
        _ right: DecimalText,
        _ rightText: Span<UInt8>
    ) -> Int {
        let leftSign = left.first == left.last ? 0 : left.isNegative ? -1 : 1
        let rightSign = right.first == right.last ? 0 : right.isNegative ? -1 : 1
        if leftSign != rightSign || leftSign == 0 { return leftSign - rightSign }
        if left.scale != right.scale { return left.scale < right.scale ? -leftSign : leftSign }
        var i = left.first
        var j = right.first
        while true {
            if i < left.last, leftText[i] == UInt8(ascii: ".") { i += 1 }
            if j < right.last, rightText[j] == UInt8(ascii: ".") { j += 1 }
            if i >= left.last || j >= right.last { break }
            if leftText[i] != rightText[j] { return leftText[i] < rightText[j] ? -leftSign : leftSign }
            i += 1
            j += 1
        }
        // Neither ends in a zero: the one that goes on is further from zero.
        if i < left.last { return leftSign }
        return j < right.last ? -leftSign : 0
    }
}
