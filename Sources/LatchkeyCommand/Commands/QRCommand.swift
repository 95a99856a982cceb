// QRCommand.swift: `latchkey qr`, any text as a QR code.
internal import Latchkey
internal import LatchkeyCrypto
internal import LatchkeyJSON
internal import LatchkeyQR

extension Option {
    /// How a QR code is drawn in the terminal.
    static let qr = Option.choice(
        "qr",
        ["auto", "half", "full", "none"],
        "how the code is drawn: as the terminal can, in half blocks, in cells of two blanks, or not; auto if not said"
    )
    /// A QR code as a picture.
    static let png = Option.file("png", "FILE", "writes the code to a new PNG file that only its owner can read")
    /// A QR code as a drawing.
    static let svg = Option.file("svg", "FILE", "writes the code to a new SVG file that only its owner can read")
    fileprivate static let level = Option.choice(
        "level",
        QRCode.Level.allCases.map(\.rawValue),
        "how much damage the code survives; low, the smallest code, if not said"
    )
}

let qrCommand = Command(
    path: ["qr"],
    group: .stateless,
    summary: "draws any text as a QR code",
    arguments: [Argument(name: "TEXT", help: "the text; `-` reads standard input", secrecy: .uri)],
    options: [.qr, .png, .svg, .level, .json],
    text: [
        "Light modules are drawn as white on black, with colours of their own, so that the code scans on dark and light "
            + "terminals alike. A file that exists is left as it is."
    ],
    examples: [Command.Example("latchkey qr 'otpauth://totp/acme:ann?secret=JBSWY3DPEHPK3PXP' --png ann.png")],
    exits: [.done, .refused, .misused, .unusable].map { ($0, $0.meaning) },
    run: { call in
        let code = try codeToDraw(call)
        let files = QRFiles(call)
        let style = call.text(.qr) ?? (files.isEmpty ? "auto" : "none")
        let lines = call.wantsJSON ? [] : try QRDrawing(style, on: call.console).lines(of: code)
        try files.write(code)
        if call.wantsJSON {
            call.console.print([
                "version": .number(code.version), "size": .number(code.size), "level": .string(code.level.rawValue),
                "png": files.png.map(JSON.string) ?? .null, "svg": files.svg.map(JSON.string) ?? .null,
            ])
        }
        for line in lines { call.console.print(line) }
        return .done
    }
)

/// The text as a code: the argument's, or all of standard input without the line feed at its end.
private func codeToDraw(_ call: Invocation) throws(Failure) -> QRCode {
    let level = call.text(.level).flatMap(QRCode.Level.init(rawValue:)) ?? .low
    var bytes = Array((call.words.first ?? "").utf8)
    defer { wipe(&bytes) }
    if call.words.first == "-" {
        do throws(FileError) { bytes = try ByteInput.all(0, atMost: 1 << 16) } catch {
            throw .unusable("cannot read standard input: \(error.reason)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    }
    do throws(QRError) { return try QRCode(utf8: bytes.span, level: level) } catch { throw .misused("\(error)") }
}

/// The picture files that a command's options name.
struct QRFiles: Sendable {
    let png: String?
    let svg: String?
    var isEmpty: Bool { png == nil && svg == nil }

    init(_ call: Invocation) {
        png = call.text(.png)
        svg = call.text(.svg)
    }

    /// Writes the files; none that exists is touched.
    func write(_ code: QRCode) throws {
        if let png {
            var bytes: [UInt8]
            do throws(QRError) { bytes = try code.png() } catch { throw Failure.unusable("\(error)") }
            defer { wipe(&bytes) }
            try PrivateFile.create(bytes, at: png)
        }
        if let svg { try PrivateFile.create(Array(code.svg().utf8), at: svg) }
    }
}

/// How a code is drawn on standard output.
struct QRDrawing: Sendable {
    private let way: String
    private let console: Console

    /// Takes a word of `Option.qr`.
    init(_ way: String, on console: Console) {
        self.way = way
        self.console = console
    }

    /// The lines to print, none for `none`; what does not fit is refused with the reason.
    func lines(of code: QRCode) throws(Failure) -> [String] {
        if way == "none" { return [] }
        let traits = console.output.traits
        guard let shape = TerminalStyle.Shape(rawValue: way) else {
            return code.terminal(try style(TerminalStyle.choose(for: code, on: traits)))
        }
        let (choice, warning) = TerminalStyle.asked(shape, for: code, on: traits)
        let style = try style(choice)
        let columns = style.columns(for: code)
        // A line that the terminal breaks never scans; one that scrolls away may.
        if traits.isTerminal, columns > traits.columns {
            throw .refused(
                "your terminal is \(traits.columns) wide, the code \(columns): enlarge it, or use --png FILE"
            )
        }
        if let warning { console.warn(warning) }
        return code.terminal(style)
    }

    private func style(_ choice: TerminalStyle.Choice) throws(Failure) -> TerminalStyle {
        switch choice {
        case .style(let style): return style
        case .unfit(let reason): throw .refused(reason)
        }
    }
}
