// CommandLineParser.swift: words of a command line to a command with its options, or to the sentence that says why not.

/// What a command line asks for.
enum ParsedLine: Sendable {
    case run(ParsedCommand)
    /// `--help` somewhere on the line.
    case help([String])
    case version
    /// Nothing but `latchkey`.
    case nothing
}

/// A command with the words that were given to it, checked against its table entry.
struct ParsedCommand: Sendable {
    let command: Command
    let words: [String]
    let values: [String: [String]]
    /// Where on the line secrets stand: the word's number and how many of its bytes come before the secret.
    let secrets: [(word: Int, offset: Int)]
    /// Whether one of them is worth something in the shell's history, as a one-time code is not.
    let hasLastingSecret: Bool
}

/// Reads a command line by a table of commands.
///
/// Options are `--name value` or `--name=value`, anywhere after or before the command's words; `--` ends them; a lone `-` is
/// a word (standard input). An option that is not marked as repeating may stand once.
struct CommandLineParser: Sendable {
    let table: CommandTable
    /// Options that may also stand before the command's words, if the command then takes them.
    let early: [Option]

    /// Returns what `line`, without the program's name, asks for.
    func parse(_ line: [String]) throws(Failure) -> ParsedLine {
        if line.isEmpty { return .nothing }
        var reader = Reader(line: line)
        var path: [String] = []
        var command: Command?
        var words: [(number: Int, text: String)] = []
        var given: [GivenOption] = []
        var wantsHelp = false
        while let word = reader.next() {
            if reader.optionsEnded || !word.hasOptionForm {
                if command == nil, !reader.optionsEnded {
                    if wantsHelp, case .nothing = table.place(at: path + [word]) { break }
                    command = try step(&path, to: word)
                } else {
                    words.append((reader.number, word))
                }
                continue
            }
            let (name, attached) = word.optionParts
            if name == "help" || word == "-h" {
                wantsHelp = true
                continue
            }
            if name == "version", path.isEmpty { return .version }
            let further = try command?.furtherOptions(words.map(\.text)) ?? []
            guard let option = find(name, word, for: command, further) else {
                if wantsHelp { continue }
                throw unknownOption(word.utf8.starts(with: "--".utf8) ? "--\(name)" : word, command, path, further)
            }
            let value = try reader.value(of: option, attached: attached, in: command)
            given.append(GivenOption(option: option, value: value, number: reader.number, isAttached: attached != nil))
        }
        if wantsHelp { return .help(path) }
        guard let command else { throw missingVerb(path) }
        return .run(try assemble(command, words, given))
    }

    // MARK: Commands

    /// Goes one word further along the table; answers a command when the word completes one.
    private func step(_ path: inout [String], to word: String) throws(Failure) -> Command? {
        let further = path + [word]
        switch table.place(at: further) {
        case .command(let command):
            path = further
            return command
        case .noun:
            path = further
            return nil
        case .nothing:
            let known = table.words(after: path).map(\.word)
            let nearest = Suggestion.nearest(to: word, among: known)
            let hint = nearest.map { "did you mean `\(table.name(of: path + [$0]))`?" }
            let help = "`\(table.name(of: ["help"] + path))` lists the commands"
            if path.isEmpty { throw .misused("there is no command `\(word)`; \(hint ?? help)") }
            throw .misused("`\(table.name(of: path))` has no command `\(word)`; \(hint ?? help)")
        }
    }

    private func missingVerb(_ path: [String]) -> Failure {
        let verbs = table.words(after: path).map(\.word)
        if path.isEmpty { return .misused("a command is missing; `latchkey help` lists them") }
        return .misused("`\(table.name(of: path))` needs a further word: \(verbs.joined(separator: ", "))")
    }

    // MARK: Options

    private func find(_ name: String, _ word: String, for command: Command?, _ further: [Option]) -> Option? {
        guard word.utf8.starts(with: "--".utf8) else { return nil }
        return ((command?.options ?? early) + further).first { $0.name == name }
    }

    private func unknownOption(
        _ spelled: String,
        _ command: Command?,
        _ path: [String],
        _ further: [Option] = []
    ) -> Failure {
        guard let command else {
            if !path.isEmpty { return missingVerb(path) }
            return .misused("`\(spelled)` stands before any command; write `latchkey COMMAND \(spelled)`")
        }
        let known = (command.shownOptions + further).map { "--\($0.name)" }
        if let nearest = Suggestion.nearest(to: spelled, among: known) {
            return .misused("`\(command.name)` has no option `\(spelled)`; did you mean `\(nearest)`?")
        }
        let help = "`latchkey help \(command.path.joined(separator: " "))` lists them"
        return .misused("`\(command.name)` has no option `\(spelled)`; \(help)")
    }

    private func assemble(
        _ command: Command,
        _ words: [(number: Int, text: String)],
        _ given: [GivenOption]
    ) throws(Failure) -> ParsedCommand {
        var values: [String: [String]] = [:]
        var secrets: [(word: Int, offset: Int)] = []
        var hasLastingSecret = false
        let further = try command.furtherOptions(words.map(\.text))
        for one in given {
            let option = one.option
            guard (command.options + further).contains(where: { $0.name == option.name }) else {
                throw unknownOption("--\(option.name)", command, command.path)
            }
            if !option.repeats, values[option.name] != nil {
                throw .misused("`--\(option.name)` is given twice; give it once")
            }
            let value = one.value.map(option.canonical)
            if let value { try Check.value(value, of: option) }
            values[option.name, default: []].append(value ?? "")
            if let value = one.value, option.hides(value) {
                secrets.append((one.number, one.isAttached ? option.name.utf8.count + 3 : 0))
                if !option.isBrief { hasLastingSecret = true }
            }
        }
        let least = command.arguments.count { if case .one = $0.count { true } else { false } }
        let isOpen = command.arguments.contains { if case .any = $0.count { true } else { false } }
        if words.count < least {
            let missing = command.arguments[min(words.count, command.arguments.count - 1)]
            throw .misused("`\(command.name)` needs \(missing.name), \(missing.help)")
        }
        if !isOpen, words.count > command.arguments.count {
            throw tooManyWords(command, words.count)
        }
        for (place, word) in words.enumerated() {
            let last = command.arguments.count - 1
            guard last >= 0 else { break }
            let argument = command.arguments[min(place, last)]
            if case .choice(let choices) = argument.kind, !choices.contains(word.text) {
                let hint = Suggestion.nearest(to: word.text, among: choices).map { "did you mean `\($0)`?" }
                throw .misused(
                    "`\(word.text)` is no \(argument.name); \(hint ?? "it is one of \(choices.joined(separator: ", "))")"
                )
            }
            guard argument.hides(word.text) else { continue }
            secrets.append((word.number, 0))
            if argument.secrecy != .brief { hasLastingSecret = true }
        }
        return ParsedCommand(
            command: command,
            words: words.map(\.text),
            values: values,
            secrets: secrets,
            hasLastingSecret: hasLastingSecret
        )
    }

    /// Says that words are too many without repeating them: one may be a secret in the wrong place.
    private func tooManyWords(_ command: Command, _ count: Int) -> Failure {
        let most = command.arguments.count
        let takes = most == 0 ? "no words" : most == 1 ? "one word" : "\(most) words"
        let help = "`latchkey help \(command.path.joined(separator: " "))` shows how it is written"
        return .misused("`\(command.name)` takes \(takes) after its name, not \(count); \(help)")
    }
}

/// An option as it stands on the line.
private struct GivenOption {
    let option: Option
    let value: String?
    let number: Int
    let isAttached: Bool
}

/// Goes along the words of a line.
private struct Reader {
    let line: [String]
    var number = -1
    var optionsEnded = false

    mutating func next() -> String? {
        guard number + 1 < line.count else { return nil }
        number += 1
        if !optionsEnded, line[number] == "--" {
            optionsEnded = true
            return next()
        }
        return line[number]
    }

    /// The value of `option`: what is attached, or the next word; nil for a flag.
    mutating func value(of option: Option, attached: String?, in command: Command?) throws(Failure) -> String? {
        if option.kind == .flag {
            if attached != nil { throw .misused("`--\(option.name)` takes no value; write `--\(option.name)` alone") }
            return nil
        }
        if let attached { return attached }
        guard number + 1 < line.count else {
            throw .misused("`--\(option.name)` needs a value: `\(option.spelling)`")
        }
        number += 1
        let value = line[number]
        if value.utf8.starts(with: "--".utf8) {
            let attached = "`--\(option.name)=VALUE`"
            throw .misused("`--\(option.name)` needs a value; one that begins with `--` is written \(attached)")
        }
        return value
    }
}

extension CommandTable {
    /// The path with the program's name before it.
    func name(of path: [String]) -> String { (["latchkey"] + path).joined(separator: " ") }
}

extension String {
    /// Whether the word is an option rather than a name, a lone `-` or a negative number.
    fileprivate var hasOptionForm: Bool {
        let bytes = Array(utf8.prefix(2))
        guard bytes.count == 2, bytes[0] == UInt8(ascii: "-") else { return false }
        return !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[1])
    }

    /// The name between `--` and `=`, and what follows `=`.
    fileprivate var optionParts: (name: String, value: String?) {
        let dashes = utf8.starts(with: "--".utf8) ? 2 : 1
        let rest = utf8.dropFirst(dashes)
        guard let equals = rest.firstIndex(of: UInt8(ascii: "=")) else { return (String(Substring(rest)), nil) }
        return (String(Substring(rest[..<equals])), String(Substring(rest[rest.index(after: equals)...])))
    }
}
