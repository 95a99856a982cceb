// Invocation.swift: one call of a command, as its handler sees it.
internal import LatchkeyOTP

/// What a command's handler gets: the words and options it was called with, the settings and the console.
struct Invocation: Sendable {
    let command: Command
    /// The words behind the command's name, as many as its table entry allows.
    let words: [String]
    private let values: [String: [String]]
    /// The settings with the flags of this line applied; the configuration file is read when one is first asked for.
    let settings: Settings
    let console: Console
    /// Whether a secret stood on the command line, where `ps` and the shell's history show it.
    let hasSecretOnLine: Bool

    init(_ parsed: ParsedCommand, environment: Environment, console: Console) {
        command = parsed.command
        words = parsed.words
        values = parsed.values
        settings = Settings(flags: parsed.values, environment: environment)
        self.console = console
        hasSecretOnLine = parsed.hasLastingSecret
    }

    /// Whether a flag was given.
    func has(_ option: Option) -> Bool { values[option.name] != nil }

    /// The option's text, if it was given; the last one of a repeating option.
    func text(_ option: Option) -> String? { values[option.name]?.last }

    /// All values of a repeating option.
    func texts(_ option: Option) -> [String] { values[option.name] ?? [] }

    /// The option's number, if it was given; the parser has checked its range.
    func integer(_ option: Option) -> Int64? { text(option).flatMap(Check.integer) }

    /// The option's number, if it was given and is an `Int`.
    func int(_ option: Option) -> Int? { integer(option).flatMap { Int(exactly: $0) } }

    /// The option's counter, if it was given.
    func counter(_ option: Option) -> UInt64? { text(option).flatMap(Check.natural) }

    /// The option's moment, if it was given.
    func moment(_ option: Option) -> UnixTime? { text(option).flatMap(Check.moment) }

    /// Whether the answer is to be one JSON value.
    var wantsJSON: Bool { has(.json) }

    /// Refuses two options that exclude each other.
    func exclude(_ first: Option, _ second: Option) throws(Failure) {
        if has(first), has(second) {
            throw .misused("`--\(first.name)` and `--\(second.name)` exclude each other; give one of them")
        }
    }
}
