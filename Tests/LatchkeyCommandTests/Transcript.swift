// Transcript.swift: a script of command lines with what they must answer, read and run.
import Foundation
import LatchkeyJSON
import LatchkeyTestSupport
import Testing

/// A transcript: lines that run a tool, and lines that say what came of it.
///
/// ```text
/// latchkey code --secret JBSWY3DPEHPK3PXP --at 59      must end with exit code 0
/// stdout '^996554$'                                    its output has a line like that
/// ! latchkey cod                                       must fail
/// exit 2                                               … with this code
/// stderr 'did you mean'
/// stdin 'text'          (or <<END … END)               standard input of the next tool
/// file NAME <<END … END                                writes a file
/// env NAME value        unset NAME                     for all that follows
/// capture NAME oathtool …                              runs, and keeps its trimmed output as $NAME
/// ! stdout 'secret'                                    no line is like that
/// empty stdout          empty stderr                   nothing was said
/// json                  json NAME 'regex'              exactly one JSON value; its member NAME (a.b.0)
/// mode FILE 600         absent FILE
/// ```
///
/// Words are split as in a shell: quotes, `$NAME`, backslashes. Any other first word is a tool of the system.
struct Transcript: Sendable {
    struct Line: Sendable {
        let number: Int
        let text: String
        /// The lines between `<<END` and `END`.
        var document: String?
    }

    let path: String
    let lines: [Line]

    init(path: String) throws {
        self.path = path
        var lines: [Line] = []
        var rest =
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)[
                ...
            ]
        var number = 0
        while let text = rest.popFirst() {
            number += 1
            let trimmed = text.drop { $0 == " " }
            if trimmed.isEmpty || trimmed.first == "#" { continue }
            var line = Line(number: number, text: String(text))
            if let mark = text.range(of: #"\s<<\w+$"#, options: .regularExpression) {
                let end = text[mark].drop { $0 == " " || $0 == "<" }
                var document: [Substring] = []
                while let next = rest.popFirst() {
                    number += 1
                    if next == end { break }
                    document.append(next)
                }
                line = Line(
                    number: line.number,
                    text: String(text[..<mark.lowerBound]),
                    document: document.map { $0 + "\n" }.joined()
                )
            }
            lines.append(line)
        }
        self.lines = lines
    }
}

/// Runs a transcript in a folder of its own.
final class TranscriptRunner {
    private let transcript: Transcript
    private let folder: URL
    private var variables: [String: String]
    private var input: String?
    private var last: (line: Transcript.Line, answer: Subprocess.Output)?

    init(_ transcript: Transcript, folder: URL) {
        self.transcript = transcript
        self.folder = folder
        variables = [
            "HOME": folder.path, "PATH": "\(folder.path)/bin:/usr/local/bin:/usr/bin:/bin", "TZ": "UTC",
            "LC_ALL": "C.UTF-8",
            "LATCHKEY_VECTORS": Places.vectors.path, "SCRIPTS": Places.scripts.path,
        ]
    }

    /// Runs `body` with an empty PostgreSQL database as `$POSTGRES`, if the transcript speaks of it.
    private func withDatabase(_ body: () throws -> Void) throws {
        guard transcript.lines.contains(where: { $0.text.contains("$POSTGRES") }) else { return try body() }
        let cluster = try PostgreSQLCluster.shared()
        let address = try cluster.makeDatabase()
        defer { cluster.drop(address) }
        variables["POSTGRES"] = address
        try body()
    }

    func run() throws {
        let tools = folder.appending(path: "bin")
        try FileManager.default.createDirectory(at: tools, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: tools.appending(path: "latchkey"),
            withDestinationURL: Places.binary
        )
        try withDatabase { for line in transcript.lines where try !obey(line) { return } }
    }

    /// Does what a line says; false when to go on makes no sense.
    private func obey(_ line: Transcript.Line) throws -> Bool {
        var words = try Words(line.text, variables).words
        let isNegated = words.first == "!"
        if isNegated { words.removeFirst() }
        guard let verb = words.first else { return true }
        let rest = Array(words.dropFirst())
        switch (verb, rest.count) {
        case ("stdin", 0...1):
            input = line.document ?? rest.first.map { $0 + "\n" }
        case ("file", 1):
            try Data((line.document ?? "").utf8).write(to: folder.appending(path: rest[0]))
        case ("env", 2):
            variables[rest[0]] = rest[1]
        case ("unset", 1):
            variables[rest[0]] = nil
        case ("stdout", 1), ("stderr", 1):
            try expect(line, verb, matches: rest[0], isNegated)
        case ("empty", 1):
            let text = rest[0] == "stdout" ? last?.answer.stdout : last?.answer.stderr
            check(line, text == "", "nothing was expected on \(rest[0])")
        case ("exit", 1):
            check(line, last?.answer.status == Int32(rest[0]), "another exit code was expected")
        case ("json", 0), ("json", 2):
            expectJSON(line, rest)
        case ("mode", 2):
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder.appending(path: rest[0]).path)
            let mode = (attributes?[.posixPermissions] as? Int).map { String($0, radix: 8) }
            check(line, mode == rest[1], "the mode is \(mode ?? "that of no file")")
        case ("absent", 1):
            let exists = FileManager.default.fileExists(atPath: folder.appending(path: rest[0]).path)
            check(line, !exists, "the file exists")
        case ("capture", 2...):
            guard try start(Array(rest.dropFirst()), line, mustFail: false) else { return false }
            variables[rest[0]] = last?.answer.stdout.trimmingCharacters(in: .whitespacesAndNewlines)
        default:
            return try start(words, line, mustFail: isNegated)
        }
        return true
    }

    /// Runs a tool; false when its exit code is not what the line says.
    private func start(_ words: [String], _ line: Transcript.Line, mustFail: Bool) throws -> Bool {
        // `env` looks the tool up in the transcript's own PATH, and goes to its folder.
        let answer = try Subprocess.run(
            "/usr/bin/env",
            ["-C", folder.path] + words,
            stdin: Array((input ?? "").utf8),
            environment: variables
        )
        input = nil
        last = (line, answer)
        return check(line, mustFail == (answer.status != 0), mustFail ? "it had to fail" : "it had to succeed")
    }

    private func expect(_ line: Transcript.Line, _ stream: String, matches pattern: String, _ isNegated: Bool) throws {
        let text = (stream == "stdout" ? last?.answer.stdout : last?.answer.stderr) ?? ""
        let regex = try Regex(pattern).anchorsMatchLineEndings()
        check(
            line,
            try (regex.firstMatch(in: text) != nil) != isNegated,
            isNegated ? "\(stream) may not match" : "\(stream) does not match"
        )
    }

    private func expectJSON(_ line: Transcript.Line, _ words: [String]) {
        do {
            var value: JSON? = try JSON(parsing: last?.answer.stdout ?? "")
            guard words.count == 2 else { return }
            for step in words[0].split(separator: ".") {
                value = Int(step).flatMap { value?[$0] } ?? value?[String(step)]
            }
            let text = value.map { $0.string ?? $0.text }
            let isMatch = try text?.wholeMatch(of: Regex(words[1])) != nil
            check(line, isMatch, "the member is \(text ?? "missing")")
        } catch {
            check(line, false, "\(error)")
        }
    }

    @discardableResult
    private func check(_ line: Transcript.Line, _ isFine: Bool, _ complaint: String) -> Bool {
        if isFine { return true }
        var report = "\(line.text)\n    \(complaint)"
        if let last {
            report += """

                    after line \(last.line.number): \(last.line.text)
                    exit \(last.answer.status)
                    stdout:
                \(last.answer.stdout.indented)
                    stderr:
                \(last.answer.stderr.indented)
                """
        }
        Issue.record(
            Comment(rawValue: report),
            sourceLocation: SourceLocation(
                fileID: "Scripts/\(URL(filePath: transcript.path).lastPathComponent)",
                filePath: transcript.path,
                line: line.number,
                column: 1
            )
        )
        return false
    }
}

/// A line's words, split as a shell splits them.
struct Words {
    struct Unfinished: Error { let line: String }

    private(set) var words: [String] = []

    init(_ line: String, _ variables: [String: String]) throws {
        var word = ""
        var isOpen = false
        var quote: Character?
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == "'", quote != "\"" {
                quote = quote == nil ? "'" : nil
                isOpen = true
            } else if character == "\"", quote != "'" {
                quote = quote == nil ? "\"" : nil
                isOpen = true
            } else if character == "\\", quote != "'", let next = rest.popFirst() {
                word.append(next)
                isOpen = true
            } else if character == "$", quote != "'" {
                let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
                rest = rest.dropFirst(name.count)
                word += name.isEmpty ? "$" : variables[String(name)] ?? ""
                isOpen = true
            } else if character == " ", quote == nil {
                if isOpen { words.append(word) }
                word = ""
                isOpen = false
            } else {
                word.append(character)
                isOpen = true
            }
        }
        if quote != nil { throw Unfinished(line: line) }
        if isOpen { words.append(word) }
    }
}

extension String {
    fileprivate var indented: String {
        split(separator: "\n").prefix(60).map { "        \($0)" }.joined(separator: "\n")
    }
}
