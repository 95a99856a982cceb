// VectorsCommand.swift: `latchkey vectors`, which proves this build by the published vectors.
internal import Glibc
internal import LatchkeyVectors

/// Tools that need neither a secret nor a store.
let toolCommands: [Command] = [qrCommand, ocraCommand, vectorsCommand, sigV4Command]

extension Option {
    fileprivate static let slow = Option.flag("slow", "runs the cases too that take seconds or a gibibyte of memory")
}

private let vectorsCommand = Command(
    path: ["vectors"],
    group: .stateless,
    summary: "runs the test vectors of the standards on this build",
    arguments: [Argument(name: "PATH", help: "a vector file, or a folder of them", count: .optional, kind: .file)],
    options: [.slow, .json],
    text: [
        "Prints one line for each file. Without a path the vectors are looked for where LATCHKEY_VECTORS says, then in "
            + "share/latchkey/vectors beside the bin folder of the program, then in ./Vectors."
    ],
    examples: [Command.Example("latchkey vectors --json", "{\"succeeded\":true,…")],
    exits: [(.done, "all cases passed"), (.refused, "a case failed"), (.misused, ExitCode.misused.meaning)]
        + [(.unusable, "there are no vectors, or a file is not one")],
    run: { call in
        let path = try call.words.first ?? usualPlace(call.console.environment)
        let report: VectorReport
        do throws(VectorError) { report = try VectorRunner.run(path: path, slow: call.has(.slow)) } catch {
            throw Failure.unusable("\(error)")
        }
        if call.wantsJSON {
            call.console.print(report.json)
        } else {
            for line in report.lines { call.console.print(line) }
        }
        return report.succeeded ? .done : .refused
    }
)

/// Where the vectors lie when nobody says.
private func usualPlace(_ environment: Environment) throws(Failure) -> String {
    if let path = environment.text("LATCHKEY_VECTORS") { return path }
    var places = ["Vectors"]
    if let program = ProcessHygiene.program, let slash = program.utf8.lastIndex(of: UInt8(ascii: "/")) {
        places.insert(String(program[..<slash]) + "/../share/latchkey/vectors", at: 0)
    }
    guard let found = places.first(where: { access($0, R_OK) == 0 }) else {
        throw .unusable("there are no vectors at \(places.joined(separator: " or ")); name their folder")
    }
    return found
}
