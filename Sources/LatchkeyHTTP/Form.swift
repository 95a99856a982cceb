// Form.swift: the fields of a Query form (application/x-www-form-urlencoded), each name once.

/// The fields of one form, decoded once; a name that comes twice is refused, so that nobody can read another value than
/// the one that was checked.
public struct Form: Sendable {
    /// Why bytes are not a form.
    public enum Fault: Error, Equatable, Sendable {
        /// A percent sign without two hexadecimal digits after it.
        case malformedEscape
        /// Bytes that are not UTF-8 once decoded.
        case notUTF8
        /// A field without a name.
        case emptyName
        /// A name that comes twice; the name.
        case repeated(String)
        /// More fields than `Form.mostFields`.
        case tooMany
    }

    /// One field.
    public struct Field: Sendable, Equatable {
        /// The decoded name.
        public let name: String
        /// The decoded value.
        public let value: String

        /// Makes a field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// How many fields a form may have.
    public static let mostFields = 4_096

    /// The fields, in order.
    public let fields: [Field]
    private let places: [String: Int]

    /// Takes fields that are decoded already.
    public init(_ fields: [Field]) throws(Fault) {
        guard fields.count <= Self.mostFields else { throw .tooMany }
        var places: [String: Int] = [:]
        places.reserveCapacity(fields.count)
        for (index, field) in fields.enumerated() {
            guard !field.name.isEmpty else { throw .emptyName }
            guard places.updateValue(index, forKey: field.name) == nil else { throw .repeated(field.name) }
        }
        self.fields = fields
        self.places = places
    }

    /// Decodes bytes: fields between `&`, `+` for a blank, `%XX` for any byte; nothing is trimmed.
    public init(decoding bytes: some Collection<UInt8>) throws(Fault) {
        try self.init(Self.fields(Array(bytes).span))
    }

    /// The value of a field.
    public subscript(name: String) -> String? { places[name].map { fields[$0].value } }

    private static func fields(_ bytes: Span<UInt8>) throws(Fault) -> [Field] {
        var fields: [Field] = []
        var start = 0
        while start < bytes.count {
            var (end, equals) = (start, -1)
            while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
                if equals < 0, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            if end > start {
                if fields.count == mostFields { throw .tooMany }
                let nameEnd = equals < 0 ? end : equals
                let name = try decode(bytes.extracting(start..<nameEnd))
                fields.append(Field(name, try decode(bytes.extracting(min(nameEnd + 1, end)..<end))))
            }
            start = end + 1
        }
        return fields
    }

    private static func decode(_ bytes: Span<UInt8>) throws(Fault) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard bytes.count - index >= 2, let high = hexDigit(bytes[index]), let low = hexDigit(bytes[index + 1])
                else { throw .malformedEscape }
                decoded.append(high << 4 | low)
                index += 2
            default: decoded.append(byte)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
