// ImportCommand.swift: `latchkey import`, what files of tokens hold.
internal import Glibc
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyTokens

extension Option {
    /// The passphrase of a file, from an open file descriptor.
    static let passphraseFD = Option.integer(
        "passphrase-fd",
        "N",
        0...1024,
        "reads the passphrase from the first line of file descriptor N"
    )
    fileprivate static let dryRun = Option.flag("dry-run", "shows what the files hold, and keeps nothing")
}

let importCommand = Command(
    path: ["import"],
    group: .stateless,
    summary: "shows what a file of tokens holds",
    arguments: [
        Argument(
            name: "FILE",
            help: "the files; the codes of one Google export may be several",
            count: .any,
            kind: .file
        )
    ],
    options: [.dryRun, .passphraseFD, .json],
    text: [
        "The kind of a file is told by its content: otpauth: URIs, pictures of QR codes (PNG, JPEG), Google Authenticator's "
            + "export, vaults of Aegis, 2FAS, andOTP and FreeOTP+, Ente's plain list, exports of Bitwarden and 1Password, "
            + "files of google-authenticator and users.oath, PSKC (RFC 6030, plain, with a passphrase, or with a pre-shared key "
            + "in hexadecimal; MACs are checked before anything is taken), Yubico, Feitian, SafeNet, OATH and Microsoft Entra lists.",
        "A record that cannot come in is named with its place and the reason. No secret is shown.",
    ],
    examples: [Command.Example("latchkey import aegis.json --dry-run", "would come in: Example:ann  (entry 1)")],
    exits: [
        (.done, "every record can come in"), (.refused, "a file, or a record of it, cannot be read"),
        (.misused, ExitCode.misused.meaning), (.unusable, ExitCode.unusable.meaning),
    ],
    run: { call in
        guard !call.words.isEmpty else { throw Failure.misused("`latchkey import` needs FILE") }
        guard call.has(.dryRun) else {
            throw Failure.misused("give --dry-run to see what the files hold, or keep it with `latchkey token import`")
        }
        let result = try call.readTokens(call.words)
        if call.wantsJSON {
            call.console.print(result.json)
        } else {
            for entry in result.tokens {
                call.console.print("would come in: \(Shown.text(entry.token.title))  (\(Shown.text(entry.place)))")
                for warning in entry.warnings { call.console.warn("\(entry.place): \(warning)") }
            }
            for record in result.duplicates { call.console.print("duplicate: \(Shown.text(record.line))") }
            for record in result.refused { call.console.print("cannot come in: \(Shown.text(record.line))") }
        }
        return result.refused.isEmpty ? .done : .refused
    }
)

extension Invocation {
    /// The largest file of tokens that is read.
    private static let largestFile = 64 << 20

    /// Reads files of tokens, and asks for a passphrase when one is encrypted.
    func readTokens(_ paths: [String], _ source: Option = .passphraseFD) throws -> TokenImport {
        var files: [TokenFile] = []
        for path in paths {
            let bytes: [UInt8]
            do throws(FileError) { bytes = try PlainFile.read(path, atMost: Self.largestFile).bytes } catch {
                throw Failure.unusable("cannot read `\(path)`: \(error.reason)")
            }
            files.append(TokenFile(name: paths.count > 1 ? path : "", bytes: bytes))
        }
        var passphrase = try int(source).map { TokenKey(try secretLine(ofDescriptor: Int32($0))) }
        while true {
            do throws(TokenFileError) { return try TokenImport(reading: files, passphrase: passphrase) } catch {
                switch error {
                case .locked where console.isInteractive: break
                case .wrongPassphrase where console.isInteractive && !has(source):
                    console.complain(Failure.refused("\(error)"))
                case .locked: throw Failure.refused("\(error) with --\(source.name)")
                default: throw Failure.refused("\(error)")
                }
            }
            passphrase = TokenKey(try console.askSecret("passphrase of the file: "))
        }
    }

    /// Says what was odd about tokens that can come in.
    func warn(of result: TokenImport) {
        for entry in result.tokens {
            for warning in entry.warnings { console.warn("\(entry.place): \(warning)") }
        }
    }

    /// The first line of an open file.
    func secretLine(ofDescriptor descriptor: Int32) throws -> Secret {
        var line: [UInt8] = []
        line.reserveCapacity(Console.longestLine)
        defer { wipe(&line) }
        while true {
            var byte: UInt8 = 0
            let count = Glibc.read(descriptor, &byte, 1)
            if count < 0, errno == EINTR { continue }
            if count < 0 {
                throw Failure.unusable("cannot read file descriptor \(descriptor): \(FileError.reason(errno))")
            }
            if count == 0 || byte == UInt8(ascii: "\n") { break }
            guard line.count < Console.longestLine else {
                throw Failure.misused("the passphrase is longer than \(Console.longestLine) bytes")
            }
            line.append(byte)
        }
        guard !line.isEmpty else { throw Failure.misused("there is no passphrase on file descriptor \(descriptor)") }
        return Secret(line)
    }
}

extension RefusedRecord {
    /// Place, name and reason.
    var line: String { "\(place): \(name.map { "\($0): " } ?? "")\(reason)" }

    var json: JSON {
        ["place": .string(place), "name": name.map(JSON.string) ?? .null, "reason": .string(reason)]
    }
}

extension TokenImport {
    /// Everything but the secrets.
    fileprivate var json: JSON {
        [
            "formats": .array(formats.map { .string($0.rawValue) }), "tokens": .array(tokens.map(\.json)),
            "duplicates": .array(duplicates.map(\.json)), "refused": .array(refused.map(\.json)),
        ]
    }
}

extension ImportedToken {
    fileprivate var json: JSON {
        var object: JSON.Object = [
            "place": .string(place), "format": .string(format.rawValue),
            "issuer": token.issuer.map(JSON.string) ?? .null, "name": .string(token.name),
            "type": .string(token.kind.rawValue), "algorithm": .string(token.algorithm.word),
            "digits": .number(token.digits),
        ]
        if token.kind == .hotp {
            object["counter"] = .number(token.counter)
        } else {
            object["period"] = .number(token.period)
        }
        object["serial"] = token.serial.map(JSON.string) ?? .null
        object["owner"] = token.owner.map(JSON.string) ?? .null
        object["tags"] = .array(token.tags.map(JSON.string))
        object["warnings"] = .array(warnings.map(JSON.string))
        return .object(object)
    }
}
