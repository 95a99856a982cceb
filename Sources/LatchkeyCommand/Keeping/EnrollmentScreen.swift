// EnrollmentScreen.swift: what a person sees while a device is enrolled: the QR code beside numbered steps, and live seconds.
internal import Latchkey
internal import LatchkeyJSON
internal import LatchkeyOTP
internal import LatchkeyQR

/// The screen of one enrolment.
///
/// The code is drawn on the terminal's other screen and wiped, so that scrolling back shows no secret. Where that cannot be
/// (a dumb terminal) or is not wanted (`--no-clear`), the same is said line by line.
struct EnrollmentScreen {
    let call: Invocation
    let enrollment: Enrollment
    let code: QRCode

    /// What the keys have changed.
    private struct Progress {
        var message: String
        var typed = ""
        var showsKey = false
        var needsDrawing = true
    }

    /// Shows everything and returns the digits that are typed.
    ///
    /// - Parameters:
    ///   - message: What to say about the last try.
    ///   - last: The code that was typed before, where the next one is asked for.
    /// - Returns: As many digits as a code has.
    /// - Throws: `Interrupted` for Ctrl-C and other signals.
    func ask(_ message: String, after last: String? = nil) throws -> String {
        let traits = call.console.output.traits
        if traits.dumb || call.has(.noClear) { return try askByLine(message) }
        call.console.flush()
        var shown = Progress(message: message)
        let held = try HeldTerminal(0, .keys, screen: HeldTerminal.Screen(descriptor: 1))
        var size = (columns: traits.columns, rows: traits.rows)
        while true {
            let present = call.console.output.size
            if present != size || shown.needsDrawing {
                size = present
                draw(shown)
                shown.needsDrawing = false
            }
            drawPrompt(shown, after: last)
            guard let key = try held.key(within: 250) else { continue }
            switch key {
            case .interrupt, .end: throw Interrupted(signal: 2)
            case .enter:
                if shown.typed.utf8.count == enrollment.parameters.digits, shown.typed != last { return shown.typed }
                if !shown.typed.isEmpty { complain(&shown, last) }
            case .backspace: _ = shown.typed.popLast()
            case .clear: shown.typed = ""
            case .character(let scalar): press(scalar, &shown)
            default: break
            }
        }
    }

    /// A code that cannot be right costs no try.
    private func complain(_ shown: inout Progress, _ last: String?) {
        shown.message =
            shown.typed == last
            ? "That is the code before: wait for the next one."
            : "A code has \(enrollment.parameters.digits) digits."
        shown.needsDrawing = true
    }

    private func press(_ scalar: Unicode.Scalar, _ shown: inout Progress) {
        switch scalar {
        case "0"..."9" where shown.typed.utf8.count < enrollment.parameters.digits:
            shown.typed.unicodeScalars.append(scalar)
        case "k", "K":
            shown.showsKey.toggle()
            shown.needsDrawing = true
        case "p", "P":
            shown.message = writePicture()
            shown.needsDrawing = true
        default: break
        }
    }

    /// Writes the picture beside the person's work, under a name that is free.
    private func writePicture() -> String {
        let name = enrollment.serialNumber.text.utf8.split(separator: UInt8(ascii: "/")).last.flatMap { String($0) }
        for number in 0..<100 {
            let suffix = number == 0 ? "" : "-\(number)"
            let path = "\(enrollment.userName)-\(name ?? "device")\(suffix).png"
            do {
                try PrivateFile.create(try code.png(), at: path)
                return "Written: \(path). Delete it after the scan."
            } catch {
                let failure = Failure(error)
                if failure.code != .refused { return failure.sentence }
            }
        }
        return "there are a hundred pictures here already: delete some"
    }

    // MARK: Drawing

    /// The steps beside the code, or below it, or without it where it does not fit.
    private func draw(_ shown: Progress) {
        let drawing = picture()
        var lines: [String] = []
        let steps = steps(shown, beside: drawing)
        switch drawing {
        case .beside(let rows, let width):
            for index in 0..<max(rows.count, steps.count) {
                let left = index < rows.count ? rows[index] : String(repeating: " ", count: width)
                lines.append(index < steps.count ? "\(left)  \(steps[index])" : left)
            }
        case .below(let rows): lines = rows + steps
        case .none(let reason): lines = wrap(reason, to: width(beside: drawing)) + steps
        }
        let height = call.console.output.size.rows
        let text = "\u{1B}[H\u{1B}[2J" + lines.prefix(height).joined(separator: "\r\n")
        Console.write(Array(text.utf8), to: 1)
    }

    private enum Picture {
        case beside([String], width: Int)
        case below([String])
        case none(String)
    }

    /// The least width that the steps are given: version 5, 45 columns wide, leaves no more of 80.
    private static let stepsWidth = 33

    private func width(beside picture: Picture) -> Int {
        let columns = call.console.output.size.columns
        if case .beside(_, let width) = picture { return max(Self.stepsWidth, columns - width - 2) }
        return columns
    }

    private func picture() -> Picture {
        let way = call.text(.qr) ?? "auto"
        if way == "none" { return .none("") }
        let traits = call.console.output.traits
        let asked = TerminalStyle.Shape(rawValue: way)
        let choose = { (rows: Int, columns: Int) in
            guard let asked else {
                return TerminalStyle.choose(for: code, on: traits, reserving: rows, columns: columns)
            }
            return TerminalStyle.asked(asked, for: code, on: traits, reserving: rows, columns: columns).choice
        }
        if case .style(let style) = choose(0, Self.stepsWidth + 2) {
            return .beside(code.terminal(style), width: style.columns(for: code))
        }
        switch choose(steps(Progress(message: ""), beside: .below([])).count, 0) {
        case .style(let style): return .below(code.terminal(style))
        case .unfit(let reason): return .none(reason.beginningLarge)
        }
    }

    /// Which line of the steps holds the prompt.
    private static let promptMark = "\u{0}"

    private func steps(_ shown: Progress, beside picture: Picture) -> [String] {
        let console = call.console
        let width = width(beside: picture)
        var lines = [""] + wrap(title, to: width).map { console.paint($0, .bold) }
        lines += wrap(enrollment.parameters.summary, to: width) + [""]
        let one = console.paint("1", .bold)
        switch (picture, shown.showsKey) {
        case (.none, true): lines.append("\(one)  Type this key into your app:")
        case (.none, false): lines += ["\(one)  Press k for the key to type,", "         p for a PNG file to scan"]
        case (_, true): lines += ["\(one)  Scan with your app", "   or type this key:"]
        case (_, false):
            lines += [
                "\(one)  Scan with your app", "   no camera?  k  for the key", "               p  for a PNG file",
            ]
        }
        if shown.showsKey { lines += groups(enrollment.secret.text).map { "   \($0)" } }
        lines += ["", "\(console.paint("2", .bold))  Type the code it shows", Self.promptMark, ""]
        return lines + wrap(shown.message.beginningLarge, to: width).map { console.paint($0, .bold) }
    }

    private var title: String {
        let title = [enrollment.issuer, enrollment.userName.text].compactMap { $0 }.joined(separator: " : ")
        return Shown.text(title)
    }

    /// The typed digits and the seconds that the present code still lives, at the prompt's place.
    private func drawPrompt(_ shown: Progress, after last: String?) {
        let picture = picture()
        let lines = steps(shown, beside: picture)
        guard let line = lines.firstIndex(of: Self.promptMark) else { return }
        let (row, column): (Int, Int)
        switch picture {
        case .beside(_, let width): (row, column) = (line + 1, width + 3)
        case .below(let rows): (row, column) = (rows.count + line + 1, 1)
        case .none(let reason): (row, column) = (wrap(reason, to: width(beside: picture)).count + line + 1, 1)
        }
        let prompt = "   code: \(grouped(shown.typed))"
        // The seconds stand still while digits are typed.
        let rest = String(repeating: " ", count: max(0, enrollment.parameters.digits - shown.typed.utf8.count) + 3)
        let text =
            "\u{1B}[\(row);\(column)H\u{1B}[K\(prompt)\(rest)\(secondsLeft(after: last))"
            + "\u{1B}[\(row);\(column + prompt.utf8.count)H\u{1B}[?25h"
        Console.write(Array(text.utf8), to: 1)
    }

    private func secondsLeft(after last: String?) -> String {
        guard enrollment.parameters.kind == .totp else { return "" }
        let period = max(1, enrollment.parameters.period)
        let left = period - World.systemNow().seconds % period
        guard last != nil else {
            return left > 5 ? "(\(left) s left)" : call.console.paint("(\(left) s left)", .red)
        }
        let done = Int((period - left) * 10 / period)
        let bar = String(repeating: "▓", count: done) + String(repeating: "░", count: 10 - done)
        return "next code \(call.console.output.isUTF8 ? "\(bar) " : "in ")\(left) s"
    }

    /// The digits in two groups, as apps show them.
    private func grouped(_ digits: String) -> String {
        let half = enrollment.parameters.digits / 2
        guard digits.utf8.count > half else { return digits }
        return "\(digits.prefix(half)) \(digits.dropFirst(half))"
    }

    /// The key in groups of four, four groups a line.
    private func groups(_ key: String) -> [String] {
        let letters = Array(key.utf8)
        let words = stride(from: 0, to: letters.count, by: 4)
            .map {
                String(decoding: letters[$0..<min($0 + 4, letters.count)], as: UTF8.self)
            }
        return stride(from: 0, to: words.count, by: 4)
            .map {
                words[$0..<min($0 + 4, words.count)].joined(separator: " ")
            }
    }

    /// Breaks between words, never inside brackets, and inside a word only where it is longer than a line.
    private func wrap(_ text: String, to width: Int) -> [String] {
        var words: [String] = []
        for word in text.split(separator: " ") {
            if let open = words.last, open.utf8.first == UInt8(ascii: "("), open.utf8.last != UInt8(ascii: ")") {
                words[words.count - 1] = "\(open) \(word)"
            } else {
                words.append(String(word))
            }
        }
        var lines: [String] = []
        var line = ""
        for word in words {
            if !line.isEmpty, line.columns + 1 + word.columns > width {
                lines.append(line)
                line = ""
            }
            if !line.isEmpty { line += " " }
            for character in word {
                if line.columns + String(character).columns > width {
                    lines.append(line)
                    line = ""
                }
                line.append(character)
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    // MARK: Line by line

    private func askByLine(_ message: String) throws -> String {
        if message.isEmpty {
            switch call.text(.qr) == "none" ? Picture.none("") : picture() {
            case .beside(let rows, _), .below(let rows): for row in rows { call.console.print(row) }
            case .none(let reason): if !reason.isEmpty { call.console.print(reason) }
            }
            call.console.print("\(title), \(enrollment.parameters.summary)")
            call.console.print("key: \(groups(enrollment.secret.text).joined(separator: " "))")
        } else {
            call.console.print(message)
        }
        while true {
            let typed = try call.console.ask("code: ").withoutBlanks
            if !typed.isEmpty { return typed }
        }
    }
}

extension String {
    /// How many columns a terminal may need for the text: where it is not Latin, Greek or Cyrillic, two for each scalar.
    fileprivate var columns: Int { unicodeScalars.reduce(0) { $0 + ($1.value < 0x1100 ? 1 : 2) } }

    /// The text as a sentence of its own.
    var beginningLarge: String {
        guard let first = utf8.first, (0x61...0x7A).contains(first) else { return self }
        return String(decoding: [first & ~0x20] + utf8.dropFirst(), as: UTF8.self)
    }
}
