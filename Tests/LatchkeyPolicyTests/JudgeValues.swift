// JudgeValues.swift: numbers, dates, addresses and bytes for the judge, each read in the plainest way.

/// A decimal as written: its digits without zeros around them, and where its point stands.
struct PlainDecimal: Equatable {
    var isNegative = false
    /// The digits from the first to the last that is not zero; none of zero.
    var digits: [Int] = []
    /// How many digits stand before the point; negative if zeros follow it first.
    var point = 0

    init?(_ text: String) {
        var rest = Array(text.unicodeScalars)
        if let sign = rest.first, sign == "+" || sign == "-" {
            isNegative = sign == "-"
            rest.removeFirst()
        }
        var exponent = 0
        if let e = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            var tail = String(String.UnicodeScalarView(rest[(e + 1)...]))
            if tail.hasPrefix("+") { tail.removeFirst() }
            guard let power = Int(tail), !tail.hasPrefix("+") else { return nil }
            exponent = power
            rest = Array(rest[..<e])
        }
        let halves = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy { "0"..."9" ~= $0 } }) else {
            return nil
        }
        digits = halves.joined().map { Int($0.value) - 48 }
        point = halves[0].count + exponent
        while digits.first == 0 {
            digits.removeFirst()
            point -= 1
        }
        while digits.last == 0 { digits.removeLast() }
        if digits.isEmpty {
            isNegative = false
            point = 0
        }
    }

    /// -1, 0 or 1.
    static func compare(_ left: PlainDecimal, _ right: PlainDecimal) -> Int {
        if left.isNegative != right.isNegative { return left.isNegative ? -1 : 1 }
        let order = magnitude(left, right)
        return left.isNegative ? -order : order
    }

    private static func magnitude(_ left: PlainDecimal, _ right: PlainDecimal) -> Int {
        if left.digits.isEmpty || right.digits.isEmpty {
            return left.digits.isEmpty ? (right.digits.isEmpty ? 0 : -1) : 1
        }
        if left.point != right.point { return left.point < right.point ? -1 : 1 }
        for place in 0..<max(left.digits.count, right.digits.count) {
            let one = place < left.digits.count ? left.digits[place] : 0
            let other = place < right.digits.count ? right.digits[place] : 0
            if one != other { return one < other ? -1 : 1 }
        }
        return 0
    }
}

/// An instant: seconds since 1970 as a decimal.
enum PlainDate {
    static func read(_ text: String) -> PlainDecimal? {
        let letters = Array(text.unicodeScalars)
        // Of seconds a sign and 18 digits are read: the specification leaves both open.
        let digits = letters.first == "-" ? letters.dropFirst() : letters[...]
        let isDigits = digits.allSatisfy { "0"..."9" ~= $0 }
        if isDigits, letters.count != 4 || digits.count == 3 {
            return 1...18 ~= digits.count ? PlainDecimal(text) : nil
        }
        var at = 0
        func number(_ count: Int) -> Int? {
            guard at + count <= letters.count else { return nil }
            let piece = letters[at..<at + count]
            guard piece.allSatisfy({ "0"..."9" ~= $0 }) else { return nil }
            at += count
            return piece.reduce(0) { $0 * 10 + Int($1.value) - 48 }
        }
        func take(_ wanted: Unicode.Scalar...) -> Bool {
            guard at < letters.count, wanted.contains(letters[at]) else { return false }
            at += 1
            return true
        }
        guard let year = number(4) else { return nil }
        var (month, day, hour, minute, second, offset) = (1, 1, 0, 0, 0, 0)
        var fraction = ""
        if take("-") {
            guard let value = number(2), 1...12 ~= value else { return nil }
            month = value
            if take("-") {
                guard let value = number(2), value >= 1, value <= days(month, of: year) else { return nil }
                day = value
                if take("T", "t") {
                    guard let h = number(2), h < 24, take(":"), let m = number(2), m < 60 else { return nil }
                    (hour, minute) = (h, m)
                    if take(":") {
                        guard let s = number(2), s < 60 else { return nil }
                        second = s
                        if take(".") {
                            while let digit = number(1) { fraction += "\(digit)" }
                            if fraction.isEmpty { return nil }
                        }
                    }
                    if at < letters.count, !take("Z", "z") {
                        let isWest = letters[at] == "-"
                        guard take("+", "-"), let h = number(2), h < 24, take(":"), let m = number(2), m < 60 else {
                            return nil
                        }
                        offset = (h * 60 + m) * (isWest ? -60 : 60)
                    }
                }
            }
        }
        guard at == letters.count else { return nil }
        var total = 0
        for past in min(year, 1970)..<max(year, 1970) { total += year < 1970 ? -length(past) : length(past) }
        for past in 1..<month { total += days(past, of: year) }
        let seconds = (total + day - 1) * 86400 + hour * 3600 + minute * 60 + second - offset
        if seconds < 0, !fraction.isEmpty {
            // Behind the point of a negative number it would count backwards; the cases have no such dates.
            return nil
        }
        return PlainDecimal(fraction.isEmpty ? "\(seconds)" : "\(seconds).\(fraction)")
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    private static func length(_ year: Int) -> Int { isLeap(year) ? 366 : 365 }
    private static func days(_ month: Int, of year: Int) -> Int {
        [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }
}

/// An address or block, bit by bit.
struct PlainNetwork {
    /// 32 or 128 of them.
    let bits: [Bool]
    /// How many of them count.
    let prefix: Int

    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2, var bits = Self.address(halves[0]) else { return nil }
        var prefix = bits.count
        if halves.count == 2 {
            guard let length = Int(halves[1]), halves[1].utf8.allSatisfy({ 48...57 ~= $0 }), length <= prefix else {
                return nil
            }
            prefix = length
        }
        // ::ffff:a.b.c.d stands for a.b.c.d.
        if bits.count == 128, prefix >= 96, !bits[..<80].contains(true), !bits[80..<96].contains(false) {
            bits.removeFirst(96)
            prefix -= 96
        }
        self.bits = bits
        self.prefix = prefix
    }

    func holds(_ other: PlainNetwork) -> Bool {
        bits.count == other.bits.count && bits[..<prefix] == other.bits[..<prefix]
    }

    private static func address(_ text: String) -> [Bool]? {
        if !text.contains(":") { return four(text) }
        var sides = [text]
        if let gap = text.range(of: "::") {
            sides = [String(text[..<gap.lowerBound]), String(text[gap.upperBound...])]
            if sides[1].contains("::") { return nil }
        }
        var bits: [[Bool]] = []
        for (number, side) in sides.enumerated() {
            var here: [Bool] = []
            let groups =
                side.isEmpty ? [] : side.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            for (place, group) in groups.enumerated() {
                if group.contains(".") {
                    guard number == sides.count - 1, place == groups.count - 1, let last = four(group) else {
                        return nil
                    }
                    here += last
                } else {
                    guard 1...4 ~= group.utf8.count,
                        group.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                        let value = UInt16(group, radix: 16)
                    else { return nil }
                    here += (0..<16).map { value >> (15 - $0) & 1 == 1 }
                }
            }
            bits.append(here)
        }
        let count = bits.reduce(0) { $0 + $1.count }
        if bits.count == 1 { return count == 128 ? bits[0] : nil }
        guard count <= 112 else { return nil }
        return bits[0] + [Bool](repeating: false, count: 128 - count) + bits[1]
    }

    private static func four(_ text: String) -> [Bool]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: [Bool] = []
        for part in parts {
            guard part.utf8.allSatisfy({ 48...57 ~= $0 }), let value = UInt8(part), "\(value)" == part else {
                return nil
            }
            bits += (0..<8).map { value >> (7 - $0) & 1 == 1 }
        }
        return bits
    }
}

extension String {
    /// Where a shorter text first stands in this one.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(other) { return start..<index(start, offsetBy: other.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// The bytes of a text in base64 with its padding.
func plainBase64(_ text: String) -> [UInt8]? {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var letters = Array(text.utf8)
    guard letters.count % 4 == 0 else { return nil }
    for _ in 0..<2 where letters.last == UInt8(ascii: "=") { letters.removeLast() }
    var bits: [Int] = []
    for letter in letters {
        guard let value = alphabet.firstIndex(of: letter) else { return nil }
        bits += (0..<6).map { value >> (5 - $0) & 1 }
    }
    return (0..<bits.count / 8).map { byte in UInt8(bits[byte * 8..<byte * 8 + 8].reduce(0) { $0 * 2 + $1 }) }
}
