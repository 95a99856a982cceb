// Check.swift: numbers and moments that people write, read from ASCII by hand.
internal import LatchkeyOTP

/// Reads what stands behind an option, or says what should stand there.
enum Check {
    /// Refuses a value that does not fit its option.
    static func value(_ value: String, of option: Option) throws(Failure) {
        switch option.kind {
        case .flag, .text: break
        case .file:
            if value.isEmpty { throw .misused("`--\(option.name)` needs a file's path, not an empty word") }
            if value.utf8.contains(0) { throw .misused("`--\(option.name)` needs a path without a NUL in it") }
        case .integer(let range):
            guard let number = integer(value), range.contains(number) else {
                let end = range.upperBound == .max ? "or more" : "to \(range.upperBound)"
                let bounds = range.lowerBound == .min ? "" : ", \(range.lowerBound) \(end)"
                throw .misused("`--\(option.name)` is a whole number\(bounds), not `\(shown(value, option))`")
            }
        case .counter:
            guard natural(value) != nil else {
                throw .misused(
                    "`--\(option.name)` is a whole number, 0 to \(UInt64.max), not `\(shown(value, option))`"
                )
            }
        case .moment:
            guard moment(value) != nil else {
                let form = "seconds since 1970 or a time such as 2026-11-23T20:46:42Z"
                throw .misused("`--\(option.name)` is \(form), not `\(shown(value, option))`")
            }
        case .choice(let words):
            if !words.contains(value) {
                let nearest = Suggestion.nearest(to: value, among: words).map { "did you mean `\($0)`?" }
                let all = "it is one of \(words.joined(separator: ", "))"
                throw .misused("`--\(option.name)` cannot be `\(shown(value, option))`; \(nearest ?? all)")
            }
        }
    }

    /// Reads seconds since 1970 or an ISO 8601 moment.
    static func moment(_ text: String) -> UnixTime? {
        if let seconds = integer(text) { return UnixTime(seconds) }
        return try? UnixTime(iso8601: text)
    }

    /// Reads an optional minus sign and ASCII digits; nil for anything else or what does not fit.
    static func integer(_ text: String) -> Int64? {
        var bytes = Array(text.utf8)
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        guard let size = natural(bytes) else { return nil }
        if isNegative { return size <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- size) : nil }
        return Int64(exactly: size)
    }

    /// Reads ASCII digits; nil for anything else or what does not fit into 64 bits.
    static func natural(_ text: String) -> UInt64? { natural(Array(text.utf8)) }

    private static func natural(_ bytes: [UInt8]) -> UInt64? {
        guard !bytes.isEmpty, bytes.count <= 64 else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tenfold.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            if tooLarge || overflows { return nil }
            value = sum
        }
        return value
    }

    /// A value as an error may repeat it: short, and not at all where it could be a secret.
    private static func shown(_ value: String, _ option: Option) -> String {
        if option.isSecret { return "…" }
        if value.unicodeScalars.count <= 60 { return value }
        return String(value.unicodeScalars.prefix(60).map(Character.init)) + "…"
    }
}
