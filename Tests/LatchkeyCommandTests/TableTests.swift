// TableTests.swift: what every command of the real table must have.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("The table of commands") struct TableTests {
    private let table = Shell.latchkey.table

    @Test("Every command explains itself within 80 columns", arguments: Shell.latchkey.table.commands.map(\.path))
    func help(_ path: [String]) throws {
        let page = try #require(HelpText(table: table).page(for: path))
        guard case .command(let command) = table.place(at: path) else {
            Issue.record("no command at \(path)")
            return
        }
        #expect(!command.examples.isEmpty)
        #expect(command.summary.first?.isLowercase == true && command.summary.last != ".")
        #expect(command.shownExits.contains { $0.code == .misused })
        for line in page.split(separator: "\n") where line.count > 80 {
            // An example's line may be copied, so it is not broken.
            #expect(line.hasPrefix("  "), "too long: \(line)")
        }
        for option in command.options {
            #expect(option.help.first?.isLowercase == true && option.help.last != ".", "--\(option.name)")
        }
    }

    @Test("No two commands, and no two options of a command, have one name") func unique() {
        #expect(Set(table.commands.map(\.path)).count == table.commands.count)
        for command in table.commands {
            #expect(Set(command.options.map(\.name)).count == command.options.count, "\(command.name)")
        }
    }

    @Test("No command is hidden behind the beginning of another") func reachable() {
        for command in table.commands {
            for length in 1..<command.path.count {
                if case .command(let shorter) = table.place(at: Array(command.path.prefix(length))) {
                    Issue.record("`\(command.name)` cannot be reached past `\(shorter.name)`")
                }
            }
        }
    }

    @Test("A proved example prints what its help says", arguments: Shell.latchkey.table.commands.flatMap(\.examples))
    func example(_ example: Command.Example) throws {
        guard example.isProved else { return }
        let answer = try Subprocess.run(
            "/bin/sh",
            ["-c", example.line],
            environment: [
                "PATH": "\(Places.binary.deletingLastPathComponent().path):/usr/bin:/bin", "HOME": "/nonexistent",
            ]
        )
        #expect(answer.stdout == example.output.map { $0 + "\n" }.joined(), "\(example.line)")
        #expect(answer.status == 0)
    }
}
