// TokenImport.swift: what came out of files of tokens, record by record.

/// A token, and where in the file it stood.
public struct ImportedToken: Sendable {
    /// The token.
    public var token: Token
    /// The kind of its file.
    public let format: TokenFormat
    /// Where it stood, such as `line 3`.
    public let place: String
    /// What was odd about it, one sentence each.
    public let warnings: [String]
}

/// A record that cannot come in.
public struct RefusedRecord: Sendable, Equatable {
    /// Where it stood, such as `line 3`.
    public let place: String
    /// What the file calls it, if it says.
    public let name: String?
    /// Why not, as a sentence without a secret.
    public let reason: String

    /// Takes what is known of the record.
    public init(place: String, name: String?, reason: String) {
        self.place = place
        self.name = name
        self.reason = reason
    }
}

/// What came out of files of tokens.
public struct TokenImport: Sendable {
    /// The kinds of the files, each once.
    public internal(set) var formats: [TokenFormat] = []
    /// What can come in.
    public internal(set) var tokens: [ImportedToken] = []
    /// What cannot.
    public internal(set) var refused: [RefusedRecord] = []
    /// What shows the same codes as an earlier record, whose place is named.
    public internal(set) var duplicates: [RefusedRecord] = []

    /// Which token has which codes, or which serial number.
    private var places: [[UInt8]: String] = [:]

    init() {}

    mutating func note(_ format: TokenFormat) {
        if !formats.contains(format) { formats.append(format) }
    }

    /// Takes a token, unless it was there before.
    mutating func take(_ token: Token, _ format: TokenFormat, at place: String, warnings: [String] = []) {
        note(format)
        let fingerprint = token.fingerprint
        let serial = token.serial.map { Array("serial \($0)".utf8) }
        if let earlier = places[fingerprint] {
            duplicates.append(
                RefusedRecord(place: place, name: token.title, reason: "shows the same codes as \(earlier)")
            )
            return
        }
        if let serial, let earlier = places[serial] {
            duplicates.append(
                RefusedRecord(place: place, name: token.title, reason: "has the serial number of \(earlier)")
            )
            return
        }
        places[fingerprint] = place
        if let serial { places[serial] = place }
        tokens.append(ImportedToken(token: token, format: format, place: place, warnings: warnings))
    }

    mutating func refuse(_ name: String?, _ format: TokenFormat, at place: String, _ reason: String) {
        note(format)
        refused.append(RefusedRecord(place: place, name: name, reason: reason))
    }

    /// Reads one record: what `body` throws is written down, and stops nothing.
    mutating func record(
        _ format: TokenFormat,
        at place: String,
        named name: String? = nil,
        warnings: [String] = [],
        _ body: () throws -> Token
    ) {
        do {
            take(try body(), format, at: place, warnings: warnings)
        } catch {
            refuse(name, format, at: place, "\(error)")
        }
    }
}

/// One file to read.
public struct TokenFile: Sendable {
    /// What places in it are named after, when there are several; empty for a single one.
    public let name: String
    let bytes: [UInt8]

    /// Takes a file's content.
    public init(name: String = "", bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    func place(_ place: String) -> String { name.isEmpty ? place : "\(name): \(place)" }
}
