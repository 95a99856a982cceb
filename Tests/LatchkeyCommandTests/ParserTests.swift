// ParserTests.swift: the table of commands, and the lines that call them.
import Testing

@testable import LatchkeyCommand

@Suite("The command line") struct ParserTests {
    private let parser = CommandLineParser(
        table: CommandTable(commands: [
            command(
                ["user", "create"],
                [Argument(name: "NAME", help: "the user's name")],
                [.text("note", "TEXT", "a note")]
            ),
            command(["user", "list"], [], [.flag("all", "all of them"), .text("tag", "TAG", "a tag").repeating]),
            command(["code"], [], [.integer("digits", "N", 6...10, "digits"), .secret("secret", "S", "the secret")]),
        ]),
        early: [.text("note", "TEXT", "a note")]
    )

    private static func command(_ path: [String], _ arguments: [Argument], _ options: [Option]) -> Command {
        Command(
            path: path,
            group: .house,
            summary: "does something",
            arguments: arguments,
            options: options,
            examples: [],
            run: { _ in .done }
        )
    }

    private func parsed(_ line: String...) throws -> ParsedCommand {
        guard case .run(let parsed) = try parser.parse(line) else { throw Failure.misused("no command") }
        return parsed
    }

    private func complaint(_ line: String...) -> String {
        do throws(Failure) {
            _ = try parser.parse(line)
            return "none"
        } catch {
            #expect(error.code == .misused)
            return error.sentence
        }
    }

    @Test("Options stand before, between and behind words, with a blank or an equals sign") func places() throws {
        for line in [
            ["user", "create", "ann", "--note", "x"], ["user", "create", "--note=x", "ann"],
            ["--note", "x", "user", "create", "ann"], ["user", "--note=x", "create", "ann"],
        ] {
            guard case .run(let parsed) = try parser.parse(line) else { throw Failure.misused("no command") }
            #expect(parsed.command.path == ["user", "create"])
            #expect(parsed.words == ["ann"])
            #expect(parsed.values == ["note": ["x"]])
        }
    }

    @Test("Two dashes end the options; a lone dash and a negative number are words") func words() throws {
        #expect(try parsed("user", "create", "--", "--note").words == ["--note"])
        #expect(try parsed("user", "create", "-").words == ["-"])
        #expect(try parsed("user", "create", "-5").words == ["-5"])
        #expect(try parsed("user", "create", "ann", "--note", "-5").values == ["note": ["-5"]])
        #expect(try parsed("user", "create", "ann", "--note=").values == ["note": [""]])
        #expect(try parsed("user", "create", "ann", "--note=--a=b").values == ["note": ["--a=b"]])
        #expect(
            try parsed("user", "list", "--tag", "a", "--tag=b", "--all").values == ["tag": ["a", "b"], "all": [""]]
        )
    }

    @Test("Secrets are found where they stand") func secrets() throws {
        let apart = try parsed("code", "--secret", "abc").secrets
        #expect(apart.map(\.word) == [2] && apart.map(\.offset) == [0])
        let attached = try parsed("code", "--secret=abc").secrets
        #expect(attached.map(\.word) == [1] && attached.map(\.offset) == [9])
        #expect(try parsed("code", "--secret", "-").secrets.isEmpty)
    }

    @Test("What is wrong is named, with what to do") func complaints() {
        #expect(complaint("usr") == "there is no command `usr`; did you mean `latchkey user`?")
        #expect(complaint("xyzzy") == "there is no command `xyzzy`; `latchkey help` lists the commands")
        #expect(complaint("user") == "`latchkey user` needs a further word: create, list")
        #expect(
            complaint("user", "crate") == "`latchkey user` has no command `crate`; did you mean `latchkey user create`?"
        )
        #expect(complaint("user", "create") == "`latchkey user create` needs NAME, the user's name")
        #expect(
            complaint("user", "create", "a", "b")
                .hasPrefix("`latchkey user create` takes one word after its name, not 2")
        )
        #expect(complaint("code", "--digits").hasPrefix("`--digits` needs a value"))
        #expect(complaint("code", "--digits", "--secret").hasPrefix("`--digits` needs a value"))
        #expect(complaint("code", "--digits", "5") == "`--digits` is a whole number, 6 to 10, not `5`")
        #expect(complaint("code", "--digits=6", "--digits=6") == "`--digits` is given twice; give it once")
        #expect(complaint("code", "--digit=6") == "`latchkey code` has no option `--digit`; did you mean `--digits`?")
        #expect(complaint("code", "-d") == "`latchkey code` has no option `-d`; `latchkey help code` lists them")
        #expect(
            complaint("--note", "x", "code")
                == "`latchkey code` has no option `--note`; `latchkey help code` lists them"
        )
        #expect(complaint("user", "list", "--all=yes") == "`--all` takes no value; write `--all` alone")
        #expect(complaint("--odd", "code").hasPrefix("`--odd` stands before any command"))
    }

    @Test("Help is found wherever it is asked for") func help() throws {
        for line in [["--help"], ["-h"]] {
            guard case .help(let path) = try parser.parse(line) else { throw Failure.misused("no help") }
            #expect(path.isEmpty)
        }
        for line in [["user", "--help"], ["--help", "user"], ["user", "--help", "nonsense"]] {
            guard case .help(let path) = try parser.parse(line) else { throw Failure.misused("no help") }
            #expect(path == ["user"])
        }
        for line in [["code", "--help"], ["code", "--help", "--nonsense"], ["code", "a", "b", "--help"]] {
            guard case .help(let path) = try parser.parse(line) else { throw Failure.misused("no help") }
            #expect(path == ["code"])
        }
    }

    @Test("Numbers are ASCII digits that fit, and nothing else")
    func numbers() {
        #expect(Check.integer("-9223372036854775808") == .min)
        #expect(Check.integer("9223372036854775807") == .max)
        #expect(Check.natural("18446744073709551615") == .max)
        #expect(Check.integer("-0") == 0)
        for text in ["", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "9223372036854775808", "١", "１", "1\0", "--1"] {
            #expect(Check.integer(text) == nil)
        }
        #expect(Check.natural("18446744073709551616") == nil)
        #expect(Check.natural(String(repeating: "0", count: 65)) == nil)
    }

    @Test("The nearest word is found, a far one is not") func suggestions() {
        let words = ["code", "config", "completion", "verify", "vectors"]
        #expect(Suggestion.nearest(to: "cdoe", among: words) == "code")
        #expect(Suggestion.nearest(to: "confg", among: words) == "config")
        #expect(Suggestion.nearest(to: "comp", among: words) == "completion")
        #expect(Suggestion.nearest(to: "vrify", among: words) == "verify")
        #expect(Suggestion.nearest(to: "x", among: words) == nil)
        #expect(Suggestion.nearest(to: "", among: words) == nil)
        #expect(Suggestion.nearest(to: "policy", among: words) == nil)
    }

    @Test("Text from outside cannot move a cursor, end a line or turn it around") func shown() {
        #expect(Shown.text("plain ünïcode 漢字 🗝") == "plain ünïcode 漢字 🗝")
        #expect(Shown.text("a\u{1B}]0;x\u{7}b") == "a\\x1b]0;x\\x07b")
        #expect(Shown.text("a\r\nb\tc\u{7F}") == "a\\r\\nb\\tc\\x7f")
        #expect(
            Shown.text("\u{9B}2J\u{85}\u{2028}\u{202E}\u{2066}\u{FEFF}")
                == "\\u{9b}2J\\u{85}\\u{2028}\\u{202e}\\u{2066}\\u{feff}"
        )
        #expect(Shown.json("\"a\u{9B}\u{E0001}\"") == "\"a\\u009b\\udb40\\udc01\"")
    }
}
