// Main.swift: `Fuzz TARGET …`: one kind of input under libFuzzer and AddressSanitizer (`make fuzz`); nothing may trap.
import Glibc

/// What is to be broken, by name; libFuzzer's own words follow.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "tokens": readTokenFile,
    "texts": readText,
    "policies": readPolicy,
    "requests": readRequest,
    "identity": readIdentity,
]

nonisolated(unsafe) private var target: @Sendable ([UInt8]) -> Void = { _ in }

/// Reads bytes of libFuzzer's making.
private func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// libFuzzer's own beginning, for a program that has a `main`.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
private enum Main {
    static func main() {
        guard CommandLine.arguments.count > 1, let chosen = targets[CommandLine.arguments[1]] else {
            print("name a target: \(targets.keys.sorted().joined(separator: ", "))")
            exit(2)
        }
        target = chosen
        // The target's name takes the place of the program's.
        var count = CommandLine.argc - 1
        var words = CommandLine.unsafeArgv + 1
        exit(runDriver(&count, &words, testOneInput))
    }
}
