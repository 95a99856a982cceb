// UnixTime.swift: a moment in whole seconds, and its ISO 8601 text.

/// A moment: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Every operation is total: what does not fit stays at the nearest moment that does.
public struct UnixTime: Hashable, Sendable {
    /// Seconds since 1970; negative before.
    public var seconds: Int64

    /// Makes the moment `seconds` after 1970.
    public init(_ seconds: Int64) {
        self.seconds = seconds
    }

    /// Reads a moment as RFC 3339 writes it, or as `@` and seconds since 1970.
    ///
    /// `2026-11-23T20:46:42Z`; a numeric offset such as `+01:00`, a blank or small `t` and `z` for the letters, and a
    /// fraction of a second, which is dropped, are taken too. A leap second `:60` is the first second after it.
    ///
    /// - Throws: `OTPError.malformedTime` for anything else, days that no calendar has included.
    public init(iso8601 text: String) throws(OTPError) {
        var reader = ASCIIReader(text)
        if reader.take("@") {
            let isNegative = reader.take("-")
            guard let magnitude = reader.number(), reader.isAtEnd else { throw .malformedTime }
            guard
                let seconds = isNegative
                    ? (magnitude == 1 << 63 ? Int64.min : Int64(exactly: magnitude).map { -$0 })
                    : Int64(exactly: magnitude)
            else { throw .malformedTime }
            self.init(seconds)
            return
        }
        guard let moment = Self.moment(&reader), reader.isAtEnd else { throw .malformedTime }
        self = moment
    }

    /// The moment `seconds` later, or earlier if negative; the last or first moment there is if it would lie beyond.
    public func adding(seconds: Int64) -> UnixTime {
        let (sum, overflow) = self.seconds.addingReportingOverflow(seconds)
        return UnixTime(overflow ? (seconds < 0 ? .min : .max) : sum)
    }

    /// The seconds from `earlier` to this moment, negative if it lies before; the greatest or least number if too many.
    public func seconds(since earlier: UnixTime) -> Int64 {
        let (difference, overflow) = seconds.subtractingReportingOverflow(earlier.seconds)
        return overflow ? (seconds < earlier.seconds ? .min : .max) : difference
    }
}

extension UnixTime: Comparable {
    /// Whether `left` comes first.
    public static func < (left: UnixTime, right: UnixTime) -> Bool {
        left.seconds < right.seconds
    }
}

extension UnixTime: CustomStringConvertible {
    /// The moment as `2026-11-23T20:46:42Z`; outside the years 0 to 9999, as `@` and seconds since 1970.
    public var description: String {
        let first: Int64 = -62_167_219_200
        let last: Int64 = 253_402_300_799
        guard (first...last).contains(seconds) else { return "@\(seconds)" }
        var day = seconds / 86_400
        var second = seconds % 86_400
        if second < 0 {
            day -= 1
            second += 86_400
        }
        let date = CivilDate(day: day)
        return String(unsafeUninitializedCapacity: 20) { text in
            func write(_ value: Int64, _ count: Int, at position: Int, then mark: Unicode.Scalar) {
                var rest = value
                for index in stride(from: position + count - 1, through: position, by: -1) {
                    text[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                    rest /= 10
                }
                text[position + count] = UInt8(ascii: mark)
            }
            write(date.year, 4, at: 0, then: "-")
            write(date.month, 2, at: 5, then: "-")
            write(date.day, 2, at: 8, then: "T")
            write(second / 3600, 2, at: 11, then: ":")
            write(second / 60 % 60, 2, at: 14, then: ":")
            write(second % 60, 2, at: 17, then: "Z")
            return 20
        }
    }
}

extension UnixTime: Codable {
    /// Reads the moment from its text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(iso8601: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    /// Writes the moment as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension UnixTime {
    /// Reads date, time and offset; nil if they are no moment.
    private static func moment(_ reader: inout ASCIIReader) -> UnixTime? {
        guard
            let year = reader.digits(4), reader.take("-"),
            let month = reader.digits(2), reader.take("-"),
            let dayOfMonth = reader.digits(2),
            let date = CivilDate(year: year, month: month, day: dayOfMonth),
            reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.digits(2), hour < 24, reader.take(":"),
            let minute = reader.digits(2), minute < 60, reader.take(":"),
            let second = reader.digits(2), second < 60 || (second == 60 && minute == 59)
        else { return nil }
        if reader.take(".") {
            guard reader.skipDigits() > 0 else { return nil }
        }
        var offset: Int64 = 0
        if !reader.take("Z"), !reader.take("z") {
            let isWest = reader.take("-")
            guard
                isWest || reader.take("+"),
                let hours = reader.digits(2), hours < 24, reader.take(":"),
                let minutes = reader.digits(2), minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * (isWest ? -60 : 60)
        }
        return UnixTime(date.dayNumber * 86_400 + hour * 3600 + minute * 60 + second - offset)
    }
}

/// A day of the Gregorian calendar, carried back before it began.
private struct CivilDate {
    let year: Int64
    let month: Int64
    let day: Int64

    /// The day if the calendar has it.
    init?(year: Int64, month: Int64, day: Int64) {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: InlineArray<12, Int64> = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), day >= 1, day <= lengths[Int(month) - 1] else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day `number` days after 1970-01-01.
    ///
    /// Years are counted from the first of March, so that the leap day is the last of its year, in cycles of 400 years
    /// (146,097 days) that begin with the year 0.
    init(day number: Int64) {
        let sinceMarchZero = number + 719_468
        let cycle = (sinceMarchZero >= 0 ? sinceMarchZero : sinceMarchZero - 146_096) / 146_097
        let dayOfCycle = sinceMarchZero - cycle * 146_097
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01.
    var dayNumber: Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let cycle = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfCycle = marchYear - cycle * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * 146_097 + dayOfCycle - 719_468
    }
}
