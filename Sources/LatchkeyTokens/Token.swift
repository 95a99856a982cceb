// Token.swift: one of a person's tokens: its key, how its codes are made, and what it is called.
public import LatchkeyCrypto
public import LatchkeyOTP

/// A key that several values may hold; wiped when the last of them goes.
public final class TokenKey: Sendable {
    /// The bytes.
    public let secret: Secret

    /// Takes over a secret.
    public init(_ secret: consuming Secret) {
        self.secret = secret
    }
}

/// A token: what an authenticator keeps for one account.
public struct Token: Sendable {
    /// Who asks for the codes.
    public private(set) var issuer: String?
    /// Whose codes they are, or what the person calls them; never empty.
    public private(set) var name: String
    /// The shared key; 1 to ``longestKey`` bytes.
    public let key: TokenKey
    /// How the codes are numbered and written.
    public let kind: KeyURI.Kind
    /// The hash; SHA-1 for Steam Guard.
    public let algorithm: HashAlgorithm
    /// How many characters a code has, 6 to 10; 5 for Steam Guard.
    public let digits: Int
    /// The seconds that a code is shown; 30 if the kind has no such parameter.
    public let period: Int64
    /// The next counter; 0 if the kind has none.
    public var counter: UInt64
    /// Words to find it by.
    public private(set) var tags: [String]
    /// What the person wants to remember.
    public private(set) var note: String
    /// The serial number of a hardware token.
    public private(set) var serial: String?
    /// Whose hardware token it is, where a server's file says so.
    public private(set) var owner: String?

    /// The longest key in bytes.
    public static let longestKey = 1024
    /// The longest name, issuer, tag, serial number or owner in bytes of UTF-8.
    public static let longestName = 512
    /// The longest note in bytes of UTF-8.
    public static let longestNote = 65_536
    /// The longest period in seconds: a day.
    public static let longestPeriod: Int64 = 86_400

    /// Makes a token; parameters that the kind does not have are set aside.
    ///
    /// - Throws: `TokenFault`, which says what no authenticator could use or show.
    public init(
        issuer: String? = nil,
        name: String,
        key: TokenKey,
        kind: KeyURI.Kind = .totp,
        algorithm: HashAlgorithm = .sha1,
        digits: Int = 6,
        period: Int64 = 30,
        counter: UInt64 = 0,
        tags: [String] = [],
        note: String = "",
        serial: String? = nil,
        owner: String? = nil
    ) throws(TokenFault) {
        guard key.secret.count > 0 else { throw TokenFault("the secret is empty") }
        guard key.secret.count <= Self.longestKey else {
            throw TokenFault("the secret is longer than \(Self.longestKey) bytes")
        }
        if kind != .steam, !OneTimeCode.digitRange.contains(digits) {
            throw TokenFault("a code cannot have \(digits) digits; 6 to 10 are possible")
        }
        if kind == .totp, !(1...Self.longestPeriod).contains(period) {
            throw TokenFault("a period of \(period) seconds is not possible; 1 to \(Self.longestPeriod) are")
        }
        self.key = key
        self.kind = kind
        self.algorithm = kind == .steam ? .sha1 : algorithm
        self.digits = kind == .steam ? SteamGuard.length : digits
        self.period = kind == .totp ? period : 30
        self.counter = kind == .hotp ? counter : 0
        self.issuer = try Self.checkedOptional(issuer, "issuer")
        let account = try Self.checked(name, "name")
        // Many apps let the account empty; the issuer is then what people know it by.
        self.name = account.isEmpty ? self.issuer ?? "" : account
        self.tags = try Self.checkedTags(tags)
        self.note = try Self.checkedNote(note)
        self.serial = try Self.checkedOptional(serial, "serial number")
        self.owner = try Self.checkedOptional(owner, "owner")
        if self.name.isEmpty {
            guard let serial = self.serial else { throw TokenFault("it has neither a name nor an issuer") }
            self.name = serial
        }
    }

    /// What people call it: `issuer:name`, or the name alone.
    public var title: String {
        guard let issuer, !Self.same(issuer, name) else { return name }
        return "\(issuer):\(name)"
    }
}

// MARK: - Changing what it is called

extension Token {
    /// Gives it another name, and another issuer where one is named.
    public mutating func rename(_ name: String, issuer: String?? = .none) throws(TokenFault) {
        let checked = try Self.checked(name, "name")
        guard !checked.isEmpty else { throw TokenFault("the name is empty; give one") }
        if case .some(let issuer) = issuer { self.issuer = try Self.checkedOptional(issuer, "issuer") }
        self.name = checked
    }

    /// Replaces its tags.
    public mutating func retag(_ tags: [String]) throws(TokenFault) { self.tags = try Self.checkedTags(tags) }

    /// Replaces its note.
    public mutating func annotate(_ note: String) throws(TokenFault) { self.note = try Self.checkedNote(note) }

    private static func checked(_ text: String, _ what: String) throws(TokenFault) -> String {
        guard text.utf8.count <= longestName else {
            throw TokenFault("the \(what) is longer than \(longestName) bytes")
        }
        guard PlainText.isPlain(text) else { throw TokenFault("the \(what) has line breaks or control characters") }
        return PlainText.trimmed(text)
    }

    private static func checkedOptional(_ text: String?, _ what: String) throws(TokenFault) -> String? {
        guard let text else { return nil }
        let checked = try checked(text, what)
        return checked.isEmpty ? nil : checked
    }

    private static func checkedTags(_ tags: [String]) throws(TokenFault) -> [String] {
        var kept: [String] = []
        for tag in tags {
            let tag = try checked(tag, "tag")
            if !tag.isEmpty, !kept.contains(where: { same($0, tag) }) { kept.append(tag) }
            guard kept.count <= 100 else { throw TokenFault("it has more than 100 tags") }
        }
        return kept
    }

    private static func checkedNote(_ note: String) throws(TokenFault) -> String {
        guard note.utf8.count <= longestNote else { throw TokenFault("the note is longer than \(longestNote) bytes") }
        // Line breaks are a note's own; nothing else moves a cursor.
        let lines = note.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        let kept = lines.map { line in
            String(String.UnicodeScalarView(line.filter { $0 == "\t" || PlainText.isPlain($0) }))
        }
        return kept.joined(separator: "\n")
    }

    /// Byte by byte: `==` holds two spellings of one letter for the same.
    static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }
}

// MARK: - Codes

/// A code of a token, and for how long it is one.
public struct TimedCode: Sendable, Equatable {
    /// The code.
    public let text: String
    /// The step or counter that it belongs to.
    public let number: UInt64
    /// When the next one comes; nil for a code of a counter.
    public let validUntil: UnixTime?
    /// The seconds until then.
    public let secondsLeft: Int64?
}

extension Token {
    /// The code `offset` steps after that of `now` (before, if negative); of a counter, the next counter's if the kind has one.
    ///
    /// - Throws: `OTPError` if there is no such step.
    public func code(at now: UnixTime, offset: Int64 = 0) throws(OTPError) -> TimedCode {
        let moment =
            offset == 0 ? now : now.adding(seconds: offset.multipliedReportingOverflow(by: period).partialValue)
        switch kind {
        case .totp:
            let totp = try TOTP(secret: key.secret, algorithm: algorithm, digits: digits, period: period)
            let step = try totp.step(at: moment)
            let left = try totp.secondsLeft(at: moment)
            let until = moment.adding(seconds: left)
            return TimedCode(
                text: totp.code(of: step).text,
                number: step.number,
                validUntil: until,
                secondsLeft: until.seconds(since: now)
            )
        case .steam:
            let steam = try SteamGuard(secret: key.secret)
            let step = try steam.step(at: moment)
            let until = moment.adding(seconds: try steam.secondsLeft(at: moment))
            return TimedCode(
                text: steam.code(of: step).text,
                number: step.number,
                validUntil: until,
                secondsLeft: until.seconds(since: now)
            )
        case .hotp:
            return try code(ofCounter: counter)
        }
    }

    /// The code of a counter.
    ///
    /// - Throws: `OTPError` as the engine does.
    public func code(ofCounter counter: UInt64) throws(OTPError) -> TimedCode {
        let hotp = try HOTP(secret: key.secret, algorithm: algorithm, digits: digits)
        return TimedCode(text: hotp.code(at: counter).text, number: counter, validUntil: nil, secondsLeft: nil)
    }

    /// A digest of what makes its codes: two tokens with one fingerprint show the same codes.
    var fingerprint: [UInt8] {
        var text = Array("\(kind.rawValue) \(algorithm.rawValue) \(digits) \(period) ".utf8)
        key.secret.withBytes { bytes in
            for index in bytes.indices { text.append(bytes[index]) }
        }
        defer { wipe(&text) }
        return Digest.hash(text, with: .sha256)
    }

    /// Whether the two show the same codes.
    public func makesTheCodes(of other: Token) -> Bool { constantTimeEqual(fingerprint, other.fingerprint) }
}

/// Why something cannot be a token, as the end of a sentence; never with a secret in it.
public struct TokenFault: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason.
    public let description: String

    /// Takes the reason.
    public init(_ description: String) {
        self.description = description
    }
}

/// What is asked of texts from outside.
enum PlainText {
    /// Whether `text` can stand on a screen line.
    static func isPlain(_ text: String) -> Bool { text.unicodeScalars.allSatisfy(isPlain) }

    static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE, 0xFFFF: false
        default: true
        }
    }

    /// `text` without blanks, tabs and line ends around it.
    static func trimmed(_ text: String) -> String {
        let bytes = Array(text.utf8)
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[first...last], as: UTF8.self)
    }

    /// `text` with A to Z made small.
    static func small(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The number that ASCII digits alone stand for.
    static func natural(_ text: some StringProtocol) -> UInt64? {
        var value: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            guard (0x30...0x39).contains(byte) else { return nil }
            let (tenfold, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tenfold.addingReportingOverflow(UInt64(byte - 0x30))
            if tooLarge || overflows { return nil }
            value = sum
            count += 1
        }
        return count > 0 ? value : nil
    }
}
