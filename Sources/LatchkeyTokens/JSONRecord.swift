// JSONRecord.swift: the members of a JSON object as the files of apps write them, read or refused with their name.
internal import LatchkeyCrypto
internal import LatchkeyJSON

/// An object of a file; null is as good as absent.
struct JSONRecord {
    let object: JSON.Object

    init(_ value: JSON, _ what: String = "the entry") throws(TokenFault) {
        guard let object = value.object else { throw TokenFault("\(what) is not an object") }
        self.object = object
    }

    /// The member, if it is there.
    subscript(name: String) -> JSON? {
        guard let value = object[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(TokenFault) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw TokenFault("`\(name)` is not a text") }
        return text
    }

    /// A text that is not empty.
    func filled(_ name: String) throws(TokenFault) -> String? {
        guard let text = try text(name), !text.isEmpty else { return nil }
        return text
    }

    /// A whole number; some programs write it as text.
    func number(_ name: String) throws(TokenFault) -> Int64? {
        guard let value = self[name] else { return nil }
        if let number = value.int64 { return number }
        if let text = value.string, let number = PlainText.natural(text), let small = Int64(exactly: number) {
            return small
        }
        throw TokenFault("`\(name)` is not a whole number")
    }

    func natural(_ name: String) throws(TokenFault) -> UInt64? {
        guard let value = self[name] else { return nil }
        if let number = value.uint64 { return number }
        if let text = value.string, let number = PlainText.natural(text) { return number }
        throw TokenFault("`\(name)` is not a whole number of 0 or more")
    }

    func int(_ name: String) throws(TokenFault) -> Int? {
        guard let number = try number(name) else { return nil }
        guard let int = Int(exactly: number) else { throw TokenFault("`\(name)` is too large") }
        return int
    }

    func record(_ name: String) throws(TokenFault) -> JSONRecord? {
        guard let value = self[name] else { return nil }
        return try JSONRecord(value, "`\(name)`")
    }

    func list(_ name: String) throws(TokenFault) -> [JSON]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array else { throw TokenFault("`\(name)` is not an array") }
        return list
    }

    /// A Base32 secret.
    func secret(_ name: String) throws -> TokenKey {
        guard let text = try text(name) else { throw TokenFault("it has no `\(name)`") }
        return TokenKey(try Base32.decodeSecret(text))
    }

    func bytes(hex name: String) throws(TokenFault) -> [UInt8] {
        guard let text = try text(name) else { throw TokenFault("it has no `\(name)`") }
        do throws(TextEncodingError) { return try Hex.decode(text, .forgiving) } catch {
            throw TokenFault("`\(name)` is not hexadecimal: \(error)")
        }
    }
}

extension HashAlgorithm {
    /// Reads a hash's name as programs write it: `SHA1`, `SHA-256`, `HmacSHA512`.
    init(loose name: String?) throws(TokenFault) {
        var word = PlainText.small(name ?? "").filter { $0 != "-" && $0 != "_" && $0 != " " }
        if word.utf8.starts(with: "hmac".utf8) { word = String(word.dropFirst(4)) }
        switch word {
        case "", "sha1": self = .sha1
        case "sha256": self = .sha256
        case "sha512": self = .sha512
        case "md5": throw TokenFault("it uses MD5, which no standard of one-time codes knows")
        default: throw TokenFault("its hash is not SHA-1, SHA-256 or SHA-512")
        }
    }
}

extension CryptoError {
    /// What a failure of a file's encryption means to its reader.
    func asFileError(_ format: TokenFormat) -> TokenFileError {
        switch self {
        case .sealBroken: .wrongPassphrase(format)
        default: .malformed(format, at: nil, "\(self)")
        }
    }
}
