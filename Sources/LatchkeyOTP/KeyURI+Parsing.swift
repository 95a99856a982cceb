// KeyURI+Parsing.swift: reads `otpauth:` URIs as apps and services have written them.
internal import LatchkeyCrypto

extension KeyURI {
    /// Reads an `otpauth:` URI.
    ///
    /// Type, parameter names and algorithm may be in any case, parameters in any order. Where label and `issuer` disagree, the
    /// parameter counts. A parameter that is given twice is refused, an unknown one is passed over, and percent forms must
    /// make UTF-8 without control characters. In the query `+` is a blank.
    ///
    /// - Throws: `OTPError.malformedURI` and, for its secret, `OTPError.badSecret` or `OTPError.emptySecret`; neither repeats any of
    ///   the URI.
    public init(parsing text: String) throws(OTPError) {
        guard text.utf8.count <= URIParts.mostBytes else {
            throw .malformedURI("it is longer than \(URIParts.mostBytes) bytes; check what was copied")
        }
        guard ASCIIText.isPlain(text) else {
            throw .malformedURI("it has line breaks or control characters; copy the URI alone")
        }
        var bytes = Array(text.utf8)
        defer { wipe(&bytes) }
        let parts = try URIParts(bytes)
        var warnings: [String] = []
        if parts.hasFragment { warnings.append("what follows `#` is not part of the URI and was left aside") }

        var parameters = try Parameters(bytes, parts.query, &warnings)
        let label = try Label(bytes[parts.label])
        let issuer = try parameters.issuer() ?? label.issuer
        if let given = label.issuer, let issuer, Array(given.utf8) != Array(issuer.utf8) {
            warnings.append("the label names another issuer than the parameter `issuer`, which counts")
        }
        if label.account.isEmpty { warnings.append("the label names no account") }

        let type = try parameters.kind(parts.type, issuer: issuer, label: label, &warnings)
        let secret = try parameters.secret(hasFragment: parts.hasFragment)
        if secret.count < 16 {
            warnings.append("the secret has only \(secret.count * 8) bits, and RFC 4226 asks for 128 at least")
        }
        self.init(
            type: type,
            issuer: issuer,
            account: label.account,
            secret: secret,
            algorithm: try parameters.algorithm(type, &warnings),
            digits: try parameters.digits(type),
            period: try parameters.period(type, &warnings),
            counter: try parameters.counter(type, &warnings),
            warnings: warnings
        )
    }
}

/// Where the parts of the URI lie.
private struct URIParts {
    static let mostBytes = 16_384
    let type: [UInt8]
    let label: Range<Int>
    let query: Range<Int>
    let hasFragment: Bool

    init(_ bytes: [UInt8]) throws(OTPError) {
        guard let schemeEnd = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw .malformedURI("it does not begin with `otpauth://`")
        }
        let scheme = ASCIIText.lowercased(bytes[..<schemeEnd])
        guard scheme != Array("otpauth-migration".utf8) else {
            throw .malformedURI("it is an export of Google Authenticator, which holds several keys; import it instead")
        }
        let slashes = Array("//".utf8)
        guard
            scheme == Array("otpauth".utf8) || scheme == Array("apple-otpauth".utf8),
            bytes[(schemeEnd + 1)...].starts(with: slashes)
        else { throw .malformedURI("it does not begin with `otpauth://`") }
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        hasFragment = end < bytes.count
        let typeStart = schemeEnd + 3
        guard typeStart <= end else { throw .malformedURI("it has no type; `totp` or `hotp` follows `otpauth://`") }
        let questionMark = bytes[typeStart..<end].firstIndex(of: UInt8(ascii: "?"))
        query = questionMark.map { $0 + 1..<end } ?? end..<end
        let pathEnd = questionMark ?? end
        let slash = bytes[typeStart..<pathEnd].firstIndex(of: UInt8(ascii: "/"))
        type = ASCIIText.lowercased(bytes[typeStart..<(slash ?? pathEnd)])
        label = slash.map { $0 + 1..<pathEnd } ?? pathEnd..<pathEnd
    }
}

/// The names in the path.
private struct Label {
    let issuer: String?
    let account: String

    /// Splits at the first colon that stands there as such; only without one, at the first in percent form.
    ///
    /// So an issuer may itself have a colon in percent form.
    init(_ bytes: ArraySlice<UInt8>) throws(OTPError) {
        let separator = Self.separator(bytes)
        let account = try PercentText.decoded(bytes[(separator?.upperBound ?? bytes.startIndex)...], what: "label")
        self.account = ASCIIText.trimmed(account)
        guard let separator else {
            issuer = nil
            return
        }
        let prefix = ASCIIText.trimmed(try PercentText.decoded(bytes[..<separator.lowerBound], what: "label"))
        issuer = prefix.isEmpty ? nil : prefix
    }

    private static func separator(_ bytes: ArraySlice<UInt8>) -> Range<Int>? {
        if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) { return colon..<colon + 1 }
        var index = bytes.startIndex
        while bytes.endIndex - index >= 3 {
            if ASCIIText.lowercased(bytes[index..<index + 3]) == Array("%3a".utf8) { return index..<index + 3 }
            index += bytes[index] == UInt8(ascii: "%") ? 3 : 1
        }
        return nil
    }
}

/// The parameters that mean something here.
private struct Parameters {
    private enum Name: String, CaseIterable {
        case secret, issuer, algorithm, digits, period, counter, encoder
    }

    /// Parameters of other programs, which are told of because what they ask for does not happen.
    private static let foreign = [
        "image": "a picture", "icon": "a picture", "color": "a colour", "lock": "a lock",
        "codedisplay": "how it is shown",
        "pin": "a PIN", "issueralt": "another issuer", "issuerext": "another issuer", "t0": "another first moment",
        "epoch": "another first moment", "offset": "a shift of the clock",
    ]

    private let bytes: [UInt8]
    private var values: [Name: Range<Int>] = [:]

    init(_ bytes: [UInt8], _ query: Range<Int>, _ warnings: inout [String]) throws(OTPError) {
        self.bytes = bytes
        for piece in bytes[query].split(separator: UInt8(ascii: "&")) {
            let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
            let name = try PercentText.decoded(piece[..<equals], plusIsBlank: true, what: "query")
            let value = min(equals + 1, piece.endIndex)..<piece.endIndex
            let word = String(decoding: ASCIIText.lowercased(name.utf8), as: UTF8.self)
            guard let known = Name(rawValue: word) else {
                try PercentText.check(bytes[value])
                if let meaning = Self.foreign[word] {
                    warnings.append("the parameter `\(word)` (\(meaning)) was left aside")
                }
                continue
            }
            guard values.updateValue(value, forKey: known) == nil else {
                throw .malformedURI("it has `\(word)` twice; keep the right one")
            }
        }
    }

    func issuer() throws(OTPError) -> String? {
        guard let issuer = try text(.issuer).map(ASCIIText.trimmed), !issuer.isEmpty else { return nil }
        return issuer
    }

    /// The kind, by any of the spellings of Steam Guard.
    mutating func kind(
        _ type: [UInt8],
        issuer: String?,
        label: Label,
        _ warnings: inout [String]
    ) throws(OTPError) -> KeyURI.Kind {
        guard let kind = KeyURI.Kind(rawValue: String(decoding: type, as: UTF8.self)) else {
            throw .malformedURI("its type is not `totp`, `hotp` or `steam`")
        }
        let isSteamEncoder = try lowercased(.encoder) == "steam"
        if values[.encoder] != nil, !isSteamEncoder || kind == .hotp {
            warnings.append("the parameter `encoder` was left aside")
        }
        guard kind == .totp else { return kind }
        if isSteamEncoder { return .steam }
        let digits = try text(.digits)
        let hasSteamDigits = digits.map { ASCIIReader.number($0) == UInt64(SteamGuard.length) }
        let isSteamIssuer = KeyURI.isSteam(issuer) && hasSteamDigits ?? true
        let isSteamLabel = issuer == nil && KeyURI.isSteam(label.account) && hasSteamDigits ?? false
        guard isSteamIssuer || isSteamLabel else { return .totp }
        warnings.append("it is read as Steam Guard because of its name; write `digits=6` if it is not")
        return .steam
    }

    func secret(hasFragment: Bool) throws(OTPError) -> Secret {
        guard let range = values[.secret] else {
            throw .malformedURI(
                hasFragment
                    ? "it has no `secret` before its `#`; write `#` as `%23`" : "it has no `secret`; copy it whole"
            )
        }
        var digits = try PercentText.bytes(bytes[range], plusIsBlank: true, what: "secret")
        let text = Secret(wiping: &digits)
        do {
            return try Base32.decodeSecret(text)
        } catch TextEncodingError.empty {
            throw .emptySecret
        } catch {
            throw .badSecret(error)
        }
    }

    func algorithm(_ kind: KeyURI.Kind, _ warnings: inout [String]) throws(OTPError) -> HashAlgorithm {
        guard var name = try lowercased(.algorithm) else { return .sha1 }
        name.removeAll { $0 == "-" || $0 == "_" }
        if name.hasPrefix("hmac") { name.removeFirst(4) }
        let names: [String: HashAlgorithm] = ["sha1": .sha1, "sha256": .sha256, "sha512": .sha512]
        guard let algorithm = names[name] else {
            throw .malformedURI("its algorithm is not SHA1, SHA256 or SHA512")
        }
        guard kind != .steam || algorithm == .sha1 else {
            warnings.append("the parameter `algorithm` was left aside: Steam Guard has SHA1 only")
            return .sha1
        }
        return algorithm
    }

    func digits(_ kind: KeyURI.Kind) throws(OTPError) -> Int {
        guard kind != .steam else { return SteamGuard.length }
        guard let value = try number(.digits) else { return KeyURI.defaultDigits }
        guard let digits = Int(exactly: value), OneTimeCode.digitRange.contains(digits) else {
            throw .malformedURI("its `digits` is not 6 to 10")
        }
        return digits
    }

    func period(_ kind: KeyURI.Kind, _ warnings: inout [String]) throws(OTPError) -> Int64 {
        guard let value = try number(.period) else { return KeyURI.defaultPeriod }
        guard let period = Int64(exactly: value), period > 0 else {
            throw .malformedURI("its `period` is not a number of seconds from 1 up")
        }
        guard kind == .totp || period == KeyURI.defaultPeriod else {
            warnings.append("the parameter `period` was left aside: this type has none")
            return KeyURI.defaultPeriod
        }
        return period
    }

    func counter(_ kind: KeyURI.Kind, _ warnings: inout [String]) throws(OTPError) -> UInt64 {
        guard let counter = try number(.counter) else {
            guard kind != .hotp else {
                throw .malformedURI("it is of type `hotp` and has no `counter`; add `counter=0`")
            }
            return 0
        }
        guard kind == .hotp else {
            warnings.append("the parameter `counter` was left aside: only `hotp` has one")
            return 0
        }
        return counter
    }

    private func text(_ name: Name) throws(OTPError) -> String? {
        guard let range = values[name] else { return nil }
        return try PercentText.decoded(bytes[range], plusIsBlank: true, what: name.rawValue)
    }

    private func lowercased(_ name: Name) throws(OTPError) -> String? {
        try text(name).map { String(decoding: ASCIIText.lowercased($0.utf8), as: UTF8.self) }
    }

    private func number(_ name: Name) throws(OTPError) -> UInt64? {
        guard let text = try text(name) else { return nil }
        guard let number = ASCIIReader.number(text) else {
            throw .malformedURI("its `\(name.rawValue)` is not a number in digits 0 to 9 that fits 64 bits")
        }
        return number
    }
}

/// Percent forms (RFC 3986 section 2.1), strictly.
private enum PercentText {
    /// The bytes that `encoded` stands for.
    static func bytes(_ encoded: ArraySlice<UInt8>, plusIsBlank: Bool, what: String) throws(OTPError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var index = encoded.startIndex
        while index < encoded.endIndex {
            let byte = encoded[index]
            index += 1
            if byte == UInt8(ascii: "+"), plusIsBlank {
                bytes.append(0x20)
            } else if byte == UInt8(ascii: "%") {
                guard encoded.endIndex - index >= 2, let high = value(encoded[index]),
                    let low = value(encoded[index + 1])
                else {
                    throw .malformedURI("its \(what) has a `%` without two hexadecimal digits; write `%` as `%25`")
                }
                bytes.append(high << 4 | low)
                index += 2
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// The text that `encoded` stands for: UTF-8 without control characters.
    static func decoded(
        _ encoded: ArraySlice<UInt8>,
        plusIsBlank: Bool = false,
        what: String
    ) throws(OTPError) -> String {
        let bytes = try bytes(encoded, plusIsBlank: plusIsBlank, what: what)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformedURI("its \(what) is not UTF-8 text")
        }
        guard ASCIIText.isPlain(text) else { throw .malformedURI("its \(what) has control characters") }
        return text
    }

    /// Refuses what is not percent-encoded right, in a value that is not wanted.
    static func check(_ encoded: ArraySlice<UInt8>) throws(OTPError) {
        _ = try bytes(encoded, plusIsBlank: true, what: "query")
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
