// SigV4+Query.swift: the query of a signed request, normalised so that what is signed is what a form reads.

extension SigV4 {
    /// The parameters of a query, each byte that is not unreserved (RFC 3986 section 2.3) escaped in capitals.
    ///
    /// A raw `+` is refused: a form reads a blank where signers sign a plus sign. So are a broken escape and a nameless or
    /// empty parameter, which two readers could read in two ways.
    struct Query: Sendable {
        /// Where a parameter stands in `bytes`.
        struct Parameter: Sendable {
            let name: Range<Int>
            let value: Range<Int>
        }

        private(set) var bytes: [UInt8] = []
        private(set) var parameters: [Parameter] = []
        /// Why this query cannot be signed; the signer writes it as well as it can be.
        private(set) var fault: Refusal?

        init(_ raw: ArraySlice<UInt8>) {
            guard !raw.isEmpty else { return }
            bytes.reserveCapacity(raw.count + raw.count / 2)
            for part in raw.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
                let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
                let name = append(part[..<equals])
                let value = append(equals == part.endIndex ? part[equals...] : part[(equals + 1)...])
                if name.isEmpty { fault = .query("A query parameter of a signed request needs a name.") }
                parameters.append(Parameter(name: name, value: value))
            }
        }

        /// Adds a parameter that is not escaped yet.
        mutating func add(_ name: String, _ value: String) {
            let name = appendEscaped(name.utf8)
            parameters.append(Parameter(name: name, value: appendEscaped(value.utf8)))
        }

        /// The places of the parameters whose name is this one, letter case apart.
        func places(named name: StaticString) -> [Int] {
            name.withUTF8Buffer { name in
                parameters.indices.filter { place in
                    let own = bytes[parameters[place].name]
                    return own.count == name.count && zip(own, name).allSatisfy { SigV4.small($0) == SigV4.small($1) }
                }
            }
        }

        /// The name of a parameter, as it was meant.
        func name(at place: Int) -> [UInt8] { Self.decoded(bytes[parameters[place].name]) }

        /// The value of a parameter, as it was meant.
        func value(at place: Int) -> [UInt8] { Self.decoded(bytes[parameters[place].value]) }

        /// The first parameter of AWS's (`X-Amz-…`, letter case apart) that comes a second time.
        var repeated: [UInt8]? {
            var seen: Set<[UInt8]> = []
            for parameter in parameters {
                let name = bytes[parameter.name]
                guard name.count > 6, zip(name, "x-amz-".utf8).allSatisfy({ SigV4.small($0) == $1 }) else { continue }
                if !seen.insert(name.map { SigV4.small($0) }).inserted { return Self.decoded(name) }
            }
            return nil
        }

        /// Writes the canonical query, without the parameter at one place.
        func write(to output: inout [UInt8], without left: Int? = nil) {
            var order = Array(parameters.indices)
            if order.count > 1 { order.sort { precedes(parameters[$0], parameters[$1]) } }
            var isFirst = true
            for place in order where place != left {
                if !isFirst { output.append(UInt8(ascii: "&")) }
                isFirst = false
                output += bytes[parameters[place].name]
                output.append(UInt8(ascii: "="))
                output += bytes[parameters[place].value]
            }
        }

        private func precedes(_ a: Parameter, _ b: Parameter) -> Bool {
            if bytes[a.name].elementsEqual(bytes[b.name]) {
                return bytes[a.value].lexicographicallyPrecedes(bytes[b.value])
            }
            return bytes[a.name].lexicographicallyPrecedes(bytes[b.name])
        }

        private mutating func append(_ raw: ArraySlice<UInt8>) -> Range<Int> {
            let start = bytes.count
            var index = raw.startIndex
            while index < raw.endIndex {
                let byte = raw[index]
                index += 1
                switch byte {
                case UInt8(ascii: "%"):
                    if raw.endIndex - index >= 2, let high = SigV4.hexDigit(raw[index]),
                        let low = SigV4.hexDigit(raw[index + 1])
                    {
                        SigV4.escape(high << 4 | low, to: &bytes)
                        index += 2
                    } else {
                        fault = .query("A percent sign in the query needs two hexadecimal digits after it.")
                        SigV4.escape(byte, to: &bytes)
                    }
                case UInt8(ascii: "+"):
                    fault = .query("A signed query has no plain '+'; write a blank as %20 and a plus sign as %2B.")
                    SigV4.escape(byte, to: &bytes)
                default: SigV4.escape(byte, to: &bytes)
                }
            }
            return start..<bytes.count
        }

        private mutating func appendEscaped(_ text: some Sequence<UInt8>) -> Range<Int> {
            let start = bytes.count
            for byte in text { SigV4.escape(byte, to: &bytes) }
            return start..<bytes.count
        }

        /// Undoes `escape`.
        private static func decoded(_ escaped: ArraySlice<UInt8>) -> [UInt8] {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(escaped.count)
            var rest = escaped.makeIterator()
            while let byte = rest.next() {
                if byte == UInt8(ascii: "%"), let high = rest.next().flatMap(SigV4.hexDigit),
                    let low = rest.next().flatMap(SigV4.hexDigit)
                {
                    bytes.append(high << 4 | low)
                } else {
                    bytes.append(byte)
                }
            }
            return bytes
        }
    }

    /// Writes a byte as itself if it is unreserved, else as `%XX`.
    static func escape(_ byte: UInt8, to output: inout [UInt8]) {
        guard !isUnreserved(byte) else { return output.append(byte) }
        output.append(UInt8(ascii: "%"))
        for half in [byte >> 4, byte & 15] {
            output.append(half < 10 ? UInt8(ascii: "0") + half : UInt8(ascii: "A") - 10 + half)
        }
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    static func small(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
