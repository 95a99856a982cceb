// EnrollmentScreenTests.swift: a person's enrolment in a real terminal: what it shows, that it scans, and what it leaves behind.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

@Suite("The enrolment screen", .serialized) struct EnrollmentScreenTests {
    /// A store with one user, and a folder for what is written there.
    private final class Home {
        static let password = Array("purple kites over cold lakes\n".utf8)
        let folder: URL
        var environment: [String: String] {
            ["HOME": folder.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"]
        }

        init(_ folder: URL) throws {
            self.folder = folder
            #expect(try latchkey("init", "--account", "123456789012", "--alias", "acme").status == 0)
            #expect(try latchkey("user", "create", "ann", "--password-stdin", stdin: Self.password).status == 0)
        }

        @discardableResult
        func latchkey(_ words: String..., stdin: [UInt8] = []) throws -> Subprocess.Output {
            try Subprocess.run(Places.binary.path, words, stdin: stdin, environment: environment)
        }

        /// A terminal in which `latchkey enroll ann` runs, and then says its exit code.
        func terminal(_ options: String = "", columns: Int = 80, rows: Int = 24) throws -> Tmux {
            let line =
                "cd '\(folder.path)'; '\(Places.binary.path)' enroll ann \(options); echo ended $?; exec sleep 120"
            return try Tmux(columns: columns, rows: rows, running: line, environment: environment)
        }

        func code(_ secret: String, _ options: String...) throws -> String {
            let answer = try Subprocess.run("oathtool", ["--base32"] + options + [secret])
            return answer.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// What a scanner reads from the terminal, which must be the same on a dark and on a light theme.
    private func uri(on terminal: Tmux, columns: Int = 80, rows: Int = 24) throws -> String {
        let shown = try terminal.screen()
        let read = try [Screen.Theme.dark, .light]
            .map { theme in
                try Scanner.read(Screen(shown, theme: theme, columns: columns, rows: rows).picture(.seamed))
            }
        #expect(read[0] == read[1])
        return String(decoding: try #require(read[0]), as: UTF8.self)
    }

    private func secret(in uri: String) throws -> String {
        let items = URLComponents(string: uri)?.queryItems
        return try #require(items?.first { $0.name == "secret" }?.value)
    }

    private func groups(_ secret: String) -> [String] {
        let letters = Array(secret)
        return stride(from: 0, to: letters.count, by: 4).map { String(letters[$0..<min($0 + 4, letters.count)]) }
    }

    @Test("fits 80x24, scans dark and light, tells a late code, and leaves no secret to scroll back to")
    func wholeEnrolment() throws {
        try Places.withFolder { folder in
            let home = try Home(folder)
            let terminal = try home.terminal()
            try terminal.wait(for: "Type the code it shows")
            try terminal.wait(for: "s left)")
            #expect(try terminal.size() == "80x24")
            let uri = try uri(on: terminal)
            #expect(uri.hasPrefix("otpauth://totp/acme:ann?secret="))
            let secret = try secret(in: uri)
            let key = groups(secret).prefix(4).joined(separator: " ")
            let first = try terminal.text()
            for line in ["acme : ann", "time-based, 6 digits, 30 s", "1  Scan with your app", "code: "] {
                #expect(first.contains(line), "\(line)")
            }
            #expect(!first.contains(key))

            try terminal.type("k")
            try terminal.wait(for: "or type this key:")
            #expect(try terminal.text().contains(key))
            try terminal.type("k")
            try terminal.wait(for: "no camera?")
            #expect(try !terminal.text().contains(key))

            try terminal.type("p")
            try terminal.wait(for: "Written: ann-phone-1.png")
            let picture = folder.appending(path: "ann-phone-1.png")
            #expect(try Scanner.read([UInt8](Data(contentsOf: picture))) == Array(uri.utf8))
            let mode = try FileManager.default.attributesOfItem(atPath: picture.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)

            try terminal.type("1", "2", "Enter")
            try terminal.wait(for: "A code has 6 digits.")
            try terminal.type("C-u")
            try terminal.type(try home.code(secret, "--totp", "-N", "4 minutes ago"), "Enter")
            try terminal.wait(for: "(1 of 5 tries)")
            #expect(try terminal.text().contains("That code is 4 minutes old"))
            #expect(try self.uri(on: terminal) == uri)

            try terminal.type(try home.code(secret, "--totp"), "Enter")
            try terminal.wait(for: "Recovery codes for ann")
            try terminal.type("w")
            try terminal.wait(for: "Written: ann-recovery-codes.txt")
            try terminal.type("Enter")
            try terminal.wait(for: "ended 0")
            let codes = try String(contentsOf: folder.appending(path: "ann-recovery-codes.txt"), encoding: .utf8)
                .split(separator: "\n")
            #expect(codes.count == 10)

            let left = try terminal.history()
            #expect(left.contains("Code accepted."))
            #expect(left.contains("ann now needs a code to sign in."))
            for trace in ["█", "▀", secret, key] + codes.map(String.init) { #expect(!left.contains(trace)) }

            let code = try home.code(secret, "--totp", "-N", "30 seconds")
            let words = ["login", "ann", "--password-stdin", "--code", code]
            let login = try Subprocess.run(
                Places.binary.path,
                words,
                stdin: Home.password,
                environment: home.environment
            )
            #expect(login.status == 0)
        }
    }

    @Test("left by Ctrl-C enrols nothing, says so, and is wiped", arguments: ["C-c", "C-d"])
    func interrupted(_ key: String) throws {
        try Places.withFolder { folder in
            let home = try Home(folder)
            let terminal = try home.terminal()
            try terminal.wait(for: "s left)")
            let secret = try secret(in: uri(on: terminal))
            try terminal.type("k")
            try terminal.wait(for: "or type this key:")
            try terminal.type("1", "2", "3", key)
            try terminal.wait(for: "ended 130")
            let left = try terminal.history()
            #expect(left.contains("nothing was enrolled"))
            for trace in ["█", secret, groups(secret)[0]] { #expect(!left.contains(trace)) }
            #expect(try home.latchkey("device", "list").stdout.isEmpty)
            #expect(try home.latchkey("login", "ann", "--password-stdin", stdin: Home.password).status == 0)
        }
    }

    @Test("names what the app ignored, and begins again with what it understands")
    func ignoredHash() throws {
        try Places.withFolder { folder in
            let home = try Home(folder)
            // A longer code, 45 columns wide: beside it the steps have all the rest of 80.
            let terminal = try home.terminal("--algorithm sha256")
            try terminal.wait(for: "s left)")
            try terminal.wait(for: "2  Type the code it shows")
            let first = try secret(in: uri(on: terminal))
            // The app made SHA-1 codes all the same.
            try terminal.type(try home.code(first, "--totp"), "Enter")
            try terminal.wait(for: "Enrol again with --algorithm sha1?")
            #expect(try terminal.text().contains("SHA1"))
            try terminal.type("Enter")
            try terminal.wait(for: "s left)")
            let second = try secret(in: uri(on: terminal))
            #expect(first != second)
            try terminal.type(try home.code(second, "--totp"), "Enter")
            try terminal.wait(for: "Recovery codes for ann")
            try terminal.type("Enter")
            try terminal.wait(for: "ended 0")
            let devices = try home.latchkey("device", "list").lines
            #expect(devices.count == 1)
            #expect(devices.first?.contains("enabled") == true)
        }
    }

    @Test("asks for the next code too where AWS would, and not for the same one twice")
    func twoCodes() throws {
        try Places.withFolder { folder in
            let home = try Home(folder)
            let terminal = try home.terminal("--aws-device --recovery-codes 0")
            try terminal.wait(for: "s left)")
            let secret = try secret(in: uri(on: terminal))
            let first = try home.code(secret, "--totp")
            try terminal.type(first, "Enter")
            try terminal.wait(for: "Now the next code, please.")
            try terminal.type(first, "Enter")
            try terminal.wait(for: "That is the code before")
            // A phone whose clock is a step ahead shows it already.
            try terminal.type("C-u", try home.code(secret, "--totp", "-N", "30 seconds"), "Enter")
            try terminal.wait(for: "ended 0")
            #expect(try home.latchkey("device", "list").stdout.contains("enabled"))
        }
    }

    @Test("says where the code does not fit, and shows the key instead")
    func tooSmall() throws {
        try Places.withFolder { folder in
            let home = try Home(folder)
            let terminal = try home.terminal(columns: 60, rows: 14)
            try terminal.wait(for: "s left)")
            let shown = try terminal.text()
            #expect(shown.contains("60x14"))
            #expect(!shown.contains("█"))
            try terminal.type("k")
            try terminal.wait(for: "Type this key into your app:")
            let lines = try terminal.text().split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let at = try #require(lines.firstIndex { $0.hasSuffix("Type this key into your app:") })
            let secret = lines[(at + 1)...(at + 2)].joined().filter { $0 != " " }
            try terminal.type(try home.code(secret, "--totp"), "Enter")
            try terminal.wait(for: "Recovery codes for ann")
        }
    }
}
