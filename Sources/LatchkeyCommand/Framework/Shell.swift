// Shell.swift: from the words of a command line to a command's exit code.

/// A table of commands that can be called by words.
struct Shell: Sendable {
    let table: CommandTable

    /// All of `latchkey`.
    static let latchkey = Shell(
        table: CommandTable(
            commands: keepingCommands + [serveCommand, agentCommand] + callingCommands + codeCommands + tokenCommands
                + uriCommands
                + toolCommands + policyCommands + houseCommands
        )
    )

    /// What some arguments need of it: who asks for a code waits less when the other commands are not made first.
    static func latchkey(for arguments: [String]) -> Shell {
        arguments.first == "code" ? Shell(table: CommandTable(commands: codeCommands)) : latchkey
    }

    /// Runs the command that `arguments` name.
    ///
    /// - Parameters:
    ///   - arguments: The words without the program's name.
    ///   - console: Where it speaks.
    ///   - wipe: Called with the places of secrets among the words, before the command runs.
    /// - Returns: How the command ended.
    /// - Throws: `Failure`, `Interrupted`, and the errors of the rooms below, which `Failure.init(_:)` translates.
    func run(
        _ arguments: [String],
        console: Console,
        wipe: ([(word: Int, offset: Int)]) -> Void = { _ in }
    ) throws -> ExitCode {
        let help = HelpText(table: table)
        let early = Setting.all.map(\.option) + [.json]
        switch try CommandLineParser(table: table, early: early).parse(arguments) {
        case .version:
            console.print("latchkey \(Version.text)")
            return .done
        case .help(let path):
            console.print(help.page(for: path) ?? help.overview)
            return .done
        case .nothing:
            throw Failure.misused("a command is missing; `latchkey help` lists them")
        case .run(let parsed):
            wipe(parsed.secrets)
            let invocation = Invocation(parsed, environment: console.environment, console: console)
            if invocation.hasSecretOnLine, console.errors.isTerminal {
                console.warn("a secret on the command line stays in the shell's history; use `-` or leave it out")
            }
            return try parsed.command.run(invocation)
        }
    }
}
