// HelpText.swift: help for people, made from the table of commands.

/// Help pages as plain text, 80 columns wide.
struct HelpText: Sendable {
    let table: CommandTable
    private static let width = 80

    /// The page of a command, of a noun, or of all; nil when nothing is called so.
    func page(for path: [String]) -> String? {
        if path.isEmpty { return overview }
        return switch table.place(at: path) {
        case .command(let command): page(of: command)
        case .noun: page(ofNoun: path)
        case .nothing: nil
        }
    }

    /// What `latchkey help` prints.
    var overview: String {
        var lines = [
            "latchkey \(Version.text) - one-time codes, and the authority around them",
            "",
            "usage: latchkey COMMAND [WORDS] [OPTIONS]",
        ]
        for group in Command.Group.allCases {
            var rows: [(String, String)] = []
            for (word, summary) in table.words(after: []) where table.group(of: word) == group {
                rows.append((word, summary))
            }
            if rows.isEmpty { continue }
            lines += ["", group.rawValue] + HelpText.columns(rows)
        }
        lines += [
            "",
            "`latchkey help COMMAND` or `latchkey COMMAND --help` explains one.",
            "Exit codes: 0 done, 1 refused, 2 wrong command line, 3 store, key, configuration",
            "or file unusable, 4 server unreachable.",
        ]
        return lines.joined(separator: "\n")
    }

    private func page(ofNoun path: [String]) -> String {
        var lines = ["usage: \(table.name(of: path)) COMMAND [WORDS] [OPTIONS]", ""]
        lines += HelpText.columns(table.words(after: path).map { ($0.word, $0.summary) })
        lines += ["", "`\(table.name(of: ["help"] + path)) COMMAND` explains one."]
        let example = table.commands.first { $0.path.starts(with: path) && !$0.isHidden && !$0.examples.isEmpty }
        if let example = example?.examples.first { lines += ["", "example"] + HelpText.example(example) }
        return lines.joined(separator: "\n")
    }

    private func page(of command: Command) -> String {
        var lines = ["\(command.name) - \(command.summary)", ""]
        for (place, usage) in command.usageLines.enumerated() {
            lines += HelpText.wrap(usage, first: place == 0 ? "usage: " : "       ", rest: "           ")
        }
        for paragraph in command.text { lines += [""] + HelpText.wrap(paragraph, first: "", rest: "") }
        if !command.arguments.isEmpty {
            lines += [""] + HelpText.columns(command.arguments.map { ($0.name, $0.help) })
        }
        lines += ["", "options"] + HelpText.columns(command.shownOptions.map { ($0.spelling, $0.helpWithRange) })
        for (place, example) in command.examples.enumerated() {
            lines += place == 0 ? ["", command.examples.count == 1 ? "example" : "examples"] : []
            lines += HelpText.example(example)
        }
        lines += ["", "exit codes"] + HelpText.columns(command.shownExits.map { ("\($0.code.rawValue)", $0.meaning) })
        return lines.joined(separator: "\n")
    }

    private static func example(_ example: Command.Example) -> [String] {
        ["  $ \(example.line)"] + example.output.map { "  \($0)" }
    }

    /// Names on the left, what they mean on the right; a name that is too long gets a line of its own.
    static func columns(_ rows: [(String, String)]) -> [String] {
        let longest = 24
        let indent = 4 + min(longest, rows.map { $0.0.utf8.count }.filter { $0 <= longest }.max() ?? longest)
        var lines: [String] = []
        for (name, meaning) in rows {
            let margin = String(repeating: " ", count: indent)
            var first = "  \(name)"
            if name.utf8.count + 4 > indent {
                lines.append(first)
                first = margin
            } else {
                first += String(repeating: " ", count: indent - 2 - name.utf8.count)
            }
            lines += wrap(meaning, first: first, rest: margin)
        }
        return lines
    }

    /// Breaks text between words so that no line is wider than 80 columns.
    static func wrap(_ text: String, first: String, rest: String) -> [String] {
        var lines: [String] = []
        var line = first
        var isEmpty = true
        for word in HelpText.words(text) {
            if !isEmpty, line.unicodeScalars.count + 1 + word.unicodeScalars.count > width {
                lines.append(line)
                line = rest
                isEmpty = true
            }
            line += isEmpty ? word : " \(word)"
            isEmpty = false
        }
        lines.append(line)
        return lines
    }

    /// Words between blanks; what stands in brackets stays together.
    private static func words(_ text: String) -> [String] {
        var words: [String] = []
        var open = 0
        for part in text.split(separator: " ", omittingEmptySubsequences: true) {
            if open > 0, let last = words.last {
                words[words.count - 1] = "\(last) \(part)"
            } else {
                words.append(String(part))
            }
            open += part.utf8.count { $0 == UInt8(ascii: "[") } - part.utf8.count { $0 == UInt8(ascii: "]") }
        }
        return words
    }
}

extension Option {
    /// The explanation, with the numbers that are taken where that is not every number.
    var helpWithRange: String {
        switch kind {
        case .integer(let range) where range.upperBound == .max: "\(help) (\(range.lowerBound) or more)"
        case .integer(let range) where range.lowerBound > .min: "\(help) (\(range.lowerBound) to \(range.upperBound))"
        default: help
        }
    }
}
