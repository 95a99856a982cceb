// FreeOTPFile.swift: the export of FreeOTP+.
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP

/// The export of FreeOTP+: secrets are arrays of signed bytes, and the counter is the last one that was used.
enum FreeOTPFile {
    static let format = TokenFormat.freeOTPPlus

    static func fits(_ object: JSON.Object) -> Bool { object["tokens"] != nil && object["tokenOrder"] != nil }

    static func read(_ object: JSON.Object, of file: TokenFile, into result: inout TokenImport) throws(TokenFileError) {
        result.note(format)
        guard let entries = object["tokens"]?.array else {
            throw .malformed(format, at: nil, "`tokens` is not an array")
        }
        for (number, entry) in entries.enumerated() {
            let name = entry["label"]?.string
            result.record(format, at: file.place("entry \(number + 1)"), named: name) {
                try token(try JSONRecord(entry))
            }
        }
    }

    private static func token(_ entry: JSONRecord) throws -> Token {
        let kind: KeyURI.Kind
        switch try entry.text("type").map(PlainText.small) {
        case nil, "totp": kind = .totp
        case "hotp": kind = .hotp
        default: throw TokenFault("its type is not TOTP or HOTP")
        }
        guard let list = try entry.list("secret") else { throw TokenFault("it has no `secret`") }
        var bytes: [UInt8] = []
        defer { wipe(&bytes) }
        for value in list {
            guard let number = value.int, (-128...255).contains(number) else {
                throw TokenFault("its secret is not a list of bytes")
            }
            bytes.append(UInt8(truncatingIfNeeded: number))
        }
        let used = try entry.natural("counter") ?? 0
        guard kind == .totp || used < .max else { throw TokenFault("its counter has come to its end") }
        return try Token(
            issuer: try entry.filled("issuerExt") ?? entry.filled("issuerInt"),
            name: try entry.text("label") ?? "",
            key: TokenKey(Secret(bytes)),
            kind: kind,
            algorithm: try HashAlgorithm(loose: try entry.text("algo")),
            digits: try entry.int("digits") ?? 6,
            period: try entry.number("period") ?? 30,
            counter: kind == .hotp ? used + 1 : 0
        )
    }
}
