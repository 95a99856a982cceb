// Environment.swift: the process's environment variables, and the folders that they name.
internal import Glibc

/// Environment variables, the process's own or a test's.
struct Environment: Sendable {
    private let fixed: [String: String]?

    /// The variables of this process.
    static let process = Environment(fixed: nil)

    private init(fixed: [String: String]?) { self.fixed = fixed }

    /// Variables that a test gives.
    init(_ variables: [String: String]) { fixed = variables }

    /// The variable's text; nil when it is not set.
    subscript(name: String) -> String? {
        if let fixed { return fixed[name] }
        guard let text = getenv(name) else { return nil }
        return String(cString: text)
    }

    /// The variable's text; nil when it is not set or empty.
    func text(_ name: String) -> String? {
        guard let text = self[name], !text.isEmpty else { return nil }
        return text
    }

    /// The person's home folder: `HOME`, or what the system's user list says.
    var home: String {
        if let home = text("HOME"), home.utf8.first == UInt8(ascii: "/") { return home }
        guard fixed == nil, let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir else { return "/" }
        return String(cString: folder)
    }

    /// Where the configuration of `latchkey` lies, by the XDG base directory rules.
    var configurationFolder: String { folder("XDG_CONFIG_HOME", or: ".config") }

    /// Where the data of `latchkey` lies, by the XDG base directory rules.
    var dataFolder: String { folder("XDG_DATA_HOME", or: ".local/share") }

    /// The rules say that a relative path in such a variable is to be ignored.
    private func folder(_ variable: String, or fallback: String) -> String {
        if let path = text(variable), path.utf8.first == UInt8(ascii: "/") { return path + "/latchkey" }
        return (home == "/" ? "" : home) + "/" + fallback + "/latchkey"
    }
}
