// VectorError.swift: why vectors cannot be run at all; a case that fails is no error but a line of the report.

public import LatchkeyJSON

/// Says why a vector file or directory cannot be used.
@nonexhaustive public enum VectorError: Error, Equatable, Sendable {
    /// A file or directory cannot be read; the reason is the system's.
    case unreadable(path: String, reason: String)
    /// No vector file stands under a directory.
    case noFiles(path: String)
    /// A file is not a vector file; the error names line, column and case.
    case invalid(path: String, error: JSONError)
}

extension VectorError: CustomStringConvertible {
    /// One sentence that names the file.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(JSON.string(path)): \(reason)"
        case .noFiles(let path): "no vector file (*.json) stands under \(JSON.string(path))"
        case .invalid(let path, let error): "\(JSON.string(path)) is not a vector file: \(error)"
        }
    }
}
