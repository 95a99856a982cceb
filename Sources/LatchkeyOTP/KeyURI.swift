// KeyURI.swift: what an `otpauth:` URI says about a key, and the URI that says it.
public import LatchkeyCrypto

/// A key with its parameters and names, as an `otpauth:` URI carries them to an app.
///
/// After the Key URI format of Google Authenticator's wiki; where readers of it differ, the reading that refuses least without
/// guessing, and the writing that all of them read alike.
public struct KeyURI: ~Copyable, Sendable {
    /// How the codes of a key are numbered and written.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// By time (RFC 6238).
        case totp
        /// By a counter (RFC 4226).
        case hotp
        /// By time, in the letters of Steam Guard.
        case steam
    }

    /// How the codes are numbered and written.
    public let type: Kind
    /// Who asks for the codes, if it is said.
    public let issuer: String?
    /// Whose codes they are; empty if a URI that was read does not say.
    public let account: String
    /// The shared key; never empty.
    public let secret: Secret
    /// The hash; SHA-1 for Steam Guard.
    public let algorithm: HashAlgorithm
    /// How many characters a code has; 5 for Steam Guard.
    public let digits: Int
    /// The seconds that a code is shown; 30 if the kind has no such parameter.
    public let period: Int64
    /// The next counter; 0 if the kind has none.
    public let counter: UInt64
    /// What was odd about the URI that was read, one sentence each.
    public let warnings: [String]

    static let defaultPeriod: Int64 = 30
    static let defaultDigits = 6

    /// Makes the description of a key that ``text()`` will write.
    ///
    /// Parameters that the kind does not have are set aside.
    ///
    /// - Parameters:
    ///   - type: How the codes are numbered and written.
    ///   - issuer: Who asks for the codes; without a colon. Empty is the same as none.
    ///   - account: Whose codes they are; without a colon, and not empty.
    ///   - secret: The shared key, which is copied.
    ///   - algorithm: The hash.
    ///   - digits: 6 to 10.
    ///   - period: Seconds, 1 or more.
    ///   - counter: The next counter.
    /// - Throws: `OTPError`, which says what cannot be written so that every app reads it alike.
    public init(
        type: Kind = .totp,
        issuer: String?,
        account: String,
        secret: borrowing Secret,
        algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        counter: UInt64 = 0
    ) throws(OTPError) {
        guard secret.count > 0 else { throw .emptySecret }
        if type != .steam, !OneTimeCode.digitRange.contains(digits) { throw .digits(digits) }
        if type == .totp, period < 1 { throw .period(period) }
        guard !account.isEmpty else { throw .malformedURI("the account has no name; give the user's") }
        try Self.checkWritable(account, "account")
        let issuer = issuer == "" ? nil : issuer
        if let issuer { try Self.checkWritable(issuer, "issuer") }
        // A path of dots alone is folded away by readers that tidy URIs.
        if issuer == nil, account == "." || account == ".." {
            throw .malformedURI("the account cannot be `\(account)` without an issuer; give an issuer")
        }
        self.init(
            type: type,
            issuer: issuer,
            account: account,
            secret: secret.copy(),
            algorithm: algorithm,
            digits: digits,
            period: period,
            counter: counter,
            warnings: []
        )
    }

    /// Keeps what the kind has, and the kind's own values for the rest.
    init(
        type: Kind,
        issuer: String?,
        account: String,
        secret: consuming Secret,
        algorithm: HashAlgorithm,
        digits: Int,
        period: Int64,
        counter: UInt64,
        warnings: [String]
    ) {
        self.type = type
        self.issuer = issuer
        self.account = account
        self.secret = secret
        self.algorithm = type == .steam ? .sha1 : algorithm
        self.digits = type == .steam ? SteamGuard.length : digits
        self.period = type == .totp ? period : Self.defaultPeriod
        self.counter = type == .hotp ? counter : 0
        self.warnings = warnings
    }

    /// The URI: it holds the secret, and must be shown to its owner alone.
    ///
    /// Only what differs from the defaults is written: it keeps the QR code small, and some apps stumble over more. A Steam Guard
    /// key is written as `totp` with `encoder=steam`, which the readers that know either spelling understand.
    public borrowing func text() -> String {
        var text = "otpauth://\(type == .hotp ? "hotp" : "totp")/"
        if let issuer {
            text += Self.escaped(issuer) + ":"
        } else if account.utf8.contains(UInt8(ascii: ":")) {
            // Only of a URI that was read: without this colon its own would be taken for the separator.
            text += ":"
        }
        text += Self.escaped(account) + "?secret=" + Base32.encode(secret)
        if let issuer { text += "&issuer=" + Self.escaped(issuer) }
        if algorithm != .sha1 { text += "&algorithm=" + algorithm.rawValue }
        if type == .steam {
            text += "&encoder=steam"
        } else if digits != Self.defaultDigits || (type == .totp && Self.isSteam(issuer)) {
            // Without its digits a URI of this issuer is read as Steam Guard.
            text += "&digits=\(digits)"
        }
        if type == .totp, period != Self.defaultPeriod { text += "&period=\(period)" }
        if type == .hotp { text += "&counter=\(counter)" }
        return text
    }

    /// Whether `issuer` is the one whose plain URIs mean Steam Guard.
    static func isSteam(_ issuer: String?) -> Bool {
        guard let issuer else { return false }
        return ASCIIText.lowercased(Array(issuer.utf8)) == Array("steam".utf8)
    }

    private static func checkWritable(_ name: String, _ what: String) throws(OTPError) {
        guard !name.utf8.contains(UInt8(ascii: ":")) else {
            throw .malformedURI("the \(what) has a colon, which apps take for the end of the issuer; leave it out")
        }
        guard ASCIIText.isPlain(name) else {
            throw .malformedURI("the \(what) has control characters; leave them out")
        }
        guard name.utf8.first != 0x20, name.utf8.last != 0x20 else {
            throw .malformedURI("the \(what) begins or ends with a blank; leave it out")
        }
    }

    /// `text` with every byte in percent form but letters, digits and `-._~@`, which mean the same in path and query.
    private static func escaped(_ text: String) -> String {
        let hexadecimal = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "@"):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
