// ExportCommand.swift: `latchkey token export`: the tokens of the vault for another program: in a file, or as QR codes.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyQR
internal import LatchkeyTokens

extension Option {
    fileprivate static let exportFormat = Option.choice(
        "format",
        ["otpauth", "aegis", "google", "pskc"],
        "how they are written; otpauth, a URI a line, if not said"
    )
    fileprivate static let output = Option.file("output", "FILE", "the new file that only its owner can read")
    fileprivate static let pictures = Option.file(
        "png",
        "FILE",
        "writes Google's QR codes to new PNG files: FILE, or FILE-1, FILE-2 and so on where one does not hold all"
    )
    fileprivate static let preSharedKey = Option.flag(
        "pre-shared-key",
        "takes the line on --file-passphrase-fd as an AES key in hexadecimal; of PSKC only"
    )
}

let tokenExportCommand = Command(
    path: ["token", "export"],
    group: .daily,
    summary: "writes the tokens of the vault for another program",
    options: [.exportFormat, .output, .pictures, .qr, .filePassphraseFD, .preSharedKey, .json] + Option.vaultOptions,
    text: [
        "The file holds the secrets: bare as otpauth: URIs, as Google's migration URIs and as plain PSKC (RFC 6030); encrypted, "
            + "as a vault of Aegis or as PSKC with MACs, where --file-passphrase-fd gives a passphrase.",
        "Google's export is a row of QR codes: a terminal shows them one after the other on a screen that is wiped, each with as "
            + "many tokens as fit; --png writes pictures, --output the URIs.",
    ],
    examples: [
        Command.Example("latchkey token export --format aegis --output aegis.json", "12 tokens are written"),
        Command.Example("latchkey token export --format google"),
    ],
    exits: vaultExits,
    run: { call in
        let format = call.text(.exportFormat) ?? "otpauth"
        try check(format, call)
        // Also of a vault that is unlocked: whoever sits down at the terminal takes no secrets away.
        let tokens = try call.openVault(.passphrase(try call.vaultPassphrase())).tokens
        let (export, files) = try written(tokens, format, call)
        for record in export.refused { call.console.warn("left out: \(record.line)") }
        let count = tokens.count - export.refused.count
        if call.wantsJSON {
            call.console.print([
                "exported": .number(count), "left_out": .number(export.refused.count),
                "files": .array(files.map(JSON.string)),
            ])
        } else if !files.isEmpty {
            let place = call.has(.pictures) ? " to \(files.joined(separator: ", "))" : ""
            call.console.tick("\(count) \(count == 1 ? "token is" : "tokens are") written\(place)")
        }
        return export.refused.isEmpty ? .done : .refused
    }
)

/// Refuses options that say nothing in this format.
private func check(_ format: String, _ call: Invocation) throws(Failure) {
    if format == "google" {
        guard [call.has(.output), call.has(.pictures), call.has(.qr)].filter({ $0 }).count <= 1 else {
            throw .misused("give one of --output, --png and --qr")
        }
        let shows = !call.has(.output) && !call.has(.pictures)
        if shows, call.wantsJSON { throw .misused("--json cannot draw QR codes; give --png FILE or --output FILE") }
        if shows, !call.has(.qr), !(call.console.isInteractive && call.console.output.isTerminal) {
            throw .misused("give --output FILE, --png FILE or --qr half")
        }
    } else {
        for option in [Option.pictures, .qr] where call.has(option) {
            throw .misused("only --format google is QR codes; leave --\(option.name) out")
        }
        guard call.has(.output) else { throw .misused("`--output FILE` is missing") }
    }
    guard format == "aegis" || format == "pskc" || !call.has(.filePassphraseFD) else {
        throw .misused("only --format aegis and pskc are encrypted; leave --file-passphrase-fd out")
    }
    if call.has(.preSharedKey), format != "pskc" || !call.has(.filePassphraseFD) {
        throw .misused("--pre-shared-key needs --format pskc and --file-passphrase-fd")
    }
}

private func written(
    _ tokens: [Token],
    _ format: String,
    _ call: Invocation
) throws -> (TokenExport, files: [String]) {
    if format == "google", !call.has(.output) {
        if let path = call.text(.pictures) { return try pictures(tokens, path) }
        return (try call.showMigration(tokens), [])
    }
    let passphrase = try call.int(.filePassphraseFD).map { TokenKey(try call.secretLine(ofDescriptor: Int32($0))) }
    let export: TokenExport
    switch format {
    case "aegis": export = try TokenExport.aegis(tokens, passphrase: passphrase)
    case "google": export = TokenExport.googleMigration(tokens)
    case "pskc":
        let protection: PSKCProtection =
            if let passphrase {
                call.has(.preSharedKey)
                    ? .preSharedKey(TokenKey(try Hex.decodeSecret(passphrase.secret))) : .passphrase(passphrase)
            } else {
                .none
            }
        export = try TokenExport.pskc(tokens, protection)
    default: export = TokenExport.uriList(tokens)
    }
    let text = format == "google" ? export.texts.map { $0 + "\n" }.joined() : export.texts.joined()
    guard let path = call.text(.output) else { throw Failure.misused("`--output FILE` is missing") }
    var bytes = Array(text.utf8)
    defer { wipe(&bytes) }
    try PrivateFile.create(bytes, at: path)
    return (export, [path])
}

/// Writes a picture for each code; those of a row that is broken off stay, and none is overwritten.
private func pictures(_ tokens: [Token], _ path: String) throws -> (TokenExport, files: [String]) {
    let export = TokenExport.googleMigration(tokens) { (try? QRCode($0)) != nil }
    var files: [String] = []
    for (number, uri) in export.texts.enumerated() {
        var bytes = try QRCode(uri).png()
        defer { wipe(&bytes) }
        let file = export.texts.count == 1 ? path : numbered(path, number + 1)
        try PrivateFile.create(bytes, at: file)
        files.append(file)
    }
    return (export, files)
}

/// `codes.png` becomes `codes-2.png`.
private func numbered(_ path: String, _ number: Int) -> String {
    let name = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")), dot > name else { return "\(path)-\(number)" }
    return "\(path[..<dot])-\(number)\(path[dot...])"
}

extension Invocation {
    /// Shows Google's codes, at a terminal one after the other.
    fileprivate func showMigration(_ tokens: [Token]) throws -> TokenExport {
        let traits = console.output.traits
        let isScreen = console.isInteractive && console.output.isTerminal && !traits.dumb
        let style: TerminalStyle = text(.qr) == "full" ? .full : .half
        let export = TokenExport.googleMigration(tokens) { uri in
            guard let code = try? QRCode(uri) else { return false }
            // A line below says which code it is.
            return !traits.isTerminal
                || style.columns(for: code) <= traits.columns && style.rows(for: code) < traits.rows
        }
        let drawing = QRDrawing(text(.qr) ?? "auto", on: console)
        for (number, uri) in export.texts.enumerated() {
            let lines = try drawing.lines(of: try QRCode(uri))
            let place = "code \(number + 1) of \(export.texts.count)"
            if isScreen {
                try show(lines, "\(place): scan it, then press any key; Ctrl-C stops")
            } else {
                for line in lines + [place] { console.print(line) }
            }
        }
        return export
    }
}
