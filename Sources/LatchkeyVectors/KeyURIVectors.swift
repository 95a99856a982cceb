// KeyURIVectors.swift: vectors of `otpauth:` URIs, read and written.

internal import LatchkeyCrypto
internal import LatchkeyOTP

/// What a URI says, and the URI that says it again.
struct KeyURIVector: VectorKind {
    static let name = "key-uri"

    let uri: String

    struct Answer: Codable {
        let type: String
        let issuer: String?
        let account: String
        let secret: HexBytes
        let algorithm: HashAlgorithm
        let digits: Int
        let period: Int64
        let counter: UInt64
        /// How many warnings there are; their words may change.
        let warnings: UInt
        let text: String
    }

    func answer() throws -> Answer {
        let uri = try KeyURI(parsing: uri)
        return Answer(
            type: uri.type.rawValue,
            issuer: uri.issuer,
            account: uri.account,
            secret: HexBytes(uri.secret),
            algorithm: uri.algorithm,
            digits: uri.digits,
            period: uri.period,
            counter: uri.counter,
            warnings: UInt(uri.warnings.count),
            text: uri.text()
        )
    }
}

/// The URI of a key that is described.
struct KeyURIWritingVector: VectorKind {
    static let name = "key-uri-writing"

    let type: String
    let issuer: String?
    let account: String
    let secret: HexBytes
    let algorithm: HashAlgorithm
    let digits: Int
    let period: Int64
    let counter: UInt64

    struct Answer: Codable {
        let text: String
    }

    func answer() throws -> Answer {
        guard let type = KeyURI.Kind(rawValue: type) else { throw VectorRefusal(.parse, "type") }
        let uri = try KeyURI(
            type: type,
            issuer: issuer,
            account: account,
            secret: secret.secret,
            algorithm: algorithm,
            digits: digits,
            period: period,
            counter: counter
        )
        return Answer(text: uri.text())
    }
}
