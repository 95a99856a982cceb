// SecretTraceTests.swift: after a whole life of the command no secret stands in any file, in what it says, or in the process list.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@Suite("Traces of secrets", .serialized) struct SecretTraceTests {
    /// A person's home in which the command runs, and all that it ever said there.
    private final class Life {
        let folder: URL
        var search = SecretSearch()
        /// What each call said that was not there to show a secret.
        private(set) var said: [(line: String, bytes: [UInt8])] = []
        var environment: [String: String] { ["HOME": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"] }

        init(_ folder: URL) { self.folder = folder }

        /// Runs the command; `shows` marks the few calls whose purpose is to show a secret.
        @discardableResult
        func latchkey(
            _ words: String...,
            stdin: String = "",
            shows: Bool = false,
            status: Int32? = 0
        ) throws -> Subprocess.Output {
            let answer = try Subprocess.run(
                Places.binary.path,
                words,
                stdin: Array(stdin.utf8),
                environment: environment
            )
            if let status { #expect(answer.status == status, "\(words.first ?? ""): \(answer.stderr)") }
            said.append((words.joined(separator: " "), answer.stderrBytes + (shows ? [] : answer.stdoutBytes)))
            return answer
        }

        func code(_ secret: String, _ options: String...) throws -> String {
            let answer = try Subprocess.run("oathtool", ["--base32", "--digits=8"] + options + [secret])
            let code = answer.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
            search.add("code", code)
            return code
        }

        func password(_ text: String) -> String {
            search.add("password", text)
            return text + "\n"
        }

        /// Enrols a device of eight digits: six are too easily met by chance.
        func enroll(_ user: String) throws -> String {
            let pending = try JSON(parsing: try latchkey("enroll", user, "--digits", "8", shows: true).stdout)
            let secret = try #require(pending["secret"]?.string)
            search.add("seed", secret)
            let hex = try Subprocess.run("oathtool", ["--verbose", "--base32", "--totp", secret]).lines.first
            let digits = try #require(hex?.split(separator: " ").last)
            search.add(
                "seed",
                stride(from: 0, to: digits.count, by: 2)
                    .map { UInt8(digits.dropFirst($0).prefix(2), radix: 16) ?? 0 }
            )
            return secret
        }

        func confirm(_ serial: String, _ secret: String) throws -> [String] {
            let answer = try latchkey("confirm", serial, try code(secret, "--totp"), "--json", shows: true)
            let codes = try JSON(parsing: answer.stdout)["recoveryCodes"]?.array?.compactMap(\.string) ?? []
            for code in codes {
                search.add("recovery code", code)
                search.add("recovery code", code.filter { $0 != "-" })
            }
            return codes
        }
    }

    @Test("are nowhere after a life of enrolments, sign-ins, mistakes, rotated keys, backups and a restore")
    func wholeLife() throws {
        try Places.withFolder { folder in
            let life = Life(folder)
            let words = ["--account", "123456789012", "--alias", "acme", "--root-password-stdin"]
            let made = try Subprocess.run(
                Places.binary.path,
                ["init"] + words,
                stdin: Array(life.password("quiet harbours under slow rain").utf8),
                environment: life.environment
            )
            #expect(made.status == 0)
            let password = life.password("purple kites over cold lakes")
            try life.latchkey("user", "create", "ann", "--password-stdin", stdin: password)
            let secret = try life.enroll("ann")
            let wrong = try life.code(secret, "--totp=SHA256")
            try life.latchkey("confirm", "ann/phone-1", wrong, status: 1)
            let recovery = try life.confirm("ann/phone-1", secret)
            #expect(recovery.count == 10)

            func login(_ password: String, _ words: String..., status: Int32 = 0) throws {
                let answer = try Subprocess.run(
                    Places.binary.path,
                    ["login", "ann", "--password-stdin"] + words + ["--json"],
                    stdin: Array(password.utf8),
                    environment: life.environment
                )
                #expect(answer.status == status, "\(answer.stderr)")
                let said = try? JSON(parsing: answer.stdout)
                for token in [said?["session"]?["token"]?.string, said?["challenge"]?["ticket"]?.string] {
                    if let token { life.search.add("token", token) }
                }
            }
            let next = try life.code(secret, "--totp", "-N", "30 seconds")
            try login(password, "--code", next)
            try login(password, "--code", next, status: 1)
            try login(password, "--code", wrong, status: 1)
            try login(password, status: 1)
            try login(life.password("not the password at all"), "--code", wrong, status: 1)
            try login(password, "--recovery-code", recovery[0])
            try login(password, "--recovery-code", recovery[0], status: 1)
            // A password where the name belongs.
            let slip = life.password("correct-horse-battery").trimmingCharacters(in: .newlines)
            try life.latchkey("login", slip, "--password-stdin", stdin: password, status: 1)
            try life.latchkey("verify", "ann", wrong, status: 1)
            try life.latchkey("device", "resync", "ann/phone-1", wrong, next, status: nil)
            let renewed = try life.latchkey("recovery", "renew", "ann", shows: true).lines.map(String.init)
            for code in renewed where code.contains("-") { life.search.add("recovery code", code) }
            try life.latchkey(
                "user",
                "passwd",
                "ann",
                "--password-stdin",
                stdin: life.password("herons stand in the shallows")
            )
            let backup = folder.appending(path: "backup.sqlite").path
            try life.latchkey("store", "backup", backup)
            try life.latchkey("store", "rotate-key")
            try life.latchkey("store", "backup", backup + "2")
            try life.latchkey("store", "restore", backup + "2")
            for line in [["list"], ["list", "--json"]] {
                try life.latchkey("device", line[0])
                try life.latchkey("user", line[0])
            }
            try life.latchkey("recovery", "count", "ann")
            try life.latchkey("store", "check")
            try life.latchkey("config")
            try life.latchkey("audit", "--verify")
            let trail = try life.latchkey("audit", "--json")
            #expect(trail.lines.count >= 15)

            for (line, bytes) in life.said { #expect(life.search.finds(in: bytes) == [], "\(line)") }
            #expect(try life.search.finds(inFolder: folder.path) == [])
            // The search would find them: the trail, with a secret put at its end.
            #expect(life.search.finds(in: trail.stdoutBytes + Array(secret.utf8)).contains("seed"))
        }
    }

    /// A command line that holds secrets, and in what of it they are.
    struct Line: CustomTestStringConvertible, Sendable {
        let words: [String]
        let secrets: [String]
        var testDescription: String { words.joined(separator: " ") }

        init(_ words: String, hiding secrets: String...) {
            self.words = words.split(separator: " ").map(String.init)
            self.secrets = secrets
        }
    }

    static let seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    static let lines = [
        Line("login ann --password-stdin --code 48291357", hiding: "48291357"),
        Line("login ann --password-stdin --recovery-code 7K2M-9QXA-RT4D-HV6C", hiding: "7K2M-9QXA"),
        Line("verify ann 48291357", hiding: "48291357"),
        Line("verify --secret - --code=48291357", hiding: "48291357"),
        Line("verify --secret \(seed) --code -", hiding: seed),
        Line("confirm ann/phone-1 48291357 73519284", hiding: "48291357", "73519284"),
        Line("device resync ann/phone-1 482913 735192", hiding: "482913", "735192"),
    ]

    @Test("are out of the process list before a command waits for anything", arguments: lines)
    func processList(_ line: Line) throws {
        try Places.withFolder { folder in
            let life = Life(folder)
            try life.latchkey("init", "--account", "123456789012")
            try life.latchkey("user", "create", "ann")
            _ = try life.confirm("ann/phone-1", try life.enroll("ann"))
            // While somebody else writes, whatever needs the store waits; whatever reads standard input waits for us.
            let store = folder.appending(path: ".local/share/latchkey/store.sqlite").path
            let (writer, orders) = try start("/usr/bin/sqlite3", [store], [:])
            try orders.write(contentsOf: Data("BEGIN IMMEDIATE; INSERT INTO meta VALUES ('x', x'00');\n".utf8))
            usleep(100_000)
            let (process, input) = try start(Places.binary.path, line.words, life.environment)
            defer {
                kill(process.processIdentifier, SIGKILL)
                try? input.close()
                process.waitUntilExit()
                try? orders.close()
                writer.waitUntilExit()
            }
            let files = "/proc/\(process.processIdentifier)"
            var shown: [UInt8] = []
            // It sleeps: whatever it wanted to do first is done.
            for _ in 0..<200 {
                usleep(20_000)
                let state = try String(contentsOfFile: files + "/stat", encoding: .utf8)
                shown = [UInt8](try Data(contentsOf: URL(filePath: files + "/cmdline")))
                if state.contains(") S "), String(decoding: shown, as: UTF8.self).contains(line.words[0]) { break }
            }
            #expect(process.isRunning)
            #expect(String(decoding: shown, as: UTF8.self).contains(line.words[0]))
            let variables = (try? Data(contentsOf: URL(filePath: files + "/environ"))).map { [UInt8]($0) } ?? []
            for secret in line.secrets {
                var search = SecretSearch()
                search.add("secret", secret)
                #expect(search.finds(in: shown) == [])
                #expect(search.finds(in: variables) == [])
            }
        }
    }

    private func start(
        _ path: String,
        _ words: [String],
        _ environment: [String: String]
    ) throws -> (Process, FileHandle) {
        let process = Process()
        let input = Pipe()
        process.executableURL = URL(filePath: path)
        process.arguments = words
        process.environment = environment
        process.standardInput = input
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, input.fileHandleForWriting)
    }
}
