// TokenFileVector.swift: vectors of token files: what comes out of the files of other programs, and what is refused.

internal import LatchkeyCrypto
internal import LatchkeyOTP
internal import LatchkeyTokens

/// What comes out of a file of tokens: a text, or bytes.
struct TokenFileVector: VectorKind {
    static let name = "token-file"

    let text: String?
    let bytes: HexBytes?
    let passphrase: String?

    struct Answer: Codable {
        /// The kind of file that its content was taken for.
        let format: String
        let count: UInt
        /// For each token `TYPE HASH DIGITS PERIOD-OR-COUNTER SECRET-HEX TITLE`, and serial, owner and tags where it has any.
        let tokens: [String]
        /// `PLACE: REASON` of what cannot come in, and of what shows the same codes as an earlier one.
        let refused: [String]
    }

    func answer() throws -> Answer {
        guard let content = text.map({ Array($0.utf8) }) ?? bytes?.bytes else { throw VectorRefusal(.parse, "noFile") }
        let result = try TokenImport(
            reading: [TokenFile(bytes: content)],
            passphrase: passphrase.map { TokenKey(Secret(utf8: $0)) }
        )
        return Answer(
            format: result.formats.map(\.rawValue).joined(separator: " "),
            count: UInt(result.tokens.count),
            tokens: result.tokens.map { Self.line($0.token) },
            refused: (result.refused + result.duplicates).map { "\($0.place): \($0.reason)" }
        )
    }

    private static func line(_ token: Token) -> String {
        let moving = token.kind == .hotp ? "\(token.counter)" : "\(token.period)"
        var words = [token.kind.rawValue, token.algorithm.rawValue, "\(token.digits)", moving]
        words += [Hex.encode(token.key.secret), token.title]
        if let serial = token.serial { words.append("serial=\(serial)") }
        if let owner = token.owner { words.append("owner=\(owner)") }
        if !token.tags.isEmpty { words.append("[\(token.tags.joined(separator: ", "))]") }
        return words.joined(separator: " ")
    }
}

extension VectorRefusal {
    /// The refusal of a whole file.
    init(_ error: TokenFileError) {
        let (layer, name): (VectorLayer, String) =
            switch error {
            case .unknown: (.parse, "unknown")
            case .malformed: (.parse, "malformed")
            case .locked: (.denied, "locked")
            case .wrongPassphrase: (.signature, "wrongPassphrase")
            case .forged: (.signature, "forged")
            case .unsupported: (.parse, "unsupported")
            }
        self.init(layer, name, says: error.description)
    }
}
