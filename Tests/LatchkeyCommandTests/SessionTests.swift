// SessionTests.swift: what `make run` does on the built binary, and that README.md shows nothing else.
import Foundation
import LatchkeyTestSupport
import Testing

@Suite("The session of make run") struct SessionTests {
    @Test("ends well, and the README's session is lines of it in order") func readme() throws {
        var environment = ProcessInfo.processInfo.environment
        environment["LATCHKEY_BINARY"] = Places.binary.path
        let script = Places.scripts.appending(path: "session.sh").path
        let answer = try Subprocess.run("/bin/bash", [script], environment: environment)
        #expect(answer.status == 0, "\(answer.stdout)\(answer.stderr)")
        let readme = try String(contentsOf: Places.root.appending(path: "README.md"), encoding: .utf8)
        let blocks = readme.components(separatedBy: "```\n")
        let shown = try #require(blocks.count > 1 ? blocks[1] : nil).split(separator: "\n").map(masked)
        #expect(shown.count >= 10)
        var rest = answer.lines.map(masked)[...]
        for line in shown {
            let place = try #require(rest.firstIndex(of: line), "not in the session, or not in this order: \(line)")
            rest = rest[(place + 1)...]
        }
    }

    /// The line without what differs each time: codes, times and links.
    private func masked(_ line: Substring) -> String {
        String(line).replacing(/[0-9a-f]{64}/, with: "LINK").replacing(/\b\d{6}\b/, with: "CODE")
            .replacing(/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/, with: "TIME")
    }
}
