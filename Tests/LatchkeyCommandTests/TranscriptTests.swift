// TranscriptTests.swift: every transcript of Tests/Scripts, run on the built binary.
import Foundation
import Testing

@testable import LatchkeyCommand

@Suite("Transcripts") struct TranscriptTests {
    static let names =
        (try? FileManager.default.contentsOfDirectory(atPath: Places.scripts.path))?
        .filter { $0.hasSuffix(".txt") }.sorted() ?? []

    @Test("A transcript holds", arguments: names) func holds(_ name: String) throws {
        let transcript = try Transcript(path: Places.scripts.appending(path: name).path)
        #expect(!transcript.lines.isEmpty)
        try Places.withFolder { folder in try TranscriptRunner(transcript, folder: folder).run() }
    }

    @Test("Every command has its line in a transcript")
    func covered() throws {
        let texts = try Self.names.map { try String(contentsOf: Places.scripts.appending(path: $0), encoding: .utf8) }
        for path in Shell.latchkey.table.commands.map(\.path) {
            let line = (["latchkey"] + path).joined(separator: " ")
            #expect(texts.contains { $0.contains(line) }, "no transcript calls `\(line)`")
        }
    }
}
