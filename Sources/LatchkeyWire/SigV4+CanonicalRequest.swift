// SigV4+CanonicalRequest.swift: a request in the one spelling that both sides hash.
internal import LatchkeyCrypto
internal import LatchkeyHTTP

extension SigV4 {
    /// The parts of a request that its signature covers, and the text they make.
    struct CanonicalRequest {
        let method: String
        /// The raw path.
        let path: ArraySlice<UInt8>
        let query: Query
        /// The place of the signature among the query's parameters, which it cannot cover itself.
        var left: Int?
        /// The signed header fields, sorted by name.
        let fields: [HTTPFields.Field]
        /// The hash of the body in hexadecimal digits.
        let bodyHash: [UInt8]

        /// The names of the signed header fields, as they are listed.
        var names: String { fields.map(\.name).joined(separator: ";") }

        /// The text: method, path, query, header fields, their names, and the hash of the body, each on its own line.
        var bytes: [UInt8] {
            let newline = UInt8(ascii: "\n")
            var text: [UInt8] = []
            text.reserveCapacity(512 + query.bytes.count)
            text += method.utf8
            text.append(newline)
            Self.write(path: path, to: &text)
            text.append(newline)
            query.write(to: &text, without: left)
            text.append(newline)
            for field in fields {
                text += field.name.utf8
                text.append(UInt8(ascii: ":"))
                Self.write(value: field.value, to: &text)
                text.append(newline)
            }
            text.append(newline)
            var isFirst = true
            for field in fields {
                if !isFirst { text.append(UInt8(ascii: ";")) }
                isFirst = false
                text += field.name.utf8
            }
            text.append(newline)
            text += bodyHash
            return text
        }

        /// Takes dot segments and empty ones out (RFC 3986 section 5.2.4), and escapes every segment once more.
        private static func write(path: ArraySlice<UInt8>, to output: inout [UInt8]) {
            let slash = UInt8(ascii: "/")
            let dot = UInt8(ascii: ".")
            var segments: [ArraySlice<UInt8>] = []
            for segment in path.split(separator: slash) {
                if segment.elementsEqual([dot, dot]) {
                    _ = segments.popLast()
                } else if !segment.elementsEqual([dot]) {
                    segments.append(segment)
                }
            }
            output.append(slash)
            var isFirst = true
            for segment in segments {
                if !isFirst { output.append(slash) }
                isFirst = false
                for byte in segment { SigV4.escape(byte, to: &output) }
            }
            if path.last == slash, !segments.isEmpty { output.append(slash) }
        }

        /// Takes blanks at both ends off, and makes one of every row of blanks inside.
        private static func write(value: [UInt8], to output: inout [UInt8]) {
            let start = output.count
            var isBlank = false
            for byte in value {
                if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                    isBlank = true
                    continue
                }
                if isBlank, output.count > start { output.append(UInt8(ascii: " ")) }
                isBlank = false
                output.append(byte)
            }
        }
    }

    /// The raw target in two: the path, and the query behind the first `?`.
    static func split(_ target: [UInt8]) -> (path: ArraySlice<UInt8>, query: ArraySlice<UInt8>) {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return (target[...], []) }
        return (target[..<mark], target[(mark + 1)...])
    }

    /// The hash of a body, in hexadecimal digits.
    static func hash(of body: [UInt8]) -> [UInt8] {
        body.isEmpty ? emptyHash : hex(Digest.hash(body, with: .sha256))
    }

    private static let emptyHash = hex(Digest.hash([], with: .sha256))
}
