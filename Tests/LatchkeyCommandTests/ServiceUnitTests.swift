// ServiceUnitTests.swift: what systemd itself says of the unit that `make install` installs.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("The systemd unit") struct ServiceUnitTests {
    /// The unit as it is installed, for the built binary; without the man page, which is not installed here.
    private func withUnit(_ body: (_ path: String) throws -> Void) throws {
        try Places.withFolder { folder in
            let binary = folder.appending(path: "latchkey")
            try FileManager.default.createSymbolicLink(at: binary, withDestinationURL: Places.binary)
            let packaged = Places.root.appending(path: "Packaging/latchkey.service")
            let lines = try String(contentsOf: packaged, encoding: .utf8)
                .replacing("@BINDIR@", with: folder.path)
                .split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("Documentation=") }
            let unit = folder.appending(path: "latchkey.service")
            try lines.joined(separator: "\n").write(to: unit, atomically: true, encoding: .utf8)
            try body(unit.path)
        }
    }

    @Test("has no line that systemd does not understand")
    func verified() throws {
        try withUnit { path in
            let answer = try Subprocess.run("systemd-analyze", ["verify", path])
            #expect(answer.status == 0 && answer.stderr.isEmpty, "\(answer.stderr)")
        }
    }

    @Test("is exposed to little")
    func hardened() throws {
        try withUnit { path in
            // Tenths of the points that systemd gives: 0 is shut, 100 is open, most services have 96.
            let answer = try Subprocess.run(
                "systemd-analyze",
                ["security", "--offline=true", "--no-pager", "--threshold=15", path]
            )
            #expect(answer.status == 0, "\(answer.stdout)")
        }
    }

    @Test("gives the service the settings that the command knows")
    func settings() throws {
        try withUnit { path in
            let unit = try String(contentsOfFile: path, encoding: .utf8)
            let names = unit.matches(of: /Environment=(LATCHKEY_[A-Z_]+)=(\S+)/)
            #expect(names.count == 2)
            let environment = Dictionary(uniqueKeysWithValues: names.map { (String($0.1), String($0.2)) })
            let answer = try Subprocess.run(Places.binary.path, ["config"], environment: environment)
            #expect(answer.status == 0, "\(answer.stderr)")
            for name in environment.keys { #expect(answer.stdout.contains("environment \(name)")) }
        }
    }
}
