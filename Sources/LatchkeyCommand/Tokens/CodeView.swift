// CodeView.swift: what the screen of all tokens shows: which of them, which one is chosen, and each one's line.
internal import LatchkeyOTP
internal import LatchkeyTokens

/// What is typed and chosen on the screen of all tokens, and how that looks.
struct CodeView {
    private(set) var typed = ""
    /// The place of the chosen token among those that are found.
    private(set) var selected = 0
    /// The first one that is shown.
    private var top = 0
    var message = ""
    /// The title of a token of a counter, and the code that was asked for.
    var asked: (title: String, code: String)?

    // MARK: Finding and choosing

    /// Looks for another word.
    mutating func type(_ text: String) {
        typed = text
        selected = 0
        message = ""
    }

    /// Chooses another one.
    mutating func move(_ steps: Int, in count: Int) {
        selected = max(0, min(count - 1, selected + steps))
        message = ""
    }

    /// How many tokens that many rows show.
    func room(_ rows: Int) -> Int { max(1, rows - 4) }

    /// Keeps the chosen one among those that are found and shown.
    mutating func keepSelection(of count: Int, rows: Int) {
        selected = max(0, min(count - 1, selected))
        let room = room(rows)
        if selected < top { top = selected }
        if selected >= top + room { top = selected - room + 1 }
        top = max(0, min(top, count - room))
    }

    /// The tokens in which what is typed stands; first where it stands in one piece, then where its letters do in order.
    func matches(in tokens: [Token]) -> [Token] {
        let word = typed.lowercased()
        if word.isEmpty { return tokens }
        var whole: [Token] = []
        var scattered: [Token] = []
        for token in tokens {
            let text = ([token.title] + token.tags).joined(separator: " ").lowercased()
            if text.contains(word) {
                whole.append(token)
            } else if Self.stands(word, scatteredIn: text) {
                scattered.append(token)
            }
        }
        return whole + scattered
    }

    private static func stands(_ word: String, scatteredIn text: String) -> Bool {
        var rest = text.unicodeScalars[...]
        for scalar in word.unicodeScalars {
            guard let place = rest.firstIndex(of: scalar) else { return false }
            rest = rest[rest.index(after: place)...]
        }
        return true
    }

    // MARK: Drawing

    /// The widths of a line's parts; what does not fit in a narrow terminal is left out, the code last.
    private struct Columns {
        static let code = 11
        static let seconds = 4
        let title: Int
        let bar: Int
        let hasSeconds: Bool

        init(_ width: Int) {
            bar = width >= 60 ? 10 : 0
            hasSeconds = width >= 36
            let others = 2 + 1 + Self.code + (bar > 0 ? bar + 1 : 0) + (hasSeconds ? Self.seconds : 0)
            title = max(4, width - 1 - others)
        }
    }

    /// The whole screen, from its first cell on.
    func picture(
        _ found: [Token],
        of count: Int,
        on console: Console,
        size: (columns: Int, rows: Int),
        at now: UnixTime
    ) -> String {
        let width = max(1, size.columns - 1)
        let room = room(size.rows)
        let prompt = "find: \(Shown.text(typed))_"
        let tally = found.count == count ? "\(count)" : "\(found.count) of \(count)"
        let gap = width - ScreenText.columns(prompt) - tally.utf8.count
        var lines = [
            console.paint(ScreenText.cut(prompt, width), .bold)
                + (gap > 1 ? String(repeating: " ", count: gap) + console.paint(tally, .dim) : ""),
            "",
        ]
        let columns = Columns(size.columns)
        for (offset, token) in found.dropFirst(top).prefix(room).enumerated() {
            lines.append(row(token, top + offset == selected, columns, console, now))
        }
        while lines.count < room + 2 { lines.append("") }
        let said =
            if !message.isEmpty {
                message
            } else if count == 0 {
                "the vault is empty: fill it with `latchkey token add` or `latchkey token import`"
            } else {
                found.isEmpty ? "no token is like that" : ""
            }
        let more = found.count - top - room
        lines.append(
            said.isEmpty && more > 0
                ? console.paint(ScreenText.cut("  \(more) more below", width), .dim) : ScreenText.cut(said, width)
        )
        let keys = console.output.isUTF8 ? "↑ ↓ choose" : "arrows choose"
        lines.append(console.paint(ScreenText.cut("type to find   \(keys)   Enter copies   Esc leaves", width), .dim))
        return "\u{1B}[H" + lines.prefix(size.rows).map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    }

    private func row(
        _ token: Token,
        _ isChosen: Bool,
        _ columns: Columns,
        _ console: Console,
        _ now: UnixTime
    ) -> String {
        let title = ScreenText.fitted(Shown.text(token.title), columns.title)
        let lead = isChosen ? console.paint("> \(title)", .bold) : "  \(title)"
        if token.kind == .hotp {
            guard let code = asked.flatMap({ $0.title == token.title ? $0.code : nil }) else {
                return "\(lead) \(console.paint(ScreenText.cut("Enter: next code", columns.bar > 0 ? 16 : 5), .dim))"
            }
            return "\(lead) \(Self.grouped(code))"
        }
        guard let code = try? token.code(at: now), let left = code.secondsLeft else { return "\(lead) no code now" }
        let isLate = left <= 5
        let grouped = ScreenText.fitted(Self.grouped(code.text), Columns.code)
        var line = "\(lead) \(isChosen ? console.paint(grouped, .bold) : grouped)"
        if columns.bar > 0 {
            let cells = Int(clamping: min(10, (left * 10 + token.period - 1) / max(1, token.period)))
            let bar =
                String(repeating: console.output.isUTF8 ? "▮" : "#", count: cells)
                + String(repeating: console.output.isUTF8 ? "▯" : ".", count: 10 - cells)
            line += " \(isLate ? console.paint(bar, .red) : bar)"
        }
        guard columns.hasSeconds else { return line }
        let seconds = "\(left)"
        let padded = String(repeating: " ", count: max(0, Columns.seconds - seconds.utf8.count)) + seconds
        return line + (isLate ? console.paint(padded, .red) : padded)
    }

    /// `287 082`: halves are easier to keep in mind.
    private static func grouped(_ code: String) -> String {
        guard code.utf8.count >= 6 else { return code }
        let half = (code.count + 1) / 2
        return "\(code.prefix(half)) \(code.dropFirst(half))"
    }
}
