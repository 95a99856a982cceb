// SigV4+RequestText.swift: a request out of a file, as people keep one to look at its signature.
package import LatchkeyHTTP

extension SigV4 {
    /// A request as text: the request line, header fields, an empty line, and the body, whole.
    ///
    /// Lines end with LF or CRLF, and the version may be missing. Nothing is decoded: what a server would read is kept.
    package struct RequestText: Sendable {
        /// Says why a text is not a request.
        package struct Fault: Error, Equatable, CustomStringConvertible {
            /// One sentence that names the line.
            package let description: String
        }

        /// The request.
        package let request: HTTPRequest

        /// Reads a request.
        package init(_ bytes: [UInt8]) throws(Fault) {
            var rest = bytes[...]
            var number = 0
            /// The next line without its end; nil where no line ends any more.
            func line() -> ArraySlice<UInt8>? {
                guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
                defer { rest = rest[(end + 1)...] }
                number += 1
                let line = rest[..<end]
                return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            }
            guard let first = line() else { throw Fault(description: "the first line has no end") }
            let words = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard (2...3).contains(words.count), !words[0].isEmpty, words[0].allSatisfy(Self.isToken),
                words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ (0x21...0x7e).contains($0) }),
                words.count == 2 || words[2].starts(with: "HTTP/".utf8)
            else { throw Fault(description: "line 1 must be METHOD /target HTTP/1.1, without blanks in the target") }

            var fields: [HTTPFields.Field] = []
            while true {
                // A request without a body may end with its last field.
                guard let line = rest.isEmpty ? [] : line() else {
                    throw Fault(description: "line \(number + 1) has no end; end the fields with an empty line")
                }
                if line.isEmpty { break }
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                    line[..<colon].allSatisfy(Self.isToken),
                    line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") })
                else { throw Fault(description: "line \(number) must be `name: value`") }
                let value = line[(colon + 1)...].drop(while: Self.isBlank).reversed().drop(while: Self.isBlank)
                fields.append(
                    HTTPFields.Field(String(decoding: line[..<colon], as: UTF8.self), Array(value.reversed()))
                )
            }
            request = HTTPRequest(
                method: String(decoding: words[0], as: UTF8.self),
                target: String(decoding: words[1], as: UTF8.self),
                fields: HTTPFields(fields),
                body: try Self.body(rest, HTTPFields(fields))
            )
        }

        /// The body; where the fields give its length, the line end that editors put at a file's end is no part of it.
        private static func body(_ rest: ArraySlice<UInt8>, _ fields: HTTPFields) throws(Fault) -> [UInt8] {
            guard let text = fields["content-length"] else { return Array(rest) }
            guard let length = Int(text), length >= 0, length <= rest.count,
                ["", "\n", "\r\n"].contains(where: { $0.utf8.elementsEqual(rest.dropFirst(length)) })
            else {
                throw Fault(description: "the body has \(rest.count) bytes and not as many as content-length says")
            }
            return Array(rest.prefix(length))
        }

        private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

        private static func isToken(_ byte: UInt8) -> Bool {
            SigV4.isUnreserved(byte) || "!#$%&'*+^`|".utf8.contains(byte)
        }
    }
}
