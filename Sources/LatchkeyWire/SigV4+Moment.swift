// SigV4+Moment.swift: the moment of a signature, in the two spellings that a request may have and the one that is signed.

extension SigV4 {
    /// A second between 1970 and 9999, as it stands in a string to sign: `20150830T123600Z`.
    struct Moment: Sendable, Equatable {
        /// Seconds since 1970.
        let seconds: Int64
        /// ISO 8601 in its basic format.
        let text: String

        /// The last second of the year 9999.
        static let last: Int64 = 253_402_300_799

        /// The day, `20150830`.
        var day: Substring { text.prefix(8) }

        /// Takes seconds since 1970; what lies outside is moved to the nearest end.
        init(_ seconds: Int64) {
            let seconds = min(max(seconds, 0), Self.last)
            self.seconds = seconds
            let (year, month, day) = Self.date(ofDay: seconds / 86_400)
            let rest = seconds % 86_400
            var digits: [UInt8] = []
            digits.reserveCapacity(16)
            func put(_ number: Int64, _ divisors: Int64...) {
                for divisor in divisors {
                    digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
                }
            }
            put(year, 1000, 100, 10, 1)
            put(month, 10, 1)
            put(day, 10, 1)
            digits.append(UInt8(ascii: "T"))
            put(rest / 3600, 10, 1)
            put(rest / 60 % 60, 10, 1)
            put(rest % 60, 10, 1)
            digits.append(UInt8(ascii: "Z"))
            text = String(decoding: digits, as: UTF8.self)
        }

        /// Reads `20150830T123600Z`, to the letter.
        init?(basic text: [UInt8]) {
            guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z"),
                let year = Self.number(text[0..<4]), let month = Self.number(text[4..<6]),
                let day = Self.number(text[6..<8]), let hour = Self.number(text[9..<11]),
                let minute = Self.number(text[11..<13]), let second = Self.number(text[13..<15])
            else { return nil }
            self.init(year, month, day, hour, minute, second)
        }

        /// Reads `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 1123); Greenwich may also be `UTC`, `+0000` or `-0000`.
        init?(internet text: [UInt8]) {
            guard text.count == 29 || text.count == 31, text[3] == UInt8(ascii: ","),
                [4, 7, 11, 16, 25].allSatisfy({ text[$0] == UInt8(ascii: " ") }),
                text[19] == UInt8(ascii: ":"), text[22] == UInt8(ascii: ":"),
                ["GMT", "UTC", "+0000", "-0000"].contains(where: { text[26...].elementsEqual($0.utf8) }),
                let month = Self.months.firstIndex(where: { text[8..<11].elementsEqual($0.utf8) }),
                let day = Self.number(text[5..<7]), let year = Self.number(text[12..<16]),
                let hour = Self.number(text[17..<19]), let minute = Self.number(text[20..<22]),
                let second = Self.number(text[23..<25])
            else { return nil }
            self.init(year, Int64(month) + 1, day, hour, minute, second)
            // 1970 began on a Thursday.
            let weekday = Self.weekdays[Int((seconds / 86_400 + 4) % 7)]
            guard text[0..<3].elementsEqual(weekday.utf8) else { return nil }
        }

        /// Takes a date and a time of day that exist.
        private init?(_ year: Int64, _ month: Int64, _ day: Int64, _ hour: Int64, _ minute: Int64, _ second: Int64) {
            guard year >= 1970, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60 else {
                return nil
            }
            let number = Self.dayNumber(year, month, day)
            // Only a day that exists comes back as itself.
            guard Self.date(ofDay: number) == (year, month, day) else { return nil }
            self.init(number * 86_400 + hour * 3600 + minute * 60 + second)
        }

        private static let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

        /// The number that a few digits, and nothing else, stand for.
        private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
            var number: Int64 = 0
            for digit in digits {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                number = number * 10 + Int64(digit - UInt8(ascii: "0"))
            }
            return number
        }

        /// Days from 1970-01-01 to a date of the Gregorian calendar; years begin in March, so that leap days end them.
        private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
            let marchYear = month > 2 ? year : year - 1
            let marchMonth = (month + 9) % 12
            let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
            // 719 468 days lie between the first of March of the year 0 and 1970.
            return 365 * marchYear + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - 719_468
        }

        /// The date of a day since 1970-01-01.
        private static func date(ofDay number: Int64) -> (year: Int64, month: Int64, day: Int64) {
            let days = number + 719_468
            let dayOfEra = days % 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let marchMonth = (5 * dayOfYear + 2) / 153
            let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
            let year = days / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0)
            return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
        }
    }
}
