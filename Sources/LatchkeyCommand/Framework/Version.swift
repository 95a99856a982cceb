// Version.swift: which latchkey this is.

/// The program's version.
enum Version {
    static let text = "0.1.0"
    /// When it was released, for the man page.
    static let date = "2026-11-23"
}
