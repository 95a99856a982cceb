// PolicyCommands.swift: `latchkey policy`, which judges policies, asks them, and runs cases with expectations.
internal import LatchkeyJSON
internal import LatchkeyPolicy
internal import LatchkeyVectors

/// What policies say, without a store.
let policyCommands: [Command] = [checkCommand, decideCommand, testCommand]

extension Option {
    fileprivate static let kind = Option.choice(
        "kind",
        ["identity", "boundary", "session", "resource", "trust", "scp", "rcp"],
        "where the policy is to stand; identity if not said"
    )
    fileprivate static let batch = Option.flag("batch", "answers one case for each line of standard input")
}

private let checkCommand = Command(
    path: ["policy", "check"],
    group: .stateless,
    summary: "judges a policy document, and warns of what is dangerous",
    arguments: [Argument(name: "FILE", help: "the policy; `-` reads standard input", kind: .file)],
    options: [.kind, .json],
    text: [
        "A fault is named with its line and column. What is legal and dangerous is a warning: the policy is valid, and most "
            + "likely does not do what its writer meant."
    ],
    examples: [
        Command.Example(
            "echo '{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}'"
                + " | latchkey policy check -",
            "valid: 1 statement, 82 characters",
            proved: true
        )
    ],
    exits: [
        (.done, "the document is a policy"), (.refused, "it is none"), (.misused, ExitCode.misused.meaning),
        (.unusable, "the file cannot be read"),
    ],
    run: { call in
        let text = try file(call)
        do throws(PolicyError) {
            let document = try PolicyDocument(text, kind: kind(call))
            report(document, text, call)
            return .done
        } catch {
            guard call.wantsJSON else {
                throw Failure.refused("\(error)")
            }
            call.console.print(json(error))
            return .refused
        }
    }
)

private func kind(_ call: Invocation) -> PolicyKind {
    switch call.text(.kind) {
    case "scp": .serviceControl
    case "rcp": .resourceControl
    case let word: word.flatMap(PolicyKind.init(rawValue:)) ?? .identity
    }
}

private func report(_ document: PolicyDocument, _ text: String, _ call: Invocation) {
    let size = PolicySize.counted(text)
    guard !call.wantsJSON else {
        call.console.print([
            "valid": true,
            "statements": .number(document.statementCount),
            "size": .number(size),
            "contextKeys": .array(document.contextKeys.map(JSON.string)),
            "warnings": .array(
                document.warnings.map { warning in
                    [
                        "kind": .string(warning.kind.rawValue),
                        "message": .string(warning.message),
                        "line": .number(warning.place.line),
                        "column": .number(warning.place.column),
                    ]
                }
            ),
        ])
        return
    }
    let count = document.statementCount
    call.console.print("valid: \(count) \(count == 1 ? "statement" : "statements"), \(size) characters")
    for warning in document.warnings { call.console.warn("\(warning)") }
}

private func json(_ error: PolicyError) -> JSON {
    [
        "valid": false,
        "code": .string(error.code),
        "message": .string(error.message),
        "detail": error.detail.map(JSON.string) ?? .null,
        "line": .number(error.line),
        "column": .number(error.column),
    ]
}

/// The text of the file that the first word names, or of standard input.
private func file(_ call: Invocation) throws(Failure) -> String {
    let path = call.words.first ?? "-"
    // Larger than any policy that can be kept, white space included.
    let limit = 1 << 20
    let bytes: [UInt8]
    do throws(FileError) {
        bytes = try path == "-" ? ByteInput.all(0, atMost: limit) : PlainFile.read(path, atMost: limit).bytes
    } catch {
        throw .unusable("cannot read `\(path)`: \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw .refused("`\(path)` is not UTF-8; save it as UTF-8")
    }
    return text
}

private let decideCommand = Command(
    path: ["policy", "decide"],
    group: .stateless,
    summary: "says what policies decide, and why",
    usage: ["", "--batch"],
    options: [.batch],
    text: [
        "Standard input is one JSON object, or with --batch one on each line. Its members are principal, action and resource, "
            + "and where there are such identityPolicies, groupPolicies, permissionsBoundary, sessionPolicies, "
            + "serviceControlPolicies, resourceControlPolicies, resourcePolicy, trustPolicy, resourceAccount and context.",
        "For each, in order, a line {\"decision\":…,\"layer\":…,\"matched\":[…],\"missingContext\":[…]} or {\"error\":\"…\"} is "
            + "printed. In context an array makes a key multi-valued.",
    ],
    examples: [
        Command.Example(
            "echo '{\"principal\":\"arn:aws:iam::123456789012:root\",\"action\":\"s3:GetObject\",\"resource\":\"*\"}'"
                + " | latchkey policy decide",
            "{\"decision\":\"Allow\",\"layer\":\"root\",\"matched\":[],\"missingContext\":[]}",
            proved: true
        )
    ],
    exits: [
        (.done, "allowed; with --batch: all lines are answered"), (.refused, "denied, or no case"),
        (.misused, ExitCode.misused.meaning),
    ],
    run: { call in
        if call.has(.batch) { return try PolicyBatch(console: call.console).run() }
        let text = try file(call)
        do throws(PolicyCaseError) {
            let explanation = try PolicyCase(text.utf8.span).explain()
            var answer: [UInt8] = []
            explanation.write(to: &answer)
            call.console.print(String(decoding: answer, as: UTF8.self))
            return explanation.decision.isAllowed ? .done : .refused
        } catch {
            throw Failure.refused("\(error)")
        }
    }
)

private let testCommand = Command(
    path: ["policy", "test"],
    group: .stateless,
    summary: "runs files of cases that say what must be decided",
    arguments: [Argument(name: "FILE", help: "files in the form of Vectors/policy, or folders of them", count: .any)],
    options: [.json],
    text: [
        "A file is {\"source\":…,\"kind\":\"policy\",\"cases\":[…]}; a case is an object as `latchkey policy decide` takes it, with "
            + "an id and expect: the decision, the layer, and where wanted matched and missingContext."
    ],
    examples: [
        Command.Example("latchkey policy test access.json", "our rules  12/12   access.json", "12 of 12 cases passed")
    ],
    exits: [
        (.done, "all cases passed"), (.refused, "a case failed"), (.misused, ExitCode.misused.meaning),
        (.unusable, "a file cannot be read, or holds no cases of policies"),
    ],
    run: { call in
        guard !call.words.isEmpty else { throw Failure.misused("a file is missing; name one or more") }
        var files: [VectorReport.File] = []
        for path in call.words {
            do throws(VectorError) { files += try VectorRunner.run(path: path).files } catch {
                throw Failure.unusable("\(error)")
            }
        }
        if let other = files.first(where: { $0.kind != "policy" && $0.kind != "policy-document" }) {
            throw Failure.unusable(
                "`\(other.path)` holds cases of \(other.kind), not of policies; see `latchkey vectors`"
            )
        }
        let report = VectorReport(files: files)
        if call.wantsJSON {
            call.console.print(report.json)
        } else {
            for line in report.lines { call.console.print(line) }
        }
        return report.succeeded ? .done : .refused
    }
)
