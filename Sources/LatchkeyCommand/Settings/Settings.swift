// Settings.swift: what each setting is, and who said so: flag, environment, configuration file or nobody.
internal import Synchronization

/// The settings of one call.
///
/// A flag wins over an environment variable, which wins over the configuration file. The file is read when the first setting
/// that needs it is asked for, so that a stateless command never touches it.
final class Settings: Sendable {
    /// Who decided a setting.
    enum Source: Sendable, Equatable {
        case flag(String)
        case environment(String)
        case file(path: String, line: Int)
        case fallback

        /// What `latchkey config` prints.
        var text: String {
            switch self {
            case .flag(let name): "flag --\(name)"
            case .environment(let variable): "environment \(variable)"
            case .file(let path, let line): "\(path):\(line)"
            case .fallback: "default"
            }
        }
    }

    private let flags: [String: [String]]
    private let environment: Environment
    private let file = Mutex<ConfigurationFile?>(nil)

    init(flags: [String: [String]], environment: Environment) {
        self.flags = flags
        self.environment = environment
    }

    /// The setting's text.
    func text(_ setting: Setting) throws(Failure) -> String { try find(setting).text }

    /// The setting's number.
    func int(_ setting: Setting) throws(Failure) -> Int {
        guard let number = Check.integer(try text(setting)), let int = Int(exactly: number) else {
            throw .unusable("the setting `\(setting.name)` is not a number; `latchkey config` shows its source")
        }
        return int
    }

    /// The setting's text and who decided it.
    func find(_ setting: Setting) throws(Failure) -> (text: String, source: Source) {
        if let text = flags[setting.name]?.last {
            try setting.check(text)
            return (text, .flag(setting.name))
        }
        if let text = environment.text(setting.variable) {
            do throws(Failure) { try setting.check(text) } catch {
                throw .unusable("the environment variable \(setting.variable) cannot be used: \(error.sentence)")
            }
            return (text, .environment(setting.variable))
        }
        let file = try configurationFile()
        if let entry = file.entries[setting.name] { return (entry.text, .file(path: file.path, line: entry.line)) }
        return (setting.fallback(environment), .fallback)
    }

    /// The configuration file: `LATCHKEY_CONFIG`, which must exist, or the usual place, which may be empty.
    func configurationFile() throws(Failure) -> ConfigurationFile {
        if let known = file.withLock({ $0 }) { return known }
        let read: ConfigurationFile
        if let path = environment.text("LATCHKEY_CONFIG") {
            read = try ConfigurationFile(at: path, mayBeMissing: false)
        } else {
            read = try ConfigurationFile(at: environment.configurationFolder + "/config", mayBeMissing: true)
        }
        file.withLock { $0 = read }
        return read
    }
}
