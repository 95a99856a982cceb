// SigV4+Authentication.swift: where a request carries its signature, and the parts of it: header fields or the query.
internal import LatchkeyHTTP

extension SigV4 {
    /// The parts of a signature, from the one place where a request has them.
    struct Authentication {
        var algorithm = SigV4.algorithm
        var credential: [UInt8] = []
        var signedHeaders: [UInt8] = []
        var signature: [UInt8] = []
        var moment: Moment
        var token: String?
        /// The field that says the time and must be signed; nil where the query says it.
        var dateField: String?
        /// How long a presigned request lives, if it says so.
        var lifetime: Int64?
        /// The place of the signature among the query's parameters.
        var signaturePlace: Int?

        /// The parameters that make a query an authentication.
        private static let parameters: [StaticString] = [
            "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
            "X-Amz-Signature", "X-Amz-Security-Token",
        ]

        /// Finds the one authentication of a request.
        init(_ fields: HTTPFields, _ query: Query) throws(Refusal) {
            let headers = fields.values("authorization")
            let isInQuery = Self.parameters.contains { !query.places(named: $0).isEmpty }
            switch (headers.count, isInQuery) {
            case (0, false): throw .missingToken
            case (0, true): try self.init(query, fields)
            case (1, false): try self.init(headers[0], fields, [SigV4.algorithm])
            default: throw .twoMechanisms
            }
        }

        /// Finds the one authentication of a request that a certificate's key signed: always in its header fields.
        init(byCertificate fields: HTTPFields, _ query: Query) throws(Refusal) {
            let headers = fields.values("authorization")
            let isInQuery = Self.parameters.contains { !query.places(named: $0).isEmpty }
            guard !headers.isEmpty || isInQuery else { throw .missingToken }
            guard headers.count == 1, !isInQuery, !fields.contains("x-amz-security-token") else {
                throw .twoMechanisms
            }
            try self.init(headers[0], fields, SigV4.certificateAlgorithms)
        }

        /// Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` and the fields that belong to it.
        private init(_ header: [UInt8], _ fields: HTTPFields, _ algorithms: [String]) throws(Refusal) {
            let blank = header.firstIndex(of: UInt8(ascii: " ")) ?? header.endIndex
            let named = algorithms.first { header[..<blank].elementsEqual($0.utf8) }
            guard let named else { throw .algorithm(Array(header[..<blank]), algorithms) }
            algorithm = named
            var (credential, signature, signedHeaders): ([UInt8]?, [UInt8]?, [UInt8]?)
            for part in header[blank...].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                let text = Self.trimmed(part)
                let equals = text.firstIndex(of: UInt8(ascii: "=")) ?? text.endIndex
                let (name, value) = (text[..<equals], Array(text[equals...].dropFirst()))
                if equals < text.endIndex, name.elementsEqual("Credential".utf8) {
                    try Self.set(&credential, value, "Credential")
                } else if equals < text.endIndex, name.elementsEqual("SignedHeaders".utf8) {
                    try Self.set(&signedHeaders, value, "SignedHeaders")
                } else if equals < text.endIndex, name.elementsEqual("Signature".utf8) {
                    try Self.set(&signature, value, "Signature")
                } else {
                    throw .incomplete(
                        "Authorization header has a part that is not one of Credential, SignedHeaders, Signature."
                    )
                }
            }
            guard let credential else { throw .lacks("Credential") }
            guard let signature else { throw .lacks("Signature") }
            guard let signedHeaders else { throw .lacks("SignedHeaders") }
            (self.credential, self.signature, self.signedHeaders) = (credential, signature, signedHeaders)

            let basic = fields.values("x-amz-date")
            let plain = fields.values("date")
            if let date = basic.first {
                guard basic.count == 1, let moment = Moment(basic: date) else { throw .dateFormat }
                (self.moment, dateField) = (moment, "x-amz-date")
            } else if let date = plain.first {
                guard plain.count == 1, let moment = Moment(basic: date) ?? Moment(internet: date) else {
                    throw .dateFormat
                }
                (self.moment, dateField) = (moment, "date")
            } else {
                throw .dateMissing
            }

            let tokens = fields.values("x-amz-security-token")
            if tokens.count > 1 { throw .twoMechanisms }
            token = tokens.first.map { String(decoding: $0, as: UTF8.self) }
        }

        /// Reads the parameters of a presigned request.
        private init(_ query: Query, _ fields: HTTPFields) throws(Refusal) {
            if fields.contains("x-amz-date") || fields.contains("x-amz-security-token") { throw .twoMechanisms }
            /// The only parameter of that name, which must be spelled as AWS spells it.
            func place(_ name: StaticString) throws(Refusal) -> Int? {
                let places = query.places(named: name)
                guard let place = places.first else { return nil }
                guard places.count == 1 else { throw .repeatedParameter(query.name(at: place)) }
                guard name.withUTF8Buffer({ query.name(at: place).elementsEqual($0) }) else { throw .queryIncomplete }
                return place
            }
            func value(_ name: StaticString) throws(Refusal) -> [UInt8]? {
                guard let place = try place(name) else { return nil }
                return query.value(at: place)
            }
            guard let algorithm = try value("X-Amz-Algorithm"), let credential = try value("X-Amz-Credential"),
                let signaturePlace = try place("X-Amz-Signature"), let date = try value("X-Amz-Date"),
                let signedHeaders = try value("X-Amz-SignedHeaders")
            else { throw .queryIncomplete }
            guard algorithm.elementsEqual(SigV4.algorithm.utf8) else { throw .algorithm(algorithm, [SigV4.algorithm]) }
            guard let moment = Moment(basic: date) else { throw .dateFormat }
            self.credential = credential
            self.signedHeaders = signedHeaders
            self.signaturePlace = signaturePlace
            self.moment = moment
            signature = query.value(at: signaturePlace)
            token = try value("X-Amz-Security-Token").map { String(decoding: $0, as: UTF8.self) }
            if let text = try value("X-Amz-Expires") {
                guard let seconds = Self.seconds(text) else { throw .expires }
                lifetime = seconds
            }
        }

        /// A number from 1 to 604 800, a week, without zeros in front.
        private static func seconds(_ digits: [UInt8]) -> Int64? {
            guard (1...6).contains(digits.count), digits[0] != UInt8(ascii: "0") else { return nil }
            var seconds: Int64 = 0
            for digit in digits {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                seconds = seconds * 10 + Int64(digit - UInt8(ascii: "0"))
            }
            return seconds <= 604_800 ? seconds : nil
        }

        private static func set(_ part: inout [UInt8]?, _ value: [UInt8], _ name: String) throws(Refusal) {
            guard part == nil else { throw .incomplete("Authorization header has '\(name)' more than once.") }
            part = value
        }

        private static func trimmed(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            var text = part
            while text.first == UInt8(ascii: " ") || text.first == UInt8(ascii: "\t") { text.removeFirst() }
            while text.last == UInt8(ascii: " ") || text.last == UInt8(ascii: "\t") { text.removeLast() }
            return text
        }
    }
}
