// ConfigurationFile.swift: the flat `key = value` file.
internal import Glibc

/// The lines of a configuration file: `key = value`, blank lines, and comments that begin with `#`.
struct ConfigurationFile: Sendable {
    let path: String
    let isPresent: Bool
    let entries: [String: (text: String, line: Int)]

    /// Reads the file and checks every line, whether or not its setting is asked for.
    init(at path: String, mayBeMissing: Bool) throws(Failure) {
        self.path = path
        let file: (bytes: [UInt8], mode: mode_t)
        do throws(FileError) {
            file = try PlainFile.read(path, atMost: 1 << 20)
        } catch {
            guard mayBeMissing, error.isMissing else {
                throw .unusable("cannot read the configuration file `\(path)`: \(error.reason)")
            }
            isPresent = false
            entries = [:]
            return
        }
        // Who may change the file may choose the store and the key.
        if file.mode & S_IWOTH != 0 {
            throw .unusable("anybody may write the configuration file `\(path)`; take that away with chmod o-w")
        }
        isPresent = true
        entries = try ConfigurationFile.parse(file.bytes, path)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(Failure) -> [String: (text: String, line: Int)] {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw .unusable("the configuration file `\(path)` is not UTF-8 text")
        }
        var entries: [String: (text: String, line: Int)] = [:]
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.map(\.trimmed).enumerated() {
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            let place = "the configuration file `\(path)`, line \(index + 1)"
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else {
                throw .unusable("\(place): write `key = value`")
            }
            let name = String(Substring(line[..<equals].trimmed))
            let value = String(Substring(line[line.index(after: equals)...].trimmed))
            guard let setting = Setting.all.first(where: { $0.name == name }) else {
                let nearest = Suggestion.nearest(to: name, among: Setting.all.map(\.name))
                let hint = nearest.map { "did you mean `\($0)`?" } ?? "`latchkey config` lists the settings"
                throw .unusable("\(place): there is no setting `\(name)`; \(hint)")
            }
            if let earlier = entries[name] {
                throw .unusable("\(place): `\(name)` stands in line \(earlier.line) already")
            }
            do throws(Failure) { try setting.check(value) } catch { throw .unusable("\(place): \(error.sentence)") }
            entries[name] = (value, index + 1)
        }
        return entries
    }
}

extension Substring.UTF8View {
    /// Without blanks, tabs and carriage returns at either end.
    fileprivate var trimmed: Substring.UTF8View {
        let blanks: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")]
        var rest = self
        while let first = rest.first, blanks.contains(first) { rest.removeFirst() }
        while let last = rest.last, blanks.contains(last) { rest.removeLast() }
        return rest
    }
}
