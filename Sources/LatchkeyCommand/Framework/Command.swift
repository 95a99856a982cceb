// Command.swift: a command as a value; parsing, help, completions and the man page are made from the table of these.

/// One command of `latchkey`: what it is called, what it takes, how it is explained and what it does.
struct Command: Sendable {
    /// Where `latchkey help` lists it.
    enum Group: String, Sendable, CaseIterable {
        case daily = "every day"
        case keeping = "keeping the store"
        case stateless = "without any store"
        case house = "about the command"
    }

    /// A line to type, with what it prints; what is printed here is checked by the tests when `isProved`.
    struct Example: Sendable {
        let line: String
        let output: [String]
        var isProved = false

        init(_ line: String, _ output: String..., proved: Bool = false) {
            self.line = line
            self.output = output
            isProved = proved
        }
    }

    /// The words that call it, `["user", "create"]` for example.
    let path: [String]
    let group: Group
    /// One line, third person: "prints the one-time code of a secret".
    let summary: String
    /// What follows the words in each form of the command; made from arguments and options when empty.
    var usage: [String] = []
    var arguments: [Argument] = []
    var options: [Option] = []
    /// Options that the first word brings with it: the members of an action.
    var furtherOptions: @Sendable (_ words: [String]) throws(Failure) -> [Option] = { _ in [] }
    /// Paragraphs below the summary.
    var text: [String] = []
    let examples: [Example]
    /// What an exit code means here, where it says more than `ExitCode.meaning`.
    var exits: [(code: ExitCode, meaning: String)] = []
    /// Whether the overview, completions and the man page leave it out.
    var isHidden = false
    let run: @Sendable (Invocation) throws -> ExitCode

    /// `latchkey user create`.
    var name: String { (["latchkey"] + path).joined(separator: " ") }

    /// The lines behind `usage:`.
    var usageLines: [String] {
        if !usage.isEmpty { return usage.map { $0.isEmpty ? name : "\(name) \($0)" } }
        var words = [name]
        words += arguments.map(\.spelling)
        words += options.filter { !$0.isHidden }.map { "[\($0.spelling)]" }
        return [words.joined(separator: " ")]
    }

    /// The options that people are shown, `--help` last.
    var shownOptions: [Option] { options.filter { !$0.isHidden } + [.help] }

    /// The exit codes that can happen, each with its meaning here.
    var shownExits: [(code: ExitCode, meaning: String)] {
        exits.isEmpty ? [.done, .refused, .misused].map { ($0, $0.meaning) } : exits
    }
}

/// All commands, and what lies between their words.
struct CommandTable: Sendable {
    let commands: [Command]

    /// What a row of words leads to.
    enum Place: Sendable {
        case command(Command)
        /// The words are the beginning of several commands.
        case noun([Command])
        case nothing
    }

    /// What stands at `path`.
    func place(at path: [String]) -> Place {
        var below: [Command] = []
        for command in commands where command.path.starts(with: path) {
            if command.path.count == path.count { return .command(command) }
            below.append(command)
        }
        return below.isEmpty ? .nothing : .noun(below)
    }

    /// The words that may follow `path`, in the table's order, each with its summary.
    func words(after path: [String], hidden: Bool = false) -> [(word: String, summary: String)] {
        var found: [(word: String, summary: String)] = []
        for command in commands where hidden || !command.isHidden {
            guard command.path.starts(with: path), command.path.count > path.count else { continue }
            let word = command.path[path.count]
            if found.contains(where: { $0.word == word }) { continue }
            let isLeaf = command.path.count == path.count + 1
            found.append((word, isLeaf ? command.summary : nounSummary(path + [word])))
        }
        return found
    }

    /// Where `latchkey help` lists a first word.
    func group(of word: String) -> Command.Group? { commands.first { $0.path.first == word && !$0.isHidden }?.group }

    /// Every noun: a row of words that is the beginning of several commands.
    var nouns: [[String]] {
        var found: [[String]] = []
        for command in commands where !command.isHidden {
            for length in 1..<max(command.path.count, 1) {
                let noun = Array(command.path.prefix(length))
                if !found.contains(noun) { found.append(noun) }
            }
        }
        return found
    }

    private func nounSummary(_ path: [String]) -> String {
        words(after: path).map(\.word).joined(separator: ", ")
    }
}
