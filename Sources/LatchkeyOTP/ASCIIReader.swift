// ASCIIReader.swift: short texts of a fixed grammar read byte by byte, without a trap for any input.

/// Walks over the bytes of a text; every step says whether it found what it looked for.
///
/// Numbers are digits 0 to 9 of ASCII and nothing else: no sign, no other script's digits.
struct ASCIIReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { position == bytes.count }

    /// The next byte, which is not consumed.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Consumes `text` if it comes next.
    mutating func take(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.count - position >= length else { return false }
        let found = text.withUTF8Buffer { $0.elementsEqual(bytes[position..<position + length]) }
        if found { position += length }
        return found
    }

    /// Consumes one byte.
    mutating func byte() -> UInt8? {
        guard let byte = next else { return nil }
        position += 1
        return byte
    }

    /// Consumes exactly `count` digits, at most 18.
    mutating func digits(_ count: Int) -> Int64? {
        guard bytes.count - position >= count, count <= 18 else { return nil }
        var value: Int64 = 0
        for byte in bytes[position..<position + count] {
            guard let digit = Self.digit(byte) else { return nil }
            value = value * 10 + Int64(digit)
        }
        position += count
        return value
    }

    /// Consumes all digits that come next, one at least, if they fit 64 bits.
    mutating func number() -> UInt64? {
        let start = position
        var value: UInt64 = 0
        while let byte = next, let digit = Self.digit(byte) {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !overflow else { return nil }
            value = sum
            position += 1
        }
        return position > start ? value : nil
    }

    /// Consumes the digits that come next, however many, and counts them.
    mutating func skipDigits() -> Int {
        let start = position
        while let byte = next, Self.digit(byte) != nil { position += 1 }
        return position - start
    }

    /// The value of an ASCII digit.
    static func digit(_ byte: UInt8) -> UInt8? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? value : nil
    }

    /// The number that the whole of `text`, digits only, stands for.
    static func number(_ text: String) -> UInt64? {
        var reader = ASCIIReader(text)
        guard let value = reader.number(), reader.isAtEnd else { return nil }
        return value
    }
}
