// Shown.swift: figures as the benchmarks print them.

internal import Glibc

/// How many processors may be used.
let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

/// A text filled up with blanks.
func pad(_ text: String, _ width: Int, _ isLeft: Bool = false) -> String {
    let blanks = String(repeating: " ", count: max(0, width - text.utf8.count))
    return isLeft ? text + blanks : blanks + text
}

/// A rate a second.
func rate(_ value: Double) -> String { value < 1_000 ? decimals(value) : "\(Int(value.rounded()))" }

/// A length of time, given in seconds.
func duration(_ seconds: Double) -> String {
    switch seconds {
    case ..<0.01: "\(Int((seconds * 1e6).rounded())) us"
    default: "\(Int((seconds * 1e3).rounded())) ms"
    }
}

/// A number that is not negative, with two decimals.
func decimals(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
}
