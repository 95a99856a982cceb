// MigrationScreenTests.swift: Google's QR codes at a terminal, one after the other, read from the screen by zbar and by us.
import Foundation
import LatchkeyTestSupport
import Testing

@testable import LatchkeyCommand

@Suite("Google's export at a terminal")
struct MigrationScreenTests {
    @Test("Each code fits 80 by 24 with the line below it, all are read again, and the screen is wiped")
    func codes() throws {
        try Places.withFolder { folder in
            let environment = TerminalTests.environment.merging(["HOME": folder.path]) { $1 }
            func run(_ words: [String], _ input: String = "pw\n") throws -> Subprocess.Output {
                try Subprocess.run(Places.binary.path, words, stdin: Array(input.utf8), environment: environment)
            }
            for (name, secret) in [("ann", "GEZDGNBVGY3TQOJQ"), ("bob", "JBSWY3DPEHPK3PXP")] {
                let added = try run(
                    ["token", "add", name, "--secret-stdin", "--passphrase-fd", "0"],
                    "\(secret)\npw\n"
                )
                #expect(added.status == 0, "\(added.stderr)")
            }
            let terminal = try Pseudoterminal(
                [Places.binary.path, "token", "export", "--format", "google"],
                environment: environment
            )
            try terminal.wait(for: "passphrase of the vault: $")
            terminal.type("pw\n")
            var pictures: [String] = []
            for number in 1...2 {
                let before = terminal.shown.utf8.count
                try terminal.wait(for: "code \(number) of 2: scan it", after: number == 1 ? 0 : before)
                let screen = try #require(terminal.shown.components(separatedBy: "\u{1B}[H\u{1B}[2J").last)
                let lines = screen.split(whereSeparator: \.isNewline).prefix { !$0.contains("scan it") }
                #expect((20...23).contains(lines.count))
                let file = folder.appending(path: "screen-\(number).pgm")
                try Self.picture(of: lines.map(String.init)).write(to: file)
                pictures.append(file.path)
                terminal.type(" ")
            }
            #expect(try terminal.end() == 0)
            #expect(terminal.shown.contains("\u{1B}[H\u{1B}[2J\u{1B}[?25h\u{1B}[?1049l"))
            #expect(try terminal.modes() == (true, true))
            let seen = try Subprocess.run("zbarimg", ["-q", "--raw"] + pictures)
            #expect(
                seen.lines.count == 2 && seen.lines.allSatisfy { $0.hasPrefix("otpauth-migration://offline?data=") }
            )
            let list = folder.appending(path: "seen.txt")
            try Data(seen.stdoutBytes).write(to: list)
            let read = try run(["import", list.path, "--dry-run"], "")
            #expect(read.status == 0 && read.stdout.contains("ann") && read.stdout.contains("bob"), "\(read.stderr)")
        }
    }

    /// The blocks of the lines as a grey picture, four pixels a module.
    private static func picture(of lines: [String]) -> Data {
        var rows: [[UInt8]] = []
        for line in lines {
            let blocks = line.replacing(#/\x1B\[[0-9;]*[A-Za-z]/#, with: "").unicodeScalars
                .filter { $0 != "\r" }
            rows.append(blocks.flatMap { [UInt8](repeating: $0 == "█" || $0 == "▀" ? 255 : 0, count: 4) })
            rows.append(blocks.flatMap { [UInt8](repeating: $0 == "█" || $0 == "▄" ? 255 : 0, count: 4) })
        }
        let width = rows.map(\.count).max() ?? 0
        let pixels = rows.flatMap { row in
            Array(repeating: row + [UInt8](repeating: 255, count: width - row.count), count: 4).joined()
        }
        return Data("P5 \(width) \(rows.count * 4) 255\n".utf8) + Data(pixels)
    }
}
