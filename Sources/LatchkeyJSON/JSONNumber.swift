// JSONNumber.swift: the grammar of numbers (RFC 8259 section 6) and whole numbers out of their text.

enum JSONNumber {
    /// Returns where the number that begins at `start` ends, or nil and the offending place if none stands there.
    static func end(in bytes: Span<UInt8>, from start: Int) -> (end: Int, valid: Bool) {
        var at = start
        if at < bytes.count, bytes[at] == UInt8(ascii: "-") { at += 1 }
        guard at < bytes.count, isDigit(bytes[at]) else { return (at, false) }
        if bytes[at] == UInt8(ascii: "0") {
            at += 1
            // A leading zero: `01` is no number, `0` is.
            if at < bytes.count, isDigit(bytes[at]) { return (at, false) }
        } else {
            at = digits(in: bytes, from: at)
        }
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
            let end = digits(in: bytes, from: at + 1)
            guard end > at + 1 else { return (end, false) }
            at = end
        }
        if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
            let end = digits(in: bytes, from: at)
            guard end > at else { return (end, false) }
            at = end
        }
        return (at, true)
    }

    /// Tells whether a text is exactly one number.
    static func isNumber(_ text: String) -> Bool {
        let bytes = text.utf8.span
        let (end, valid) = end(in: bytes, from: 0)
        return valid && end == bytes.count
    }

    /// Reads a whole number: digits with at most a minus before them, nothing else, within the type's range.
    static func integer<Integer: FixedWidthInteger>(_ text: String, as type: Integer.Type) -> Integer? {
        var value: Integer = 0
        var negative = false
        var count = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "-"), count == 0, !negative {
                negative = true
                continue
            }
            guard isDigit(byte), let digit = Integer(exactly: byte &- UInt8(ascii: "0")) else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            // Towards the sign's own end, so that the least number of the type can be read.
            let (next, more) =
                negative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
            if overflow || more { return nil }
            value = next
            count += 1
        }
        return count > 0 ? value : nil
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    private static func digits(in bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        return at
    }
}
