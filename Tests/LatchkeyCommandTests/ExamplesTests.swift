// ExamplesTests.swift: what the help tells people to type, typed as it is written there.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("The examples of the help") struct ExamplesTests {
    /// An example and the command whose help shows it.
    struct Case: CustomTestStringConvertible, Sendable {
        let path: [String]
        let line: String
        var testDescription: String { line }
    }

    static let all = Shell.latchkey.table.commands.filter { !$0.isHidden }
        .flatMap { command in
            command.examples.filter { !$0.isProved }.map { Case(path: command.path, line: $0.line) }
        }
    /// What asks a person at a terminal: for a password, a passphrase, a code.
    static let asking = all.filter { $0.path[0] == "token" || $0.path == ["login"] || $0.path == ["user", "passwd"] }
    /// What needs a server, another database, or files of others; transcripts and tests of their own run these.
    static let elsewhere: Set = [
        ["serve"], ["store", "copy"], ["device", "import"], ["device", "enable"], ["sigv4", "verify"],
        ["policy", "test"], ["credentials"], ["agent"],
    ]
    static let password = "purple kites over cold lakes"

    @Test("are lines that their command takes", arguments: all) func parsed(_ example: Case) throws {
        // The shell splits the line; a function in the command's place says what it was given.
        let script = "latchkey() { printf '%s\\0' \"$@\" >&9; }; exec 9>words; \(example.line)"
        try Places.withFolder { folder in
            for name in ["key", "request.txt"] { try Data().write(to: folder.appending(path: name)) }
            let answer = try Subprocess.run(
                "/bin/bash",
                ["-c", "cd '\(folder.path)'; \(script)"],
                environment: ["PATH": "/usr/bin:/bin", "PAGER": "cat"]
            )
            #expect(answer.status == 0 || example.line.contains("man -l"), "\(answer.stderr)")
            let bytes = try Data(contentsOf: folder.appending(path: "words"))
            let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let parser = CommandLineParser(
                table: Shell.latchkey.table,
                early: Setting.all.map(\.option) + [.json]
            )
            guard case .run(let parsed) = try parser.parse(words) else {
                Issue.record("not a command: \(words)")
                return
            }
            #expect(parsed.command.path == example.path)
        }
    }

    @Test(
        "do what they say",
        arguments: all.filter { example in
            !asking.contains { $0.line == example.line } && !elsewhere.contains(example.path)
        }
    )
    func runs(_ example: Case) throws {
        try Places.withFolder { folder in
            let environment = [
                "HOME": folder.path, "PATH": "\(Places.binary.deletingLastPathComponent().path):/usr/bin:/bin",
                "LC_ALL": "C.UTF-8", "LATCHKEY_VECTORS": Places.vectors.path, "MANPAGER": "cat",
            ]
            func shell(_ line: String, stdin: String = "") throws -> Subprocess.Output {
                try Subprocess.run(
                    "/bin/bash",
                    ["-c", "cd '\(folder.path)'; \(line)"],
                    stdin: Array(stdin.utf8),
                    environment: environment
                )
            }
            let line = try prepare(example) { line, stdin in
                let answer = try shell(line, stdin: stdin)
                #expect(answer.status == 0, "\(line): \(answer.stderr)")
                return answer.stdout.trimmingCharacters(in: .newlines)
            }
            let answer = try shell(line)
            #expect(answer.status == 0, "\(line): \(answer.stderr)")
        }
    }

    /// Brings about what the example takes for granted, and puts real codes in the place of its own.
    private func prepare(
        _ example: Case,
        _ run: (_ line: String, _ stdin: String) throws -> String
    ) throws -> String {
        let aegis = """
            {"version":1,"header":{"slots":null,"params":null},"db":{"version":3,"groups":[],"entries":[{"type":"totp",
            "uuid":"3ae6f1ad-2e65-4ed2-a953-1ec0dff2386d","name":"ann","issuer":"Example","note":"","favorite":false,
            "icon":null,"groups":[],"info":{"secret":"JBSWY3DPEHPK3PXP","algo":"SHA1","digits":6,"period":30}}]}}
            """
        if example.path[0] == "import" { _ = try run("cat > aegis.json", aegis) }
        if example.path == ["init"] { return example.line }
        _ = try run("latchkey init --account 123456789012", "")
        if example.path == ["user", "create"] { return example.line }
        _ = try run("latchkey user create ann --password-stdin", Self.password)
        if example.path == ["enroll"] { return example.line }
        let pending = try JSON(parsing: try run("latchkey enroll ann", ""))
        let secret = try #require(pending["secret"]?.string)
        func code(_ moment: String) throws -> String { try run("oathtool -b --totp -N '\(moment)' \(secret)", "") }
        switch example.path {
        case ["confirm"]:
            return example.line.replacing(/\d{6}/, with: try code("now"))
        case ["device", "qr"], ["device", "delete"]:
            return example.line
        case ["device", "resync"]:
            _ = try run("latchkey confirm ann/phone-1 \(try code("now"))", "")
            let later = [try code("2 hours"), try code("2 hours 30 seconds")]
            return example.line.replacing(/\d{6} \d{6}/, with: later.joined(separator: " "))
        case ["store", "restore"]:
            _ = try run("latchkey store backup monday.sqlite", "")
        default:
            _ = try run("latchkey confirm ann/phone-1 \(try code("now"))", "")
        }
        return example.line
    }

    @Test("that ask a person go on as the help shows: a sign-in with password and code") func login() throws {
        try Places.withFolder { folder in
            let environment = [
                "HOME": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color",
            ]
            func latchkey(_ words: String..., stdin: String = "") throws -> String {
                let answer = try Subprocess.run(
                    Places.binary.path,
                    words,
                    stdin: Array(stdin.utf8),
                    environment: environment
                )
                #expect(answer.status == 0, "\(answer.stderr)")
                return answer.stdout
            }
            _ = try latchkey("init", "--account", "123456789012")
            _ = try latchkey("user", "create", "ann", "--password-stdin", stdin: Self.password)
            let secret = try #require(try JSON(parsing: try latchkey("enroll", "ann"))["secret"]?.string)
            func code(_ moment: String) throws -> String {
                try Subprocess.run("oathtool", ["-b", "--totp", "-N", moment, secret]).stdout
                    .trimmingCharacters(in: .newlines)
            }
            _ = try latchkey("confirm", "ann/phone-1", try code("30 seconds ago"))
            let terminal = try Pseudoterminal([Places.binary.path, "login", "ann"], environment: environment)
            try terminal.wait(for: "password for ann: $")
            terminal.type(Self.password + "\n")
            try terminal.wait(for: #"code \(or a recovery code\): $"#)
            let present = try code("now")
            // A wrong one first: it is said, and asked for again.
            terminal.type("000000\n")
            try terminal.wait(for: #"(?s)the code is not valid.*code \(or a recovery code\): $"#)
            terminal.type("\(present.prefix(3)) \(present.suffix(3))\n")
            #expect(try terminal.end() == 0)
            #expect(terminal.shown.contains("ann is signed in until 20"))
            #expect(terminal.shown.contains("1 wrong code was offered"))
            #expect(!terminal.shown.contains(Self.password))
        }
    }
}
