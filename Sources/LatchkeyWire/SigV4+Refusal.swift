// SigV4+Refusal.swift: why a signature is refused, in AWS's codes and words.

extension SigV4 {
    /// Says why a request's signature is refused: AWS's code, its status, and a sentence without secrets.
    ///
    /// Neither the string to sign nor the signature that would have been right is ever part of it.
    public struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
        /// AWS's code, such as `SignatureDoesNotMatch`.
        public let code: String
        /// The status of the answer.
        public let status: Int
        /// The sentence.
        public let message: String

        /// The sentence.
        public var description: String { message }
    }
}

extension SigV4.Refusal {
    static let missingToken = Self(
        code: "MissingAuthenticationToken",
        status: 403,
        message: "Request is missing Authentication Token"
    )

    static let twoMechanisms = incomplete(
        "Only one auth mechanism allowed: sign with one Authorization header or with X-Amz-* query parameters, "
            + "and give each value in one place."
    )

    static let queryIncomplete = incomplete(
        "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', "
            + "'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters."
    )

    static let dateFormat = incomplete("Date must be in ISO-8601 'basic format', such as 20150830T123600Z.")

    static let dateMissing = incomplete(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    )

    static let credentialParts = incomplete(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
    )

    static let expires = incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.")

    static let headerList = incomplete(
        "SignedHeaders must be names of headers in small letters, sorted, each once, with semicolons between them."
    )

    static let differs = mismatch(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            + "Key and signing method. Consult the service documentation for details."
    )

    static let bodyHash = mismatch("The provided 'x-amz-content-sha256' header does not match what was computed.")

    static func incomplete(_ message: String) -> Self {
        Self(code: "IncompleteSignature", status: 400, message: message)
    }

    static func mismatch(_ message: String) -> Self {
        Self(code: "SignatureDoesNotMatch", status: 403, message: message)
    }

    static func query(_ message: String) -> Self {
        Self(code: "MalformedQueryString", status: 400, message: message)
    }

    static func lacks(_ part: String) -> Self { incomplete("Authorization header requires '\(part)' parameter.") }

    static func algorithm(_ name: [UInt8], _ known: [String]) -> Self {
        let known = known.map { "'\($0)'" }.joined(separator: " or ")
        return incomplete("Unsupported AWS 'algorithm': \(shown(name)) (must be \(known)).")
    }

    static func certificate(_ field: String) -> Self {
        incomplete(
            "\(field) must be the Base64 of certificates in DER: one in X-Amz-X509, those in between in the chain."
        )
    }

    static let certificateKey = mismatch("The algorithm is not that of the certificate's key.")

    static let certificateSerial = mismatch(
        "Credential must begin with the certificate's serial number, in decimal digits."
    )

    static func repeatedParameter(_ name: [UInt8]) -> Self {
        incomplete("The parameter \(shown(name)) comes more than once; give it once.")
    }

    static func unsigned(_ name: String) -> Self {
        mismatch("\(shown(Array(name.utf8))) must be a 'SignedHeader' in the AWS Authorization.")
    }

    static func notOnce(_ name: String) -> Self {
        mismatch("\(shown(Array(name.utf8))) is a 'SignedHeader' and must be in the request exactly once.")
    }

    static func region(_ name: String) -> Self {
        mismatch("Credential should be scoped to a valid region, not \(shown(Array(name.utf8))).")
    }

    static func service(_ names: Set<String>) -> Self {
        let names = names.sorted().map { "'\($0)'" }.joined(separator: " or ")
        return mismatch("Credential should be scoped to correct service: \(names).")
    }

    static func terminator(_ name: [UInt8]) -> Self {
        mismatch(
            "Credential should be scoped with a valid terminator: '\(SigV4.terminator)', not \(shown(name))."
        )
    }

    static func scopeDate(_ date: [UInt8], _ moment: SigV4.Moment) -> Self {
        mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \(shown(date)) "
                + "!= '\(moment.day)', from '\(moment.text)'."
        )
    }

    static func expired(_ moment: SigV4.Moment, at now: Int64, after seconds: Int64) -> Self {
        mismatch(
            "Signature expired: \(moment.text) is now earlier than \(SigV4.Moment(now - seconds).text) "
                + "(\(SigV4.Moment(now).text) - \(duration(seconds)))"
        )
    }

    static func early(_ moment: SigV4.Moment, at now: Int64, skew: Int64) -> Self {
        mismatch(
            "Signature not yet current: \(moment.text) is still later than \(SigV4.Moment(now + skew).text) "
                + "(\(SigV4.Moment(now).text) + \(duration(skew)))"
        )
    }

    private static func duration(_ seconds: Int64) -> String {
        seconds % 60 == 0 ? "\(seconds / 60) min." : "\(seconds) sec."
    }

    /// What a client wrote, in quotes; only short words that can be no markup are repeated.
    private static func shown(_ bytes: [UInt8]) -> String {
        let isPlain =
            bytes.count <= 64
            && bytes.allSatisfy { byte in
                SigV4.isUnreserved(byte)
            }
        return isPlain ? "'\(String(decoding: bytes, as: UTF8.self))'" : "what was sent"
    }
}
