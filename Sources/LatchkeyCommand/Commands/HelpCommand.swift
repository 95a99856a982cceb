// HelpCommand.swift: `latchkey help` and `latchkey completion`, made from the table that they stand in.
internal import LatchkeyJSON

/// What explains the command itself.
let houseCommands: [Command] = [helpCommand, completionCommand, configCommand]

extension Option {
    fileprivate static let man = Option.flag("man", "prints the man page in troff")
}

private let helpCommand = Command(
    path: ["help"],
    group: .house,
    summary: "explains the command, or one of its parts",
    usage: ["[COMMAND…]", "--man"],
    arguments: [Argument(name: "COMMAND", help: "the words of a command, or the first ones", count: .any)],
    options: [.man],
    examples: [
        Command.Example("latchkey help code"),
        Command.Example("latchkey help --man | man -l -"),
    ],
    exits: [.done, .misused].map { ($0, $0.meaning) },
    run: { call in
        let table = Shell.latchkey.table
        if call.has(.man) {
            call.console.print(ManPage(table: table).text)
            return .done
        }
        guard let page = HelpText(table: table).page(for: call.words) else {
            let typed = call.words.joined(separator: " ")
            let names = table.nounsAndCommands.map { $0.joined(separator: " ") }
            let nearest = Suggestion.nearest(to: typed, among: names).map { "did you mean `latchkey help \($0)`?" }
            throw Failure.misused("there is no command `\(typed)`; \(nearest ?? "`latchkey help` lists the commands")")
        }
        call.console.print(page)
        return .done
    }
)

private let completionCommand = Command(
    path: ["completion"],
    group: .house,
    summary: "prints the completions for a shell",
    arguments: [
        Argument(name: "SHELL", help: "bash, zsh or fish", kind: .choice(Completion.Shell.allCases.map(\.rawValue)))
    ],
    text: [
        "`make install` puts the completions where the shells look for them. Without it: in ~/.bashrc or ~/.zshrc "
            + "(after compinit), write `source <(latchkey completion bash)` or `zsh`; for fish, write the output to "
            + "~/.config/fish/completions/latchkey.fish."
    ],
    examples: [Command.Example("source <(latchkey completion bash)")],
    exits: [.done, .misused].map { ($0, $0.meaning) },
    run: { call in
        guard let shell = call.words.first.flatMap(Completion.Shell.init(rawValue:)) else {
            throw Failure.misused("name a shell: bash, zsh or fish")
        }
        call.console.write(Completion(Shell.latchkey.table).script(for: shell).utf8)
        return .done
    }
)

extension CommandTable {
    /// Every noun and every command that people are shown.
    var nounsAndCommands: [[String]] { nouns + commands.filter { !$0.isHidden }.map(\.path) }
}
