// KillTests.swift: sign-ins and checks killed at any moment: no code counts twice, and nothing that was acknowledged is lost.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@Suite("Killed sign-ins") struct KillTests {
    @Test("spend each code at most once, and lose no session that was told", .timeLimit(.minutes(10)))
    func killed() throws {
        try Places.withFolder { folder in
            let environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
            let password = Array("purple kites over cold lakes\n".utf8)
            func latchkey(_ words: String..., stdin: [UInt8] = []) throws -> Subprocess.Output {
                try Subprocess.run(Places.binary.path, words, stdin: stdin, environment: environment)
            }
            #expect(try latchkey("init", "--account", "123456789012").status == 0)
            #expect(try latchkey("user", "create", "ann", "--password-stdin", stdin: password).status == 0)
            let pending = try JSON(parsing: try latchkey("enroll", "ann", "--hotp").stdout)
            let secret = try #require(pending["secret"]?.string)
            func code(_ counter: Int) throws -> String {
                let words = ["code", "--secret", "-", "--type", "hotp", "--counter", "\(counter)"]
                let answer = try Subprocess.run(
                    Places.binary.path,
                    words,
                    stdin: Array("\(secret)\n".utf8),
                    environment: environment
                )
                return answer.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            #expect(try latchkey("confirm", "ann/phone-1", try code(0)).status == 0)

            var chance: UInt64 = 20_261_125
            var (kills, told, rounds) = (0, 0, 0)
            for counter in 1...20 {
                let present = try code(counter)
                let login = ["login", "ann", "--password-stdin", "--code", present, "--json"]
                let runs = try (0..<3).map { _ in try start(login, environment, password) }
                for run in runs {
                    usleep(Self.pause(&chance))
                    kill(run.process.processIdentifier, SIGKILL)
                }
                var accepted = 0
                for run in runs {
                    let said = run.output.fileHandleForReading.readDataToEndOfFile()
                    run.process.waitUntilExit()
                    if run.process.terminationReason == .uncaughtSignal { kills += 1 }
                    if (try? JSON(parsing: String(decoding: said, as: UTF8.self)))?["session"]?["token"] != nil {
                        accepted += 1
                    }
                }
                // Once more, to its end: now the code is spent, whoever spent it.
                let words = ["login", "ann", "--password-stdin", "--code", present, "--json"]
                let last = try Subprocess.run(Places.binary.path, words, stdin: password, environment: environment)
                if last.status == 0 { accepted += 1 }
                #expect(accepted <= 1, "counter \(counter) was accepted \(accepted) times")
                told += accepted
                rounds += 1
            }
            #expect(kills >= 20)
            let trail = try latchkey("audit").lines.filter { $0.contains("SignIn succeeded") && $0.contains("+hotp") }
            #expect(trail.count == rounds, "each code was spent once, by somebody who was told or killed")
            #expect(told <= trail.count)
            let store = folder.appending(path: ".local/share/latchkey/store.sqlite").path
            let sessions = try Subprocess.run("sqlite3", [store, "SELECT count(*) FROM sessions"]).stdout
            #expect(sessions == "\(rounds)\n")
            #expect(try latchkey("store", "check").status == 0)
            #expect(try latchkey("audit", "--verify").status == 0)
        }
    }

    @Test("spend each time-based code at most once, and lose no check that was told", .timeLimit(.minutes(10)))
    func killedChecks() throws {
        try Places.withFolder { folder in
            let environment = ["HOME": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]
            func latchkey(_ words: String...) throws -> Subprocess.Output {
                try Subprocess.run(Places.binary.path, words, environment: environment)
            }
            func code(_ secret: String, _ options: String...) throws -> String {
                try Subprocess.run("oathtool", ["--base32", "--totp"] + options + [secret]).stdout
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            }
            #expect(try latchkey("init", "--account", "123456789012").status == 0)
            var chance: UInt64 = 20_261_126
            var kills = 0
            for number in 1...20 {
                let user = "user\(number)"
                #expect(try latchkey("user", "create", user).status == 0)
                let pending = try JSON(parsing: try latchkey("enroll", user).stdout)
                let secret = try #require(pending["secret"]?.string)
                // The step before is spent for the enrolment, so that the present one is free without waiting for it.
                let before = try code(secret, "-N", "30 seconds ago")
                #expect(try latchkey("confirm", "\(user)/phone-1", before, "--recovery-codes", "0").status == 0)
                let verify = ["verify", user, try code(secret), "--json"]
                let runs = try (0..<3).map { _ in try start(verify, environment, []) }
                for run in runs {
                    usleep(Self.pause(&chance) / 4)
                    kill(run.process.processIdentifier, SIGKILL)
                }
                var told = 0
                for run in runs {
                    let said = run.output.fileHandleForReading.readDataToEndOfFile()
                    run.process.waitUntilExit()
                    if run.process.terminationReason == .uncaughtSignal { kills += 1 }
                    if (try? JSON(parsing: String(decoding: said, as: UTF8.self)))?["serialNumber"] != nil { told += 1 }
                }
                if try Subprocess.run(Places.binary.path, verify, environment: environment).status == 0 { told += 1 }
                #expect(told <= 1, "the code of \(user) was accepted \(told) times")
                let trail = try latchkey("audit", "--user", user).lines
                #expect(
                    trail.count { $0.contains("VerifyOneTimeCode succeeded") } == 1,
                    "the code was spent once, by somebody who was told or killed"
                )
            }
            #expect(kills >= 10)
            #expect(try latchkey("store", "check").status == 0)
            #expect(try latchkey("audit", "--verify").status == 0)
        }
    }

    /// Up to 40 milliseconds, in microseconds.
    private static func pause(_ chance: inout UInt64) -> UInt32 {
        chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt32(chance >> 33) % 40_000
    }

    /// Starts a command that may be killed.
    private func start(
        _ words: [String],
        _ environment: [String: String],
        _ password: [UInt8]
    ) throws -> (process: Process, output: Pipe) {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = Places.binary
        process.arguments = words
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        if !password.isEmpty { try input.fileHandleForWriting.write(contentsOf: Data(password)) }
        try input.fileHandleForWriting.close()
        return (process, output)
    }
}
