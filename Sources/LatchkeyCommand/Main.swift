// Main.swift: where the command begins, and the one place where it ends.
internal import Glibc

/// The program.
@main
enum Main {
    /// Runs the command that the process's arguments ask for, and ends the process with its exit code.
    ///
    /// Synchronous on purpose: see `blocking`.
    static func main() {
        ProcessHygiene.begin()
        let console = Console(environment: .process)
        exit(run(console).rawValue)
    }

    private static func run(_ console: Console) -> ExitCode {
        var code: ExitCode
        do {
            let arguments = try ProcessHygiene.arguments()
            code = try Shell.latchkey(for: arguments)
                .run(arguments, console: console, wipe: ProcessHygiene.wipeArguments)
        } catch let interruption as Interrupted {
            console.flush()
            ProcessHygiene.end(by: interruption.signal)
        } catch {
            let failure = Failure(error)
            console.complain(failure)
            code = failure.code
        }
        do throws(Failure) { try console.end() } catch {
            console.complain(error)
            if code == .done { code = error.code }
        }
        return code
    }
}
