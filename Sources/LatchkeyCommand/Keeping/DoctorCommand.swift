// DoctorCommand.swift: `latchkey doctor`, which examines all that the service stands on and says what to do about it.
internal import Latchkey
internal import LatchkeyJSON

/// One thing that was looked at, and what to do about it.
struct Finding: Sendable, Equatable {
    /// How bad it is.
    enum Grade: String, Sendable, CaseIterable {
        /// Nothing is to be done.
        case fine
        /// Something should be done when there is time.
        case warning
        /// Something must be done.
        case fault
        /// The service cannot work before something is done.
        case unusable
    }

    let part: String
    let grade: Grade
    /// What was seen and, unless all is well, what to do.
    let sentence: String

    init(_ part: String, _ grade: Grade, _ sentence: String) {
        (self.part, self.grade, self.sentence) = (part, grade, sentence)
    }
}

let doctorCommand = Command(
    path: ["doctor"],
    group: .keeping,
    summary: "examines clock, randomness, key, store, disk and settings",
    options: [
        Setting.listen.option, Setting.tlsCertificate.option, Setting.tlsKey.option, Setting.proxies.option, .json,
    ] + Option.keeping,
    text: [
        "One line for each thing looked at: how it is, and what to do about it. A store of an older latchkey is not brought up to "
            + "date by this. Warnings leave the exit code 0.",
        "Run it as the user that runs the server, with the server's settings.",
    ],
    examples: [Command.Example("latchkey doctor", "fine      entropy      the kernel's generator is seeded")],
    exits: [
        (.done, "nothing must be done"), (.refused, "something must be done"), (.misused, ExitCode.misused.meaning),
        (.unusable, "the store, the key or a setting cannot be used"),
    ],
    run: { call in
        let findings = try Doctor(call).examine()
        if call.wantsJSON {
            let members = findings.map { finding in
                JSON.object([
                    "part": .string(finding.part), "grade": .string(finding.grade.rawValue),
                    "sentence": .string(finding.sentence),
                ])
            }
            call.console.print(["findings": .array(members)])
        } else {
            for finding in findings { call.console.print(line(finding, call.console)) }
        }
        let grades = Set(findings.map(\.grade))
        if grades.contains(.unusable) { return .unusable }
        return grades.contains(.fault) ? .refused : .done
    }
)

private func line(_ finding: Finding, _ console: Console) -> String {
    func padded(_ word: String, _ width: Int) -> String {
        word + String(repeating: " ", count: max(1, width - word.utf8.count))
    }
    let colour: Console.Colour =
        switch finding.grade {
        case .fine: .green
        case .warning: .yellow
        case .fault, .unusable: .red
        }
    let grade = console.paint(padded(finding.grade.rawValue, 10), colour)
    return grade + padded(finding.part, 13) + Shown.text(finding.sentence)
}
