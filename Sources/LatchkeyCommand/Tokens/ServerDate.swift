// ServerDate.swift: the `Date` of an HTTP answer, which tells the time to a second where no time server can be reached.
internal import LatchkeyOTP

/// The one field of an HTTP answer that matters here.
enum ServerDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// The question; any answer will do, and a HEAD is the shortest.
    static func question(host: String, path: String) -> [UInt8] {
        Array("HEAD \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\nUser-Agent: latchkey\r\n\r\n".utf8)
    }

    /// The time in the head of an answer, in seconds since 1970; nil while the head is not whole.
    ///
    /// - Throws: `ClockFault` for what is no HTTP, or has no date.
    static func time(in answer: [UInt8]) throws(ClockFault) -> Double? {
        let text = String(decoding: answer, as: UTF8.self)
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let end = lines.firstIndex(of: ""), end < lines.count - 1 else { return nil }
        guard lines[0].utf8.starts(with: "HTTP/1.".utf8) else { throw ClockFault(reason: "does not answer in HTTP") }
        for line in lines[1..<end] {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "date" else { continue }
            guard let time = parse(parts[1]) else { throw ClockFault(reason: "gives a date that cannot be read") }
            return time
        }
        throw ClockFault(reason: "does not say its date")
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
    static func parse(_ text: Substring) -> Double? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return nil
        }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = words[1].utf8.count == 1 ? "0\(words[1])" : String(words[1])
        return (try? UnixTime(iso8601: "\(words[3])-\(two(month + 1))-\(day)T\(words[4])Z"))
            .map { Double($0.seconds) }
    }
}
