// Instant.swift: moments as policies write them: ISO 8601 in W3C's profile, or seconds since 1970.

/// A moment, to the nanosecond; finer fractions are cut.
struct Instant: Comparable, Sendable {
    let seconds: Int64
    let nanoseconds: Int32

    static func < (left: Instant, right: Instant) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    /// Reads a moment, four digits alone as a year; nil for anything else.
    init?(_ text: Span<UInt8>) {
        var reader = DigitReader(at: 0)
        let leading = reader.run(text)
        if leading != 4 || text.count > 4 && text[4] != UInt8(ascii: "-") {
            guard let seconds = Self.epoch(text) else { return nil }
            self.seconds = seconds
            nanoseconds = 0
            return
        }
        guard let year = reader.number(text, 4) else { return nil }
        var month: Int64 = 1
        var day: Int64 = 1
        var time: Int64 = 0
        var nanoseconds: Int32 = 0
        if reader.skip(text, UInt8(ascii: "-")) {
            guard let number = reader.number(text, 2), 1...12 ~= number else { return nil }
            month = number
            if reader.skip(text, UInt8(ascii: "-")) {
                guard let number = reader.number(text, 2), 1...Self.days(of: month, in: year) ~= number else {
                    return nil
                }
                day = number
                if reader.skip(text, UInt8(ascii: "T")) || reader.skip(text, UInt8(ascii: "t")) {
                    guard let read = Self.time(text, &reader, &nanoseconds) else { return nil }
                    time = read
                }
            }
        }
        guard reader.at == text.count else { return nil }
        seconds = Self.daysSince1970(year, month, day) * 86_400 + time
        self.nanoseconds = nanoseconds
    }

    private static func epoch(_ text: Span<UInt8>) -> Int64? {
        let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
        var reader = DigitReader(at: isNegative ? 1 : 0)
        let count = reader.run(text)
        guard count > 0, count <= 18, let value = reader.number(text, count), reader.at == text.count else {
            return nil
        }
        return isNegative ? -value : value
    }

    /// Reads hh:mm[:ss[.f]] and the zone, to seconds after the day's midnight in UTC.
    private static func time(
        _ text: Span<UInt8>,
        _ reader: inout DigitReader,
        _ nanoseconds: inout Int32
    ) -> Int64? {
        guard let hour = reader.number(text, 2), hour < 24, reader.skip(text, UInt8(ascii: ":")),
            let minute = reader.number(text, 2), minute < 60
        else { return nil }
        var second: Int64 = 0
        if reader.skip(text, UInt8(ascii: ":")) {
            guard let number = reader.number(text, 2), number < 60 else { return nil }
            second = number
            if reader.skip(text, UInt8(ascii: ".")) {
                let count = reader.run(text)
                guard count > 0, let fraction = reader.number(text, min(count, 9)) else { return nil }
                reader.at += count - min(count, 9)
                var scaled = Int32(truncatingIfNeeded: fraction)
                for _ in min(count, 9)..<9 { scaled *= 10 }
                nanoseconds = scaled
            }
        }
        let local = hour * 3600 + minute * 60 + second
        if reader.at == text.count || reader.skip(text, UInt8(ascii: "Z")) || reader.skip(text, UInt8(ascii: "z")) {
            return local
        }
        let isWest = reader.skip(text, UInt8(ascii: "-"))
        guard isWest || reader.skip(text, UInt8(ascii: "+")), let hours = reader.number(text, 2), hours < 24,
            reader.skip(text, UInt8(ascii: ":")), let minutes = reader.number(text, 2), minutes < 60
        else { return nil }
        let offset = hours * 3600 + minutes * 60
        return isWest ? local + offset : local - offset
    }

    private static func days(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days in the proleptic Gregorian calendar, counted in years that begin in March.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month > 2 ? year : year - 1
        // A year before 0 can only be the -1 that begins in March.
        let era = year >= 0 ? year / 400 : -1
        let ofEra = year - era * 400
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

/// Walks over a text of digits and signs.
private struct DigitReader {
    var at: Int

    /// How many digits stand here.
    func run(_ text: Span<UInt8>) -> Int {
        var end = at
        while end < text.count, text[end] &- UInt8(ascii: "0") < 10 { end += 1 }
        return end - at
    }

    /// Reads so many digits, at most 18.
    mutating func number(_ text: Span<UInt8>, _ count: Int) -> Int64? {
        guard run(text) >= count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            value = value * 10 + Int64(text[at] & 0x0F)
            at += 1
        }
        return value
    }

    mutating func skip(_ text: Span<UInt8>, _ byte: UInt8) -> Bool {
        guard at < text.count, text[at] == byte else { return false }
        at += 1
        return true
    }
}
