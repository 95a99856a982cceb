// SecretSource.swift: where a one-time-password secret comes from: an option, standard input or a prompt.
internal import LatchkeyCrypto

extension Option {
    /// The secret of the stateless commands.
    static let secret = Option.secret("secret", "BASE32", "the shared secret; `-` reads a line of standard input")
    /// The secret as the first line of standard input.
    static let secretStdin = Option.flag("secret-stdin", "reads the secret from standard input")
    /// How the secret is written.
    static let encoding = Option.choice(
        "encoding",
        SecretEncoding.allCases.map(\.rawValue),
        "how the secret is written; base32 if not said"
    )
    /// The options that every stateless command with a secret takes.
    static let secretOptions: [Option] = [secret, secretStdin, encoding]
}

/// How a secret is written.
enum SecretEncoding: String, CaseIterable, Sendable {
    case base32, hex, base64

    /// Reads a secret as people type and programs write it.
    func decode(_ text: borrowing Secret) throws(Failure) -> Secret {
        do throws(TextEncodingError) {
            return switch self {
            case .base32: try Base32.decodeSecret(text)
            case .hex: try Hex.decodeSecret(text)
            case .base64: try Base64.decodeSecret(text)
            }
        } catch {
            throw .misused("the secret cannot be read: \(error)")
        }
    }
}

extension Secret {
    /// The bytes as text, for what turns out not to be secret or must be text below; nil when they are not UTF-8.
    borrowing func text() -> String? {
        withBytes { bytes in
            do { return String(copying: try UTF8Span(validating: bytes)) } catch { return nil }
        }
    }
}

extension Invocation {
    /// Whether a secret was given, or is to be read from standard input.
    var hasSecret: Bool { has(.secret) || has(.secretStdin) || words.first == "-" }

    /// The secret: from `--secret`, standard input, or a prompt without echo.
    func secret(_ usual: SecretEncoding = .base32) throws -> Secret {
        try exclude(.secret, .secretStdin)
        let encoding = text(.encoding).flatMap(SecretEncoding.init(rawValue:)) ?? usual
        if let given = text(.secret), given != "-" { return try encoding.decode(Secret(utf8: given)) }
        if hasSecret { return try encoding.decode(try console.readSecretLine("secret")) }
        guard console.isInteractive else {
            throw Failure.misused("a secret is missing; give --secret, or --secret-stdin and a line on standard input")
        }
        return try encoding.decode(try console.askSecret("secret: "))
    }
}
