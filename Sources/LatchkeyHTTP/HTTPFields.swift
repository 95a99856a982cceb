// HTTPFields.swift: the header fields of a message, in the order and spelling in which they stood on the wire.

/// The header fields of one request or response (RFC 9110 section 5).
///
/// Names are equal without regard to ASCII case; values are bytes without the white space around them.
public struct HTTPFields: Sendable {
    /// One field.
    public struct Field: Sendable {
        /// The name in small letters.
        public let name: String
        /// The value, without white space at either end.
        public let value: [UInt8]

        /// Makes a field; the name is put in small letters.
        public init(_ name: String, _ value: [UInt8]) {
            self.name = String(
                decoding: name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 },
                as: UTF8.self
            )
            self.value = value
        }

        /// Makes a field of a text.
        public init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

        /// The value as text; nil when it is not UTF-8.
        public var text: String? { String(validating: value, as: UTF8.self) }
    }

    /// The fields, in order.
    public private(set) var all: [Field]

    /// Makes fields.
    public init(_ fields: [Field] = []) { all = fields }

    /// The values of every field of that name (in small letters), in order.
    public func values(_ name: String) -> [[UInt8]] { all.lazy.filter { $0.name == name }.map(\.value) }

    /// The text of the only field of that name (in small letters).
    ///
    /// Nil when there is none, when there are several, and when it is not UTF-8: what is ambiguous is not there.
    public subscript(name: String) -> String? {
        var found: Field?
        for field in all where field.name == name {
            if found != nil { return nil }
            found = field
        }
        return found?.text
    }

    /// Whether there is a field of that name (in small letters).
    public func contains(_ name: String) -> Bool { all.contains { $0.name == name } }

    /// Adds a field at the end.
    public mutating func append(_ name: String, _ value: String) { all.append(Field(name, value)) }

    /// Adds a field at the end.
    mutating func append(_ field: Field) { all.append(field) }
}
